//! Filters: `list[1]`, `list[item > 1]`.

use super::{Evaluator, Frame, Scope, or_null, settle};
use crate::feel::{
    ast::{Comparison, Expr, Kind},
    failure::{Outcome, Stop},
    number::Number,
    span::Span,
    value::{Kind as ValueKind, List, Value},
};

/// The item that a filter looks at.
const ITEM: &str = "item";

/// The index that a filter is, if it is a written number.
pub(super) fn constant(filter: &Expr) -> Option<Number> {
    let (operand, negated) =
        if let Kind::Negate(operand) = &filter.kind { (&**operand, true) } else { (filter, false) };
    let Kind::Literal(Value::Number(index)) = &operand.kind else { return None };
    Some(if negated { index.neg() } else { index.clone() })
}

/// The place that an index means: from 1, or from the end if negative; a fraction is cut off.
pub(in crate::feel) fn position(length: usize, index: &Number) -> Option<usize> {
    let length = i64::try_from(length).ok()?;
    let zero = Number::ZERO;
    let from_start =
        if *index > zero { index.sub(&Number::ONE) } else { Number::from(length).add(index) }.ok()?;
    if from_start < zero || from_start >= Number::from(length) {
        return None;
    }
    usize::try_from(from_start.long_value()).ok()
}

/// Comparisons and calls are conditions on the item. Anything else is evaluated once beforehand: it may be an index.
fn is_condition(filter: &Expr) -> bool {
    if let Kind::Compare(compare) = &filter.kind {
        return compare.operator != Comparison::NotEqual;
    }
    matches!(filter.kind, Kind::Call(_) | Kind::QualifiedCall(_))
}

impl Evaluator<'_> {
    pub(super) fn filter(&mut self, list: Value, filter: &Expr, span: Span, scope: &Scope<'_>) -> Outcome {
        let Value::List(list) = list else {
            self.wrong_type(span, ValueKind::List, &list);
            return Ok(Value::Null);
        };
        if let Some(index) = constant(filter) {
            return Ok(at(&list, &index));
        }
        if !is_condition(filter) {
            match self.eval(filter, scope) {
                Ok(Value::Number(index)) => return Ok(at(&list, &index)),
                Err(stop @ Stop::Abort(_)) => return Err(stop),
                Ok(_) | Err(Stop::Error(_) | Stop::Fatal(_)) => {}
            }
        }
        or_null(self.filter_items(&list, filter, scope))
    }

    /// The first item decides: a number is an index, anything else selects.
    fn filter_items(&mut self, list: &List, filter: &Expr, scope: &Scope<'_>) -> Outcome {
        let Some((first, rest)) = list.split_first() else { return Ok(Value::list(Vec::new())) };
        let mut kept = Vec::new();
        let value = self.condition(first, filter, scope)?;
        if let Value::Number(index) = value {
            return Ok(at(list, &index));
        }
        if matches!(value, Value::Boolean(true)) {
            kept.push(first.clone());
        }
        for item in rest {
            let holds = match self.condition(item, filter, scope) {
                Ok(value) => matches!(value, Value::Boolean(true)),
                Err(stop) => return Err(settle(stop)),
            };
            // The reference marks what is left out with this very string, so it never keeps one.
            let marked = matches!(item, Value::String(text) if &**text == "_");
            if holds && !marked {
                kept.push(item.clone());
            }
        }
        Ok(Value::list(kept))
    }

    /// The filter with the item in scope; the entries of a context can be named as well, before anything else.
    fn condition(&mut self, item: &Value, filter: &Expr, scope: &Scope<'_>) -> Outcome {
        let scope = scope.with(Frame::One(ITEM, item));
        let Value::Context(entries) = item else { return self.eval(filter, &scope) };
        self.eval(filter, &scope.with(Frame::Item(entries)))
    }
}

fn at(list: &List, index: &Number) -> Value {
    position(list.len(), index).and_then(|at| list.get(at)).cloned().unwrap_or(Value::Null)
}
