//! A walk through a BPMN diagram, for trying tasks.
//!
//! [`parse`] reads a diagram into processes and refuses what the walk cannot do, by element and line. An
//! instance moves its tokens from element to element until each of them waits for something; what
//! that means for the world comes out as effects, which the gateway carries out. The walk itself knows neither
//! jobs nor time nor the protocol.
//!
//! It is a walk for trying tasks, not an engine: user tasks, call activities and the like take their results from
//! a table, and there is one scope above the element's own.

mod begin;
mod duration;
mod evaluate;
mod mapping;
mod model;
mod parse;
mod walk;

#[cfg(test)]
pub(crate) mod tests;

pub use self::evaluate::{Evaluate, Evaluated, EvaluationFailure, Feel};
pub(crate) use self::mapping::Scoping;
pub use self::model::Process;
pub use self::parse::{DiagramError, Refusal, parse};
pub(crate) use self::walk::{Effect, Instance, Keys, Message, Surroundings};
