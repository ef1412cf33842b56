//! The timers of Camunda's runtime: count, sum, a maximum that decays, and one that does not.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// A decaying maximum forgets in steps of this length.
const STEP: Duration = Duration::from_secs(60);
/// How many steps it remembers; with the one above, what Micrometer does for Prometheus.
const STEPS: usize = 3;

/// The labels of one series, in order.
pub(super) type Labels = Vec<(&'static str, String)>;

/// Durations by labels, in the form that Micrometer gives to Prometheus.
#[derive(Debug, Default)]
pub(super) struct Timers {
    series: Mutex<BTreeMap<Labels, Series>>,
}

#[derive(Debug)]
struct Series {
    count: u64,
    sum: Duration,
    recent: [Duration; STEPS],
    /// When the first of `recent` was begun.
    since: Instant,
}

impl Timers {
    pub(super) fn observe(&self, labels: Labels, duration: Duration) {
        let now = Instant::now();
        let mut series = self.series.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = series.entry(labels).or_insert_with(|| Series::new(now));
        entry.observe(now, duration);
    }

    /// Appends the samples of a summary and its maximum.
    pub(super) fn render(&self, name: &str, help: &str, page: &mut String) -> std::fmt::Result {
        let now = Instant::now();
        let mut series = self.series.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(page, "# HELP {name} {help}")?;
        writeln!(page, "# TYPE {name} summary")?;
        for (labels, entry) in series.iter() {
            let labels = braces(labels);
            writeln!(page, "{name}_count{labels} {}", entry.count)?;
            writeln!(page, "{name}_sum{labels} {:?}", entry.sum.as_secs_f64())?;
        }
        writeln!(page, "# HELP {name}_max {help}")?;
        writeln!(page, "# TYPE {name}_max gauge")?;
        for (labels, entry) in series.iter_mut() {
            writeln!(page, "{name}_max{} {:?}", braces(labels), entry.max(now).as_secs_f64())?;
        }
        Ok(())
    }
}

impl Series {
    fn new(now: Instant) -> Self {
        Self { count: 0, sum: Duration::ZERO, recent: [Duration::ZERO; STEPS], since: now }
    }

    fn observe(&mut self, now: Instant, duration: Duration) {
        self.forget(now);
        self.count += 1;
        self.sum = self.sum.saturating_add(duration);
        let [newest, ..] = &mut self.recent;
        *newest = duration.max(*newest);
    }

    fn max(&mut self, now: Instant) -> Duration {
        self.forget(now);
        self.recent.iter().copied().max().unwrap_or_default()
    }

    fn forget(&mut self, now: Instant) {
        let mut steps = 0;
        while now.duration_since(self.since) >= STEP && steps < STEPS {
            self.recent.rotate_right(1);
            let [newest, ..] = &mut self.recent;
            *newest = Duration::ZERO;
            self.since += STEP;
            steps += 1;
        }
        if steps == STEPS {
            self.since = now;
        }
    }
}

fn braces(labels: &Labels) -> String {
    let inner: Vec<String> =
        labels.iter().map(|(key, value)| format!("{key}=\"{}\"", escape(value))).collect();
    format!("{{{}}}", inner.join(","))
}

fn escape(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(timers: &Timers) -> String {
        let mut page = String::new();
        timers.render("work_seconds", "How long.", &mut page).unwrap();
        page
    }

    #[tokio::test(start_paused = true)]
    async fn the_page_reads_as_micrometer_writes_it() {
        let timers = Timers::default();
        timers.observe(vec![("type", "a\"b".into())], Duration::from_millis(1500));
        timers.observe(vec![("type", "a\"b".into())], Duration::from_millis(500));
        let expected = "# HELP work_seconds How long.\n# TYPE work_seconds summary\n\
            work_seconds_count{type=\"a\\\"b\"} 2\nwork_seconds_sum{type=\"a\\\"b\"} 2.0\n\
            # HELP work_seconds_max How long.\n# TYPE work_seconds_max gauge\n\
            work_seconds_max{type=\"a\\\"b\"} 1.5\n";
        assert_eq!(page(&timers), expected);
    }

    #[tokio::test(start_paused = true)]
    async fn the_maximum_decays_and_the_sum_does_not() {
        let timers = Timers::default();
        timers.observe(vec![], Duration::from_secs(9));
        tokio::time::advance(STEP * 2).await;
        timers.observe(vec![], Duration::from_secs(1));
        assert!(page(&timers).contains("_max{} 9.0"));
        tokio::time::advance(STEP).await;
        assert!(page(&timers).contains("_max{} 1.0"));
        tokio::time::advance(STEP * 10).await;
        assert!(page(&timers).contains("_max{} 0.0"));
        assert!(page(&timers).contains("_sum{} 10.0"));
    }
}
