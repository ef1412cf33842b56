//! Filters: `list[1]`, `list[item > 1]`.

use serde_json::Value as Json;

use super::{Evaluator, Frame, Items, Place, Scope, settle};
use crate::feel::{
    ast::{Comparison, Expr, Kind},
    context::Borrowed,
    failure::{Outcome, Stop},
    number::Number,
    span::Span,
    value::{Kind as ValueKind, Value},
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

impl<'e> Evaluator<'e> {
    pub(super) fn filter<'p>(
        &mut self,
        list: Place<'p>,
        filter: &Expr,
        span: Span,
        scope: &'p Scope<'p>,
    ) -> Outcome<Place<'p>>
    where
        'e: 'p,
    {
        let items = match Items::of(list) {
            Ok(items) => items,
            Err(other) => {
                self.wrong_type(span, ValueKind::List, &other);
                return Ok(Place::Owned(Value::Null));
            }
        };
        if let Some(index) = constant(filter) {
            return Ok(items.at(&index));
        }
        if !is_condition(filter) {
            match self.eval(filter, scope) {
                Ok(Value::Number(index)) => return Ok(items.at(&index)),
                Err(stop @ Stop::Abort(_)) => return Err(stop),
                Ok(_) | Err(Stop::Error(_) | Stop::Fatal(_)) => {}
            }
        }
        match self.filter_items(&items, filter, scope) {
            Err(Stop::Error(_)) => Ok(Place::Owned(Value::Null)),
            outcome => outcome,
        }
    }

    /// The first item decides: a number is an index, anything else selects.
    fn filter_items<'p>(
        &mut self,
        items: &Items<'p>,
        filter: &Expr,
        scope: &Scope<'_>,
    ) -> Outcome<Place<'p>> {
        let Some(first) = items.get(0) else { return Ok(Place::Owned(Value::list(Vec::new()))) };
        let mut kept = Vec::new();
        let value = self.condition(first, filter, scope)?;
        if let Value::Number(index) = value {
            return Ok(items.at(&index));
        }
        if matches!(value, Value::Boolean(true)) {
            kept.push(first.to_value());
        }
        for item in items.iter().skip(1) {
            let value = self.condition(item, filter, scope).map_err(settle)?;
            if matches!(value, Value::Boolean(true)) && !is_mark(item) {
                kept.push(item.to_value());
            }
        }
        Ok(Place::Owned(Value::list(kept)))
    }

    /// The filter with the item in scope; the entries of a context can be named as well, before anything else.
    fn condition(&mut self, item: Borrowed<'_>, filter: &Expr, scope: &Scope<'_>) -> Outcome {
        let scope = scope.with(Frame::One(ITEM, item));
        let frame = match item {
            Borrowed::Value(Value::Context(entries)) => Frame::Item(entries),
            Borrowed::Json(Json::Object(object)) => Frame::JsonItem(object),
            Borrowed::Value(_) | Borrowed::Json(_) => return self.eval(filter, &scope),
        };
        self.eval(filter, &scope.with(frame))
    }
}

/// The reference marks what is left out with a string of its own, so it never keeps an item that equals it.
fn is_mark(item: Borrowed<'_>) -> bool {
    match item {
        Borrowed::Value(Value::String(text)) => &**text == "_",
        Borrowed::Json(Json::String(text)) => text == "_",
        Borrowed::Value(_) | Borrowed::Json(_) => false,
    }
}
