//! Growing pauses between attempts, with jitter so that a fleet does not come back as a herd.

use std::time::Duration;

/// How pauses grow. The defaults are those of Camunda's own clients.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BackoffOptions {
    /// The first pause.
    pub min: Duration,
    /// No pause is longer, jitter included.
    pub max: Duration,
    /// By what each pause is multiplied to give the next.
    pub factor: f64,
    /// The share by which a pause may be shorter or longer.
    pub jitter: f64,
}

impl Default for BackoffOptions {
    fn default() -> Self {
        Self { min: Duration::from_millis(50), max: Duration::from_secs(5), factor: 1.6, jitter: 0.1 }
    }
}

/// An endless sequence of pauses.
#[derive(Debug, Clone)]
pub struct Backoff {
    options: BackoffOptions,
    upcoming: Duration,
    random: fastrand::Rng,
}

impl Backoff {
    /// Starts from the shortest pause.
    pub fn new(options: BackoffOptions) -> Self {
        Self { upcoming: options.min, random: fastrand::Rng::new(), options }
    }

    /// The same pauses for the same seed, for tests.
    pub fn seeded(options: BackoffOptions, seed: u64) -> Self {
        Self { random: fastrand::Rng::with_seed(seed), ..Self::new(options) }
    }

    /// The pause before the next attempt.
    pub fn next_delay(&mut self) -> Duration {
        let pause = self.upcoming;
        self.upcoming = scaled(pause, self.options.factor).min(self.options.max);
        let swing = self.options.jitter * (2.0 * self.random.f64() - 1.0);
        scaled(pause, 1.0 + swing).min(self.options.max)
    }

    /// Starts again from the shortest pause, after a success.
    pub fn reset(&mut self) {
        self.upcoming = self.options.min;
    }
}

impl Default for Backoff {
    fn default() -> Self {
        Self::new(BackoffOptions::default())
    }
}

/// Never panics, whatever factor an operator chose.
fn scaled(duration: Duration, factor: f64) -> Duration {
    Duration::try_from_secs_f64(duration.as_secs_f64() * factor).unwrap_or(duration)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delays(mut backoff: Backoff, count: usize) -> Vec<Duration> {
        (0..count).map(|_| backoff.next_delay()).collect()
    }

    #[test]
    fn pauses_grow_to_the_cap() {
        let even = BackoffOptions { jitter: 0.0, ..BackoffOptions::default() };
        let millis: Vec<_> = delays(Backoff::new(even), 12).iter().map(Duration::as_millis).collect();
        assert_eq!(millis, [50, 80, 128, 204, 327, 524, 838, 1342, 2147, 3435, 5000, 5000]);
    }

    #[test]
    fn jitter_stays_within_its_share_and_below_the_cap() {
        let mut seen_shorter = false;
        let mut seen_longer = false;
        for seed in 0..50 {
            let mut backoff = Backoff::seeded(BackoffOptions::default(), seed);
            let first = backoff.next_delay();
            assert!(first >= Duration::from_millis(45) && first <= Duration::from_millis(55), "{first:?}");
            seen_shorter |= first < Duration::from_millis(50);
            seen_longer |= first > Duration::from_millis(50);
            assert!(delays(backoff, 30).into_iter().all(|delay| delay <= Duration::from_secs(5)));
        }
        assert!(seen_shorter && seen_longer);
    }

    #[test]
    fn one_seed_gives_one_sequence_and_another_seed_another() {
        let sequence = |seed| delays(Backoff::seeded(BackoffOptions::default(), seed), 5);
        assert_eq!(sequence(7), sequence(7));
        assert_ne!(sequence(7), sequence(8));
    }

    #[test]
    fn a_reset_starts_again_from_the_shortest_pause() {
        let mut backoff = Backoff::new(BackoffOptions { jitter: 0.0, ..BackoffOptions::default() });
        delays(backoff.clone(), 3);
        backoff.next_delay();
        backoff.next_delay();
        backoff.reset();
        assert_eq!(backoff.next_delay(), Duration::from_millis(50));
    }

    #[test]
    fn an_absurd_factor_does_not_panic() {
        for factor in [f64::NAN, f64::INFINITY, -1.0, 1e300] {
            let options = BackoffOptions { factor, jitter: factor, ..BackoffOptions::default() };
            assert!(delays(Backoff::new(options), 5).into_iter().all(|delay| delay <= options.max));
        }
    }
}
