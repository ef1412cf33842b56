//! Fixed offsets from UTC.

use std::fmt;

use super::DayTimeDuration;

/// Java allows offsets up to 18 hours.
const MAX_SECONDS: i32 = 18 * 3_600;

/// The seconds a local time is ahead of UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Offset(i32);

impl Offset {
    /// No offset.
    pub const UTC: Offset = Offset(0);

    /// The offset, if it is within 18 hours.
    pub fn from_seconds(seconds: i32) -> Option<Offset> {
        (seconds.abs() <= MAX_SECONDS).then_some(Offset(seconds))
    }

    /// The seconds ahead of UTC.
    pub fn seconds(self) -> i32 {
        self.0
    }

    /// The offset as a duration, which is the property `time offset`.
    pub fn to_duration(self) -> DayTimeDuration {
        DayTimeDuration::from_seconds(i64::from(self.0))
    }
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("Z");
        }
        let sign = if self.0 < 0 { '-' } else { '+' };
        let seconds = self.0.unsigned_abs();
        write!(f, "{sign}{:02}:{:02}", seconds / 3_600, seconds / 60 % 60)?;
        if seconds.is_multiple_of(60) { Ok(()) } else { write!(f, ":{:02}", seconds % 60) }
    }
}
