//! How many calls a second are let through. It learns from what is refused, and knows no clock of its own.
//!
//! Nothing is known at first, so nothing is held back. The first refusal begins a search for what is granted:
//!
//! - *Down.* What was let through lately and not refused is what the service grants. The rate goes a little below
//!   that, so that what the service counts can recover. Only a call that was let through after the last slowdown
//!   slows down again: all those that were on their way together are one piece of news. When nothing at all was
//!   granted in between, the rate is halved.
//! - *Back.* Each call that had to wait for its turn brings the rate nearer to what was granted before.
//! - *Hold.* There it stays for some fifty calls. This, more than a time, bounds the share of calls that are refused:
//!   a quota of 20 calls a second and one of 6 a minute are probed equally often, counted in calls.
//! - *Up.* Then each call raises the rate by a sixty-fourth, so that a larger grant is found in seconds where calls
//!   are many. While the rate is not what holds calls back, nothing is learned by raising it, so it is not.
//!
//! Where calls are many, refusals come late, counted in calls; there each step also takes some time.
//!
//! After a time without any refusal and without any wait, all is forgotten.

use std::time::Duration;

use tokio::time::Instant;

use super::ledger::Ledger;

/// The rate after a refusal, as a share of what is granted.
const CAUTION: f64 = 0.8;
/// The part of the way back that each call makes up, unless that would take less than so long.
const BACK: Step = Step { calls: 8.0, time: Duration::from_millis(400) };
/// What is granted is asked for by so many calls, and for so long at least, before more is tried; …
const HOLD: Step = Step { calls: 48.0, time: Duration::from_secs(3) };
/// … where calls are rare, it is tried after so long.
const LONGEST_HOLD: Duration = Duration::from_secs(600);
/// How many calls it takes to try 2.7 times as much, and how long at least: refusals must have time to arrive.
const UP: Step = Step { calls: 64.0, time: Duration::from_secs(3) };
/// How much more is tried with each call, in calls a second, while it is not known what is granted.
const SEARCH: f64 = 0.5;
/// The rate when the very first calls were all refused.
const FIRST_GUESS: f64 = 2.0;
/// Some call is let through this often whatever is refused, or it would never be noticed that calls are granted again.
pub(super) const SLOWEST: f64 = 1.0 / 30.0;
/// A refusal that comes later than this says nothing of the calls that went together.
const TOGETHER: Duration = Duration::from_secs(10);
/// After so long without a refusal there is no limit any more.
const FORGET: Duration = Duration::from_secs(600);

/// Tells calls that were let through before a slowdown from those after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Epoch(u64);

/// A change that takes so many calls, and so long at least where calls are many.
struct Step {
    calls: f64,
    time: Duration,
}

impl Step {
    /// The share of the change that one call makes.
    fn share(&self, per_second: f64) -> f64 {
        1.0 / self.calls.max(per_second * self.time.as_secs_f64())
    }
}

/// The rate of one lane.
#[derive(Debug)]
pub(super) struct Rate {
    /// What the operator allows.
    cap: Option<f64>,
    /// None: nothing was ever refused.
    learned: Option<Learned>,
    unrefused: Ledger,
    epoch: Epoch,
}

#[derive(Debug)]
struct Learned {
    per_second: f64,
    phase: Phase,
    /// The last refusal.
    refused_at: Instant,
    /// The last slowdown.
    slowed_at: Instant,
}

#[derive(Debug)]
enum Phase {
    /// It is not known what is granted: this is the first refusal, or nothing was granted since the last.
    Search,
    /// This much was granted, and so many calls have asked for it since.
    Known { granted: f64, calls: f64 },
}

impl Rate {
    pub(super) fn new(cap: Option<f64>) -> Self {
        Self { cap, learned: None, unrefused: Ledger::default(), epoch: Epoch::default() }
    }

    /// Calls a second; none: as many as come.
    pub(super) fn per_second(&self) -> Option<f64> {
        match (&self.learned, self.cap) {
            (Some(learned), Some(cap)) => Some(learned.per_second.min(cap)),
            (Some(learned), None) => Some(learned.per_second),
            (None, cap) => cap,
        }
    }

    /// Whether something was refused lately.
    pub(super) fn is_learned(&self) -> bool {
        self.learned.is_some()
    }

    /// When the last call was let through of which it is sure by now that it is not refused.
    pub(super) fn last_granted(&self, now: Instant) -> Option<Instant> {
        now.checked_sub(TOGETHER).and_then(|sure| self.unrefused.last_before(sure))
    }

    pub(super) fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// A call is let through; `waited`: the rate has held it back.
    pub(super) fn released(&mut self, now: Instant, waited: bool) {
        self.unrefused.add(now);
        let Some(learned) = &mut self.learned else { return };
        if waited {
            learned.grow(now);
            learned.per_second = learned.per_second.min(self.cap.unwrap_or(f64::INFINITY));
        } else if now.saturating_duration_since(learned.refused_at) >= FORGET {
            self.learned = None;
        }
    }

    /// A call that was let through at this time has been refused.
    pub(super) fn refused(&mut self, now: Instant, released_at: Instant, epoch: Epoch) {
        self.unrefused.strike(released_at);
        let granted = self.unrefused.per_second(now);
        if epoch == self.epoch {
            self.slow_down(now, granted);
            self.epoch.0 += 1;
        } else if let Some(learned) = &mut self.learned {
            learned.refused_at = now;
            // Of those that went together, more were refused than was known a moment ago.
            if now.saturating_duration_since(released_at) <= TOGETHER {
                learned.correct(granted);
            }
        }
    }

    fn slow_down(&mut self, now: Instant, granted: f64) {
        let before = self.per_second().unwrap_or(f64::INFINITY);
        let since = self.learned.as_ref().map(|learned| learned.slowed_at);
        let any = since.is_some_and(|since| self.unrefused.any_after(since));
        let (per_second, phase) = if any {
            let granted = granted.min(before);
            (granted * CAUTION, Phase::Known { granted, calls: 0.0 })
        } else {
            // What went at once says little of what is granted in the long run.
            let seen = if granted > 0.0 { granted } else { FIRST_GUESS };
            (seen.min(before / 2.0), Phase::Search)
        };
        let per_second = per_second.max(SLOWEST);
        self.learned = Some(Learned { per_second, phase, refused_at: now, slowed_at: now });
    }
}

impl Learned {
    fn grow(&mut self, now: Instant) {
        match &mut self.phase {
            Phase::Search => self.per_second += SEARCH,
            Phase::Known { granted, calls } => {
                *calls += 1.0;
                let held = now.saturating_duration_since(self.slowed_at);
                if (*calls > HOLD.calls && held > HOLD.time) || held > LONGEST_HOLD {
                    self.per_second *= 1.0 + UP.share(self.per_second);
                } else {
                    let missing = (*granted - self.per_second).max(0.0);
                    self.per_second += missing * BACK.share(self.per_second);
                }
            }
        }
    }

    fn correct(&mut self, seen: f64) {
        let seen = seen.max(SLOWEST);
        match &mut self.phase {
            Phase::Search => self.per_second = self.per_second.min(seen),
            Phase::Known { granted, .. } => {
                *granted = granted.min(seen);
                self.per_second = self.per_second.min(*granted * CAUTION).max(SLOWEST);
            }
        }
    }
}
