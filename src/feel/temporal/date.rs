//! Calendar dates.

use std::fmt;

use super::{
    DayTimeDuration, Error, LocalDateTime, LocalTime, Property, SECONDS_PER_DAY, YearMonthDuration,
    calendar::{self, MAX_YEAR},
    scan::Scanner,
};

const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A date without time and zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: i32,
    month: u8,
    day: u8,
}

impl Date {
    /// The date, if there is one, as the built-in `date(year, month, day)` makes it.
    pub fn new(year: i32, month: i32, day: i32) -> Option<Date> {
        let month = u8::try_from(month).ok().filter(|month| (1..=12).contains(month))?;
        let last = calendar::days_of_month(i64::from(year), month);
        let day = u8::try_from(day).ok().filter(|day| (1..=last).contains(day))?;
        if i64::from(year).abs() <= MAX_YEAR { Some(Date { year, month, day }) } else { None }
    }

    /// Reads `2026-03-15`. Years have four to nine digits, with no leading zero beyond four.
    pub fn parse(text: &str) -> Option<Date> {
        let mut scanner = Scanner::new(text);
        let date = scanner.date()?;
        scanner.is_at_end().then_some(date)
    }

    pub(super) fn from_epoch_days(days: i64) -> Result<Date, Error> {
        // Far more days than the last year has would overflow on the way.
        if days.abs() > 400_000_000_000 {
            return Err(Error::OutOfRange);
        }
        let (year, month, day) = calendar::civil(days);
        if year.abs() > MAX_YEAR {
            return Err(Error::OutOfRange);
        }
        Ok(Date { year: year as i32, month, day })
    }

    pub(super) fn epoch_days(self) -> i64 {
        calendar::days_since_epoch(i64::from(self.year), self.month, self.day)
    }

    /// The year, which may be zero or negative.
    pub fn year(self) -> i32 {
        self.year
    }

    /// The month from 1 to 12.
    pub fn month(self) -> u8 {
        self.month
    }

    /// The day of the month from 1.
    pub fn day(self) -> u8 {
        self.day
    }

    /// The day of the week from 1 (Monday) to 7.
    pub fn weekday(self) -> u8 {
        ((self.epoch_days() + 3).rem_euclid(7) + 1) as u8
    }

    /// The built-in `day of week`.
    pub fn day_of_week(self) -> &'static str {
        WEEKDAYS.get(usize::from(self.weekday()) - 1).copied().unwrap_or_default()
    }

    /// The built-in `month of year`.
    pub fn month_of_year(self) -> &'static str {
        MONTHS.get(usize::from(self.month) - 1).copied().unwrap_or_default()
    }

    /// The built-in `day of year`, from 1.
    pub fn day_of_year(self) -> i64 {
        self.epoch_days() - calendar::days_since_epoch(i64::from(self.year), 1, 1) + 1
    }

    /// The built-in `week of year`: the ISO week, which belongs to the year of its Thursday.
    pub fn week_of_year(self) -> i64 {
        let thursday = self.epoch_days() + 4 - i64::from(self.weekday());
        let (year, _, _) = calendar::civil(thursday);
        (thursday - calendar::days_since_epoch(year, 1, 1)) / 7 + 1
    }

    /// The built-in `last day of month`.
    pub fn last_day_of_month(self) -> Date {
        Date { day: calendar::days_of_month(i64::from(self.year), self.month), ..self }
    }

    /// The value of `year`, `month`, `day` or `weekday`.
    pub fn property(self, name: &str) -> Option<Property> {
        Some(Property::Number(match name {
            "year" => i64::from(self.year),
            "month" => i64::from(self.month),
            "day" => i64::from(self.day),
            "weekday" => i64::from(self.weekday()),
            _ => return None,
        }))
    }

    /// Midnight of this day.
    pub fn at_start_of_day(self) -> LocalDateTime {
        LocalDateTime::new(self, LocalTime::MIDNIGHT)
    }

    pub(super) fn plus_months(self, months: i64) -> Result<Date, Error> {
        let total = i64::from(self.year) * 12 + i64::from(self.month) - 1 + months;
        let (year, month) = (total.div_euclid(12), (total.rem_euclid(12) + 1) as u8);
        if year.abs() > MAX_YEAR {
            return Err(Error::OutOfRange);
        }
        let day = self.day.min(calendar::days_of_month(year, month));
        Ok(Date { year: year as i32, month, day })
    }

    /// The date plus calendar months; the day moves back into the month if need be.
    pub fn plus_period(self, period: YearMonthDuration) -> Result<Date, Error> {
        self.plus_months(period.total_months())
    }

    /// The date less calendar months.
    pub fn minus_period(self, period: YearMonthDuration) -> Result<Date, Error> {
        self.plus_months(-period.total_months())
    }

    /// The date of midnight plus the duration, so that parts of a day count only when they add up to one.
    pub fn plus(self, duration: DayTimeDuration) -> Result<Date, Error> {
        Ok(self.at_start_of_day().plus(duration)?.date())
    }

    /// The date of midnight less the duration.
    pub fn minus(self, duration: DayTimeDuration) -> Result<Date, Error> {
        Ok(self.at_start_of_day().minus(duration)?.date())
    }

    /// The duration from the other date to this one.
    pub fn since(self, other: Date) -> DayTimeDuration {
        DayTimeDuration::from_seconds((self.epoch_days() - other.epoch_days()) * SECONDS_PER_DAY)
    }

    /// What the date becomes in JSON.
    pub fn to_json_text(self) -> String {
        self.to_string()
    }

    /// The date as part of a date and time in `string`, where long years have no plus sign.
    pub(super) fn fmt_unsigned(self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.year < 0 { "-" } else { "" };
        write!(f, "{sign}{:04}-{:02}-{:02}", self.year.unsigned_abs(), self.month, self.day)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.year > 9_999 {
            f.write_str("+")?;
        }
        self.fmt_unsigned(f)
    }
}
