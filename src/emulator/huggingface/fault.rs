//! What happens instead of an answer.

use std::collections::VecDeque;

use serde_json::{Value, json};

use crate::emulator::times::Times;

/// Trouble, as Hugging Face has it.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// An error status with its usual text.
    Status(u16),
    /// The model is being loaded, and ought to be there after so many seconds.
    Loading(f64),
    /// Too many calls; the next one after so many seconds.
    Throttled(u64),
    /// The stream breaks off after so many events.
    Cut(usize),
    /// The stream goes silent after so many events, and stays open.
    Silent(usize),
    /// An error inside the stream after so many events.
    Broken(usize),
    /// An answer word for word.
    Respond(u16, Value),
}

impl Fault {
    /// What the name of a model asks for.
    pub(super) fn by_model(id: &str) -> Option<Self> {
        Some(match id.strip_prefix("emulator/")? {
            "unauthorized" => Self::Status(401),
            "no-credit" => Self::Status(402),
            "gated" => Self::Status(403),
            "missing" => Self::Status(404),
            "invalid" => Self::Status(422),
            "throttled" => Self::Throttled(1),
            "broken" => Self::Status(500),
            "loading" => Self::Loading(20.0),
            "cut" => Self::Cut(2),
            _ => return None,
        })
    }

    /// The status and the body, where it is an answer at all.
    pub(super) fn answer(&self) -> Option<(u16, Value)> {
        Some(match self {
            Self::Status(status) => (*status, json!({ "error": text(*status) })),
            Self::Loading(seconds) => {
                (503, json!({ "error": "Model is currently loading", "estimated_time": seconds }))
            }
            Self::Throttled(_) => {
                (429, json!({ "error": { "message": text(429), "type": "too_many_requests" } }))
            }
            Self::Respond(status, body) => (*status, body.clone()),
            Self::Cut(_) | Self::Silent(_) | Self::Broken(_) => return None,
        })
    }
}

fn text(status: u16) -> &'static str {
    match status {
        401 => "Invalid username or password.",
        402 => "You have used up the credits that are included this month.",
        403 => "This token may not call inference providers.",
        404 => "The requested model does not exist.",
        422 => "Input validation error: `inputs` must have less than 4096 tokens.",
        429 => "You have asked too often; slow down.",
        503 => "Service Unavailable",
        _ => "The model has failed.",
    }
}

/// Faults that are waiting, each for requests whose body holds a text.
#[derive(Debug, Default)]
pub(super) struct Faults(VecDeque<(String, Fault, Times)>);

impl Faults {
    pub(super) fn add(&mut self, body_contains: &str, fault: Fault, times: Times) {
        self.0.push_back((body_contains.to_owned(), fault, times));
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn next(&mut self, body: &str) -> Option<Fault> {
        let place = self.0.iter().position(|(text, ..)| body.contains(text.as_str()))?;
        let (_, fault, times) = self.0.get_mut(place)?;
        let fault = fault.clone();
        if let Times::Next(left) = times {
            *left = left.saturating_sub(1);
            if *left == 0 {
                self.0.remove(place);
            }
        }
        Some(fault)
    }
}
