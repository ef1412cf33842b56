//! Limits on steps, depth and size.

use super::Evaluator;
use crate::feel::{
    failure::{EvaluationErrorKind, Outcome, Stop},
    span::Span,
    value::Value,
};

/// How deep parts may lie in each other, counting through the functions that are called.
pub(super) const MAX_DEPTH: u32 = 250;

/// How deep values may be nested.
pub(super) const MAX_VALUE_DEPTH: u32 = 1000;

/// The caller is asked whether to go on each time so many steps are done.
const STEPS_BETWEEN_QUESTIONS: u64 = 4096;

pub(super) struct Budget {
    steps: u64,
    until_question: u64,
    depth: u32,
}

impl Budget {
    pub(super) fn new(steps: u64) -> Budget {
        Budget { steps, until_question: STEPS_BETWEEN_QUESTIONS, depth: 0 }
    }
}

impl Evaluator<'_> {
    /// Begins a part: one step, one level deeper.
    pub(super) fn enter(&mut self, span: Span) -> Outcome<()> {
        if self.budget.depth == MAX_DEPTH {
            let message = format!("the evaluation is nested more than {MAX_DEPTH} parts deep");
            return Err(Stop::abort(EvaluationErrorKind::Depth, span, message));
        }
        self.take_steps(1, span)?;
        self.budget.depth += 1;
        Ok(())
    }

    pub(super) fn leave(&mut self) {
        self.budget.depth -= 1;
    }

    /// Takes steps for work that a built-in does by itself.
    pub(in crate::feel) fn charge(&mut self, steps: usize) -> Outcome<()> {
        self.take_steps(steps as u64, self.call)
    }

    /// Takes as many steps as the value has parts.
    pub(in crate::feel) fn charge_value(&mut self, value: &Value) -> Outcome<()> {
        self.take_steps(value.extent().weight, self.call)
    }

    /// Where the call that is being made stands.
    pub(in crate::feel) fn call_span(&self) -> Span {
        self.call
    }

    pub(super) fn take_steps(&mut self, steps: u64, span: Span) -> Outcome<()> {
        let Some(left) = self.budget.steps.checked_sub(steps) else {
            let limit = self.options.limits.steps;
            let message = format!("the expression takes more than the {limit} steps that are allowed");
            return Err(Stop::abort(EvaluationErrorKind::Steps, span, message));
        };
        self.budget.steps = left;
        match self.budget.until_question.checked_sub(steps) {
            Some(until) => self.budget.until_question = until,
            None => {
                self.budget.until_question = STEPS_BETWEEN_QUESTIONS;
                if self.options.interrupt.is_some_and(|interrupt| interrupt()) {
                    let message = "the evaluation was stopped because it took too long";
                    return Err(Stop::abort(EvaluationErrorKind::Interrupted, span, message));
                }
            }
        }
        Ok(())
    }

    /// Refuses a list before it is made.
    pub(in crate::feel) fn check_items(&self, items: u64) -> Outcome<()> {
        let limit = self.options.limits.items;
        if items > limit as u64 {
            let message = format!("a list of {items} items is longer than the {limit} that are allowed");
            return Err(Stop::abort(EvaluationErrorKind::Size, self.call, message));
        }
        Ok(())
    }

    /// Refuses a text before it is made.
    pub(in crate::feel) fn check_text(&self, bytes: usize) -> Outcome<()> {
        let limit = self.options.limits.text;
        if bytes > limit {
            let message = format!("a string of {bytes} bytes is longer than the {limit} that are allowed");
            return Err(Stop::abort(EvaluationErrorKind::Size, self.call, message));
        }
        Ok(())
    }

    /// Refuses a nesting before it is made.
    pub(in crate::feel) fn check_depth(&self, depth: usize) -> Outcome<()> {
        if depth > MAX_VALUE_DEPTH as usize {
            let message = format!("a value is nested more than {MAX_VALUE_DEPTH} levels deep");
            return Err(Stop::abort(EvaluationErrorKind::Depth, self.call, message));
        }
        Ok(())
    }

    /// Every value passes here: it is within the limits, and an error taken out of a list fails again.
    pub(super) fn checked(&self, value: Value, span: Span) -> Outcome {
        if let Value::Error(message) = value {
            return Err(Stop::Error(message));
        }
        let is_long = matches!(&value, Value::String(text) if text.len() > self.options.limits.text);
        if !is_long && !matches!(value, Value::List(_) | Value::Context(_)) {
            return Ok(value);
        }
        let extent = value.extent();
        if extent.depth > MAX_VALUE_DEPTH {
            let message = format!("a value is nested more than {MAX_VALUE_DEPTH} levels deep");
            return Err(Stop::abort(EvaluationErrorKind::Depth, span, message));
        }
        let too_long = matches!(&value, Value::List(list) if list.len() > self.options.limits.items);
        if too_long || extent.weight > self.options.limits.weight || is_long {
            let message = "a value is larger than allowed";
            return Err(Stop::abort(EvaluationErrorKind::Size, span, message));
        }
        Ok(value)
    }
}
