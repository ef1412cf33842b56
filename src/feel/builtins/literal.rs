//! Temporal values as they are written in an expression. What is no such value is null.

use crate::feel::{temporal::Temporal, value::Value};

/// `@".."`
pub(in crate::feel) fn at(text: &str) -> Value {
    value(Temporal::parse_at(text))
}

/// `date("..")`
pub(in crate::feel) fn date(text: &str) -> Value {
    value(Temporal::parse_date(text))
}

/// `time("..")`
pub(in crate::feel) fn time(text: &str) -> Value {
    value(Temporal::parse_time(text))
}

/// `date and time("..")`
pub(in crate::feel) fn date_and_time(text: &str) -> Value {
    value(Temporal::parse_date_time_literal(text))
}

/// `duration("..")`
pub(in crate::feel) fn duration(text: &str) -> Value {
    value(Temporal::parse_duration_literal(text))
}

fn value(temporal: Option<Temporal>) -> Value {
    temporal.map_or(Value::Null, Value::from)
}

impl From<Temporal> for Value {
    fn from(temporal: Temporal) -> Value {
        match temporal {
            Temporal::Date(value) => Value::Date(value),
            Temporal::LocalTime(value) => Value::LocalTime(value),
            Temporal::ZonedTime(value) => Value::Time(value),
            Temporal::LocalDateTime(value) => Value::LocalDateTime(value),
            Temporal::ZonedDateTime(value) => Value::DateTime(value),
            Temporal::YearMonthDuration(value) => Value::YearMonthDuration(value),
            Temporal::DayTimeDuration(value) => Value::DayTimeDuration(value),
        }
    }
}
