//! What happens later, in order of time.

use std::collections::BTreeMap;

use tokio::time::Instant;

/// Something that is due at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    /// The lock of an activated job has run out.
    LockOver { job: i64 },
    /// A failed job may be tried again.
    BackOffOver { job: i64 },
    /// A timer event of a process fires.
    Timer { instance: i64, element: i64 },
}

/// Names an entry, so that it can be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ticket {
    at: Instant,
    number: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Schedule {
    entries: BTreeMap<Ticket, Due>,
    issued: u64,
}

impl Schedule {
    pub(crate) fn add(&mut self, at: Instant, due: Due) -> Ticket {
        self.issued += 1;
        let ticket = Ticket { at, number: self.issued };
        self.entries.insert(ticket, due);
        ticket
    }

    pub(crate) fn cancel(&mut self, ticket: Ticket) {
        self.entries.remove(&ticket);
    }

    pub(crate) fn next(&self) -> Option<Instant> {
        self.entries.first_key_value().map(|(ticket, _)| ticket.at)
    }

    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<Due> {
        let entry = self.entries.first_entry().filter(|entry| entry.key().at <= now)?;
        Some(entry.remove())
    }
}
