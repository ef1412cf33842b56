//! The record of what was asked.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;
use tokio::time::Instant;

use super::identity::Identity;
use super::route::Operation;
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

/// Leaves the outcome of a request when it is dropped, and counts the request as long as it lives.
#[derive(Debug)]
pub(crate) struct Watch {
    exchanges: Recorder<Exchange>,
    place: Place,
    outcome: Outcome,
    in_flight: Arc<AtomicUsize>,
}

impl Watch {
    /// Records a request, which is told how many are under way with it. Until something better is known, whoever
    /// drops the watch has abandoned it.
    pub(crate) fn over(
        exchanges: &Recorder<Exchange>,
        in_flight: &Arc<AtomicUsize>,
        exchange: impl FnOnce(usize) -> Exchange,
    ) -> Self {
        let now = in_flight.fetch_add(1, Ordering::SeqCst) + 1;
        let place = exchanges.push_with(|| exchange(now));
        let in_flight = Arc::clone(in_flight);
        Self { exchanges: exchanges.clone(), place, outcome: Outcome::Abandoned, in_flight }
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
        self.exchanges.amend(self.place, |exchange| exchange.outcome = outcome);
    }
}
