//! Who is next: one queue for each process, and the processes take turns.
//!
//! A process with thousands of waiting calls and one with a single call get the same share, so the single one waits
//! for one call of each other process and no more.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// A place in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Ticket(pub(super) u64);

/// The calls that wait.
#[derive(Debug, Default)]
pub(super) struct Queue {
    /// The processes that have calls here, the next one first.
    ring: VecDeque<Arc<str>>,
    /// Never holds an empty queue.
    calls: HashMap<Arc<str>, VecDeque<Ticket>>,
}

impl Queue {
    /// Puts a call behind those of its process, or, when it has been throttled, before them.
    pub(super) fn join(&mut self, process: &Arc<str>, ticket: Ticket, first: bool) {
        let calls = self.calls.entry(Arc::clone(process)).or_insert_with(|| {
            self.ring.push_back(Arc::clone(process));
            VecDeque::new()
        });
        if first {
            calls.push_front(ticket);
        } else {
            calls.push_back(ticket);
        }
    }

    /// The call that goes next.
    pub(super) fn front(&self) -> Option<Ticket> {
        self.calls.get(self.ring.front()?)?.front().copied()
    }

    /// Lets the next call go; its process comes last now.
    pub(super) fn pop(&mut self) -> Option<Ticket> {
        let process = self.ring.pop_front()?;
        let calls = self.calls.get_mut(&process)?;
        let ticket = calls.pop_front();
        if calls.is_empty() {
            self.calls.remove(&process);
        } else {
            self.ring.push_back(process);
        }
        ticket
    }

    /// Takes out a call that no longer wants its turn.
    pub(super) fn leave(&mut self, process: &Arc<str>, ticket: Ticket) {
        let Some(calls) = self.calls.get_mut(process) else { return };
        calls.retain(|other| *other != ticket);
        if calls.is_empty() {
            self.calls.remove(process);
            self.ring.retain(|other| other != process);
        }
    }

    /// How many calls wait.
    pub(super) fn len(&self) -> usize {
        self.calls.values().map(VecDeque::len).sum()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn order(queue: &mut Queue) -> Vec<u64> {
        std::iter::from_fn(|| queue.pop()).map(|ticket| ticket.0).collect()
    }

    #[test]
    fn processes_take_turns() {
        let (many, few): (Arc<str>, Arc<str>) = ("many".into(), "few".into());
        let mut queue = Queue::default();
        for ticket in 0..6 {
            queue.join(&many, Ticket(ticket), false);
        }
        queue.join(&few, Ticket(100), false);
        queue.join(&few, Ticket(101), false);
        assert_eq!(order(&mut queue), [0, 100, 1, 101, 2, 3, 4, 5]);
    }

    #[test]
    fn a_throttled_call_is_the_next_of_its_process() {
        let process: Arc<str> = "p".into();
        let mut queue = Queue::default();
        queue.join(&process, Ticket(1), false);
        queue.join(&process, Ticket(2), false);
        queue.join(&process, Ticket(0), true);
        assert_eq!(order(&mut queue), [0, 1, 2]);
    }

    #[test]
    fn who_leaves_holds_nobody_up() {
        let (one, other): (Arc<str>, Arc<str>) = ("one".into(), "other".into());
        let mut queue = Queue::default();
        queue.join(&one, Ticket(1), false);
        queue.join(&other, Ticket(2), false);
        queue.leave(&one, Ticket(1));
        queue.leave(&one, Ticket(1));
        assert_eq!(queue.front(), Some(Ticket(2)));
        assert_eq!(order(&mut queue), [2]);
        assert_eq!(queue.front(), None);
    }

    proptest! {
        #[test]
        fn whatever_callers_do_nobody_is_lost_and_nobody_is_passed_by(
            steps in prop::collection::vec((0u8..5, 0usize..4), 0..200),
        ) {
            let processes: Vec<Arc<str>> = (0..4).map(|name| format!("p{name}").into()).collect();
            let mut queue = Queue::default();
            let mut waiting: Vec<(u64, usize)> = Vec::new();
            // How many calls of others have gone while each process was waiting.
            let mut passed = [0; 4];
            for (number, (what, process)) in (0u64..).zip(steps) {
                match what {
                    0 | 1 => {
                        queue.join(&processes[process], Ticket(number), what == 1);
                        waiting.push((number, process));
                    }
                    2 | 3 => {
                        let gone = queue.pop();
                        prop_assert_eq!(gone.is_some(), !waiting.is_empty());
                        let Some(gone) = gone else { continue };
                        let at = waiting.iter().position(|(ticket, _)| *ticket == gone.0);
                        let (_, served) = waiting.remove(at.expect("it was waiting"));
                        for other in 0..4 {
                            let waits = other != served && waiting.iter().any(|(_, of)| *of == other);
                            passed[other] = if waits { passed[other] + 1 } else { 0 };
                            prop_assert!(passed[other] <= 3, "p{other} was passed by: {passed:?}");
                        }
                    }
                    _ => {
                        if let Some(at) = waiting.iter().position(|(_, of)| *of == process) {
                            let (ticket, process) = waiting.remove(at);
                            queue.leave(&processes[process], Ticket(ticket));
                            if waiting.iter().all(|(_, of)| *of != process) {
                                passed[process] = 0;
                            }
                        }
                    }
                }
                prop_assert_eq!(queue.len(), waiting.len());
                prop_assert_eq!(queue.front().is_some(), !waiting.is_empty());
            }
        }
    }
}
