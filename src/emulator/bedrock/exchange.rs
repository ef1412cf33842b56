//! The record of what was asked.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;
use tokio::time::Instant;

use super::identity::Identity;
use super::route::Operation;
use super::tally::Tally;
use crate::emulator::recorder::{Place, Recorder};

/// One request and what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Exchange {
    /// None for a path that the emulator does not know.
    pub operation: Option<Operation>,
    pub method: String,
    /// The path as it came in, with ids percent-encoded.
    pub raw_path: String,
    /// The id of the model or of the guardrail, decoded.
    pub id: String,
    /// Names are in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body as JSON; null when it is none.
    pub body: Value,
    pub body_text: String,
    pub identity: Identity,
    pub at: Instant,
    /// How many requests were under way, this one included.
    pub in_flight: usize,
    pub outcome: Outcome,
}

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is being answered.
    Open,
    /// All of the answer was handed to the connection.
    Answered { status: u16 },
    /// The client went away before it had the whole answer.
    Abandoned,
    /// The scenario broke it off: the connection, the answer, or both.
    Broken,
}

/// A request that is counted by its mark.
#[derive(Debug)]
pub(crate) struct Counted {
    tally: Arc<Tally>,
    name: String,
}

impl Counted {
    pub(crate) fn of(tally: &Arc<Tally>, body: &str) -> Option<Self> {
        Some(Self { name: tally.name_in(body)?, tally: Arc::clone(tally) })
    }

    fn made(&self) {
        self.tally.count(&self.name, |calls| calls.made += 1);
    }

    fn ended(&self, outcome: Outcome) {
        self.tally.count(&self.name, |calls| match outcome {
            Outcome::Answered { status: 200 } => calls.answered += 1,
            Outcome::Answered { .. } => calls.refused += 1,
            Outcome::Open | Outcome::Abandoned | Outcome::Broken => calls.abandoned += 1,
        });
    }
}

/// Leaves the outcome of a request when it is dropped, and counts the request as long as it lives.
#[derive(Debug)]
pub(crate) struct Watch {
    exchanges: Recorder<Exchange>,
    counted: Option<Counted>,
    place: Place,
    outcome: Outcome,
    in_flight: Arc<AtomicUsize>,
}

impl Watch {
    /// Records a request, which is told how many are under way with it. Until something better is known, whoever
    /// drops the watch has abandoned it.
    pub(crate) fn over(
        exchanges: &Recorder<Exchange>,
        counted: Option<Counted>,
        in_flight: &Arc<AtomicUsize>,
        exchange: impl FnOnce(usize) -> Exchange,
    ) -> Self {
        let now = in_flight.fetch_add(1, Ordering::SeqCst) + 1;
        counted.iter().for_each(Counted::made);
        let place = exchanges.push_with(|| exchange(now));
        let in_flight = Arc::clone(in_flight);
        Self { exchanges: exchanges.clone(), counted, place, outcome: Outcome::Abandoned, in_flight }
    }

    /// The outcome if nothing worse happens from here on.
    pub(crate) fn expect(&mut self, outcome: Outcome) {
        self.outcome = outcome;
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.in_flight.fetch_sub(1, Ordering::SeqCst);
        let outcome = self.outcome;
        self.counted.iter().for_each(|counted| counted.ended(outcome));
        self.exchanges.amend(self.place, |exchange| exchange.outcome = outcome);
    }
}
