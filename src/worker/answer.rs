//! The answer to a job: the stored one, or a new one that is stored before anyone sees it.

use super::job::{Mission, Stopped};
use super::lock::LockKeeper;
use crate::connector::{self, Call, FailureCause, Outcome, Plan, Response, json};
use crate::journal::{Claim, Entry, Error, Fingerprint, Removal};
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
    /// asked, and a new one is made durable here before anyone sees it. A journal that does not work changes
    /// nothing else.
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
        let fingerprint = call.fingerprint();
        if let Some(response) = self.stored(&claim, plan, &fingerprint).await {
            self.emit(Event::AnswerReused { job_key: self.key().0 });
            return Ok(Ok(Response(call.reused(response.0))));
        }
        self.make_sure_of_it(keeper).await?;
        let answer = call.execute().await;
        if let Ok(response) = &answer {
            self.keep(&claim, plan, fingerprint, response).await;
        }
        Ok(answer)
    }

    /// Finds out an activation that was overtaken by the completion of the one before it.
    async fn make_sure_of_it(&self, keeper: &LockKeeper) -> Result<(), Stopped> {
        if !self.crew().finished.knows(self.key()) {
            return Ok(());
        }
        keeper.ask(self).await.map_err(|lost| Stopped::Lost(Phase::Waiting, lost))
    }

    async fn stored(&self, claim: &Claim, plan: &Plan, fingerprint: &Fingerprint) -> Option<Response> {
        let job_key = self.key().0;
        match claim.answer(fingerprint).await {
            Ok(answer) => plan.reveal(json::parse(&answer?).ok()?).map(Response),
            Err(error) => {
                let (reason, message) = (error.code(), error.to_string());
                self.emit(Event::AnswerNotLookedUp { job_key, reason, message: &message });
                None
            }
        }
    }

    async fn keep(&self, claim: &Claim, plan: &Plan, fingerprint: Fingerprint, response: &Response) {
        let job_key = self.key().0;
        let Some(concealed) = plan.conceal(&response.0) else {
            let message = "it holds characters that stand for secrets in the journal";
            self.emit(Event::AnswerNotStored { job_key, reason: "secret", message });
            return;
        };
        let answer = concealed.to_string().into_bytes();
        let bytes = answer.len();
        let entry = Entry {
            fingerprint,
            stored_at: self.crew().clock.epoch_millis(),
            job_type: self.tag().job_type.to_owned(),
            process_instance_key: self.tag().process_instance_key,
            answer,
        };
        match claim.keep(entry).await {
            Ok(()) => self.emit(Event::AnswerStored { job_key, bytes }),
            Err(error) => {
                let (reason, message) = (error.code(), error.to_string());
                self.emit(Event::AnswerNotStored { job_key, reason, message: &message });
            }
        }
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
