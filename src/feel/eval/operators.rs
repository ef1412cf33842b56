//! Arithmetic and comparisons.

use std::cmp::Ordering;

use super::{Evaluator, Scope, described, or_null, temporal};
use crate::feel::{
    ast::{Arithmetic, Between, Compare, Comparison, Expr, Operator},
    failure::{EvaluationErrorKind, FailureKind, Outcome, Stop},
    number,
    span::Span,
    value::{Kind, Value},
};

impl Evaluator<'_> {
    /// A chain of operators of one precedence, from the left. What has no result is null at each step.
    pub(super) fn arithmetic(&mut self, chain: &Arithmetic, scope: &Scope<'_>) -> Outcome {
        let mut left = self.eval(&chain.first, scope);
        for (operator, operand) in &chain.rest {
            if let Err(Stop::Abort(_)) = left {
                return left;
            }
            let right = self.eval(operand, scope);
            let span = chain.first.span.to(operand.span);
            left = or_null(self.operate(*operator, left, right, span));
        }
        left
    }

    fn operate(&mut self, operator: Operator, left: Outcome, right: Outcome, span: Span) -> Outcome {
        if let Err(stop @ Stop::Abort(_)) = right {
            return Err(stop);
        }
        let left = left?;
        if let (Operator::Power, false) = (operator, matches!(left, Value::Number(_))) {
            return Err(self.wrong_type(span, Kind::Number, &left));
        }
        let right = right?;
        let result = match (operator, &left, &right) {
            (_, Value::Number(left), Value::Number(right)) => {
                return self.number(operator, left, right, span);
            }
            (Operator::Add, Value::String(left), Value::String(right)) => {
                self.call = span;
                self.check_text(left.len() + right.len())?;
                return Ok(Value::string([&**left, &**right].concat()));
            }
            (Operator::Power, _, other) => {
                return Err(self.wrong_type(span, Kind::Number, other));
            }
            (operator, left, right) => temporal::operate(operator, left, right),
        };
        match result {
            Some(Ok(value)) => Ok(value),
            Some(Err(error)) => Err(Stop::abort(EvaluationErrorKind::Arithmetic, span, error)),
            None => {
                let message = unfit(operator, &left, &right);
                Err(self.fail(FailureKind::InvalidType, span, message))
            }
        }
    }

    fn number(
        &mut self,
        operator: Operator,
        left: &number::Number,
        right: &number::Number,
        span: Span,
    ) -> Outcome {
        let result = match operator {
            Operator::Add => left.add(right),
            Operator::Subtract => left.sub(right),
            Operator::Multiply => left.mul(right),
            Operator::Divide if right.is_zero() => {
                return Err(self.fail(
                    FailureKind::InvalidType,
                    span,
                    "a division by zero has no result".to_owned(),
                ));
            }
            Operator::Divide => left.div(right),
            Operator::Power => left.pow(right),
        };
        match result {
            Ok(number) => Ok(number.into()),
            Err(error) => Err(Stop::abort(EvaluationErrorKind::Arithmetic, span, error.to_string())),
        }
    }

    pub(super) fn negate(&mut self, operand: &Expr, span: Span, scope: &Scope<'_>) -> Outcome {
        let result = match self.eval(operand, scope) {
            Ok(Value::Number(number)) => Ok(number.neg().into()),
            Ok(other) => Err(self.wrong_type(span, Kind::Number, &other)),
            Err(stop) => Err(stop),
        };
        or_null(result)
    }

    pub(super) fn compare(&mut self, compare: &Compare, span: Span, scope: &Scope<'_>) -> Outcome {
        let operands = self.both(&compare.left, &compare.right, scope);
        let negated = compare.operator == Comparison::NotEqual;
        let equal = match operands {
            Ok((left, right)) => self.compare_values(compare.operator, &left, &right, span),
            Err(stop) => Err(stop),
        };
        if !negated {
            return equal;
        }
        // `!=` is the negation of `=` and fails once more when that has no answer.
        match equal {
            Ok(Value::Boolean(equal)) => Ok((!equal).into()),
            Ok(other) => {
                self.wrong_type(span, Kind::Boolean, &other);
                Ok(Value::Null)
            }
            Err(Stop::Error(_)) => Ok(Value::Null),
            Err(stop) => Err(stop),
        }
    }

    /// `=` for the equalities, otherwise the order. Values that do not compare give null.
    pub(super) fn compare_values(
        &mut self,
        operator: Comparison,
        left: &Value,
        right: &Value,
        span: Span,
    ) -> Outcome {
        if let Comparison::Equal | Comparison::NotEqual = operator {
            self.charge_for(left, span)?;
            if let Some(equal) = left.equals(right) {
                return Ok(equal.into());
            }
        } else if left.kind() == right.kind() && left.is_comparable() && right.is_comparable() {
            let Some(order) = left.order(right) else {
                let message = "lists have no order";
                return Err(Stop::abort(EvaluationErrorKind::Argument, span, message));
            };
            return Ok(holds(operator, order).into());
        }
        self.not_comparable(left, right, span);
        Ok(Value::Null)
    }

    /// Comparing takes as many steps as the value has parts.
    pub(super) fn charge_for(&mut self, value: &Value, span: Span) -> Outcome<()> {
        if matches!(value, Value::List(_) | Value::Context(_)) {
            self.take_steps(value.extent().weight, span)?;
        }
        Ok(())
    }

    pub(super) fn not_comparable(&mut self, left: &Value, right: &Value, span: Span) {
        let message = format!("{} and {} do not compare", described(left), described(right));
        self.note(FailureKind::NotComparable, span, message);
    }

    /// `x between a and b` is `x >= a and x <= b`, with `x` evaluated twice.
    pub(super) fn between(&mut self, between: &Between, span: Span, scope: &Scope<'_>) -> Outcome {
        let low = self.bound(Comparison::GreaterOrEqual, &between.value, &between.low, span, scope);
        let low = self.boolean(low, span)?;
        if low == Some(false) {
            return Ok(false.into());
        }
        let high = self.bound(Comparison::LessOrEqual, &between.value, &between.high, span, scope);
        self.and_then(low, high, span)
    }

    fn bound(
        &mut self,
        operator: Comparison,
        value: &Expr,
        bound: &Expr,
        span: Span,
        scope: &Scope<'_>,
    ) -> Outcome {
        let (value, bound) = self.both(value, bound, scope)?;
        self.compare_values(operator, &value, &bound, span)
    }
}

pub(super) fn holds(operator: Comparison, order: Ordering) -> bool {
    match operator {
        Comparison::Equal => order.is_eq(),
        Comparison::NotEqual => order.is_ne(),
        Comparison::Less => order.is_lt(),
        Comparison::LessOrEqual => order.is_le(),
        Comparison::Greater => order.is_gt(),
        Comparison::GreaterOrEqual => order.is_ge(),
    }
}

fn unfit(operator: Operator, left: &Value, right: &Value) -> String {
    let (left_shown, right_shown) = (described(left), described(right));
    let advice = match (operator, left, right) {
        (Operator::Add, Value::String(_), _) | (Operator::Add, _, Value::String(_)) => {
            "; use `string()` to join texts"
        }
        _ => "",
    };
    match operator {
        Operator::Add => format!("{right_shown} cannot be added to {left_shown}{advice}"),
        Operator::Subtract => format!("{right_shown} cannot be subtracted from {left_shown}"),
        Operator::Multiply => format!("{left_shown} cannot be multiplied by {right_shown}"),
        Operator::Divide => format!("{left_shown} cannot be divided by {right_shown}"),
        Operator::Power => format!("{left_shown} cannot be raised to {right_shown}"),
    }
}
