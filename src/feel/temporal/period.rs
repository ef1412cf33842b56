//! Durations of calendar years and months.

use std::fmt;

use super::{Date, Error, Property};
use crate::feel::number::Number;

/// A number of months, shown as years and months.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct YearMonthDuration {
    months: i64,
}

impl YearMonthDuration {
    /// That many months. The years of the result must fit 32 bits.
    pub fn from_months(months: i64) -> Result<YearMonthDuration, Error> {
        match i32::try_from(months / 12) {
            Ok(_) => Ok(YearMonthDuration { months }),
            Err(_) => Err(Error::OutOfRange),
        }
    }

    /// The built-in `years and months duration`: whole months from one date to the other.
    pub fn between(from: Date, to: Date) -> YearMonthDuration {
        let month_of = |date: Date| i64::from(date.year()) * 12 + i64::from(date.month());
        let mut months = month_of(to) - month_of(from);
        if months > 0 && to.day() < from.day() {
            months -= 1;
        } else if months < 0 && to.day() > from.day() {
            months += 1;
        }
        YearMonthDuration { months }
    }

    /// All months, those of the years included.
    pub fn total_months(self) -> i64 {
        self.months
    }

    /// The whole years, with the sign of the duration.
    pub fn years(self) -> i64 {
        self.months / 12
    }

    /// The months beside the years, with the sign of the duration.
    pub fn months(self) -> i64 {
        self.months % 12
    }

    /// Whether there are no months; a division by such a duration is null.
    pub fn is_zero(self) -> bool {
        self.months == 0
    }

    /// The value of `years` or `months`.
    pub fn property(self, name: &str) -> Option<Property> {
        Some(Property::Number(match name {
            "years" => self.years(),
            "months" => self.months(),
            _ => return None,
        }))
    }

    /// The sum.
    pub fn plus(self, other: YearMonthDuration) -> Result<YearMonthDuration, Error> {
        self.combined(other, i32::checked_add)
    }

    /// The difference.
    pub fn minus(self, other: YearMonthDuration) -> Result<YearMonthDuration, Error> {
        self.combined(other, i32::checked_sub)
    }

    /// Java combines years and months apart, and each must fit 32 bits.
    fn combined(
        self,
        other: YearMonthDuration,
        operation: fn(i32, i32) -> Option<i32>,
    ) -> Result<YearMonthDuration, Error> {
        let part = |one: i64, two: i64| operation(i32::try_from(one).ok()?, i32::try_from(two).ok()?);
        let years = part(self.years(), other.years()).ok_or(Error::OutOfRange)?;
        let months = part(self.months(), other.months()).ok_or(Error::OutOfRange)?;
        YearMonthDuration::from_months(i64::from(years) * 12 + i64::from(months))
    }

    /// The duration without its sign.
    pub fn abs(self) -> Result<YearMonthDuration, Error> {
        YearMonthDuration::from_months(self.months.abs())
    }

    /// The duration times a number, of which only the whole part counts.
    pub fn times(self, factor: &Number) -> Result<YearMonthDuration, Error> {
        let factor = i64::from(factor.int_value());
        let part = |value: i64| i32::try_from(value * factor).map_err(|_| Error::OutOfRange);
        YearMonthDuration::from_months(i64::from(part(self.years())?) * 12 + i64::from(part(self.months())?))
    }

    /// The duration divided by a number other than zero, to whole months.
    pub fn divided_by_number(self, divisor: &Number) -> Result<YearMonthDuration, Error> {
        YearMonthDuration::from_months(i64::from(Number::from(self.months).div(divisor)?.int_value()))
    }

    /// How many whole times the other duration goes into this one. It must not be zero.
    pub fn divided_by(self, divisor: YearMonthDuration) -> Result<i64, Error> {
        self.months.checked_div(divisor.months).ok_or(Error::DivisionByZero)
    }

    /// What the duration becomes in JSON, each part with its own sign: `P-1Y-2M`.
    pub fn to_json_text(self) -> String {
        match (self.years(), self.months()) {
            (0, 0) => "P0D".to_owned(),
            (years, 0) => format!("P{years}Y"),
            (0, months) => format!("P{months}M"),
            (years, months) => format!("P{years}Y{months}M"),
        }
    }
}

impl fmt::Display for YearMonthDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.months < 0 { "-" } else { "" };
        match (self.years().unsigned_abs(), self.months().unsigned_abs()) {
            (0, 0) => f.write_str("P0Y"),
            (years, 0) => write!(f, "{sign}P{years}Y"),
            (0, months) => write!(f, "{sign}P{months}M"),
            (years, months) => write!(f, "{sign}P{years}Y{months}M"),
        }
    }
}
