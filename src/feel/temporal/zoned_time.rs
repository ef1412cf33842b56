//! Times of day with an offset or a zone.

use std::cmp::Ordering;
use std::fmt;

use super::{
    Date, DayTimeDuration, Error, LocalDateTime, LocalTime, NANOS_PER_SECOND, Offset, Property, Zone,
    ZonedDateTime, zone::Region,
};

/// A time of day with an offset and perhaps a zone. Equality goes by time, offset and zone; order by the instant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ZonedTime {
    time: LocalTime,
    offset: Offset,
    region: Option<Region>,
}

impl ZonedTime {
    /// The time at a fixed offset.
    pub fn new(time: LocalTime, offset: Offset) -> ZonedTime {
        ZonedTime { time, offset, region: None }
    }

    /// The time the built-in `time(hour, minute, second, offset)` makes; None if the offset is too large.
    pub fn at_offset(time: LocalTime, offset: DayTimeDuration) -> Option<ZonedTime> {
        // Java takes the low 32 bits of the seconds.
        Offset::from_seconds(offset.seconds() as i32).map(|offset| ZonedTime::new(time, offset))
    }

    /// The time in a zone, at the zone's standard offset.
    pub(super) fn in_zone(time: LocalTime, zone: Zone) -> ZonedTime {
        match zone {
            Zone::Offset(offset) => ZonedTime::new(time, offset),
            Zone::Region(region) => {
                ZonedTime { time, offset: region.standard_offset(), region: Some(region) }
            }
        }
    }

    pub(super) fn of_parts(time: LocalTime, offset: Offset, region: Option<Region>) -> ZonedTime {
        ZonedTime { time, offset, region }
    }

    /// The time on the clock.
    pub fn time(&self) -> LocalTime {
        self.time
    }

    /// The offset from UTC.
    pub fn offset(&self) -> Offset {
        self.offset
    }

    /// The id of the zone, if there is one beside the offset.
    pub fn zone_id(&self) -> Option<&str> {
        self.region.as_ref().map(Region::id)
    }

    /// The value of a property such as `hour` or `time offset`.
    pub fn property(&self, name: &str) -> Option<Property> {
        match name {
            "time offset" => Some(Property::Duration(self.offset.to_duration())),
            "timezone" => Some(self.zone_id().map_or(Property::Null, |id| Property::Text(id.to_owned()))),
            _ => self.time.property(name),
        }
    }

    /// Nanoseconds since midnight in UTC; outside of a day for early and late offsets.
    fn nanos(&self) -> i64 {
        self.time.nanos_of_day() - i64::from(self.offset.seconds()) * NANOS_PER_SECOND
    }

    /// The order of the operators, by the instant. Equal here does not mean equal to `=`.
    pub fn compare(&self, other: &ZonedTime) -> Ordering {
        self.nanos().cmp(&other.nanos())
    }

    /// The time plus a duration, past midnight if need be.
    #[must_use]
    pub fn plus(&self, duration: DayTimeDuration) -> ZonedTime {
        ZonedTime { time: self.time.plus(duration), ..self.clone() }
    }

    /// The time less a duration, past midnight if need be.
    #[must_use]
    pub fn minus(&self, duration: DayTimeDuration) -> ZonedTime {
        ZonedTime { time: self.time.minus(duration), ..self.clone() }
    }

    /// The difference to another time. The reference gives no sign here, unlike everywhere else.
    pub fn since(&self, other: &ZonedTime) -> DayTimeDuration {
        DayTimeDuration::from_nanos((self.nanos() - other.nanos()).abs())
    }

    /// This time on a date, as `date and time(date, time)` makes it.
    pub fn with_date(&self, date: Date) -> Result<ZonedDateTime, Error> {
        let local = LocalDateTime::new(date, self.time);
        match &self.region {
            None => Ok(ZonedDateTime::at_offset(local, self.offset)),
            Some(region) => ZonedDateTime::of_local(local, &Zone::Region(region.clone()), None),
        }
    }

    /// What the time becomes in JSON: no zero seconds, no zone.
    pub fn to_json_text(&self) -> String {
        format!("{}{}", self.time.to_short_text(), self.offset)
    }

    /// What the built-in `to json` writes.
    pub fn to_iso_text(&self) -> String {
        format!("{}{}", self.time, self.offset)
    }
}

impl fmt::Display for ZonedTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.region {
            None => write!(f, "{}{}", self.time, self.offset),
            Some(region) => write!(f, "{}@{}", self.time, region.id()),
        }
    }
}
