//! A service that grants calls as a bucket does, and callers that have more than it grants. Time is a number here.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::pace::machine::{Look, Machine, Pass, Quota};

/// What is simulated.
#[derive(Debug, Clone)]
pub(super) struct World {
    /// Calls a second that are granted, from the start and from later moments on.
    pub(super) grants: Vec<(Duration, f64)>,
    /// How many calls are granted at once after a pause.
    pub(super) burst: f64,
    /// How many calls there are, all from the start.
    pub(super) calls: usize,
    /// How many of them are there at a time; the others come as these end.
    pub(super) slots: usize,
    pub(super) answers_after: Duration,
    pub(super) refuses_after: Duration,
    /// What a refusal says.
    pub(super) retry_after: Option<Duration>,
    pub(super) quota: Quota,
    /// When the simulation ends in any case.
    pub(super) ends_after: Duration,
}

impl Default for World {
    fn default() -> Self {
        Self {
            grants: vec![(Duration::ZERO, 20.0)],
            burst: 20.0,
            calls: 500,
            slots: 500,
            answers_after: Duration::from_millis(800),
            refuses_after: Duration::from_millis(40),
            retry_after: None,
            quota: Quota::default(),
            ends_after: Duration::from_secs(3600),
        }
    }
}

/// An attempt, by its time since the start.
#[derive(Debug, Clone, Copy)]
pub(super) struct Attempt {
    pub(super) at: Duration,
    pub(super) granted: bool,
}

/// What was seen.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) attempts: Vec<Attempt>,
    pub(super) finished: usize,
    pub(super) took: Duration,
    /// The fastest pace after the first refusal.
    pub(super) fastest: f64,
}

impl Seen {
    /// How many attempts there were from this time on, and how many of them were refused.
    pub(super) fn refused_from(&self, from: Duration) -> (usize, usize) {
        let late = self.attempts.iter().filter(|attempt| attempt.at >= from);
        let refused = late.clone().filter(|attempt| !attempt.granted).count();
        (refused, late.count())
    }

    pub(super) fn granted_between(&self, from: Duration, to: Duration) -> usize {
        let within = |attempt: &&Attempt| attempt.granted && attempt.at >= from && attempt.at < to;
        self.attempts.iter().filter(within).count()
    }
}

/// The service's own account.
struct Service {
    grants: VecDeque<(Duration, f64)>,
    per_second: f64,
    burst: f64,
    level: f64,
    at: Duration,
}

impl Service {
    fn admits(&mut self, now: Duration) -> bool {
        while let Some((from, per_second)) = self.grants.front().copied().filter(|(from, _)| *from <= now) {
            self.fill(from);
            self.per_second = per_second;
            self.grants.pop_front();
        }
        self.fill(now);
        let granted = self.level >= 1.0;
        if granted {
            self.level -= 1.0;
        }
        granted
    }

    fn fill(&mut self, to: Duration) {
        self.level =
            (self.level + to.saturating_sub(self.at).as_secs_f64() * self.per_second).min(self.burst);
        self.at = to;
    }
}

struct Run {
    world: World,
    start: Instant,
    now: Duration,
    machine: Machine,
    service: Service,
    /// What comes back, and when: refused or not.
    answers: BinaryHeap<Reverse<(Duration, u64)>>,
    passes: Vec<(Pass, bool)>,
    unstarted: usize,
    seen: Seen,
}

impl World {
    pub(super) fn run(self) -> Seen {
        let start = Instant::now();
        let (machine, grants) = (Machine::new(self.quota, start), self.grants.clone().into());
        let service =
            Service { grants, per_second: 0.0, burst: self.burst, level: self.burst, at: Duration::ZERO };
        let seen = Seen { attempts: Vec::new(), finished: 0, took: Duration::ZERO, fastest: 0.0 };
        let mut run = Run {
            start,
            now: Duration::ZERO,
            machine,
            service,
            answers: BinaryHeap::new(),
            passes: Vec::new(),
            unstarted: self.calls,
            seen,
            world: self,
        };
        for _ in 0..run.world.slots {
            run.join(false);
        }
        while run.seen.finished < run.world.calls && run.now < run.world.ends_after {
            let wake_at = run.release();
            run.wait(wake_at);
        }
        run.seen.took = run.now;
        run.seen
    }
}

impl Run {
    fn join(&mut self, refused: bool) {
        if !refused {
            let Some(left) = self.unstarted.checked_sub(1) else { return };
            self.unstarted = left;
        }
        if let (_, Look::Go(pass)) = self.machine.join(self.start + self.now, &Arc::from("p"), refused) {
            self.send(pass);
        }
    }

    /// Sends what may go, and says when the next may.
    fn release(&mut self) -> Option<Duration> {
        loop {
            let now = self.start + self.now;
            let next = self.machine.front()?;
            match self.machine.look(now, next) {
                Look::Wait(until) => {
                    return until.map(|until| until - self.start);
                }
                Look::Go(pass) => {
                    self.send(pass);
                }
            }
        }
    }

    fn send(&mut self, pass: Pass) {
        let granted = self.service.admits(self.now);
        self.seen.attempts.push(Attempt { at: self.now, granted });
        let after = if granted { self.world.answers_after } else { self.world.refuses_after };
        let number = u64::try_from(self.passes.len()).unwrap();
        self.passes.push((pass, granted));
        self.answers.push(Reverse((self.now + after, number)));
    }

    fn wait(&mut self, wake_at: Option<Duration>) {
        let answer = self.answers.peek().map(|Reverse((at, _))| *at);
        let Some(next) = answer.into_iter().chain(wake_at).min() else {
            panic!("nothing would ever happen: {:?}", self.machine)
        };
        assert!(next > self.now || answer == Some(next), "it would spin at {next:?}: {:?}", self.machine);
        self.now = next.max(self.now);
        while let Some(Reverse((_, number))) =
            self.answers.peek().filter(|Reverse((at, _))| *at <= self.now).copied()
        {
            self.answers.pop();
            let (pass, granted) = self.passes[usize::try_from(number).unwrap()];
            if granted {
                self.machine.ended(self.start + self.now, pass, None);
                self.seen.finished += 1;
                self.join(false);
            } else {
                self.machine.refused(self.start + self.now, pass, self.world.retry_after);
                self.join(true);
            }
        }
        if self.machine.is_throttled() {
            let pace = self.machine.per_minute().unwrap_or(f64::INFINITY) / 60.0;
            self.seen.fastest = self.seen.fastest.max(pace);
        }
    }
}
