//! Turns the text of a setting into its type. Each function says no with `None`; the words about what was
//! expected stand beside the setting's form.

use std::time::Duration;

/// A duration as ISO-8601 (`PT1M30S`, `P1DT12H`), as plain milliseconds (`60000`), or with one unit (`60s`), which
/// are the spellings that the Java clients and Spring accept.
pub fn duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    if text.starts_with(['P', 'p']) {
        return iso_duration(text);
    }
    let digits_end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, unit) = text.split_at_checked(digits_end)?;
    let amount: u64 = digits.parse().ok()?;
    match unit.trim().to_ascii_lowercase().as_str() {
        "ns" => Some(Duration::from_nanos(amount)),
        "us" => Some(Duration::from_micros(amount)),
        "" | "ms" => Some(Duration::from_millis(amount)),
        "s" => Some(Duration::from_secs(amount)),
        "m" => amount.checked_mul(60).map(Duration::from_secs),
        "h" => amount.checked_mul(3_600).map(Duration::from_secs),
        "d" => amount.checked_mul(86_400).map(Duration::from_secs),
        _ => None,
    }
}

/// `PnDTnHnMn.nS` as `java.time.Duration` reads it, but not negative.
fn iso_duration(text: &str) -> Option<Duration> {
    let text = text.to_ascii_uppercase();
    let (date, time) = match text.strip_prefix('P')?.split_once('T') {
        Some((date, time)) => (date, Some(time)),
        None => (text.strip_prefix('P')?, None),
    };
    let mut total = Duration::ZERO;
    let mut parts = 0;
    for (section, units) in
        [(Some(date), &[('D', 86_400)][..]), (time, &[('H', 3_600), ('M', 60), ('S', 1)][..])]
    {
        let Some(mut rest) = section else { continue };
        let before = parts;
        for &(unit, seconds) in units {
            let Some((amount, after)) = rest.split_once(unit) else { continue };
            total = total.checked_add(iso_part(amount, unit, seconds)?)?;
            parts += 1;
            rest = after;
        }
        // `PT` and `P1DT` end in a section without a part.
        if !rest.is_empty() || (unit_expected(units) && parts == before) {
            return None;
        }
    }
    (parts > 0).then_some(total)
}

/// Only the time section must hold something once its `T` has been written.
fn unit_expected(units: &[(char, u64)]) -> bool {
    units.len() > 1
}

fn iso_part(amount: &str, unit: char, seconds: u64) -> Option<Duration> {
    let (whole, fraction) = match amount.split_once(['.', ',']) {
        Some((whole, fraction)) if unit == 'S' && (1..=9).contains(&fraction.len()) => (whole, fraction),
        Some(_) => return None,
        None => (amount, "0"),
    };
    if ![whole, fraction].iter().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit())) {
        return None;
    }
    let nanos: u32 = format!("{fraction:0<9}").parse().ok()?;
    Some(Duration::new(whole.parse::<u64>().ok()?.checked_mul(seconds)?, nanos))
}

/// A duration as the shortest ISO-8601 text that `duration` reads back.
pub fn iso_text(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    let mut text = String::from("PT");
    if hours > 0 {
        text.push_str(&format!("{hours}H"));
    }
    if minutes > 0 {
        text.push_str(&format!("{minutes}M"));
    }
    let fraction = format!("{:09}", duration.subsec_nanos());
    let fraction = fraction.trim_end_matches('0');
    if !fraction.is_empty() {
        text.push_str(&format!("{seconds}.{fraction}S"));
    } else if seconds > 0 || text == "PT" {
        text.push_str(&format!("{seconds}S"));
    }
    text
}

/// A number of bytes, plain or with one of Spring's units (`B`, `KB`, `MB`, `GB`; a KB is 1024 bytes).
pub fn bytes(text: &str) -> Option<usize> {
    let text = text.trim();
    let digits_end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, unit) = text.split_at_checked(digits_end)?;
    let factor: usize = match unit.trim().to_ascii_uppercase().as_str() {
        "" | "B" => 1,
        "KB" | "KIB" => 1 << 10,
        "MB" | "MIB" => 1 << 20,
        "GB" | "GIB" => 1 << 30,
        _ => return None,
    };
    digits.parse::<usize>().ok()?.checked_mul(factor)
}

/// The spellings of yes and no that Spring accepts.
pub fn boolean(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Some(true),
        "false" | "no" | "off" | "0" => Some(false),
        _ => None,
    }
}

/// The items of a comma-separated list, without surrounding space and without empty ones.
pub fn list(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
}

/// An absolute http or https address with a host, without a slash at its end. Older settings give `host:port`, which
/// `plain` completes: with `http` when the connection is known to be plain, otherwise with `https`. A user and a password
/// have no place in it, because addresses stand in logs and dumps.
pub fn address(text: &str, plain: bool) -> Option<String> {
    let text = text.trim().trim_end_matches('/');
    let completed = match text.split_once("://") {
        Some((scheme, rest)) => match scheme.to_ascii_lowercase().as_str() {
            // The Java client's own names for plain and TLS connections.
            "http" | "grpc" => format!("http://{rest}"),
            "https" | "grpcs" => format!("https://{rest}"),
            _ => return None,
        },
        None => format!("{}://{text}", if plain { "http" } else { "https" }),
    };
    let uri: http::Uri = completed.parse().ok()?;
    let authority = uri.authority()?;
    let port_fits = authority
        .as_str()
        .rsplit_once(':')
        .is_none_or(|(_, port)| port.ends_with(']') || authority.port_u16().is_some());
    let has_user = authority.as_str().contains('@');
    (!authority.host().is_empty() && port_fits && !has_user).then_some(completed)
}

/// Whether a text in the place of an address may hold a password, and so must not be shown.
pub fn may_hold_password(text: &str) -> bool {
    text.contains('@')
}

/// Completes the sentence about an address that may hold a password.
pub const WITHOUT_USER: &str = "expected an address without user and password, such as https://host";

/// An AWS region. Its name becomes part of host names, so nothing else is let through.
pub fn region(text: &str) -> Option<String> {
    let text = text.trim();
    let is_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    text.bytes().all(is_name).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_duration(text: &str, expected_millis: impl Into<Option<u64>>) {
        assert_eq!(duration(text), expected_millis.into().map(Duration::from_millis), "{text:?}");
    }

    #[test]
    fn durations_are_read_as_java_and_spring_read_them() {
        check_duration("PT60S", 60_000);
        check_duration("pt1m30s", 90_000);
        check_duration("PT0S", 0);
        check_duration("PT0.25S", 250);
        check_duration("P1DT12H", 129_600_000);
        check_duration("P2D", 172_800_000);
        check_duration(" PT5M ", 300_000);
        check_duration("60000", 60_000);
        check_duration("10s", 10_000);
        check_duration("500 ms", 500);
        check_duration("2h", 7_200_000);
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in [
            "", "P", "PT", "P1DT", "P1M", "P1W", "PT-5S", "-5", "5 weeks", "PT1S1M", "PT1.S", "PT1.5M",
            "PTS", "1.5s", "ten",
        ] {
            check_duration(text, None);
        }
        check_duration("99999999999999999999", None);
        check_duration("PT99999999999999999999H", None);
    }

    #[test]
    fn a_written_duration_is_read_back() {
        for millis in [0, 1, 250, 1_000, 60_000, 90_500, 3_600_000, 86_400_000, 90_061_001] {
            let duration_in = Duration::from_millis(millis);
            assert_eq!(duration(&iso_text(duration_in)), Some(duration_in), "{}", iso_text(duration_in));
        }
        assert_eq!(iso_text(Duration::from_secs(90)), "PT1M30S");
        assert_eq!(iso_text(Duration::ZERO), "PT0S");
    }

    #[test]
    fn byte_sizes_know_springs_units() {
        assert_eq!(bytes("5MB"), Some(5 << 20));
        assert_eq!(bytes("16 kb"), Some(16 << 10));
        assert_eq!(bytes("1000"), Some(1_000));
        assert_eq!(bytes("5TB"), None);
        assert_eq!(bytes("-1"), None);
    }

    #[track_caller]
    fn check_address(text: &str, plain: bool, expected: impl Into<Option<&'static str>>) {
        assert_eq!(
            address(text, plain).map(|uri| uri.to_string()),
            expected.into().map(str::to_owned),
            "{text:?}"
        );
    }

    #[test]
    fn addresses_are_completed_and_checked() {
        check_address("http://localhost:26500", false, "http://localhost:26500");
        check_address("localhost:26500", true, "http://localhost:26500");
        check_address("zeebe.example.com:443", false, "https://zeebe.example.com:443");
        check_address("grpc://localhost:26500", false, "http://localhost:26500");
        check_address("grpcs://localhost", true, "https://localhost");
        check_address(
            "https://bru-2.zeebe.camunda.io:443/abc/",
            false,
            "https://bru-2.zeebe.camunda.io:443/abc",
        );
        check_address("http://[::1]:26500", false, "http://[::1]:26500");
        check_address("https://host/@path", false, "https://host/@path");
        for text in [
            "",
            "ftp://localhost",
            "http://",
            "localhost:port",
            "http://localhost:99999",
            "not an address",
            "https://me:password@host",
            "https://me@host:443/path",
            "me:password@host:26500",
        ] {
            check_address(text, true, None);
        }
    }
}
