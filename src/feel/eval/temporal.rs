//! Dates, times and durations as operands, and their properties.

use crate::feel::{
    ast::Operator,
    temporal::{self, Date, DayTimeDuration, Property},
    value::{Kind, Value},
};

/// The result of an operation on temporal values; None if the operands do not fit.
pub(super) fn operate(operator: Operator, left: &Value, right: &Value) -> Option<Result<Value, String>> {
    let result = match operator {
        Operator::Add => add(left, right).or_else(|| add(right, left).filter(|_| is_duration(left)))?,
        Operator::Subtract => subtract(left, right)?,
        Operator::Multiply => multiply(left, right).or_else(|| multiply(right, left))?,
        Operator::Divide => divide(left, right)?,
        Operator::Power => return None,
    };
    Some(result.map_err(|error| error.to_string()))
}

type Calculated = Option<Result<Value, temporal::Error>>;

fn is_duration(value: &Value) -> bool {
    matches!(value.kind(), Kind::YearMonthDuration | Kind::DayTimeDuration)
}

fn add(left: &Value, right: &Value) -> Calculated {
    Some(match (left, right) {
        (Value::LocalTime(time), Value::DayTimeDuration(duration)) => {
            Ok(Value::LocalTime(time.plus(*duration)))
        }
        (Value::Time(time), Value::DayTimeDuration(duration)) => Ok(Value::Time(time.plus(*duration))),
        (Value::LocalDateTime(time), Value::YearMonthDuration(period)) => {
            time.plus_period(*period).map(Value::LocalDateTime)
        }
        (Value::LocalDateTime(time), Value::DayTimeDuration(duration)) => {
            time.plus(*duration).map(Value::LocalDateTime)
        }
        (Value::DateTime(time), Value::YearMonthDuration(period)) => {
            time.plus_period(*period).map(Value::DateTime)
        }
        (Value::DateTime(time), Value::DayTimeDuration(duration)) => {
            time.plus(*duration).map(Value::DateTime)
        }
        (Value::Date(date), Value::YearMonthDuration(period)) => date.plus_period(*period).map(Value::Date),
        (Value::Date(date), Value::DayTimeDuration(duration)) => date.plus(*duration).map(Value::Date),
        (Value::YearMonthDuration(one), Value::YearMonthDuration(two)) => {
            one.plus(*two).map(Value::YearMonthDuration)
        }
        (Value::DayTimeDuration(one), Value::DayTimeDuration(two)) => {
            one.plus(*two).map(Value::DayTimeDuration)
        }
        _ => return None,
    })
}

fn subtract(left: &Value, right: &Value) -> Calculated {
    Some(match (left, right) {
        (Value::LocalTime(one), Value::LocalTime(two)) => Ok(Value::DayTimeDuration(one.since(*two))),
        (Value::LocalTime(time), Value::DayTimeDuration(duration)) => {
            Ok(Value::LocalTime(time.minus(*duration)))
        }
        (Value::Time(one), Value::Time(two)) => Ok(Value::DayTimeDuration(one.since(two))),
        (Value::Time(time), Value::DayTimeDuration(duration)) => Ok(Value::Time(time.minus(*duration))),
        (Value::LocalDateTime(one), Value::LocalDateTime(two)) => Ok(Value::DayTimeDuration(one.since(*two))),
        (Value::LocalDateTime(time), Value::YearMonthDuration(period)) => {
            time.minus_period(*period).map(Value::LocalDateTime)
        }
        (Value::LocalDateTime(time), Value::DayTimeDuration(duration)) => {
            time.minus(*duration).map(Value::LocalDateTime)
        }
        (Value::DateTime(one), Value::DateTime(two)) => Ok(Value::DayTimeDuration(one.since(two))),
        (Value::DateTime(time), Value::YearMonthDuration(period)) => {
            time.minus_period(*period).map(Value::DateTime)
        }
        (Value::DateTime(time), Value::DayTimeDuration(duration)) => {
            time.minus(*duration).map(Value::DateTime)
        }
        (Value::Date(one), Value::Date(two)) => Ok(Value::DayTimeDuration(one.since(*two))),
        (Value::Date(date), Value::YearMonthDuration(period)) => date.minus_period(*period).map(Value::Date),
        (Value::Date(date), Value::DayTimeDuration(duration)) => date.minus(*duration).map(Value::Date),
        (Value::YearMonthDuration(one), Value::YearMonthDuration(two)) => {
            one.minus(*two).map(Value::YearMonthDuration)
        }
        (Value::DayTimeDuration(one), Value::DayTimeDuration(two)) => {
            one.minus(*two).map(Value::DayTimeDuration)
        }
        _ => return None,
    })
}

fn multiply(duration: &Value, factor: &Value) -> Calculated {
    Some(match (duration, factor) {
        (Value::YearMonthDuration(period), Value::Number(factor)) => {
            period.times(factor).map(Value::YearMonthDuration)
        }
        (Value::DayTimeDuration(duration), Value::Number(factor)) => {
            duration.times(factor).map(Value::DayTimeDuration)
        }
        _ => return None,
    })
}

fn divide(left: &Value, right: &Value) -> Calculated {
    Some(match (left, right) {
        (Value::YearMonthDuration(period), Value::Number(divisor)) if !divisor.is_zero() => {
            period.divided_by_number(divisor).map(Value::YearMonthDuration)
        }
        (Value::YearMonthDuration(one), Value::YearMonthDuration(two)) if !two.is_zero() => {
            one.divided_by(*two).map(Value::from)
        }
        (Value::DayTimeDuration(duration), Value::Number(divisor)) if !divisor.is_zero() => {
            duration.divided_by_number(divisor).map(Value::DayTimeDuration)
        }
        (Value::DayTimeDuration(one), Value::DayTimeDuration(two)) if !two.is_zero() => {
            one.divided_by(*two).map(Value::from)
        }
        _ => return None,
    })
}

/// A property of a temporal value; None if it has none of this name.
pub(super) fn property(value: &Value, name: &str) -> Option<Value> {
    let property = match value {
        Value::Date(value) => Date::property(*value, name),
        Value::LocalTime(value) => value.property(name),
        Value::Time(value) => value.property(name),
        Value::LocalDateTime(value) => value.property(name),
        Value::DateTime(value) => value.property(name),
        Value::YearMonthDuration(value) => value.property(name),
        Value::DayTimeDuration(value) => DayTimeDuration::property(*value, name),
        Value::Null
        | Value::Boolean(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::List(_)
        | Value::Context(_)
        | Value::Range(_)
        | Value::Function(_)
        | Value::Error(_) => None,
    };
    property.map(|property| match property {
        Property::Number(number) => number.into(),
        Property::Duration(duration) => Value::DayTimeDuration(duration),
        Property::Text(text) => text.into(),
        Property::Null => Value::Null,
    })
}

/// The names of the properties that values of a kind have.
pub(super) fn properties(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Date => &["year", "month", "day", "weekday"],
        Kind::LocalTime | Kind::Time => &["hour", "minute", "second", "time offset", "timezone"],
        Kind::LocalDateTime | Kind::DateTime => {
            &["year", "month", "day", "weekday", "hour", "minute", "second", "time offset", "timezone"]
        }
        Kind::YearMonthDuration => &["years", "months"],
        Kind::DayTimeDuration => &["days", "hours", "minutes", "seconds"],
        Kind::Null
        | Kind::Boolean
        | Kind::Number
        | Kind::String
        | Kind::List
        | Kind::Context
        | Kind::Range
        | Kind::Function
        | Kind::Error => &[],
    }
}
