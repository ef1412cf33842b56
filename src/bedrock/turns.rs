//! The attempts at one call: each waits for its turn, and what became of it says whether there is another.
//!
//! With patience, a throttled call waits in the lane of its model, and gives up when the model has granted no call at all
//! for that long. Without, nothing waits for anything else: there are four attempts with pauses between them, as the AWS
//! SDK for Java makes them.
//!
//! Where there are several places and calls wait at all of them, a call waits where its turn seems to come first. What is
//! known of a lane changes while it waits, so it looks again now and then.

use std::future::pending;
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

/// How often a waiting call looks whether another place lets it in sooner; up to twice as long, so that not all go at once.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// A place in line is not given up for less.
const WORTH_LEAVING: Duration = Duration::from_secs(1);

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
    /// The lanes that have refused the call in this round.
    refused: Vec<Lane>,
    /// Whether it comes back to where it was throttled, and so goes before others.
    returns: bool,
    is_first_round: bool,
}

/// How waiting for a turn ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Waited {
    /// The attempt may be made.
    Turn,
    /// It would be let in sooner at another place by now.
    SoonerElsewhere,
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
            refused: Vec::new(),
            returns: false,
            is_first_round: true,
        }
    }

    /// Says where the next attempt goes.
    pub(super) fn enter(&mut self, target: &Target, model_id: &str, region: &str) {
        region.clone_into(&mut self.region);
        self.lane = self.lane_of(target, model_id, region);
    }

    /// The lane of a place, if an attempt there would have to wait for its turn.
    pub(super) fn slow_lane(&self, target: &Target, model_id: &str, region: &str) -> Option<Lane> {
        self.lane_of(target, model_id, region).filter(Lane::would_wait)
    }

    /// For how long the call would wait in a lane. Where it comes back it goes before the others of its process.
    pub(super) fn expected_wait(&self, lane: &Lane) -> Duration {
        if self.returns { lane.wait_of_next() } else { lane.expected_wait() }
    }

    /// Whether a place that has refused the call in this round would let it in sooner than after so long.
    pub(super) fn is_sooner_where_refused(&self, wait: Duration) -> bool {
        self.refused.iter().any(|lane| lane.wait_of_next() < wait)
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

    /// Waits for the next attempt's turn, as long as none of the other places that are left in this round, which have these
    /// lanes, lets the call in sooner. An error says that patience has run out.
    pub(super) async fn next(&mut self, others: &[Lane]) -> Result<Waited, Error> {
        if let Some(lane) = &self.lane {
            let began = Instant::now();
            let turn = tokio::select! {
                biased;
                turn = self.turn_in(lane, began) => Some(turn),
                () = self.sooner_elsewhere(lane, others) => None,
            };
            self.waited += began.elapsed();
            match turn {
                Some(Some(turn)) => self.turn = Some(turn),
                Some(None) => {
                    let patience = self.caller.clients.options().throttle_patience;
                    return Err(Error::NoTurn { patience });
                }
                None => return Ok(Waited::SoonerElsewhere),
            }
        }
        self.made += 1;
        Ok(Waited::Turn)
    }

    /// None: patience has run out.
    async fn turn_in(&self, lane: &Lane, began: Instant) -> Option<Turn> {
        let process = self.caller.process;
        let patience = self.caller.clients.options().throttle_patience;
        if self.refusals < MOST_REFUSALS {
            let since = began.checked_sub(self.waited).unwrap_or(began);
            lane.turn_within(process, self.returns, since, patience).await
        } else {
            timeout(patience.saturating_sub(self.waited), lane.turn(process, self.returns)).await.ok()
        }
    }

    /// Ends when another place would let the call in before even the next call of its own lane goes. It may be one of this
    /// round, or one that has refused it.
    async fn sooner_elsewhere(&self, lane: &Lane, others: &[Lane]) {
        if others.is_empty() && self.refused.is_empty() {
            pending::<()>().await;
        }
        loop {
            sleep(LOOK_AGAIN.mul_f64(1.0 + fastrand::f64())).await;
            let enough = lane.wait_of_next().saturating_sub(WORTH_LEAVING);
            if others.iter().any(|other| self.expected_wait(other) < enough)
                || self.is_sooner_where_refused(enough)
            {
                return;
            }
        }
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
        self.begin_round();
        // Where nobody is let in now, an earlier place of the round may be well again in the next one.
        let (error, turn, told, returns) = match passed {
            Some(passed) if matches!(Kind::of(&error), Kind::Denied | Kind::NoTurn) => {
                (passed.error, None, passed.told, false)
            }
            _ => (error, turn, false, true),
        };
        let kind = Kind::of(&error);
        if kind == Kind::Throttled && (self.tell_lane(turn, &error) || told) {
            (self.throttled, self.returns) = (Some(error), returns);
            return ControlFlow::Continue(());
        }
        let Some(pause) = self.attempts.after(kind, fastrand::f64()) else {
            return ControlFlow::Break(Err(self.last_word(error)));
        };
        if kind == Kind::Throttled {
            self.tell_throttled(pause);
        }
        sleep(pause).await;
        ControlFlow::Continue(())
    }

    /// Takes in that the call goes back to where it was refused in this round, since the places that are left would let it
    /// in later. Another round begins at once: the lane says when its turn comes.
    pub(super) fn back(&mut self) {
        self.begin_round();
        if let Some(Passed { error, told: true }) = self.passed.take() {
            self.throttled = Some(error);
        }
        self.returns = true;
    }

    /// Takes in that an attempt has failed where another place may do better, or gives the result back where that is not
    /// so. Nothing is waited for, and no attempt is spent, unless it may have been paid: these have one bound for all
    /// places, of which each is asked once in any case.
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
            if !self.is_first_round && self.attempts.is_last() {
                return ControlFlow::Break(Err(error));
            }
            self.attempts.spend();
        }
        let turn = self.turn.take();
        let told = kind == Kind::Throttled && self.tell_lane(turn, &error);
        if told {
            self.refused.extend(self.lane.clone());
        }
        match kind {
            Kind::Denied => {}
            // It says less than what another place has answered.
            Kind::NoTurn => {
                self.passed.get_or_insert(Passed { error, told });
            }
            _ => self.passed = Some(Passed { error, told }),
        }
        self.returns = false;
        ControlFlow::Continue(())
    }

    /// All places come into question again.
    fn begin_round(&mut self) {
        self.refused.clear();
        self.is_first_round = false;
    }

    /// What a call ends with. What the service itself has said counts more than that its turn did not come.
    fn last_word(&mut self, error: Error) -> Error {
        match error {
            Error::NoTurn { .. } => self.throttled.take().unwrap_or(error),
            error => error,
        }
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

#[cfg(test)]
mod unit {
    use futures_util::poll;

    use super::super::options::{Options, Quotas};
    use super::super::target::Identity;
    use super::*;
    use crate::pace::Quota;

    const SECOND: Duration = Duration::from_secs(1);

    /// A model with one call a minute; all others have one a second.
    const SLOW: &str = "slow";

    fn clients() -> Clients {
        let quota = |minute| Quota { requests_per_minute: Some(minute), tokens_per_minute: None };
        let quotas = Quotas { others: quota(60.0), models: [(SLOW.to_owned(), quota(1.0))].into() };
        Clients::new(Options { quotas, ..Options::default() }).expect("clients")
    }

    fn target() -> Target {
        Target { identity: Identity::Default, region: "r".into(), endpoint: None, hosting: None }
    }

    /// Runs this with the attempts at a call, where nobody waits and the first call of each lane has gone.
    async fn with_turns(test: impl AsyncFnOnce(&mut Turns<'_>, [Lane; 2])) {
        let (clients, telemetry, process) = (clients(), Telemetry::no_op(), "p".into());
        let caller = Caller { clients: &clients, telemetry: &telemetry, process: &process, model: "m" };
        let mut turns = Turns::new(caller);
        let lanes = [SLOW, "fast"].map(|model| turns.lane_of(&target(), model, "r").expect("patience"));
        for lane in &lanes {
            drop(lane.turn(&process, false).await);
        }
        test(&mut turns, lanes).await;
    }

    fn throttled() -> Error {
        Error::Service {
            status: 429,
            code: "ThrottlingException".into(),
            message: String::new(),
            request_id: String::new(),
            retry_after: None,
        }
    }

    fn no_turn() -> Result<(), Error> {
        Err(Error::NoTurn { patience: SECOND })
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_waits_leaves_for_where_it_is_let_in_sooner() {
        with_turns(async |turns, [_, fast]| {
            turns.enter(&target(), SLOW, "r");
            let start = Instant::now();
            assert_eq!(turns.next(&[fast]).await.ok(), Some(Waited::SoonerElsewhere));
            assert!(start.elapsed() <= 2 * LOOK_AGAIN, "{:?}", start.elapsed());
            assert_eq!(turns.made, 0);
        })
        .await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_waits_stays_where_it_is_let_in_first() {
        with_turns(async |turns, [_, fast]| {
            turns.enter(&target(), SLOW, "r");
            let process = "q".into();
            let mut line = Vec::new();
            for _ in 0..120 {
                line.push(Box::pin(fast.turn(&process, false)));
                assert!(poll!(line.last_mut().expect("one")).is_pending());
            }
            let start = Instant::now();
            assert_eq!(turns.next(std::slice::from_ref(&fast)).await.ok(), Some(Waited::Turn));
            assert_eq!((start.elapsed().as_secs(), turns.made), (60, 1));
        })
        .await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_goes_back_to_where_it_was_refused_when_that_is_sooner() {
        with_turns(async |turns, [slow, _]| {
            turns.enter(&target(), "fast", "r");
            assert_eq!(turns.next(&[]).await.ok(), Some(Waited::Turn));
            assert!(!turns.is_sooner_where_refused(turns.expected_wait(&slow)), "nobody has refused it");
            assert!(turns.elsewhere::<()>(Err(throttled())).is_continue());
            assert!(turns.is_sooner_where_refused(turns.expected_wait(&slow)));
            turns.enter(&target(), SLOW, "r");
            assert_eq!(turns.next(&[]).await.ok(), Some(Waited::SoonerElsewhere));
            turns.back();
            assert!(turns.returns && turns.throttled.is_some());
            assert!(!turns.is_sooner_where_refused(60 * SECOND), "another round has begun");
        })
        .await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_turn_that_does_not_come_ends_the_call_only_when_it_comes_nowhere() {
        with_turns(async |turns, _| {
            turns.enter(&target(), "fast", "r");
            assert_eq!(turns.next(&[]).await.ok(), Some(Waited::Turn));
            assert!(turns.elsewhere::<()>(Err(throttled())).is_continue());
            assert!(
                turns.after(no_turn()).await.is_continue(),
                "it was refused elsewhere, and may wait there"
            );
            assert!(turns.elsewhere(no_turn()).is_continue());
            match turns.after(no_turn()).await {
                ControlFlow::Break(Err(Error::Service { status: 429, .. })) => {}
                other => panic!("{other:?}"),
            }
        })
        .await;
    }
}
