//! Tests of an input: what stands behind `in`, and what a decision table would ask.

use super::{Evaluator, Frame, Scope, operators::holds};
use crate::feel::{
    ast::{Comparison, Expr, In, Range},
    context::Borrowed,
    failure::{FailureKind, Outcome, Stop},
    span::Span,
    value::Value,
};

/// Where the input is bound, unless the variable [`NAMED_BY`] says otherwise.
const INPUT: &str = "cellInput";
const NAMED_BY: &str = "inputVariableName";
/// What `?` reads.
const SYMBOL: &str = "?";

impl Evaluator<'_> {
    /// `x in test`
    pub(super) fn membership(&mut self, membership: &In, scope: &Scope<'_>) -> Outcome {
        let input = self.eval(&membership.value, scope)?;
        let name = self.input_name(scope);
        self.eval(&membership.test, &scope.with(Frame::One(&name, Borrowed::Value(&input))))
    }

    fn input_name(&self, scope: &Scope<'_>) -> String {
        match self.lookup(NAMED_BY, scope).map(Borrowed::to_value) {
            Some(Value::String(name)) => name.to_string(),
            Some(_) | None => INPUT.to_owned(),
        }
    }

    /// The input, which a test does not name.
    fn implicit_input(&mut self, span: Span, scope: &Scope<'_>) -> Value {
        let name = self.input_name(scope);
        match self.lookup(&name, scope) {
            Some(found) => found.to_value(),
            None => {
                self.note(
                    FailureKind::NoVariableFound,
                    span,
                    "there is no input to test; tests stand behind `in`",
                );
                Value::Null
            }
        }
    }

    /// `?`
    pub(super) fn input(&mut self, scope: &Scope<'_>) -> Outcome {
        match self.lookup(SYMBOL, scope) {
            Some(found) => Ok(found.to_value()),
            None => Err(Stop::Fatal("`?` stands for the input of a test, and here is none".into())),
        }
    }

    pub(super) fn input_compare(
        &mut self,
        operator: Comparison,
        operand: &Expr,
        span: Span,
        scope: &Scope<'_>,
    ) -> Outcome {
        let input = self.implicit_input(span, scope);
        let operand = self.eval(operand, scope)?;
        self.compare_values(operator, &input, &operand, span)
    }

    pub(super) fn input_equals(&mut self, value: bool, span: Span, scope: &Scope<'_>) -> Outcome {
        let input = self.implicit_input(span, scope);
        self.compare_values(Comparison::Equal, &input, &value.into(), span)
    }

    pub(super) fn input_in_range(&mut self, range: &Range, span: Span, scope: &Scope<'_>) -> Outcome {
        let start = self.bound_value(&range.start, scope)?;
        let end = self.bound_value(&range.end, scope)?;
        let input = self.implicit_input(span, scope);
        let one_kind = start.kind() == input.kind() && end.kind() == input.kind();
        if one_kind && input.is_comparable() && start.is_comparable() && end.is_comparable() {
            let (from, to) = match (range.start_closed, range.end_closed) {
                (true, true) => (Comparison::GreaterOrEqual, Comparison::LessOrEqual),
                (true, false) => (Comparison::GreaterOrEqual, Comparison::Less),
                (false, true) => (Comparison::Greater, Comparison::LessOrEqual),
                (false, false) => (Comparison::Greater, Comparison::Less),
            };
            let (Some(above), Some(below)) = (input.order(&start), input.order(&end)) else {
                return self.compare_values(from, &input, &start, span);
            };
            return Ok((holds(from, above) && holds(to, below)).into());
        }
        // The reference asks for the input again to build its message, which records a missing one twice.
        self.implicit_input(span, scope);
        let message =
            format!("{} does not compare with {} and {}", input.shown(), start.shown(), end.shown());
        self.note(FailureKind::NotComparable, span, message);
        Ok(Value::Null)
    }

    /// A bound that is an error does not compare with anything, but is none itself.
    fn bound_value(&mut self, bound: &Expr, scope: &Scope<'_>) -> Outcome {
        match self.eval(bound, scope) {
            Err(Stop::Error(message) | Stop::Fatal(message)) => Ok(Value::Error(message)),
            outcome => outcome,
        }
    }

    /// Several tests, one of which must hold.
    pub(super) fn any_test(&mut self, tests: &[Expr], scope: &Scope<'_>) -> Outcome {
        let mut known = Some(false);
        for test in tests {
            if known != Some(true) {
                let value = self.eval(test, scope);
                known = self.combine(known, value, test.span, true)?;
            }
        }
        Ok(known.map_or(Value::Null, Value::Boolean))
    }

    /// An expression as a test: true, a list with the input, or equal to the input.
    pub(super) fn test(&mut self, test: &Expr, scope: &Scope<'_>) -> Outcome {
        let input = self.implicit_input(test.span, scope);
        let value = match self.eval(test, scope) {
            Err(Stop::Fatal(_)) => {
                // The expression asks for `?`.
                let result = self.eval(test, &scope.with(Frame::One(SYMBOL, Borrowed::Value(&input))));
                return match result {
                    Ok(value @ Value::Boolean(_)) => Ok(value),
                    Ok(_) | Err(Stop::Error(_) | Stop::Fatal(_)) => Ok(Value::Null),
                    Err(stop) => Err(stop),
                };
            }
            Err(Stop::Error(_)) => return Ok(false.into()),
            outcome => outcome?,
        };
        self.charge_for(&value, test.span)?;
        let holds_input =
            matches!(&value, Value::List(items) if items.iter().any(|item| item.is_same(&input)));
        if holds_input || matches!(value, Value::Boolean(true)) {
            return Ok(true.into());
        }
        let equal = self.compare_values(Comparison::Equal, &input, &value, test.span)?;
        Ok(match (&equal, &value) {
            (Value::Boolean(true), _) => true.into(),
            (_, Value::Boolean(false) | Value::List(_)) => false.into(),
            (Value::Null, _) => Value::Null,
            _ => false.into(),
        })
    }
}
