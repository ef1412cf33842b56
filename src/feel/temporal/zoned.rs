//! Dates with a time in a zone.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use super::{
    Date, DayTimeDuration, Error, LocalDateTime, LocalTime, Offset, Property, YearMonthDuration, Zone,
    ZonedTime, zone::Region,
};

/// An instant as shown at an offset or in a zone. Equality goes by local time, offset and zone.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ZonedDateTime(Arc<Parts>);

#[derive(Debug, PartialEq, Eq, Hash)]
struct Parts {
    local: LocalDateTime,
    offset: Offset,
    /// None where the offset itself is the zone.
    region: Option<Region>,
}

impl ZonedDateTime {
    fn new(local: LocalDateTime, offset: Offset, region: Option<Region>) -> ZonedDateTime {
        ZonedDateTime(Arc::new(Parts { local, offset, region }))
    }

    /// The date and time at a fixed offset.
    pub fn at_offset(local: LocalDateTime, offset: Offset) -> ZonedDateTime {
        ZonedDateTime::new(local, offset, None)
    }

    /// The date and time in a zone. What falls into a gap moves forward by its length; of the two instants in an
    /// overlap it is the one with the preferred offset, else the earlier.
    pub(super) fn of_local(
        local: LocalDateTime,
        zone: &Zone,
        preferred: Option<Offset>,
    ) -> Result<ZonedDateTime, Error> {
        match zone {
            Zone::Offset(offset) => Ok(ZonedDateTime::at_offset(local, *offset)),
            Zone::Region(region) => {
                let (local, offset) = region.resolve(local, preferred)?;
                Ok(ZonedDateTime::new(local, offset, Some(region.clone())))
            }
        }
    }

    /// The instant so many seconds and nanoseconds after 1970-01-01T00:00:00Z, shown in a zone.
    pub fn from_epoch(seconds: i64, nanos: u32, zone: &Zone) -> Result<ZonedDateTime, Error> {
        let (offset, region) = match zone {
            Zone::Offset(offset) => (*offset, None),
            Zone::Region(region) => (region.offset_at(seconds), Some(region.clone())),
        };
        let local_seconds = seconds.checked_add(i64::from(offset.seconds())).ok_or(Error::OutOfRange)?;
        Ok(ZonedDateTime::new(LocalDateTime::from_epoch(local_seconds, i64::from(nanos))?, offset, region))
    }

    /// The same instant in another zone, as `date and time(value, zone)` makes it.
    pub fn with_zone(&self, zone: &Zone) -> Result<ZonedDateTime, Error> {
        ZonedDateTime::from_epoch(self.epoch_seconds(), self.nanos(), zone)
    }

    fn epoch_seconds(&self) -> i64 {
        self.0.local.epoch_seconds() - i64::from(self.0.offset.seconds())
    }

    fn nanos(&self) -> u32 {
        self.0.local.time().nanos_of_second() as u32
    }

    fn zone(&self) -> Zone {
        self.0.region.clone().map_or(Zone::Offset(self.0.offset), Zone::Region)
    }

    /// The date and time on the spot.
    pub fn local(&self) -> LocalDateTime {
        self.0.local
    }

    /// The date on the spot.
    pub fn date(&self) -> Date {
        self.0.local.date()
    }

    /// The time on the spot, without the zone.
    pub fn time(&self) -> LocalTime {
        self.0.local.time()
    }

    /// The time with the zone and the offset of this very day, as the built-in `time(from)` makes it.
    pub fn to_zoned_time(&self) -> ZonedTime {
        ZonedTime::of_parts(self.time(), self.0.offset, self.0.region.clone())
    }

    /// The offset from UTC.
    pub fn offset(&self) -> Offset {
        self.0.offset
    }

    /// The id of the zone, if there is one beside the offset.
    pub fn zone_id(&self) -> Option<&str> {
        self.0.region.as_ref().map(Region::id)
    }

    /// The value of a property such as `year` or `timezone`.
    pub fn property(&self, name: &str) -> Option<Property> {
        match name {
            "time offset" => Some(Property::Duration(self.0.offset.to_duration())),
            "timezone" => Some(self.zone_id().map_or(Property::Null, |id| Property::Text(id.to_owned()))),
            _ => self.0.local.property(name),
        }
    }

    /// The order of the operators: by instant, then by local time, then by the id of the zone, as in Java. So of two
    /// values for one instant in different zones one is less than the other.
    pub fn compare(&self, other: &ZonedDateTime) -> Ordering {
        self.epoch_seconds()
            .cmp(&other.epoch_seconds())
            .then_with(|| self.nanos().cmp(&other.nanos()))
            .then_with(|| self.0.local.cmp(&other.0.local))
            .then_with(|| self.zone().to_string().cmp(&other.zone().to_string()))
    }

    /// Later by the duration, by the clock of UTC.
    pub fn plus(&self, duration: DayTimeDuration) -> Result<ZonedDateTime, Error> {
        self.shifted(self.0.local.plus(duration)?)
    }

    /// Earlier by the duration, by the clock of UTC.
    pub fn minus(&self, duration: DayTimeDuration) -> Result<ZonedDateTime, Error> {
        self.shifted(self.0.local.minus(duration)?)
    }

    /// The instant of a local time at the current offset, which need not be valid there.
    fn shifted(&self, local: LocalDateTime) -> Result<ZonedDateTime, Error> {
        ZonedDateTime::at_offset(local, self.0.offset).with_zone(&self.zone())
    }

    /// Later by calendar months, by the clock on the spot.
    pub fn plus_period(&self, period: YearMonthDuration) -> Result<ZonedDateTime, Error> {
        ZonedDateTime::of_local(self.0.local.plus_period(period)?, &self.zone(), Some(self.0.offset))
    }

    /// Earlier by calendar months, by the clock on the spot.
    pub fn minus_period(&self, period: YearMonthDuration) -> Result<ZonedDateTime, Error> {
        ZonedDateTime::of_local(self.0.local.minus_period(period)?, &self.zone(), Some(self.0.offset))
    }

    /// The duration from the other instant to this one.
    pub fn since(&self, other: &ZonedDateTime) -> DayTimeDuration {
        DayTimeDuration::from_seconds(self.epoch_seconds() - other.epoch_seconds())
            .plus_nanos(i64::from(self.nanos()) - i64::from(other.nanos()))
    }

    /// What the value becomes in JSON: with the offset, without the zone.
    pub fn to_json_text(&self) -> String {
        format!("{}{}", self.0.local.to_json_text(), self.0.offset)
    }

    /// What the built-in `to json` writes: with offset and zone.
    pub fn to_iso_text(&self) -> String {
        let zone = self.zone_id().map_or(String::new(), |id| format!("[{id}]"));
        self.to_json_text() + &zone
    }
}

impl LocalDateTime {
    /// This date and time in a zone, as `date and time(value, zone)` makes it.
    pub fn at_zone(self, zone: &Zone) -> Result<ZonedDateTime, Error> {
        ZonedDateTime::of_local(self, zone, None)
    }
}

impl fmt::Display for ZonedDateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.zone_id() {
            None => write!(f, "{}{}", self.0.local, self.0.offset),
            Some(id) => write!(f, "{}@{id}", self.0.local),
        }
    }
}
