//! Durations of days and shorter units, exact to the nanosecond.

use std::fmt;

use super::{Error, NANOS_PER_SECOND, Property, time::fmt_fraction};
use crate::feel::number::Number;

const NANOS_PER_MILLI: i128 = 1_000_000;

/// A length of time: whole seconds, rounded down, and the nanoseconds above them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DayTimeDuration {
    seconds: i64,
    nanos: i64,
}

impl DayTimeDuration {
    /// No time.
    pub const ZERO: DayTimeDuration = DayTimeDuration { seconds: 0, nanos: 0 };

    /// A duration of whole seconds.
    pub fn from_seconds(seconds: i64) -> DayTimeDuration {
        DayTimeDuration { seconds, nanos: 0 }
    }

    /// A duration of milliseconds.
    pub fn from_millis(millis: i64) -> DayTimeDuration {
        DayTimeDuration {
            seconds: millis.div_euclid(1_000),
            nanos: millis.rem_euclid(1_000) * (NANOS_PER_SECOND / 1_000),
        }
    }

    pub(super) fn from_nanos(nanos: i64) -> DayTimeDuration {
        DayTimeDuration {
            seconds: nanos.div_euclid(NANOS_PER_SECOND),
            nanos: nanos.rem_euclid(NANOS_PER_SECOND),
        }
    }

    pub(super) fn from_total_nanos(nanos: i128) -> Result<DayTimeDuration, Error> {
        let per_second = i128::from(NANOS_PER_SECOND);
        let seconds = i64::try_from(nanos.div_euclid(per_second)).map_err(|_| Error::OutOfRange)?;
        Ok(DayTimeDuration { seconds, nanos: nanos.rem_euclid(per_second) as i64 })
    }

    pub(super) fn total_nanos(self) -> i128 {
        i128::from(self.seconds) * i128::from(NANOS_PER_SECOND) + i128::from(self.nanos)
    }

    /// Adds less than a second in either direction.
    pub(super) fn plus_nanos(self, nanos: i64) -> DayTimeDuration {
        let nanos = self.nanos + nanos;
        DayTimeDuration {
            seconds: self.seconds.saturating_add(nanos.div_euclid(NANOS_PER_SECOND)),
            nanos: nanos.rem_euclid(NANOS_PER_SECOND),
        }
    }

    /// The whole seconds, rounded down.
    pub fn seconds(self) -> i64 {
        self.seconds
    }

    /// The milliseconds, cut off towards zero, if 64 bits hold them.
    pub fn to_millis(self) -> Result<i64, Error> {
        i64::try_from(self.total_nanos() / NANOS_PER_MILLI).map_err(|_| Error::OutOfRange)
    }

    /// Whether there is no time at all; a division by such a duration is null.
    pub fn is_zero(self) -> bool {
        self == DayTimeDuration::ZERO
    }

    /// The value of `days`, `hours`, `minutes` or `seconds`.
    pub fn property(self, name: &str) -> Option<Property> {
        let [days, hours, minutes, seconds] = self.parts();
        Some(Property::Number(match name {
            "days" => days,
            "hours" => hours,
            "minutes" => minutes,
            "seconds" => seconds,
            _ => return None,
        }))
    }

    /// Days, hours, minutes and seconds, all of them of one sign.
    fn parts(self) -> [i64; 4] {
        let seconds = self.seconds;
        [seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60]
    }

    /// The sum.
    pub fn plus(self, other: DayTimeDuration) -> Result<DayTimeDuration, Error> {
        DayTimeDuration::from_total_nanos(self.total_nanos() + other.total_nanos())
    }

    /// The difference.
    pub fn minus(self, other: DayTimeDuration) -> Result<DayTimeDuration, Error> {
        DayTimeDuration::from_total_nanos(self.total_nanos() - other.total_nanos())
    }

    /// The duration without its sign.
    pub fn abs(self) -> Result<DayTimeDuration, Error> {
        DayTimeDuration::from_total_nanos(self.total_nanos().abs())
    }

    /// The duration times a number, of which only the whole part counts.
    pub fn times(self, factor: &Number) -> Result<DayTimeDuration, Error> {
        // 94 bits times 32 fit.
        DayTimeDuration::from_total_nanos(self.total_nanos() * i128::from(factor.int_value()))
    }

    /// The duration divided by a number other than zero. As in the reference, the quotient in milliseconds is cut to 32
    /// bits, so that durations beyond 24 days come out wrong.
    pub fn divided_by_number(self, divisor: &Number) -> Result<DayTimeDuration, Error> {
        let quotient = Number::from(self.to_millis()?).div(divisor)?;
        Ok(DayTimeDuration::from_millis(i64::from(quotient.int_value())))
    }

    /// How many whole times the other duration goes into this one, by milliseconds. It must not be zero.
    pub fn divided_by(self, divisor: DayTimeDuration) -> Result<i64, Error> {
        let dividend = self.to_millis()?;
        match divisor.to_millis()? {
            0 => Err(Error::DivisionByZero),
            divisor => Ok(dividend.wrapping_div(divisor)),
        }
    }

    /// What the duration becomes in JSON, which knows no days: `PT26H3M4.5S`.
    pub fn to_json_text(self) -> String {
        if self.is_zero() {
            return "PT0S".to_owned();
        }
        let total = self.total_nanos();
        let (whole, nanos) = (total / i128::from(NANOS_PER_SECOND), total % i128::from(NANOS_PER_SECOND));
        let (hours, minutes, seconds) = (whole / 3_600, whole / 60 % 60, whole % 60);
        let mut text = "PT".to_owned();
        if hours != 0 {
            text += &format!("{hours}H");
        }
        if minutes != 0 {
            text += &format!("{minutes}M");
        }
        if seconds == 0 && nanos == 0 {
            return text;
        }
        if seconds == 0 && nanos < 0 {
            text.push('-');
        }
        text += &seconds.to_string();
        // A `String` takes everything that is written to it.
        fmt_fraction(nanos.unsigned_abs() as i64, &mut text).unwrap_or_default();
        text + "S"
    }
}

impl fmt::Display for DayTimeDuration {
    /// Whole seconds only, and a minus sign in front of everything.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [days, hours, minutes, seconds] = self.parts().map(i64::unsigned_abs);
        if [days, hours, minutes, seconds] == [0; 4] {
            return f.write_str("P0D");
        }
        f.write_str(if self.seconds < 0 { "-P" } else { "P" })?;
        if days != 0 {
            write!(f, "{days}D")?;
        }
        if [hours, minutes, seconds] != [0; 3] {
            f.write_str("T")?;
        }
        for (value, unit) in [(hours, 'H'), (minutes, 'M'), (seconds, 'S')] {
            if value != 0 {
                write!(f, "{value}{unit}")?;
            }
        }
        Ok(())
    }
}
