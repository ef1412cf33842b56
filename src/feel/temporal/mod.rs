//! Dates, times and durations with the rules of `java.time`, which feel-scala hands through.
//!
//! Local and zoned values are types of their own, as they never compare. Years reach from -999999999 to 999999999.
//! `Display` is what the built-in `string` answers, `to_json_text` what the value becomes in the result of an expression.

mod calendar;
mod date;
mod date_time;
mod duration;
mod offset;
mod parse;
mod period;
mod scan;
#[cfg(test)]
mod tests;
mod time;
mod zone;
mod zoned;
mod zoned_time;

pub use self::{
    date::Date, date_time::LocalDateTime, duration::DayTimeDuration, offset::Offset, parse::Temporal,
    period::YearMonthDuration, time::LocalTime, zone::Zone, zoned::ZonedDateTime, zoned_time::ZonedTime,
};

use super::number;

const SECONDS_PER_DAY: i64 = 86_400;
const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// Why an operation on temporal values has no result. In the reference each is a Java exception, which ends the
/// evaluation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A duration is divided by one that is shorter than a millisecond.
    #[error("division by a duration that is shorter than a millisecond")]
    DivisionByZero,
    /// The factor or divisor led to a number that cannot be.
    #[error(transparent)]
    Number(#[from] number::Error),
    /// The year of the result or the length of a duration is beyond what the types hold.
    #[error("the date or duration is out of range")]
    OutOfRange,
    /// There is no such time zone.
    #[error("unknown time zone '{0}', expected an offset such as +01:00 or a region such as Europe/Berlin")]
    UnknownZone(String),
}

/// The value of a property such as `year` or `time offset`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Property {
    /// A whole number.
    Number(i64),
    /// The offset from UTC.
    Duration(DayTimeDuration),
    /// The id of a time zone.
    Text(String),
    /// The property exists for this kind of value, but this value has none.
    Null,
}
