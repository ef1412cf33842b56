//! Times of day without a zone.

use std::fmt;

use super::{DayTimeDuration, NANOS_PER_SECOND, Property, SECONDS_PER_DAY};
use crate::feel::number::{Number, RoundingMode};

const NANOS_PER_DAY: i128 = SECONDS_PER_DAY as i128 * NANOS_PER_SECOND as i128;

/// A time of day to the nanosecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalTime {
    nanos: i64,
}

impl LocalTime {
    /// 00:00:00.
    pub const MIDNIGHT: LocalTime = LocalTime { nanos: 0 };

    /// The time, if there is one.
    pub fn new(hour: i32, minute: i32, second: i32, nanos: i32) -> Option<LocalTime> {
        let valid = (0..24).contains(&hour)
            && (0..60).contains(&minute)
            && (0..60).contains(&second)
            && (0..1_000_000_000).contains(&nanos);
        let seconds = i64::from(hour) * 3_600 + i64::from(minute) * 60 + i64::from(second);
        valid.then(|| LocalTime { nanos: seconds * NANOS_PER_SECOND + i64::from(nanos) })
    }

    /// The time the built-in `time(hour, minute, second)` makes: only the second may have a fraction that counts.
    pub fn from_numbers(hour: &Number, minute: &Number, second: &Number) -> Option<LocalTime> {
        let nanos = nanos_of(second)?;
        LocalTime::new(hour.int_value(), minute.int_value(), second.int_value(), nanos)
    }

    pub(super) fn from_nanos(nanos: i64) -> LocalTime {
        LocalTime { nanos }
    }

    pub(super) fn nanos_of_day(self) -> i64 {
        self.nanos
    }

    pub(super) fn seconds_of_day(self) -> i64 {
        self.nanos / NANOS_PER_SECOND
    }

    pub(super) fn nanos_of_second(self) -> i64 {
        self.nanos % NANOS_PER_SECOND
    }

    /// The hour from 0 to 23.
    pub fn hour(self) -> i64 {
        self.seconds_of_day() / 3_600
    }

    /// The minute from 0 to 59.
    pub fn minute(self) -> i64 {
        self.seconds_of_day() / 60 % 60
    }

    /// The whole second from 0 to 59.
    pub fn second(self) -> i64 {
        self.seconds_of_day() % 60
    }

    /// The value of `hour`, `minute` or `second`; `time offset` and `timezone` are null.
    pub fn property(self, name: &str) -> Option<Property> {
        Some(match name {
            "hour" => Property::Number(self.hour()),
            "minute" => Property::Number(self.minute()),
            "second" => Property::Number(self.second()),
            "time offset" | "timezone" => Property::Null,
            _ => return None,
        })
    }

    /// The time plus a duration, past midnight if need be.
    #[must_use]
    pub fn plus(self, duration: DayTimeDuration) -> LocalTime {
        self.shifted(duration.total_nanos())
    }

    /// The time less a duration, past midnight if need be.
    #[must_use]
    pub fn minus(self, duration: DayTimeDuration) -> LocalTime {
        self.shifted(-duration.total_nanos())
    }

    fn shifted(self, nanos: i128) -> LocalTime {
        LocalTime { nanos: (i128::from(self.nanos) + nanos).rem_euclid(NANOS_PER_DAY) as i64 }
    }

    /// The duration from the other time to this one, negative if this is the earlier.
    pub fn since(self, other: LocalTime) -> DayTimeDuration {
        DayTimeDuration::from_nanos(self.nanos - other.nanos)
    }

    /// What the time becomes in JSON.
    pub fn to_json_text(self) -> String {
        self.to_string()
    }

    /// Java's `LocalTime.toString`: no seconds if they are zero, fractions in groups of three digits.
    pub(super) fn to_short_text(self) -> String {
        let nanos = self.nanos_of_second();
        let mut text = format!("{:02}:{:02}", self.hour(), self.minute());
        if self.second() > 0 || nanos > 0 {
            text += &format!(":{:02}", self.second());
        }
        text + &match nanos {
            0 => String::new(),
            _ if nanos % 1_000_000 == 0 => format!(".{:03}", nanos / 1_000_000),
            _ if nanos % 1_000 == 0 => format!(".{:06}", nanos / 1_000),
            _ => format!(".{nanos:09}"),
        }
    }
}

impl fmt::Display for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}:{:02}", self.hour(), self.minute(), self.second())?;
        fmt_fraction(self.nanos_of_second(), f)
    }
}

/// Nanoseconds as a fraction without trailing zeros.
pub(super) fn fmt_fraction(nanos: i64, f: &mut impl fmt::Write) -> fmt::Result {
    if nanos == 0 { Ok(()) } else { f.write_str(format!(".{nanos:09}").trim_end_matches('0')) }
}

/// The fraction of a number of seconds, cut off after nine digits.
fn nanos_of(second: &Number) -> Option<i32> {
    let whole = second.set_scale(0, RoundingMode::Down).ok()?;
    let fraction = second.set_scale(9, RoundingMode::Down).ok()?.sub(&whole).ok()?;
    fraction.mul(&Number::from(NANOS_PER_SECOND)).ok()?.to_i64().and_then(|nanos| i32::try_from(nanos).ok())
}
