//! Temporal values from text, of the kind the text looks like.

use super::{
    Date, DayTimeDuration, LocalDateTime, LocalTime, Property, YearMonthDuration, Zone, ZonedDateTime,
    ZonedTime,
    scan::{Clock, Scanner},
};

/// A temporal value of any kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Temporal {
    /// `2026-03-15`
    Date(Date),
    /// `10:20:30`
    LocalTime(LocalTime),
    /// `10:20:30+01:00`
    ZonedTime(ZonedTime),
    /// `2026-03-15T10:20:30`
    LocalDateTime(LocalDateTime),
    /// `2026-03-15T10:20:30@Europe/Berlin`
    ZonedDateTime(ZonedDateTime),
    /// `P1DT2H`
    DayTimeDuration(DayTimeDuration),
    /// `P1Y2M`
    YearMonthDuration(YearMonthDuration),
}

impl Temporal {
    /// The text of an `@"…"` literal, of any kind.
    pub fn parse_at(text: &str) -> Option<Temporal> {
        // No text is of two kinds, so the order does not matter, except that a date is also a date and time.
        Temporal::parse_date(text)
            .or_else(|| Temporal::parse_time(text))
            .or_else(|| Temporal::parse_date_time(text))
            .or_else(|| Temporal::parse_duration(text))
    }

    /// The text of `date("…")`.
    pub fn parse_date(text: &str) -> Option<Temporal> {
        Date::parse(text).map(Temporal::Date)
    }

    /// The text of `time("…")`. Only a time with seconds can have an offset or zone.
    pub fn parse_time(text: &str) -> Option<Temporal> {
        let mut scanner = Scanner::new(text);
        scanner.eat("T");
        let clock = scanner.clock()?;
        let time = clock.time_or_end_of_day()?;
        if scanner.is_at_end() {
            return Some(Temporal::LocalTime(time));
        }
        if !clock.has_seconds() || !clock.is_fraction_complete() {
            return None;
        }
        let zone = if scanner.eat("@") {
            Zone::from_region(scanner.rest())?
        } else {
            let offset = scanner.offset(false)?;
            if !scanner.is_at_end() {
                return None;
            }
            Zone::Offset(offset)
        };
        Some(Temporal::ZonedTime(ZonedTime::in_zone(time, zone)))
    }

    /// The text that the built-in `date and time(from)` takes.
    pub fn parse_date_time(text: &str) -> Option<Temporal> {
        if let Some(date) = Date::parse(text) {
            return Some(Temporal::LocalDateTime(date.at_start_of_day()));
        }
        let mut scanner = Scanner::new(text);
        let date = scanner.date()?;
        let clock = clock_of_date(&mut scanner).filter(Clock::is_fraction_complete)?;
        let local = LocalDateTime::new(date, clock.time()?);
        if scanner.is_at_end() {
            return Some(Temporal::LocalDateTime(local));
        }
        zoned(local, &mut scanner).map(Temporal::ZonedDateTime)
    }

    /// The text of the literal `date and time("…")`, which is read less strictly than by the built-in: the year may
    /// have leading zeros and a point need not have digits after it.
    pub fn parse_date_time_literal(text: &str) -> Option<Temporal> {
        Temporal::parse_date_time(text).or_else(|| {
            let mut scanner = Scanner::new(text);
            let date = scanner.date_of_any_year()?;
            let time = clock_of_date(&mut scanner)?.time()?;
            scanner.is_at_end().then(|| Temporal::LocalDateTime(LocalDateTime::new(date, time)))
        })
    }

    /// The text that the built-in `duration(from)` takes.
    pub fn parse_duration(text: &str) -> Option<Temporal> {
        if text.bytes().any(|byte| byte == b'+' || byte.is_ascii_lowercase()) {
            return None;
        }
        Temporal::parse_period(text).or_else(|| day_time(text).map(Temporal::DayTimeDuration))
    }

    /// The text of the literal `duration("…")`, which is read less strictly than by the built-in: days and time may be
    /// written in lower case and with plus signs.
    pub fn parse_duration_literal(text: &str) -> Option<Temporal> {
        Temporal::parse_duration(text).or_else(|| day_time(text).map(Temporal::DayTimeDuration))
    }

    fn parse_period(text: &str) -> Option<Temporal> {
        year_month(text).map(Temporal::YearMonthDuration)
    }

    /// The value of a property, if values of this kind have it.
    pub fn property(&self, name: &str) -> Option<Property> {
        match self {
            Temporal::Date(date) => date.property(name),
            Temporal::LocalTime(time) => time.property(name),
            Temporal::ZonedTime(time) => time.property(name),
            Temporal::LocalDateTime(date_time) => date_time.property(name),
            Temporal::ZonedDateTime(date_time) => date_time.property(name),
            Temporal::DayTimeDuration(duration) => duration.property(name),
            Temporal::YearMonthDuration(duration) => duration.property(name),
        }
    }
}

fn clock_of_date(scanner: &mut Scanner<'_>) -> Option<Clock> {
    if scanner.eat("T") { scanner.clock() } else { None }
}

/// An offset, with or without a zone in brackets, or a zone behind an at sign.
fn zoned(local: LocalDateTime, scanner: &mut Scanner<'_>) -> Option<ZonedDateTime> {
    if scanner.eat("@") {
        let zone = Zone::from_region(scanner.rest())?;
        return ZonedDateTime::of_local(local, &zone, None).ok();
    }
    let offset = scanner.offset(false)?;
    let at_offset = ZonedDateTime::at_offset(local, offset);
    if scanner.is_at_end() {
        return Some(at_offset);
    }
    let region = scanner.rest().strip_prefix('[')?.strip_suffix(']')?;
    // The offset says when it is, the zone only how that is shown.
    at_offset.with_zone(&Zone::from_region(region)?).ok()
}

/// `-P1Y2M`: each number may have a minus of its own.
fn year_month(text: &str) -> Option<YearMonthDuration> {
    let mut scanner = Scanner::new(text);
    let negative = scanner.eat("-");
    let mut units = if scanner.eat("P") && !scanner.is_at_end() { "YM" } else { return None };
    let mut months = 0;
    while !scanner.is_at_end() {
        let (minus, digits) = scanner.signed()?;
        // Java reads each number with its own sign and then turns it, and both must fit 32 bits.
        let value = i64::from(format!("{}{digits}", if minus { "-" } else { "" }).parse::<i32>().ok()?);
        let value = i64::from(i32::try_from(if negative { -value } else { value }).ok()?);
        let unit = scanner.letter()?;
        units = units.split_once(unit)?.1;
        months += if unit == 'Y' { value * 12 } else { value };
    }
    YearMonthDuration::from_months(months).ok()
}

/// `-P1DT2H3M4.5S`: each number may have a sign of its own.
fn day_time(text: &str) -> Option<DayTimeDuration> {
    let mut scanner = Scanner::new(text);
    let negative = scanner.eat("-");
    if !negative {
        scanner.eat("+");
    }
    if scanner.letter()? != 'P' || scanner.is_at_end() {
        return None;
    }
    let mut units = "D";
    let (mut parts, mut nanos) = ([0i64; 4], 0i64);
    while !scanner.is_at_end() {
        if units != "HMS" && (scanner.eat("T") || scanner.eat("t")) {
            if units.is_empty() || units == "D" {
                units = "HMS";
                if scanner.is_at_end() {
                    return None;
                }
                continue;
            }
            return None;
        }
        let (minus, digits) = scanner.signed()?;
        let value: i64 = format!("{}{digits}", if minus { "-" } else { "" }).parse().ok()?;
        let mut unit = scanner.letter()?;
        if unit == '.' || unit == ',' {
            nanos = format!("{:0<9}", scanner.fraction_digits()).parse().ok()?;
            nanos = if minus { -nanos } else { nanos };
            unit = scanner.letter().filter(|unit| *unit == 'S')?;
        }
        units = units.split_once(unit)?.1;
        let (index, seconds) = match unit {
            'D' => (0, 86_400),
            'H' => (1, 3_600),
            'M' => (2, 60),
            _ => (3, 1),
        };
        *parts.get_mut(index)? = value.checked_mul(seconds)?;
    }
    let seconds = parts.iter().rev().try_fold(0i64, |sum, part| part.checked_add(sum))?;
    let total = i128::from(seconds) * 1_000_000_000 + i128::from(nanos);
    DayTimeDuration::from_total_nanos(total).ok()?;
    DayTimeDuration::from_total_nanos(if negative { -total } else { total }).ok()
}
