//! What was let through lately and not refused, counted by time.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// What the service is seen to grant is counted over this time at least …
const SHORT: Duration = Duration::from_secs(1);
/// … and over this at most, because quotas are counted by the minute.
const LONG: Duration = Duration::from_secs(60);
/// Calls that were let through within this time are counted together, so that the account is small at any rate.
const GRAIN: Duration = Duration::from_millis(50);

/// The account; oldest first.
#[derive(Debug, Default)]
pub(super) struct Ledger(VecDeque<Entry>);

#[derive(Debug)]
struct Entry {
    begins: Instant,
    /// When the last call was let through.
    last: Instant,
    calls: u32,
}

impl Ledger {
    pub(super) fn add(&mut self, now: Instant) {
        match self.0.back_mut() {
            Some(entry) if now.saturating_duration_since(entry.begins) < GRAIN => {
                entry.calls += 1;
                entry.last = now;
            }
            _ => self.0.push_back(Entry { begins: now, last: now, calls: 1 }),
        }
        let too_old = |entry: &Entry| now.saturating_duration_since(entry.begins) > LONG;
        while self.0.front().is_some_and(too_old) {
            self.0.pop_front();
        }
    }

    /// A call that was let through at this time does not count.
    pub(super) fn strike(&mut self, at: Instant) {
        let Some(found) = self.0.partition_point(|entry| entry.begins <= at).checked_sub(1) else { return };
        let Some(entry) = self.0.get_mut(found) else { return };
        entry.calls = entry.calls.saturating_sub(1);
        if entry.calls == 0 {
            self.0.remove(found);
        }
    }

    /// Whether there is a call that was let through after this time.
    pub(super) fn any_after(&self, at: Instant) -> bool {
        self.0.back().is_some_and(|entry| entry.last > at)
    }

    /// The last call that was let through before this time and has not been struck since.
    pub(super) fn last_before(&self, at: Instant) -> Option<Instant> {
        self.0.iter().rev().map(|entry| entry.last).find(|last| *last <= at)
    }

    /// Calls a second. After a pause the short look back is right, and when calls are few the long one is: each sees
    /// too little where the other is right.
    pub(super) fn per_second(&self, now: Instant) -> f64 {
        let Some(oldest) = self.0.front() else { return 0.0 };
        let passed = |since: Instant| now.saturating_duration_since(since);
        let count =
            |entries: &mut dyn Iterator<Item = &Entry>| -> u32 { entries.map(|entry| entry.calls).sum() };
        let short = count(&mut self.0.iter().rev().take_while(|entry| passed(entry.begins) < SHORT));
        let long = count(&mut self.0.iter());
        let short = f64::from(short) / SHORT.as_secs_f64();
        short.max(f64::from(long) / passed(oldest.begins).max(SHORT).as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_sees_bursts_and_trickles() {
        let start = Instant::now();
        let mut ledger = Ledger::default();
        assert!(ledger.per_second(start).abs() < f64::EPSILON);
        for second in 0..20 {
            ledger.add(start + Duration::from_secs(2 * second));
        }
        let now = start + Duration::from_secs(40);
        assert!((ledger.per_second(now) - 0.5).abs() < 0.01, "{}", ledger.per_second(now));
        for _ in 0..100 {
            ledger.add(now);
        }
        assert!((ledger.per_second(now) - 100.0).abs() < 0.01);
        assert!(ledger.any_after(start + Duration::from_secs(39)) && !ledger.any_after(now));
    }

    #[test]
    fn what_is_struck_or_old_does_not_count() {
        let start = Instant::now();
        let mut ledger = Ledger::default();
        for _ in 0..5000 {
            ledger.add(start);
        }
        for _ in 0..4980 {
            ledger.strike(start);
        }
        assert!((ledger.per_second(start) - 20.0).abs() < 0.01);
        ledger.add(start + 2 * LONG);
        assert_eq!(ledger.0.len(), 1);
        ledger.strike(start);
        ledger.strike(start + 3 * LONG);
        assert!(ledger.0.is_empty());
    }

    #[test]
    fn it_stays_small_at_any_rate() {
        let start = Instant::now();
        let mut ledger = Ledger::default();
        for call in 0..200_000 {
            ledger.add(start + Duration::from_millis(call));
        }
        assert!(ledger.0.len() <= 1201, "{}", ledger.0.len());
    }
}
