//! Durations as `java.time.Duration.parse` reads them: days, hours, minutes and seconds, no weeks, no months.

use std::time::Duration;

/// A duration with its sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Signed {
    pub(super) negative: bool,
    pub(super) length: Duration,
}

/// A duration that is not negative, as `java.time.Duration.parse` reads it.
pub fn parse_duration(text: &str) -> Option<Duration> {
    parse(text.trim()).filter(|found| !found.negative).map(|found| found.length)
}

/// Reads `P1DT2H3M4.5S` in any case, with a sign before the whole or before each part.
pub(super) fn parse(text: &str) -> Option<Signed> {
    let text = text.to_ascii_uppercase();
    let (negative, rest) = strip_sign(&text);
    let rest = rest.strip_prefix('P')?;
    let (date, time) = match rest.split_once('T') {
        Some((date, time)) => (date, Some(time)),
        None => (rest, None),
    };
    if time == Some("") || (date.is_empty() && time.is_none()) {
        return None;
    }
    let mut nanos = 0_i128;
    let after_days = add_part(date, 'D', 86_400, &mut nanos)?;
    if !after_days.is_empty() {
        return None;
    }
    if let Some(time) = time {
        let rest = add_part(time, 'H', 3_600, &mut nanos)?;
        let rest = add_part(rest, 'M', 60, &mut nanos)?;
        let rest = add_seconds(rest, &mut nanos)?;
        if !rest.is_empty() {
            return None;
        }
    }
    if negative {
        nanos = nanos.checked_neg()?;
    }
    let seconds = u64::try_from(nanos.unsigned_abs() / NANOS).ok()?;
    let fraction = u32::try_from(nanos.unsigned_abs() % NANOS).ok()?;
    // The engine takes milliseconds as int64; more than that is no time to wait for.
    i64::try_from(nanos.unsigned_abs() / 1_000_000).ok()?;
    Some(Signed { negative: nanos < 0, length: Duration::new(seconds, fraction) })
}

const NANOS: u128 = 1_000_000_000;

fn strip_sign(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

/// Adds a whole number that is followed by `unit`, when the text begins with one, and gives the rest.
fn add_part<'a>(text: &'a str, unit: char, seconds: i128, nanos: &mut i128) -> Option<&'a str> {
    let Some((number, rest)) = text.split_once(unit) else { return Some(text) };
    let amount = whole_number(number)?;
    *nanos = nanos.checked_add(amount.checked_mul(seconds)?.checked_mul(NANOS as i128)?)?;
    Some(rest)
}

fn add_seconds<'a>(text: &'a str, nanos: &mut i128) -> Option<&'a str> {
    let Some((number, rest)) = text.split_once('S') else { return Some(text) };
    let (whole, fraction) = number.split_once(['.', ',']).unwrap_or((number, ""));
    if fraction.len() > 9 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let seconds = whole_number(whole)?.checked_mul(NANOS as i128)?;
    let part: i128 = format!("{fraction:0<9}").parse().ok()?;
    let part = if whole.starts_with('-') { -part } else { part };
    *nanos = nanos.checked_add(seconds)?.checked_add(part)?;
    Some(rest)
}

fn whole_number(text: &str) -> Option<i128> {
    let (negative, digits) = strip_sign(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = i128::from(digits.parse::<i64>().ok()?);
    Some(if negative { -number } else { number })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_java_reads_them() {
        for (text, millis) in [
            ("PT0S", 0),
            ("PT30S", 30_000),
            ("pt30s", 30_000),
            ("P1DT2H3M4.5S", 93_784_500),
            ("PT0.5S", 500),
            ("PT0,25S", 250),
            ("P2D", 172_800_000),
            ("PT1M", 60_000),
            ("PT1H-30M", 1_800_000),
            ("+PT5S", 5_000),
            ("-PT5S", -5_000),
            ("PT-5S", -5_000),
            ("-PT-5S", 5_000),
            ("PT-0.5S", -500),
            ("PT1000000H", 3_600_000_000_000),
        ] {
            let read = parse(text).map(|found| {
                let millis = i64::try_from(found.length.as_millis()).expect("fits");
                if found.negative { -millis } else { millis }
            });
            assert_eq!(read.unwrap_or(i64::MIN), millis, "{text}");
        }
    }

    #[test]
    fn what_java_refuses_is_refused() {
        for text in [
            "",
            "P",
            "PT",
            "--PT5S",
            "P1DT",
            "1D",
            "30",
            "30s",
            "P1W",
            "P1M",
            "P1Y",
            "PT1S2M",
            "PT1.5M",
            "PTS",
            "PT.5S",
            "PT1.0000000001S",
            "PT99999999999999999999S",
            "P1D2D",
            " PT1S",
            "PT1S ",
            "PT٣S",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }
}
