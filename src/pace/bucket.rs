//! A bucket that fills steadily. What is taken may leave a debt, so that a call larger than the bucket passes too.

use std::time::Duration;

use tokio::time::Instant;

/// Rounding must not keep a call waiting that has waited as long as it was told.
const CLOSE_ENOUGH: f64 = 1e-6;

/// What there is at a moment; how fast it fills is said each time, because that changes.
#[derive(Debug)]
pub(super) struct Bucket {
    level: f64,
    filled_at: Instant,
}

impl Bucket {
    pub(super) fn new(level: f64, now: Instant) -> Self {
        Self { level, filled_at: now }
    }

    /// Adds what has come since the last time, up to the size of the bucket.
    pub(super) fn fill(&mut self, now: Instant, per_second: f64, size: f64) {
        let passed = now.saturating_duration_since(self.filled_at).as_secs_f64();
        self.filled_at = self.filled_at.max(now);
        // A bucket that was larger before keeps what is in it only up to its size of today.
        self.level = (self.level + passed * per_second).min(size);
    }

    pub(super) fn take(&mut self, amount: f64) {
        self.level -= amount;
    }

    /// What was saved is gone: the other side has just said that there is nothing left.
    pub(super) fn drain(&mut self) {
        self.level = self.level.min(0.0);
    }

    /// How long it takes until so much is there.
    pub(super) fn time_until(&self, needed: f64, per_second: f64) -> Duration {
        let missing = needed - self.level;
        if missing <= CLOSE_ENOUGH {
            return Duration::ZERO;
        }
        // Absurd rates give absurd times; an hour is as good as any of them, and it is asked again then.
        Duration::try_from_secs_f64(missing / per_second).unwrap_or(HOUR).min(HOUR)
    }
}

const HOUR: Duration = Duration::from_secs(3600);

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn it_fills_up_to_its_size_and_no_further() {
        let now = Instant::now();
        let mut bucket = Bucket::new(0.0, now);
        bucket.fill(now + SECOND, 2.0, 10.0);
        assert_eq!(bucket.time_until(2.0, 2.0), Duration::ZERO);
        assert_eq!(bucket.time_until(3.0, 2.0), SECOND / 2);
        bucket.fill(now + 60 * SECOND, 2.0, 10.0);
        assert_eq!(bucket.time_until(11.0, 2.0), SECOND / 2);
    }

    #[test]
    fn a_debt_is_paid_before_anything_else_passes() {
        let now = Instant::now();
        let mut bucket = Bucket::new(1.0, now);
        bucket.take(5.0);
        assert_eq!(bucket.time_until(1.0, 1.0), 5 * SECOND);
        bucket.drain();
        assert_eq!(bucket.time_until(1.0, 1.0), 5 * SECOND, "there was nothing to lose");
    }

    #[test]
    fn a_rate_of_nothing_is_no_wait_for_ever() {
        let bucket = Bucket::new(0.0, Instant::now());
        assert_eq!(bucket.time_until(1.0, 0.0), HOUR);
    }
}
