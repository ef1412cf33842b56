//! Waiting for a turn. Each call that waits looks after itself: the one that is next sleeps until its time, the others
//! until they are next.

use std::collections::HashMap;
use std::future::pending;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::machine::{Look, Machine, Pass};
use super::pacer::LaneOptions;
use super::queue::Ticket;
use crate::telemetry::Event;

/// A pace that differs less from the one that was told is not worth telling.
const WORTH_TELLING: f64 = 0.05;

/// The calls that share one quota. Clones are the same lane.
#[derive(Debug, Clone)]
pub struct Lane {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    options: LaneOptions,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    machine: Machine,
    /// How to wake those who wait.
    bells: HashMap<Ticket, Arc<Notify>>,
    /// The pace in calls a minute that was told last; none for no limit.
    told: Option<f64>,
}

/// The right to send one request. Dropped without a word, it says nothing about the service.
#[derive(Debug)]
pub struct Turn {
    lane: Lane,
    pass: Option<Pass>,
}

impl Lane {
    pub(super) fn new(options: LaneOptions) -> Self {
        let machine = Machine::new(options.quota, Instant::now());
        let state = State { machine, bells: HashMap::new(), told: None };
        Self { shared: Arc::new(Shared { options, state: Mutex::new(state) }) }
    }

    /// Waits for a turn for a call of this process. `refused`: an attempt at it was throttled before. Dropping the
    /// future gives the place in the queue up.
    pub async fn turn(&self, process: &Arc<str>, refused: bool) -> Turn {
        let began = Instant::now();
        let (ticket, look) = self.with(|state| state.machine.join(began, process, refused));
        let mut place = Place { lane: self, ticket: Some(ticket) };
        let pass = match look {
            Look::Go(pass) => pass,
            // Boxed, because a call that need not wait should not carry the room for it.
            Look::Wait(_) => Box::pin(place.wait(ticket)).await,
        };
        place.taken();
        let (model, region) = (&*self.shared.options.model, &*self.shared.options.region);
        let waited = began.elapsed();
        self.shared.options.telemetry.emit(Event::TurnTaken { model, region, waited });
        Turn { lane: self.clone(), pass: Some(pass) }
    }

    /// As [`turn`](Self::turn), for a call that has waited since then already. It gives up when no call at all has been
    /// granted for as long as its patience: in a line that moves everybody has a turn in the end, however long the line
    /// and however small the quota.
    pub async fn turn_within(
        &self,
        process: &Arc<str>,
        refused: bool,
        since: Instant,
        patience: Duration,
    ) -> Option<Turn> {
        // None: no clock goes so far.
        let end = || {
            let granted = self.with(|state| state.machine.last_granted(Instant::now()));
            granted.map_or(since, |granted| granted.max(since)).checked_add(patience)
        };
        let mut turn = pin!(self.turn(process, refused));
        while let Some(at) = end() {
            match timeout_at(at, &mut turn).await {
                Ok(turn) => return Some(turn),
                Err(_) if end().is_some_and(|at| at <= Instant::now()) => return None,
                Err(_) => {}
            }
        }
        Some(turn.await)
    }

    /// Whether a call that came now would have to wait.
    pub fn would_wait(&self) -> bool {
        self.with(|state| state.machine.would_wait(Instant::now()))
    }

    /// How long a call that came now would wait for its turn, as far as can be told: behind all those that wait already.
    pub fn expected_wait(&self) -> Duration {
        self.with(|state| state.machine.expected_wait(Instant::now()))
    }

    /// How long it takes until the next call goes, whoever it is.
    pub fn wait_of_next(&self) -> Duration {
        self.with(|state| state.machine.pause(Instant::now()))
    }

    /// How many calls have their turn now.
    pub fn in_flight(&self) -> usize {
        self.with(|state| state.machine.in_flight())
    }

    /// Whether nobody else has a hold of it.
    pub(super) fn is_idle(&self) -> bool {
        Arc::strong_count(&self.shared) == 1
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        // The state is whole after every step, so a panic elsewhere leaves nothing broken behind.
        work(&mut self.shared.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the state, wakes who is next, and tells when the pace is another.
    fn change<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        let (result, pace) = self.with(|state| {
            let result = work(state);
            if let Some(next) = state.machine.front().and_then(|ticket| state.bells.get(&ticket)) {
                next.notify_one();
            }
            (result, state.news_of_pace())
        });
        if let Some((before, per_minute)) = pace {
            let (model, region) = (&*self.shared.options.model, &*self.shared.options.region);
            self.shared.options.telemetry.emit(Event::PaceChanged { model, region, before, per_minute });
        }
        result
    }
}

impl State {
    /// The pace before and now, when there is something to tell. What the operator allows is no news.
    fn news_of_pace(&mut self) -> Option<(Option<f64>, Option<f64>)> {
        let now = self.machine.per_minute().filter(|_| self.machine.is_throttled());
        let same = match (self.told, now) {
            (Some(before), Some(now)) => (now - before).abs() <= before * WORTH_TELLING,
            (before, now) => before.is_none() && now.is_none(),
        };
        (!same).then(|| (std::mem::replace(&mut self.told, now), now))
    }
}

impl Turn {
    /// The service has refused the call, and may have said for how long it will refuse others. Says how long the next
    /// call has to wait.
    pub fn refused(mut self, retry_after: Option<Duration>) -> Duration {
        let Some(pass) = self.pass.take() else { return Duration::ZERO };
        let now = Instant::now();
        self.lane.change(|state| {
            state.machine.refused(now, pass, retry_after);
            state.machine.pause(now)
        })
    }

    /// The call has ended with an answer that used so many tokens.
    pub fn used(mut self, tokens: f64) {
        self.end(Some(tokens));
    }

    fn end(&mut self, tokens: Option<f64>) {
        if let Some(pass) = self.pass.take() {
            self.lane.change(|state| state.machine.ended(Instant::now(), pass, tokens));
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.end(None);
    }
}

/// A place in the queue; given up when it is dropped.
struct Place<'a> {
    lane: &'a Lane,
    ticket: Option<Ticket>,
}

impl Place<'_> {
    async fn wait(&self, ticket: Ticket) -> Pass {
        let options = &self.lane.shared.options;
        let _waiting = options.telemetry.waiting(&options.model, &options.region);
        let bell = Arc::new(Notify::new());
        self.lane.with(|state| state.bells.insert(ticket, Arc::clone(&bell)));
        loop {
            // With the bell in place it looks again, because it may have become the next in between.
            let until = match self.lane.with(|state| state.machine.look(Instant::now(), ticket)) {
                Look::Go(pass) => return pass,
                Look::Wait(until) => until,
            };
            let time = async {
                match until {
                    Some(until) => sleep_until(until).await,
                    None => pending().await,
                }
            };
            tokio::select! {
                () = time => {}
                () = bell.notified() => {}
            }
        }
    }

    /// The turn is ours, so there is no place to give up; the next one may look.
    fn taken(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            self.lane.change(|state| state.bells.remove(&ticket));
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            self.lane.change(|state| {
                state.bells.remove(&ticket);
                state.machine.leave(ticket);
            });
        }
    }
}
