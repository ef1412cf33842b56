//! The attempts at one call: each waits for its turn, and what became of it says whether there is another.
//!
//! With patience, a throttled call waits in the lane of its model for as long as that lasts. Without, nothing waits for
//! anything else: there are four attempts with pauses between them, as the AWS SDK for Java makes them.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::Error;
use super::clients::Clients;
use super::retry::{Attempts, Kind};
use super::target::Target;
use crate::pace::{Lane, LaneOptions, Turn};
use crate::telemetry::{Event, Telemetry};

/// Whose call it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Caller<'a> {
    pub(super) clients: &'a Clients,
    pub(super) telemetry: &'a Telemetry,
    pub(super) target: &'a Target,
    pub(super) model_id: &'a str,
    /// Takes its turn with the other processes.
    pub(super) process: &'a Arc<str>,
    /// Model and region as they may be told.
    pub(super) shown: (&'a str, &'a str),
}

/// The attempts at one call.
#[derive(Debug)]
pub(super) struct Turns<'a> {
    caller: Caller<'a>,
    attempts: Attempts,
    pub(super) made: u32,
    /// None: there is no patience.
    lane: Option<Lane>,
    turn: Option<Turn>,
    /// How much longer it waits for turns.
    patience: Duration,
    /// The last answer, when it was that the call is throttled.
    throttled: Option<Error>,
}

impl<'a> Turns<'a> {
    pub(super) fn new(caller: Caller<'a>) -> Self {
        let options = caller.clients.options();
        let patience = options.throttle_patience;
        let lane = (patience > Duration::ZERO).then(|| {
            let key = (caller.target.clone(), caller.model_id.to_owned());
            caller.clients.pacer().lane(&key, || LaneOptions {
                quota: options.quotas.of(caller.model_id),
                telemetry: caller.telemetry.clone(),
                model: caller.shown.0.to_owned(),
                region: caller.shown.1.to_owned(),
            })
        });
        let attempts = Attempts::new(options.retries);
        Self { caller, attempts, made: 0, lane, turn: None, patience, throttled: None }
    }

    /// Waits for the next attempt's turn. An error says that patience has run out.
    pub(super) async fn next(&mut self) -> Result<(), Error> {
        if let Some(lane) = &self.lane {
            let began = Instant::now();
            let refused = self.throttled.is_some();
            match timeout(self.patience, lane.turn(self.caller.process, refused)).await {
                Ok(turn) => self.turn = Some(turn),
                Err(_) => {
                    let patience = self.caller.clients.options().throttle_patience;
                    return Err(self.throttled.take().unwrap_or(Error::NoTurn { patience }));
                }
            }
            self.patience = self.patience.saturating_sub(began.elapsed());
        }
        self.made += 1;
        Ok(())
    }

    /// Takes in what became of the attempt, and waits where that is due. It breaks off with what is final.
    pub(super) async fn after<T>(&mut self, result: Result<T, Error>) -> ControlFlow<Result<T, Error>> {
        let turn = self.turn.take();
        let error = match result {
            Ok(answer) => {
                self.turn = turn;
                return ControlFlow::Break(Ok(answer));
            }
            Err(error) => error,
        };
        let kind = Kind::of(&error);
        if let (Kind::Throttled, Some(turn)) = (kind, turn) {
            let wait = turn.refused(error.retry_after());
            self.tell_throttled(wait);
            self.throttled = Some(error);
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

    /// What the answer has used of what is granted.
    pub(super) fn used(&mut self, tokens: u64) {
        if let Some(turn) = self.turn.take() {
            #[allow(clippy::cast_precision_loss, reason = "no answer has so many tokens that it matters")]
            turn.used(tokens as f64);
        }
    }

    fn tell_throttled(&self, wait: Duration) {
        let (model, region) = self.caller.shown;
        self.caller.telemetry.emit(Event::ModelThrottled { model, region, wait });
    }
}
