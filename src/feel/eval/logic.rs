//! `and` and `or` with three values.

use super::{Evaluator, Scope};
use crate::feel::{
    ast::Expr,
    failure::{Outcome, Stop},
    span::Span,
    value::{Kind, Value},
};

impl Evaluator<'_> {
    /// From the left; what is decided is not evaluated further.
    pub(super) fn and(&mut self, operands: &[Expr], scope: &Scope<'_>) -> Outcome {
        self.fold(operands, scope, false)
    }

    pub(super) fn or(&mut self, operands: &[Expr], scope: &Scope<'_>) -> Outcome {
        self.fold(operands, scope, true)
    }

    fn fold(&mut self, operands: &[Expr], scope: &Scope<'_>, decisive: bool) -> Outcome {
        let mut result = Some(!decisive);
        for (index, operand) in operands.iter().enumerate() {
            // In the reference each pair is an expression of its own, so an open result is looked at again.
            if index > 1 && result.is_none() {
                self.wrong_type(operand.span, Kind::Boolean, &Value::Null);
            }
            if result == Some(decisive) {
                continue;
            }
            let value = self.eval(operand, scope);
            result = self.combine(result, value, operand.span, decisive)?;
        }
        Ok(result.map_or(Value::Null, Value::Boolean))
    }

    /// What is known of a chain after one more operand.
    pub(super) fn combine(
        &mut self,
        known: Option<bool>,
        operand: Outcome,
        span: Span,
        decisive: bool,
    ) -> Outcome<Option<bool>> {
        match known {
            Some(known) if known == decisive => Ok(Some(decisive)),
            Some(_) => self.boolean(operand, span),
            None => match operand {
                Ok(Value::Boolean(value)) if value == decisive => Ok(Some(decisive)),
                Ok(_) | Err(Stop::Error(_)) => Ok(None),
                Err(stop) => Err(stop),
            },
        }
    }

    pub(super) fn and_then(&mut self, known: Option<bool>, operand: Outcome, span: Span) -> Outcome {
        Ok(self.combine(known, operand, span, false)?.map_or(Value::Null, Value::Boolean))
    }

    /// A boolean, or None for anything else, which is recorded.
    pub(super) fn boolean(&mut self, outcome: Outcome, span: Span) -> Outcome<Option<bool>> {
        match outcome {
            Ok(Value::Boolean(value)) => Ok(Some(value)),
            Ok(other) => {
                self.wrong_type(span, Kind::Boolean, &other);
                Ok(None)
            }
            Err(Stop::Error(_)) => Ok(None),
            Err(stop) => Err(stop),
        }
    }
}
