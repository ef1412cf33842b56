//! A walk through a BPMN diagram, for trying tasks.

mod evaluate;

pub use self::evaluate::{Evaluate, EvaluationFailure, Feel};
