//! The state of all upstreams of a model, and the choice among them.

use std::cmp::Ordering;
use std::time::Duration;

use tokio::time::Instant;

/// How upstreams in trouble are treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// After so many failures in a row an upstream gets no more calls for a while.
    pub failures: u32,
    /// How long that is at first; it doubles with each trial that fails.
    pub open_first: Duration,
    pub open_longest: Duration,
    /// How long a throttled upstream comes after the others, at first; it doubles while it is throttled.
    pub rest_first: Duration,
    pub rest_longest: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            failures: 5,
            open_first: Duration::from_secs(5),
            open_longest: Duration::from_secs(60),
            rest_first: Duration::from_millis(500),
            rest_longest: Duration::from_secs(20),
        }
    }
}

/// What a call says about its upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It answered, be it with an error that is the task's own.
    Served,
    /// It is there, and wants fewer calls.
    Throttled,
    /// It is not there, or has failed.
    Failed,
    /// The call was given up; that says nothing.
    Unknown,
    /// The call was not sent there after all.
    Unused,
}

/// What has changed by a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// The upstream gets no calls for a while.
    Opened,
    /// It takes calls again.
    Closed,
}

/// All upstreams of a model by their number.
#[derive(Debug)]
pub(super) struct Balance {
    options: Options,
    members: Vec<Member>,
}

#[derive(Debug)]
struct Member {
    weight: u32,
    in_flight: u32,
    /// How many calls it was given. Among equals, the one with the fewest for its weight is next.
    given: u64,
    /// Throttled until then, and for how long the next time.
    resting: Option<Instant>,
    rest: Duration,
    circuit: Circuit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Circuit {
    Closed {
        failures: u32,
    },
    /// Nothing before `until`, then one trial at a time.
    Open {
        until: Instant,
        spell: Duration,
        trial: bool,
    },
}

/// In which order upstreams come into question, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// Its trial is due. It goes first, because a call that fails there can still go elsewhere.
    Trial,
    Good,
    Resting,
    Open,
}

impl Balance {
    pub(super) fn new(weights: impl IntoIterator<Item = u32>, options: Options) -> Self {
        let member = |weight: u32| Member {
            weight: weight.max(1),
            in_flight: 0,
            given: 0,
            resting: None,
            rest: options.rest_first,
            circuit: Circuit::Closed { failures: 0 },
        };
        Self { options, members: weights.into_iter().map(member).collect() }
    }

    /// Gives a call to the best upstream that it has not tried yet; none when it has tried all.
    pub(super) fn pick(&mut self, now: Instant, tried: &[usize]) -> Option<usize> {
        let candidates = self.members.iter().enumerate().filter(|(index, _)| !tried.contains(index));
        let (index, _) = candidates.min_by(|(_, left), (_, right)| left.compare(right, now))?;
        let member = self.members.get_mut(index)?;
        member.in_flight += 1;
        member.given += 1;
        if let Circuit::Open { until, trial, .. } = &mut member.circuit {
            *trial |= *until <= now;
        }
        Some(index)
    }

    /// Takes back a call with what it says about its upstream.
    pub(super) fn settle(&mut self, index: usize, verdict: Verdict, now: Instant) -> Option<Change> {
        let options = self.options;
        let share = self.members.iter().map(|member| member.given / u64::from(member.weight)).max();
        let member = self.members.get_mut(index)?;
        member.in_flight = member.in_flight.saturating_sub(1);
        match verdict {
            Verdict::Served => {
                member.resting = None;
                member.rest = options.rest_first;
                let change = member.close();
                if change.is_some() {
                    // What it has missed is not made up for: it may still be weak.
                    member.given = member.given.max(share.unwrap_or_default() * u64::from(member.weight));
                }
                change
            }
            Verdict::Throttled => {
                // Calls that were under way together are throttled together; they count once.
                if member.resting.is_none_or(|until| until <= now) {
                    member.resting = Some(now + member.rest);
                    member.rest = (member.rest * 2).min(options.rest_longest);
                }
                member.close()
            }
            Verdict::Failed => member.fail(now, &options),
            Verdict::Unknown | Verdict::Unused => {
                // What was given up was given all the same: else it would be first among equals for ever.
                if verdict == Verdict::Unused {
                    member.given = member.given.saturating_sub(1);
                }
                if let Circuit::Open { trial, .. } = &mut member.circuit {
                    *trial = false;
                }
                None
            }
        }
    }

    #[cfg(test)]
    pub(super) fn in_flight(&self, index: usize) -> u32 {
        self.members[index].in_flight
    }

    /// Whether it gets no calls but trials.
    pub(super) fn is_open(&self, index: usize) -> bool {
        self.members.get(index).is_some_and(|member| matches!(member.circuit, Circuit::Open { .. }))
    }
}

impl Member {
    fn rank(&self, now: Instant) -> Rank {
        match self.circuit {
            Circuit::Open { until, trial: false, .. } if until <= now => Rank::Trial,
            Circuit::Open { .. } => Rank::Open,
            Circuit::Closed { .. } if self.resting.is_some_and(|until| now < until) => Rank::Resting,
            Circuit::Closed { .. } => Rank::Good,
        }
    }

    /// By rank, then by load, then by how much each has been given; all in proportion to the weights.
    fn compare(&self, other: &Self, now: Instant) -> Ordering {
        let load = |of: &Self, by: &Self| u64::from(of.in_flight) * u64::from(by.weight);
        let share = |of: &Self, by: &Self| u128::from(of.given + 1) * u128::from(by.weight);
        let by_rank = self.rank(now).cmp(&other.rank(now));
        let by_load = || load(self, other).cmp(&load(other, self));
        by_rank.then_with(by_load).then_with(|| share(self, other).cmp(&share(other, self)))
    }

    fn close(&mut self) -> Option<Change> {
        let was_open = matches!(self.circuit, Circuit::Open { .. });
        self.circuit = Circuit::Closed { failures: 0 };
        was_open.then_some(Change::Closed)
    }

    fn fail(&mut self, now: Instant, options: &Options) -> Option<Change> {
        match self.circuit {
            Circuit::Closed { failures } if failures + 1 < options.failures => {
                self.circuit = Circuit::Closed { failures: failures + 1 };
                None
            }
            Circuit::Closed { .. } => {
                let spell = options.open_first;
                self.circuit = Circuit::Open { until: now + spell, spell, trial: false };
                Some(Change::Opened)
            }
            Circuit::Open { spell, trial: true, .. } => {
                let spell = (spell * 2).min(options.open_longest);
                self.circuit = Circuit::Open { until: now + spell, spell, trial: false };
                None
            }
            // A call from before it was opened, or one that had nowhere else to go.
            Circuit::Open { trial: false, .. } => None,
        }
    }
}
