//! Keeps the lock of a job alive while there is work on it.
//!
//! The engine's lock is short, so that the jobs of a dead worker come back soon, and it is extended at half its
//! length for as long as this worker needs the job. Deadlines are counted from when an extension was sent, by
//! our own clock, so a worker whose clock is wrong loses nothing but one needless extension at the start.
//!
//! - The engine says that the job is gone, or not ours: the work is dropped at once.
//! - The engine does not answer: the work goes on and the extension is repeated. If the lock runs out
//!   meanwhile, another worker may get the job; our answer is still worth having, because the engine takes
//!   the report of any job that exists, and the journal keeps the answer for the next attempt. For the same
//!   reason the work goes on when the engine says that the lock ran out and that nobody has the job.
//! - The modeler's `jobTimeout` replaces the lock by one of its own length, which is not extended: the work is
//!   given up a little before it ends, so that the failure can be reported and a retry is spent. A lock that
//!   just ran out would never lower the retries, and a slow task would loop for ever.
//! - While the outcome is reported, the lock is extended again, so that a busy engine does not give the job
//!   to someone else who would do the work once more. After `report_patience` it is left to run out.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::job::Mission;
use crate::telemetry::{CommandKind, Event, LostBecause};
use crate::zeebe::{Backoff, CommandVerdict, Error};

/// The work ends so much before the modeler's limit, but at most a tenth of it.
const LIMIT_MARGIN: Duration = Duration::from_secs(1);

/// What is known of a lock. It decides and does nothing.
#[derive(Debug)]
struct LockState {
    /// The length that is asked for.
    lock: Duration,
    held_until: Instant,
    /// When the modeler wants the work to end.
    limit: Option<Instant>,
    /// When the lock is no longer extended, once the outcome is being reported.
    patience: Option<Instant>,
    /// Not before this, after a failed attempt.
    pause_until: Option<Instant>,
    /// The engine does not extend this lock.
    final_length: bool,
    /// The work has begun.
    at_work: bool,
    back_off: Backoff,
}

/// What an answer to an extension means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Repeat,
    Lost(LostBecause),
    Never,
}

impl LockState {
    /// When the next extension is due; `None` for never.
    fn next_extension(&self) -> Option<Instant> {
        if self.final_length
            || self.limit.is_some_and(|limit| self.patience.is_none() && self.held_until >= limit)
        {
            return None;
        }
        let half = self.held_until.checked_sub(self.lock / 2).unwrap_or(self.held_until);
        let due = self.pause_until.map_or(half, |pause| pause.max(half));
        match self.patience {
            Some(patience) if due >= patience => None,
            Some(_) | None => Some(due),
        }
    }

    /// Whether a good part of the lock is over, or seems to be: clocks differ by less.
    fn waited_long(&self, now: Instant) -> bool {
        self.held_until < now + self.lock * 3 / 4
    }

    fn extended(&mut self, sent: Instant, lock: Duration) {
        self.held_until = sent + lock;
        self.pause_until = None;
        self.back_off.reset();
    }

    /// Most reports are taken at once, so the first half of what is left needs no extension.
    fn begin_report(&mut self, now: Instant, patience: Duration) {
        self.patience = Some(now + patience);
        self.pause_until = Some(now + self.held_until.saturating_duration_since(now) / 2);
    }

    fn refused(&mut self, now: Instant, verdict: CommandVerdict) -> Verdict {
        match verdict {
            CommandVerdict::Gone => Verdict::Lost(LostBecause::Gone),
            CommandVerdict::LeaseLost => Verdict::Lost(LostBecause::NotOurs),
            CommandVerdict::NotActivated if !self.at_work => Verdict::Lost(LostBecause::NotOurs),
            CommandVerdict::Unsupported | CommandVerdict::Invalid | CommandVerdict::Denied => {
                self.final_length = true;
                Verdict::Never
            }
            CommandVerdict::Repeat
            | CommandVerdict::RefreshTokenAndRepeat
            | CommandVerdict::NotActivated
            | CommandVerdict::TooLarge
            | CommandVerdict::Broken => {
                self.pause_until = Some(now + self.back_off.next_delay());
                Verdict::Repeat
            }
        }
    }
}

/// The job is no longer ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lost {
    pub(super) because: LostBecause,
    pub(super) message: String,
}

/// Extends the lock of one job.
#[derive(Debug)]
pub(super) struct LockKeeper {
    state: Mutex<LockState>,
    /// Wakes the keeper when the state was changed from outside its loop.
    changed: Notify,
}

impl LockKeeper {
    /// The lock of a job that was received now and is ours for so long, as far as the clocks agree.
    pub(super) fn new(lock: Duration, remaining: Duration, back_off: Backoff) -> Self {
        let state = LockState {
            lock,
            held_until: Instant::now() + remaining.min(lock),
            limit: None,
            patience: None,
            pause_until: None,
            final_length: false,
            at_work: false,
            back_off,
        };
        Self { state: Mutex::new(state), changed: Notify::new() }
    }

    fn with<T>(&self, work: impl FnOnce(&mut LockState) -> T) -> T {
        work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Until when the job is ours.
    pub(super) fn held_until(&self) -> Instant {
        self.with(|state| state.held_until)
    }

    /// How long the engine gives the job at a time.
    pub(super) fn length(&self) -> Duration {
        self.with(|state| state.lock)
    }

    /// Makes sure of a job that waited long to be read, in a connection that was silent, say: by now it may be
    /// done, or be somebody else's.
    pub(super) async fn confirm(&self, mission: &Mission) -> Result<(), Lost> {
        if self.with(|state| state.waited_long(Instant::now())) { self.ask(mission).await } else { Ok(()) }
    }

    /// Extends the lock now, to learn whether the engine still has the job. No answer is no news.
    pub(super) async fn ask(&self, mission: &Mission) -> Result<(), Lost> {
        self.extend(mission, self.length()).await
    }

    /// As [`ask`](Self::ask), about a job that is kept but not worked on yet: nothing is lost by dropping it, so it is also
    /// lost when the engine has it and nobody may work on it, as after a BPMN error that nothing caught.
    pub(super) async fn ask_before_work(&self, mission: &Mission) -> Result<(), Lost> {
        let was_at_work = self.with(|state| std::mem::replace(&mut state.at_work, false));
        let asked = self.ask(mission).await;
        self.with(|state| state.at_work = was_at_work);
        asked
    }

    /// Makes the modeler's limit the lock, and says when the work has to end. When the engine does not answer,
    /// the limit holds all the same.
    pub(super) async fn set_limit(&self, mission: &Mission, limit: Duration) -> Result<Instant, Lost> {
        let end = Instant::now() + limit - LIMIT_MARGIN.min(limit / 10);
        self.extend(mission, limit).await?;
        if self.held_until() <= Instant::now() {
            let message = "the lock ran out before the work began".to_owned();
            return Err(Lost { because: LostBecause::NotOurs, message });
        }
        self.with(|state| state.limit = Some(end));
        self.changed.notify_one();
        Ok(end)
    }

    /// The work is over; from now on the lock is kept for the report alone.
    pub(super) fn begin_report(&self, patience: Duration) {
        self.with(|state| state.begin_report(Instant::now(), patience));
        self.changed.notify_one();
    }

    /// Extends the lock again and again. It ends only when the job is lost.
    pub(super) async fn keep(&self, mission: &Mission) -> Lost {
        self.with(|state| state.at_work = true);
        loop {
            match self.with(|state| state.next_extension()) {
                None => self.changed.notified().await,
                Some(due) => tokio::select! {
                    () = self.changed.notified() => {}
                    () = sleep_until(due) => {
                        if let Err(lost) = self.ask(mission).await {
                            return lost;
                        }
                    }
                },
            }
        }
    }

    /// Asks once for so long from now.
    async fn extend(&self, mission: &Mission, lock: Duration) -> Result<(), Lost> {
        let sent = Instant::now();
        // Boxed, because every job has a keeper and few are asking at the same time.
        let asking = mission.crew().client.update_job_timeout(mission.key(), lock, mission.lease());
        let result = Box::pin(asking).await;
        mission.answered(CommandKind::UpdateTimeout, sent, &result);
        match result {
            Ok(()) => {
                self.with(|state| state.extended(sent, lock));
                mission.emit(Event::LockExtended { job: mission.tag(), lock });
                Ok(())
            }
            Err(error) => self.not_extended(mission, &error),
        }
    }

    fn not_extended(&self, mission: &Mission, error: &Error) -> Result<(), Lost> {
        let (job, code, message) = (mission.tag(), error.code(), error.to_string());
        match self.with(|state| state.refused(Instant::now(), error.command_verdict())) {
            Verdict::Lost(because) => Err(Lost { because, message }),
            Verdict::Never => {
                mission.emit(Event::LockNotExtendable { job, code, message: &message });
                Ok(())
            }
            Verdict::Repeat => {
                mission.emit(Event::LockNotExtended { job, code, message: &message });
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn state(now: Instant) -> LockState {
        LockState {
            lock: 60 * SECOND,
            held_until: now + 60 * SECOND,
            limit: None,
            patience: None,
            pause_until: None,
            final_length: false,
            at_work: false,
            back_off: Backoff::default(),
        }
    }

    #[test]
    fn it_is_extended_at_half_its_length_from_when_the_extension_was_sent() {
        let now = Instant::now();
        let mut state = state(now);
        assert_eq!(state.next_extension(), Some(now + 30 * SECOND));
        state.extended(now + 31 * SECOND, 60 * SECOND);
        assert_eq!(state.next_extension(), Some(now + 61 * SECOND));
    }

    #[test]
    fn a_job_that_waited_for_a_quarter_of_its_lock_has_waited_long() {
        let now = Instant::now();
        let state = state(now);
        assert!(!state.waited_long(now + 14 * SECOND));
        assert!(state.waited_long(now + 16 * SECOND));
    }

    #[test]
    fn an_extension_without_an_answer_is_repeated_even_when_the_lock_is_over() {
        let now = Instant::now();
        let mut state = state(now);
        for elapsed in [30, 59, 61, 500] {
            let at = now + elapsed * SECOND;
            assert_eq!(state.refused(at, CommandVerdict::Repeat), Verdict::Repeat);
            let next = state.next_extension().unwrap();
            assert!(next > at && next < at + SECOND, "after {elapsed} s: {:?}", next - at);
        }
    }

    #[test]
    fn each_verdict_has_its_meaning() {
        let now = Instant::now();
        for (verdict, meaning) in [
            (CommandVerdict::Gone, Verdict::Lost(LostBecause::Gone)),
            (CommandVerdict::NotActivated, Verdict::Lost(LostBecause::NotOurs)),
            (CommandVerdict::LeaseLost, Verdict::Lost(LostBecause::NotOurs)),
            (CommandVerdict::Unsupported, Verdict::Never),
            (CommandVerdict::Invalid, Verdict::Never),
            (CommandVerdict::Denied, Verdict::Never),
            (CommandVerdict::Repeat, Verdict::Repeat),
            (CommandVerdict::RefreshTokenAndRepeat, Verdict::Repeat),
            (CommandVerdict::Broken, Verdict::Repeat),
            (CommandVerdict::TooLarge, Verdict::Repeat),
        ] {
            let mut state = state(now);
            assert_eq!(state.refused(now, verdict), meaning, "{verdict:?}");
            assert_eq!(state.next_extension().is_none(), meaning == Verdict::Never, "{verdict:?}");
        }
    }

    #[test]
    fn a_lock_that_ran_out_ends_no_work_that_has_begun() {
        let now = Instant::now();
        let mut state = state(now);
        state.at_work = true;
        assert_eq!(state.refused(now, CommandVerdict::NotActivated), Verdict::Repeat);
        let lost = Verdict::Lost(LostBecause::NotOurs);
        assert_eq!(state.refused(now, CommandVerdict::LeaseLost), lost, "someone else has it");
    }

    #[test]
    fn a_limit_within_the_lock_needs_no_extension_until_the_report() {
        let now = Instant::now();
        let mut state = state(now);
        state.extended(now, 10 * SECOND);
        state.limit = Some(now + 9 * SECOND);
        assert_eq!(state.next_extension(), None);
        state.begin_report(now + 9 * SECOND, 900 * SECOND);
        assert_eq!(state.next_extension(), Some(now + 9 * SECOND + SECOND / 2), "halfway to the end");
    }

    #[test]
    fn a_limit_that_could_not_be_set_leaves_the_lock_to_be_extended() {
        let now = Instant::now();
        let mut state = state(now);
        state.limit = Some(now + 300 * SECOND);
        assert_eq!(state.next_extension(), Some(now + 30 * SECOND));
    }

    #[test]
    fn patience_with_a_report_ends() {
        let now = Instant::now();
        let mut state = state(now);
        state.begin_report(now, 100 * SECOND);
        assert_eq!(state.next_extension(), Some(now + 30 * SECOND));
        state.extended(now + 80 * SECOND, 60 * SECOND);
        assert_eq!(state.next_extension(), None, "it would come after the patience is over");
    }
}
