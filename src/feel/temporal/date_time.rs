//! Dates with a time, without a zone.

use std::fmt;

use super::{
    Date, DayTimeDuration, Error, LocalTime, NANOS_PER_SECOND, Property, SECONDS_PER_DAY, YearMonthDuration,
};

/// A date and time without zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalDateTime {
    date: Date,
    time: LocalTime,
}

impl LocalDateTime {
    /// The time on that date.
    pub fn new(date: Date, time: LocalTime) -> LocalDateTime {
        LocalDateTime { date, time }
    }

    /// The seconds since 1970-01-01T00:00:00, as if this were UTC.
    pub(super) fn epoch_seconds(self) -> i64 {
        self.date.epoch_days() * SECONDS_PER_DAY + self.time.seconds_of_day()
    }

    pub(super) fn from_epoch(seconds: i64, nanos: i64) -> Result<LocalDateTime, Error> {
        let date = Date::from_epoch_days(seconds.div_euclid(SECONDS_PER_DAY))?;
        let nanos = seconds.rem_euclid(SECONDS_PER_DAY) * NANOS_PER_SECOND + nanos;
        Ok(LocalDateTime { date, time: LocalTime::from_nanos(nanos) })
    }

    /// The date.
    pub fn date(self) -> Date {
        self.date
    }

    /// The time of day.
    pub fn time(self) -> LocalTime {
        self.time
    }

    /// The value of a property of the date or the time.
    pub fn property(self, name: &str) -> Option<Property> {
        self.date.property(name).or_else(|| self.time.property(name))
    }

    /// Later by the duration.
    pub fn plus(self, duration: DayTimeDuration) -> Result<LocalDateTime, Error> {
        self.shifted(duration.total_nanos())
    }

    /// Earlier by the duration.
    pub fn minus(self, duration: DayTimeDuration) -> Result<LocalDateTime, Error> {
        self.shifted(-duration.total_nanos())
    }

    fn shifted(self, nanos: i128) -> Result<LocalDateTime, Error> {
        let per_second = i128::from(NANOS_PER_SECOND);
        let total =
            i128::from(self.epoch_seconds()) * per_second + i128::from(self.time.nanos_of_second()) + nanos;
        let seconds = i64::try_from(total.div_euclid(per_second)).map_err(|_| Error::OutOfRange)?;
        LocalDateTime::from_epoch(seconds, total.rem_euclid(per_second) as i64)
    }

    /// Later by calendar months.
    pub fn plus_period(self, period: YearMonthDuration) -> Result<LocalDateTime, Error> {
        Ok(LocalDateTime { date: self.date.plus_period(period)?, ..self })
    }

    /// Earlier by calendar months.
    pub fn minus_period(self, period: YearMonthDuration) -> Result<LocalDateTime, Error> {
        Ok(LocalDateTime { date: self.date.minus_period(period)?, ..self })
    }

    /// The duration from the other date and time to this one.
    pub fn since(self, other: LocalDateTime) -> DayTimeDuration {
        DayTimeDuration::from_seconds(self.epoch_seconds() - other.epoch_seconds())
            .plus_nanos(self.time.nanos_of_second() - other.time.nanos_of_second())
    }

    /// What the value becomes in JSON.
    pub fn to_json_text(self) -> String {
        format!("{}T{}", self.date, self.time)
    }
}

impl fmt::Display for LocalDateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.date.fmt_unsigned(f)?;
        write!(f, "T{}", self.time)
    }
}
