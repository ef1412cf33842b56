//! Durations of timer events.

use std::time::Duration;

use jiff::{Span, SpanRelativeTo};

/// An ISO 8601 duration without months and years, such as `PT5S` or `P1DT2H`. Negative ones are over at once.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    let text = text.trim();
    // The library also reads `5 seconds`, which no engine does.
    let iso = text.trim_start_matches(['-', '+']).starts_with('P');
    let span: Span = iso.then(|| text.parse().ok())??;
    let duration = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    Some(duration.try_into().unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_a_timer_may_say() {
        assert_eq!(parse("PT0.5S"), Some(Duration::from_millis(500)));
        assert_eq!(parse(" P1DT2H "), Some(Duration::from_secs(26 * 3600)));
        assert_eq!(parse("-PT5S"), Some(Duration::ZERO));
        assert_eq!(parse("5 seconds"), None);
        assert_eq!(parse("P1M"), None);
        assert_eq!(parse(""), None);
    }
}
