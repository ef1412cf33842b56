//! Time zones: fixed offsets, and regions whose rules come from the time zone database in the binary.

use std::fmt;
use std::sync::Arc;

use jiff::tz::{AmbiguousOffset, TimeZone};

use super::{
    Error, LocalDateTime, Offset,
    calendar::{self, DAYS_PER_CYCLE},
    scan::Scanner,
};

/// Names in the database that Java does not know.
const NOT_IN_JAVA: [&str; 7] = ["EST", "Factory", "GMT+0", "GMT-0", "HST", "MST", "ROC"];
/// The database's library ends before the year 10000. Rules repeat with the calendar, so years beyond these stand in
/// for those 400 or many times 400 years away.
const LAST_YEAR: i64 = 9_000;
const SECONDS_PER_CYCLE: i64 = DAYS_PER_CYCLE * 86_400;
/// The start of the years 9000 and -9000.
const LAST_SECOND: i64 = 221_845_392_000;
const FIRST_SECOND: i64 = -346_172_486_400;
/// When a zone's standard offset is looked up. The reference takes the current time, but standard offsets change with
/// a new database only, and so the meaning of a text does not depend on when it is read.
const STANDARD_AT: i64 = 1_893_456_000;
const SECONDS_PER_YEAR: i64 = 366 * 86_400;

/// A time zone. Two zones are equal if they are written alike, so `Z` and `UTC` differ.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Zone {
    /// A fixed offset such as `+01:00`.
    Offset(Offset),
    /// A named zone such as `Europe/Berlin` or `UTC+01:00`.
    Region(Region),
}

/// A named time zone.
#[derive(Clone)]
pub struct Region(Arc<RegionRules>);

struct RegionRules {
    id: String,
    rules: Rules,
}

enum Rules {
    Fixed(Offset),
    Database(TimeZone),
}

impl Zone {
    /// Java's `ZoneId.of`, which is what `date and time(value, zone)` takes: also short offsets such as `+1`.
    pub fn parse(id: &str) -> Result<Zone, Error> {
        let unknown = || Error::UnknownZone(id.to_owned());
        if id == "Z" {
            return Ok(Zone::Offset(Offset::UTC));
        }
        if id.starts_with(['+', '-']) {
            return parse_offset(id).map(Zone::Offset).ok_or_else(unknown);
        }
        for prefix in ["UTC", "GMT", "UT"] {
            match id.strip_prefix(prefix) {
                Some("") => return Ok(Zone::fixed(prefix, Offset::UTC)),
                Some(offset) if offset.starts_with(['+', '-']) => {
                    return parse_offset(offset)
                        .map(|offset| Zone::fixed(prefix, offset))
                        .ok_or_else(unknown);
                }
                Some(_) | None => {}
            }
        }
        Zone::from_database(id).ok_or_else(unknown)
    }

    /// A zone as part of a date and time, where offsets are written in full.
    pub(super) fn from_region(text: &str) -> Option<Zone> {
        let offset = |text: &str| {
            let mut scanner = Scanner::new(text);
            let offset = scanner.offset(true)?;
            scanner.is_at_end().then_some(offset)
        };
        if text == "Z" || text.starts_with(['+', '-']) {
            return offset(text).map(Zone::Offset);
        }
        for prefix in ["UTC", "GMT", "UT"] {
            match text.strip_prefix(prefix) {
                Some("") => return Some(Zone::fixed(prefix, Offset::UTC)),
                Some(rest) if rest.starts_with(['+', '-']) => {
                    return offset(rest).map(|offset| Zone::fixed(prefix, offset));
                }
                Some(_) | None => {}
            }
        }
        Zone::from_database(text)
    }

    fn fixed(prefix: &str, offset: Offset) -> Zone {
        let id = if offset == Offset::UTC { prefix.to_owned() } else { format!("{prefix}{offset}") };
        Zone::Region(Region(Arc::new(RegionRules { id, rules: Rules::Fixed(offset) })))
    }

    fn from_database(id: &str) -> Option<Zone> {
        if NOT_IN_JAVA.contains(&id) {
            return None;
        }
        let zone = TimeZone::get(id).ok()?;
        // The library ignores case, Java does not.
        if zone.iana_name() != Some(id) {
            return None;
        }
        Some(Zone::Region(Region(Arc::new(RegionRules { id: id.to_owned(), rules: Rules::Database(zone) }))))
    }
}

impl Region {
    /// The id, such as `Europe/Berlin`.
    pub(super) fn id(&self) -> &str {
        &self.0.id
    }

    /// The offset at an instant.
    pub(super) fn offset_at(&self, epoch_seconds: i64) -> Offset {
        match &self.0.rules {
            Rules::Fixed(offset) => *offset,
            Rules::Database(zone) => jiff::Timestamp::from_second(within_database(epoch_seconds))
                .map_or(Offset::UTC, |timestamp| to_offset(zone.to_offset(timestamp))),
        }
    }

    /// The time moved out of a gap, and its offset: in an overlap the given one if it is valid, else the earlier.
    pub(super) fn resolve(
        &self,
        local: LocalDateTime,
        preferred: Option<Offset>,
    ) -> Result<(LocalDateTime, Offset), Error> {
        let zone = match &self.0.rules {
            Rules::Fixed(offset) => return Ok((local, *offset)),
            Rules::Database(zone) => zone,
        };
        let Some(civil) = to_civil(local) else { return Err(Error::OutOfRange) };
        Ok(match zone.to_ambiguous_timestamp(civil).offset() {
            AmbiguousOffset::Unambiguous { offset } => (local, to_offset(offset)),
            AmbiguousOffset::Fold { before, after } => {
                let (before, after) = (to_offset(before), to_offset(after));
                (local, if preferred == Some(after) { after } else { before })
            }
            AmbiguousOffset::Gap { before, after } => {
                let (before, after) = (to_offset(before), to_offset(after));
                let gap = i64::from(after.seconds()) - i64::from(before.seconds());
                let nanos = local.time().nanos_of_second();
                (LocalDateTime::from_epoch(local.epoch_seconds() + gap, nanos)?, after)
            }
        })
    }

    /// The offset without daylight saving time.
    pub(super) fn standard_offset(&self) -> Offset {
        let zone = match &self.0.rules {
            Rules::Fixed(offset) => return *offset,
            Rules::Database(zone) => zone,
        };
        let Ok(at) = jiff::Timestamp::from_second(STANDARD_AT) else { return Offset::UTC };
        let current = zone.to_offset_info(at);
        let offset = to_offset(current.offset());
        // Of summer and winter time the lower is standard in Java, also where a winter time is called the exception,
        // as in Ireland.
        zone.following(at)
            .next()
            .filter(|next| next.timestamp().as_second() < STANDARD_AT + SECONDS_PER_YEAR)
            .filter(|next| next.dst() != current.dst())
            .map_or(offset, |next| offset.min(to_offset(next.offset())))
    }
}

impl PartialEq for Region {
    fn eq(&self, other: &Region) -> bool {
        self.id() == other.id()
    }
}

impl Eq for Region {}

impl std::hash::Hash for Region {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.id().hash(state);
    }
}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Zone::Offset(offset) => offset.fmt(f),
            Zone::Region(region) => f.write_str(region.id()),
        }
    }
}

/// Java's `ZoneOffset.of`: `+h`, `+hh`, `+hh:mm`, `+hhmm`, `+hh:mm:ss` or `+hhmmss`.
fn parse_offset(text: &str) -> Option<Offset> {
    let negative = text.starts_with('-');
    let digits = text.strip_prefix(['+', '-'])?;
    let shape: String = digits.chars().map(|char| if char.is_ascii_digit() { '9' } else { char }).collect();
    let digits = match shape.as_str() {
        "9" => format!("0{digits}0000"),
        "99" | "9999" | "99:99" | "999999" | "99:99:99" => format!("{:0<6}", digits.replace(':', "")),
        _ => return None,
    };
    let value: i32 = digits.parse().ok()?;
    let (hours, minutes, seconds) = (value / 10_000, value / 100 % 100, value % 100);
    if minutes > 59 || seconds > 59 {
        return None;
    }
    let seconds = hours * 3_600 + minutes * 60 + seconds;
    Offset::from_seconds(if negative { -seconds } else { seconds })
}

fn within_database(epoch_seconds: i64) -> i64 {
    if epoch_seconds >= LAST_SECOND {
        LAST_SECOND - SECONDS_PER_CYCLE + (epoch_seconds - LAST_SECOND) % SECONDS_PER_CYCLE
    } else if epoch_seconds < FIRST_SECOND {
        FIRST_SECOND + (epoch_seconds - FIRST_SECOND).rem_euclid(SECONDS_PER_CYCLE)
    } else {
        epoch_seconds
    }
}

fn to_civil(local: LocalDateTime) -> Option<jiff::civil::DateTime> {
    let (date, time) = (local.date(), local.time());
    let year = i64::from(date.year());
    let year = if year >= LAST_YEAR {
        LAST_YEAR - 400 + (year - LAST_YEAR) % 400
    } else if year < -LAST_YEAR {
        -LAST_YEAR + (year + LAST_YEAR).rem_euclid(400)
    } else {
        year
    };
    debug_assert_eq!(calendar::is_leap_year(year), calendar::is_leap_year(i64::from(date.year())));
    let year = i16::try_from(year).ok()?;
    let (month, day) = (i8::try_from(date.month()).ok()?, i8::try_from(date.day()).ok()?);
    let [hour, minute, second] = [time.hour(), time.minute(), time.second()].map(|part| part as i8);
    jiff::civil::DateTime::new(year, month, day, hour, minute, second, time.nanos_of_second() as i32).ok()
}

fn to_offset(offset: jiff::tz::Offset) -> Offset {
    Offset::from_seconds(offset.seconds()).unwrap_or(Offset::UTC)
}
