//! The calls that share one quota. It decides, and neither waits nor sends: time comes in, and what may go comes out.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::bucket::Bucket;
use super::queue::{Queue, Ticket};
use super::rate::{Epoch, Rate};

/// After a pause, what the rate allows in this time may go at once.
const BURST_SECONDS: f64 = 1.0;
/// The same for tokens; calls are large, so it is longer.
const TOKEN_BURST_SECONDS: f64 = 10.0;
/// What a call is taken to use before any has said what it used.
const FIRST_GUESS_TOKENS: f64 = 1000.0;
/// How much the last call counts in what a call usually uses.
const NEWS: f64 = 1.0 / 8.0;
/// No pause that is asked for is honoured for longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// What the operator allows in a minute.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Quota {
    pub requests_per_minute: Option<f64>,
    pub tokens_per_minute: Option<f64>,
}

/// What a call finds when it looks whether it is its turn.
#[derive(Debug)]
pub(super) enum Look {
    Go(Pass),
    /// Not yet. The call that is next hears when; the others are called when they are next.
    Wait(Option<Instant>),
}

/// A call's turn.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pass {
    released_at: Instant,
    epoch: Epoch,
    tokens: f64,
}

/// The calls of one quota.
#[derive(Debug)]
pub(super) struct Machine {
    rate: Rate,
    calls: Bucket,
    tokens_per_second: Option<f64>,
    tokens: Bucket,
    /// What a call uses, as far as is known before it is made.
    usual_tokens: f64,
    queue: Queue,
    waiting: HashMap<Ticket, Waiting>,
    paused_until: Option<Instant>,
    last_ticket: u64,
    in_flight: usize,
    answered_at: Option<Instant>,
}

#[derive(Debug)]
struct Waiting {
    process: Arc<str>,
    /// Whether it has looked and was held back.
    held_back: bool,
}

impl Machine {
    pub(super) fn new(quota: Quota, now: Instant) -> Self {
        let rate = Rate::new(quota.requests_per_minute.map(|minute| minute / 60.0));
        let tokens_per_second = quota.tokens_per_minute.map(|minute| minute / 60.0);
        Self {
            calls: Bucket::new(rate.per_second().map_or(0.0, call_burst), now),
            tokens: Bucket::new(tokens_per_second.unwrap_or(0.0) * TOKEN_BURST_SECONDS, now),
            rate,
            tokens_per_second,
            usual_tokens: FIRST_GUESS_TOKENS,
            queue: Queue::default(),
            waiting: HashMap::new(),
            paused_until: None,
            last_ticket: 0,
            in_flight: 0,
            answered_at: None,
        }
    }

    /// Calls a minute; none: as many as come.
    pub(super) fn per_minute(&self) -> Option<f64> {
        self.rate.per_second().map(|second| second * 60.0)
    }

    /// Whether the service refuses calls.
    pub(super) fn is_throttled(&self) -> bool {
        self.rate.is_learned()
    }

    pub(super) fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// When it was seen last that calls are granted; calls may take long, so not only by their answers.
    pub(super) fn last_granted(&self, now: Instant) -> Option<Instant> {
        self.answered_at.max(self.rate.last_granted(now))
    }

    /// The call that goes next.
    pub(super) fn front(&self) -> Option<Ticket> {
        self.queue.front()
    }

    /// Gets in line and asks for the turn. A call that was refused comes before the others of its process.
    ///
    /// It is one step, because a call that got in line first and looked later would find others before it that nothing
    /// holds back, and would be taken for one that the rate has held back.
    pub(super) fn join(&mut self, now: Instant, process: &Arc<str>, refused: bool) -> (Ticket, Look) {
        self.last_ticket += 1;
        let ticket = Ticket(self.last_ticket);
        self.queue.join(process, ticket, refused);
        self.waiting.insert(ticket, Waiting { process: Arc::clone(process), held_back: false });
        (ticket, self.look(now, ticket))
    }

    /// Gets out of line.
    pub(super) fn leave(&mut self, ticket: Ticket) {
        if let Some(waiting) = self.waiting.remove(&ticket) {
            self.queue.leave(&waiting.process, ticket);
        }
    }

    /// Asks for the turn again.
    pub(super) fn look(&mut self, now: Instant, ticket: Ticket) -> Look {
        let front = self.queue.front() == Some(ticket);
        let ready_at = if front { self.ready_at(now) } else { None };
        if front && ready_at.is_none_or(|at| at <= now) {
            return Look::Go(self.release(now, ticket));
        }
        if let Some(waiting) = self.waiting.get_mut(&ticket) {
            waiting.held_back = true;
        }
        Look::Wait(ready_at)
    }

    /// Whether a call that came now would have to wait.
    pub(super) fn would_wait(&mut self, now: Instant) -> bool {
        self.queue.front().is_some() || self.pause(now) > Duration::ZERO
    }

    /// How long a call that came now would wait behind those that are here already, if nothing else changes.
    pub(super) fn expected_wait(&mut self, now: Instant) -> Duration {
        let by_pace = self.time_for(now, self.queue.len() + 1);
        by_pace.max(self.paused_until.map_or(Duration::ZERO, |until| until.saturating_duration_since(now)))
    }

    /// How long the next call has to wait, whoever it is.
    pub(super) fn pause(&mut self, now: Instant) -> Duration {
        let ready_at = self.ready_at(now);
        ready_at.map_or(Duration::ZERO, |at| at.saturating_duration_since(now))
    }

    /// When the next call may go; none: now.
    fn ready_at(&mut self, now: Instant) -> Option<Instant> {
        let wait = self.time_for(now, 1);
        let by_pace = (wait > Duration::ZERO).then(|| now + wait);
        by_pace.max(self.paused_until.filter(|until| *until > now))
    }

    /// How long it takes by the pace until so many calls have gone.
    fn time_for(&mut self, now: Instant, calls: usize) -> Duration {
        self.fill(now);
        #[allow(clippy::cast_precision_loss, reason = "no line is so long that it matters")]
        let ahead = calls.saturating_sub(1) as f64;
        let by_calls =
            self.rate.per_second().map_or(Duration::ZERO, |rate| self.calls.time_until(ahead + 1.0, rate));
        // A call that is larger than the bucket goes when it is full, and the next one waits for the debt.
        let by_tokens = self.tokens_per_second.map_or(Duration::ZERO, |rate| {
            let own = self.usual_tokens.min(rate * TOKEN_BURST_SECONDS);
            self.tokens.time_until(ahead * self.usual_tokens + own, rate)
        });
        by_calls.max(by_tokens)
    }

    fn release(&mut self, now: Instant, ticket: Ticket) -> Pass {
        self.queue.pop();
        let waiting = self.waiting.remove(&ticket);
        let tokens = self.usual_tokens;
        if self.rate.per_second().is_some() {
            self.calls.take(1.0);
        }
        self.tokens.take(tokens);
        self.rate.released(now, waiting.is_some_and(|waiting| waiting.held_back));
        self.in_flight += 1;
        Pass { released_at: now, epoch: self.rate.epoch(), tokens }
    }

    /// The service has refused the call, and may have said for how long it will refuse others.
    pub(super) fn refused(&mut self, now: Instant, pass: Pass, retry_after: Option<Duration>) {
        self.fill(now);
        self.rate.refused(now, pass.released_at, pass.epoch);
        self.calls.drain();
        // What was refused has used nothing.
        self.tokens.take(-pass.tokens);
        if let Some(pause) = retry_after {
            let until = now + pause.min(LONGEST_PAUSE);
            self.paused_until = self.paused_until.max(Some(until));
        }
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// The call has ended in any other way; the tokens that it used, if that is known.
    pub(super) fn ended(&mut self, now: Instant, pass: Pass, tokens: Option<f64>) {
        if let Some(used) = tokens {
            self.answered_at = Some(now);
            self.tokens.take(used - pass.tokens);
            self.usual_tokens += (used - self.usual_tokens) * NEWS;
        }
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    fn fill(&mut self, now: Instant) {
        match self.rate.per_second() {
            Some(rate) => self.calls.fill(now, rate, call_burst(rate)),
            // Nothing is saved up, and nothing owed, for the time when there is a rate.
            None => self.calls = Bucket::new(0.0, now),
        }
        if let Some(rate) = self.tokens_per_second {
            self.tokens.fill(now, rate, rate * TOKEN_BURST_SECONDS);
        }
    }
}

fn call_burst(per_second: f64) -> f64 {
    (per_second * BURST_SECONDS).max(1.0)
}
