//! The answer to a job: the stored one, or a new one that is stored before anyone sees it.

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::Value;

use super::job::{Mission, Stopped};
use super::lock::LockKeeper;
use crate::connector::{self, Call, FailureCause, Notebook, Outcome, Plan, Response, json};
use crate::journal::{Claim, Entry, Error, Fingerprint, Removal, Stored};
use crate::telemetry::{Action, Event, Phase};

/// What becomes of a stored answer when the outcome of its job is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// The next attempt takes it.
    Kept,
    /// It goes once the engine has acknowledged the outcome.
    Served,
    /// It goes before the outcome is reported, because the engine may hand the job out again at once, and
    /// there a new answer is wanted.
    Rejected,
}

impl Fate {
    /// What an outcome means for the answer that it came from.
    pub(super) fn of(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Complete { .. } | Outcome::ThrowError { .. } => Self::Served,
            Outcome::Fail(failure) => match failure.cause {
                FailureCause::Requested => Self::Rejected,
                FailureCause::Input | FailureCause::Call | FailureCause::Mapping | FailureCause::Panic => {
                    Self::Kept
                }
            },
        }
    }

    /// Whether the answer has done its work, now that the engine has acknowledged this. An outcome that the
    /// engine could not take was told as a failure, and the answer is for whoever mends that.
    pub(super) fn is_over(self, told: Action) -> bool {
        self == Self::Served && told != Action::Failed
    }
}

impl Mission {
    /// Gets the answer to a request.
    ///
    /// An answer stored under the job's key and the call's fingerprint is taken here before the model is
    /// asked, and a new one is made durable here before anyone sees it. Where there are only notes, the call goes on
    /// from them. A journal that does not work changes nothing else.
    pub(super) async fn answer(
        &self,
        keeper: &LockKeeper,
        plan: &Plan,
        call: Box<dyn Call>,
    ) -> Result<Result<Response, connector::Error>, Stopped> {
        let Some(claim) = self.crew().journal.claim(self.key().0).await else {
            self.make_sure_of_it(keeper).await?;
            return Ok(call.execute().await);
        };
        let mut page =
            Page { mission: self, claim: &claim, plan, fingerprint: call.fingerprint(), notes: None };
        match page.stored().await {
            Some(Found::Answer(response)) => return Ok(Ok(Response(call.reused(response)))),
            Some(Found::Notes(notes)) => page.notes = Some(notes),
            None => {}
        }
        self.make_sure_of_it(keeper).await?;
        let answer = call.execute_with(&page).await;
        if let Ok(response) = &answer {
            page.put(&response.0, |entry| entry).await;
        }
        Ok(answer)
    }

    /// Finds out an activation that was overtaken by the end of the one before it.
    async fn make_sure_of_it(&self, keeper: &LockKeeper) -> Result<(), Stopped> {
        if !self.crew().finished.knows(self.key()) {
            return Ok(());
        }
        keeper.ask_before_work(self).await.map_err(|lost| Stopped::Lost(Phase::Waiting, lost))
    }

    /// Drops the job's entry.
    pub(super) async fn forget(&self, removal: Removal) {
        let job_key = self.key().0;
        match self.crew().journal.forget(job_key, removal).await {
            // Nothing is lost with an entry that stays: it is dropped when the storage is back, or by age.
            Ok(()) | Err(Error::Away { .. }) => {}
            Err(error) => {
                let (reason, message) = (error.code(), error.to_string());
                self.emit(Event::AnswerNotDropped { job_key, reason, message: &message });
            }
        }
    }
}

/// The place of one request in the journal.
#[derive(Debug)]
struct Page<'a> {
    mission: &'a Mission,
    claim: &'a Claim,
    plan: &'a Plan,
    fingerprint: Fingerprint,
    /// Those of earlier attempts.
    notes: Option<Value>,
}

/// What stands there from an earlier attempt.
enum Found {
    Answer(Value),
    Notes(Value),
}

impl Page<'_> {
    async fn stored(&self) -> Option<Found> {
        let job_key = self.mission.key().0;
        let read = |kept: Vec<u8>| self.plan.reveal(json::parse(&kept).ok()?);
        let found = match self.claim.stored(&self.fingerprint).await {
            Ok(Some(Stored::Answer(answer))) => read(answer).map(Found::Answer),
            Ok(Some(Stored::Notes(notes))) => read(notes).map(Found::Notes),
            Ok(None) => None,
            Err(error) => {
                let (reason, message) = (error.code(), error.to_string());
                self.mission.emit(Event::AnswerNotLookedUp { job_key, reason, message: &message });
                None
            }
        };
        match found {
            Some(Found::Answer(_)) => self.mission.emit(Event::AnswerReused { job_key }),
            Some(Found::Notes(_)) => self.mission.emit(Event::AnswerContinued { job_key }),
            None => {}
        }
        found
    }

    /// Writes an answer, or what `form` makes of its entry.
    async fn put(&self, answer: &Value, form: impl FnOnce(Entry) -> Entry) {
        let mission = self.mission;
        let job_key = mission.key().0;
        let Some(concealed) = self.plan.conceal(answer) else {
            let message = "it holds characters that stand for secrets in the journal";
            mission.emit(Event::AnswerNotStored { job_key, reason: "secret", message });
            return;
        };
        let answer = concealed.to_string().into_bytes();
        let bytes = answer.len();
        let entry = Entry {
            fingerprint: self.fingerprint,
            stored_at: mission.crew().clock.epoch_millis(),
            job_type: mission.tag().job_type.to_owned(),
            process_instance_key: mission.tag().process_instance_key,
            answer,
        };
        match self.claim.keep(form(entry)).await {
            Ok(()) => mission.emit(Event::AnswerStored { job_key, bytes }),
            Err(error) => {
                let (reason, message) = (error.code(), error.to_string());
                mission.emit(Event::AnswerNotStored { job_key, reason, message: &message });
            }
        }
    }
}

impl Notebook for Page<'_> {
    fn notes(&self) -> Option<&Value> {
        self.notes.as_ref()
    }

    fn keep<'a>(&'a self, notes: &'a Value) -> BoxFuture<'a, ()> {
        self.put(notes, Entry::into_notes).boxed()
    }

    fn discard(&self) -> BoxFuture<'_, ()> {
        self.mission.forget(Removal::Now).boxed()
    }
}
