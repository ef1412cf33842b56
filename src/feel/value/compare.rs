//! Equality, identity and order.
//!
//! There are two equalities. [`Value::equals`] is the operator `=`: unlike kinds do not compare. [`Value::is_same`] is
//! what `list contains`, `in` and ranges use: it always answers, and a context written in the expression is the same
//! only as itself.

use std::{cmp::Ordering, sync::Arc};

use super::{Bound, Entries, Kind, Range, Value};

impl Value {
    /// Whether the values are equal; None if their kinds do not compare.
    pub fn equals(&self, other: &Value) -> Option<bool> {
        Some(match (self, other) {
            // In the reference a failure in a list equals null.
            (Value::Null, other) | (other, Value::Null) => matches!(other, Value::Null | Value::Error(_)),
            (Value::Number(one), Value::Number(two)) => one == two,
            (Value::List(one), Value::List(two)) => {
                one.len() == two.len()
                    && one.iter().zip(two.iter()).all(|(one, two)| one.equals(two) == Some(true))
            }
            (Value::Context(one), Value::Context(two)) => entries_equal(one, two),
            (Value::Range(_) | Value::Function(_) | Value::Error(_), _) => return None,
            (one, two) => return one.scalar_equals(two),
        })
    }

    /// Equality of the kinds that are equal whenever they are the same.
    fn scalar_equals(&self, other: &Value) -> Option<bool> {
        Some(match (self, other) {
            (Value::Boolean(one), Value::Boolean(two)) => one == two,
            (Value::String(one), Value::String(two)) => one == two,
            (Value::Date(one), Value::Date(two)) => one == two,
            (Value::LocalTime(one), Value::LocalTime(two)) => one == two,
            (Value::Time(one), Value::Time(two)) => one == two,
            (Value::LocalDateTime(one), Value::LocalDateTime(two)) => one == two,
            (Value::DateTime(one), Value::DateTime(two)) => one == two,
            (Value::YearMonthDuration(one), Value::YearMonthDuration(two)) => one == two,
            (Value::DayTimeDuration(one), Value::DayTimeDuration(two)) => one == two,
            _ => return None,
        })
    }

    /// Whether both are the same value; contexts written in the expression only if they are one.
    pub fn is_same(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Null, Value::Null) => true,
            (Value::Number(one), Value::Number(two)) => one == two,
            (Value::List(one), Value::List(two)) => {
                one.len() == two.len() && one.iter().zip(two.iter()).all(|(one, two)| one.is_same(two))
            }
            (Value::Context(one), Value::Context(two)) => Arc::ptr_eq(one, two) || entries_same(one, two),
            (Value::Range(one), Value::Range(two)) => ranges_same(one, two),
            (Value::Function(one), Value::Function(two)) => Arc::ptr_eq(one, two),
            (Value::Error(one), Value::Error(two)) => one == two,
            (one, two) => one.scalar_equals(two) == Some(true),
        }
    }

    /// Whether the value can stand on either side of `<`. A list can, if its items can and are of one kind.
    pub(in crate::feel) fn is_comparable(&self) -> bool {
        let Value::List(list) = self else { return self.kind() == Kind::String || self.kind().is_point() };
        list.first()
            .is_some_and(|first| first.is_comparable() && list.iter().all(|item| item.kind() == first.kind()))
    }

    /// The order of two comparable values; None for lists, where the reference fails, and for unlike kinds.
    pub fn order(&self, other: &Value) -> Option<Ordering> {
        Some(match (self, other) {
            (Value::Number(one), Value::Number(two)) => one.cmp(two),
            (Value::String(one), Value::String(two)) => one.encode_utf16().cmp(two.encode_utf16()),
            (Value::Date(one), Value::Date(two)) => one.cmp(two),
            (Value::LocalTime(one), Value::LocalTime(two)) => one.cmp(two),
            (Value::Time(one), Value::Time(two)) => one.compare(two),
            (Value::LocalDateTime(one), Value::LocalDateTime(two)) => one.cmp(two),
            (Value::DateTime(one), Value::DateTime(two)) => one.compare(two),
            (Value::YearMonthDuration(one), Value::YearMonthDuration(two)) => one.cmp(two),
            (Value::DayTimeDuration(one), Value::DayTimeDuration(two)) => one.cmp(two),
            _ => return None,
        })
    }
}

fn entries_equal(one: &Entries, two: &Entries) -> bool {
    one.len() == two.len()
        && one
            .values()
            .all(|(key, value)| two.get(key).is_some_and(|other| value.equals(other) == Some(true)))
}

fn entries_same(one: &Entries, two: &Entries) -> bool {
    !one.is_written()
        && !two.is_written()
        && one.len() == two.len()
        && one.values().all(|(key, value)| two.get(key).is_some_and(|other| value.is_same(other)))
}

fn ranges_same(one: &Range, two: &Range) -> bool {
    let same = |one: &Bound, two: &Bound| one.closed == two.closed && one.value.is_same(&two.value);
    same(&one.start, &two.start) && same(&one.end, &two.end)
}
