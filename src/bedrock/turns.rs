//! The attempts at one call: each waits for its turn, and what became of it says whether there is another.
//!
//! With patience, a throttled call waits in the lane of its model, and gives up when the model has granted no call at all
//! for that long. Without, nothing waits for anything else: there are four attempts with pauses between them, as the AWS
//! SDK for Java makes them.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::Error;
use super::clients::Clients;
use super::retry::{Attempts, Kind, leaves_open};
use super::target::Target;
use crate::pace::{Lane, LaneOptions, Turn};
use crate::telemetry::{Event, Telemetry};

/// A call that is throttled more often, while others are granted, is larger than what is ever granted at once: only then
/// does its patience end although the line moves.
const MOST_REFUSALS: u32 = 10;

/// Whose call it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Caller<'a> {
    pub(super) clients: &'a Clients,
    pub(super) telemetry: &'a Telemetry,
    /// Takes its turn with the other processes.
    pub(super) process: &'a Arc<str>,
    /// The model as it may be told.
    pub(super) model: &'a str,
}

/// The attempts at one call.
#[derive(Debug)]
pub(super) struct Turns<'a> {
    caller: Caller<'a>,
    attempts: Attempts,
    pub(super) made: u32,
    /// The region of the next attempt, as it may be told.
    region: String,
    /// That of the next attempt's place. None: there is no patience.
    lane: Option<Lane>,
    turn: Option<Turn>,
    /// For how long it has waited for turns.
    waited: Duration,
    /// How often it was throttled.
    refusals: u32,
    /// The last answer, when it was that the call is throttled.
    throttled: Option<Error>,
    /// What an earlier place of this round has failed with, if that may be over soon.
    passed: Option<Passed>,
    /// Whether it comes back to where it was throttled, and so goes before others.
    returns: bool,
}

/// A failure that another place was to make good.
#[derive(Debug)]
struct Passed {
    error: Error,
    /// Whether its lane has heard of it, so that the next call there waits.
    told: bool,
}

impl<'a> Turns<'a> {
    pub(super) fn new(caller: Caller<'a>) -> Self {
        let options = caller.clients.options();
        let attempts = Attempts::new(options.retries);
        Self {
            caller,
            attempts,
            made: 0,
            region: String::new(),
            lane: None,
            turn: None,
            waited: Duration::ZERO,
            refusals: 0,
            throttled: None,
            passed: None,
            returns: false,
        }
    }

    /// Says where the next attempt goes.
    pub(super) fn enter(&mut self, target: &Target, model_id: &str, region: &str) {
        region.clone_into(&mut self.region);
        self.lane = self.lane_of(target, model_id, region);
    }

    /// Whether an attempt at a place would have to wait for its turn.
    pub(super) fn would_wait(&self, target: &Target, model_id: &str, region: &str) -> bool {
        self.lane_of(target, model_id, region).is_some_and(|lane| lane.would_wait())
    }

    fn lane_of(&self, target: &Target, model_id: &str, region: &str) -> Option<Lane> {
        let options = self.caller.clients.options();
        (options.throttle_patience > Duration::ZERO).then(|| {
            let key = (target.clone(), model_id.to_owned());
            self.caller.clients.pacer().lane(&key, || LaneOptions {
                quota: options.quotas.of(model_id),
                telemetry: self.caller.telemetry.clone(),
                model: self.caller.model.to_owned(),
                region: region.to_owned(),
            })
        })
    }

    /// Waits for the next attempt's turn. An error says that patience has run out.
    pub(super) async fn next(&mut self) -> Result<(), Error> {
        if let Some(lane) = &self.lane {
            let (began, process) = (Instant::now(), self.caller.process);
            let patience = self.caller.clients.options().throttle_patience;
            let turn = if self.refusals < MOST_REFUSALS {
                let since = began.checked_sub(self.waited).unwrap_or(began);
                lane.turn_within(process, self.returns, since, patience).await
            } else {
                timeout(patience.saturating_sub(self.waited), lane.turn(process, self.returns)).await.ok()
            };
            match turn {
                Some(turn) => self.turn = Some(turn),
                None => return Err(self.throttled.take().unwrap_or(Error::NoTurn { patience })),
            }
            self.waited += began.elapsed();
        }
        self.made += 1;
        Ok(())
    }

    /// Takes in what became of the round's last attempt, and waits where another round is due. It breaks off with what is
    /// final.
    pub(super) async fn after<T>(&mut self, result: Result<T, Error>) -> ControlFlow<Result<T, Error>> {
        let (turn, passed) = (self.turn.take(), self.passed.take());
        let error = match result {
            Ok(answer) => {
                self.turn = turn;
                return ControlFlow::Break(Ok(answer));
            }
            Err(error) => error,
        };
        // Where nobody is let in now, an earlier place of the round may be well again in the next one.
        let (error, turn, told, returns) = match passed {
            Some(passed) if Kind::of(&error) == Kind::Denied => (passed.error, None, passed.told, false),
            _ => (error, turn, false, true),
        };
        let kind = Kind::of(&error);
        if kind == Kind::Throttled && (self.tell_lane(turn, &error) || told) {
            (self.throttled, self.returns) = (Some(error), returns);
            return ControlFlow::Continue(());
        }
        let Some(pause) = self.attempts.after(kind, fastrand::f64()) else {
            return ControlFlow::Break(Err(error));
        };
        if kind == Kind::Throttled {
            self.tell_throttled(pause);
        }
        sleep(pause).await;
        ControlFlow::Continue(())
    }

    /// Takes in that an attempt has failed where another place may do better, or gives the result back where that is not
    /// so. Nothing is waited for, and no attempt is spent, unless it may have been paid: these have one bound for all
    /// places.
    pub(super) fn elsewhere<T>(&mut self, result: Result<T, Error>) -> ControlFlow<Result<T, Error>> {
        let (error, kind) = match result {
            Err(error) => {
                let kind = Kind::of(&error);
                (error, kind)
            }
            Ok(answer) => return ControlFlow::Break(Ok(answer)),
        };
        // A cut answer is paid, so that attempts at it are counted wherever they go.
        if matches!(kind, Kind::Final | Kind::Cut) {
            return ControlFlow::Break(Err(error));
        }
        if leaves_open(&error) {
            self.attempts.spend();
        }
        let turn = self.turn.take();
        let told = kind == Kind::Throttled && self.tell_lane(turn, &error);
        if kind != Kind::Denied {
            self.passed = Some(Passed { error, told });
        }
        self.returns = false;
        ControlFlow::Continue(())
    }

    /// Says to the lane of a turn that it was too much, if there is one.
    fn tell_lane(&mut self, turn: Option<Turn>, error: &Error) -> bool {
        let Some(turn) = turn else { return false };
        self.refusals += 1;
        let wait = turn.refused(error.retry_after());
        self.tell_throttled(wait);
        true
    }

    /// What the answer has used of what is granted.
    pub(super) fn used(&mut self, tokens: u64) {
        if let Some(turn) = self.turn.take() {
            #[allow(clippy::cast_precision_loss, reason = "no answer has so many tokens that it matters")]
            turn.used(tokens as f64);
        }
    }

    fn tell_throttled(&self, wait: Duration) {
        let (model, region) = (self.caller.model, self.region.as_str());
        self.caller.telemetry.emit(Event::ModelThrottled { model, region, wait });
    }
}
