//! Tells the engine what became of a job, for as long as that can be of use.
//!
//! A report is repeated until the job's deadline, not a number of times. The deadline moves while the lock is
//! kept alive; when the gateway is away, the lock cannot be extended either, and both end together. A report
//! has the length of a lock in any case: an engine that comes back late still takes it, since a job that was
//! given to nobody else can be completed after its lock.

use std::time::Duration;

use serde_json::{Map, Value};
use tokio::time::{Instant, sleep};

use super::job::Mission;
use super::lock::{LockKeeper, Lost};
use crate::connector::{Failure, Outcome};
use crate::telemetry::{Action, CommandKind, Event, LostBecause};
use crate::zeebe::{Backoff, CommandVerdict, Error, FailJob, ThrowError};

/// The longest message that goes with a failure which the engine has refused before.
const SHORT_MESSAGE_CHARS: usize = 1000;

/// What is to be told.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Report {
    Complete { variables: String },
    Fail { retries: i32, message: String, back_off: Duration, variables: String },
    ThrowError { code: String, message: String, variables: String },
}

/// How the telling ended.
#[derive(Debug, PartialEq)]
pub(super) enum Reported {
    /// The engine has it; the action is what was told in the end.
    Acknowledged(Action),
    Lost(Lost),
    /// Given up; the job comes back when its lock runs out.
    Abandoned,
}

/// What to do after a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Repeat,
    /// An attempt before this one was carried out.
    Acknowledged,
    Lost(LostBecause),
    /// This report can never be taken: fail the job in its place.
    Replace,
    Abandon,
}

/// Decides what a verdict means for a report of which an earlier attempt may have arrived.
fn next(command: CommandKind, verdict: CommandVerdict, may_have_arrived: bool) -> Next {
    match verdict {
        CommandVerdict::Repeat | CommandVerdict::RefreshTokenAndRepeat => Next::Repeat,
        CommandVerdict::Gone if may_have_arrived => Next::Acknowledged,
        CommandVerdict::Gone => Next::Lost(LostBecause::Gone),
        // A failed job stays in the engine, in another state than ours.
        CommandVerdict::NotActivated if may_have_arrived && command != CommandKind::Complete => {
            Next::Acknowledged
        }
        CommandVerdict::NotActivated | CommandVerdict::LeaseLost => Next::Lost(LostBecause::NotOurs),
        CommandVerdict::TooLarge | CommandVerdict::Invalid => Next::Replace,
        CommandVerdict::Denied | CommandVerdict::Broken | CommandVerdict::Unsupported => Next::Abandon,
    }
}

/// Reports on one job.
#[derive(Debug)]
pub(super) struct Reporter<'a> {
    mission: &'a Mission,
    keeper: &'a LockKeeper,
    /// A report has at least so long.
    at_least_until: Instant,
    back_off: Backoff,
}

impl<'a> Reporter<'a> {
    pub(super) fn new(mission: &'a Mission, keeper: &'a LockKeeper) -> Self {
        Self {
            mission,
            keeper,
            at_least_until: Instant::now() + keeper.length(),
            back_off: Backoff::new(mission.crew().options.back_off),
        }
    }

    /// Sends the report until the engine has taken it or it is of no more use.
    pub(super) async fn send(mut self, mut report: Report) -> Reported {
        let mut may_have_arrived = false;
        let mut replaced = false;
        loop {
            let Err(error) = self.attempt(&report).await else {
                return Reported::Acknowledged(report.action());
            };
            let (job, command) = (self.mission.tag(), report.command());
            let (code, message) = (error.code(), error.to_string());
            match next(command, error.command_verdict(), may_have_arrived) {
                Next::Acknowledged => return Reported::Acknowledged(report.action()),
                Next::Lost(because) => return Reported::Lost(Lost { because, message }),
                Next::Repeat if self.pause(command, &error).await => may_have_arrived = true,
                Next::Replace if !replaced => {
                    self.mission.emit(Event::ReportReplaced { job, command, code, message: &message });
                    report = report.replacement(&error);
                    (replaced, may_have_arrived) = (true, false);
                }
                Next::Repeat | Next::Replace | Next::Abandon => {
                    self.mission.emit(Event::ReportAbandoned { job, command, code, message: &message });
                    return Reported::Abandoned;
                }
            }
        }
    }

    async fn attempt(&self, report: &Report) -> Result<(), Error> {
        let sent = Instant::now();
        let result = self.mission.tell(report).await;
        self.mission.answered(report.command(), sent, &result);
        result
    }

    /// Waits before the next attempt, or says that there is no time for one.
    async fn pause(&mut self, command: CommandKind, error: &Error) -> bool {
        let delay = self.back_off.next_delay();
        let resume = Instant::now() + delay;
        if resume > self.keeper.held_until().max(self.at_least_until) {
            return false;
        }
        if is_back_pressure(error) {
            // An engine that has no room for reports must not be asked for more work.
            self.mission.crew().slots.hold_off(resume);
        }
        let (job, code, message) = (self.mission.tag(), error.code(), error.to_string());
        self.mission.emit(Event::CommandRepeated { job, command, code, message: &message, delay });
        sleep(delay).await;
        true
    }
}

impl Mission {
    async fn tell(&self, report: &Report) -> Result<(), Error> {
        let client = &self.crew().client;
        let (key, lease) = (self.key(), self.lease());
        match report {
            Report::Complete { variables } => client.complete_job(key, variables.as_str(), lease).await,
            Report::Fail { retries, message, back_off, variables } => {
                let request = FailJob {
                    key,
                    retries: *retries,
                    message: message.clone(),
                    retry_back_off: *back_off,
                    variables: variables.clone(),
                    lease: lease.map(str::to_owned),
                };
                client.fail_job(&request).await
            }
            Report::ThrowError { code, message, variables } => {
                let request = ThrowError {
                    key,
                    code: code.clone(),
                    message: message.clone(),
                    variables: variables.clone(),
                    lease: lease.map(str::to_owned),
                };
                client.throw_error(&request).await
            }
        }
    }
}

impl Report {
    fn command(&self) -> CommandKind {
        match self {
            Self::Complete { .. } => CommandKind::Complete,
            Self::Fail { .. } => CommandKind::Fail,
            Self::ThrowError { .. } => CommandKind::ThrowError,
        }
    }

    pub(super) fn action(&self) -> Action {
        match self {
            Self::Complete { .. } => Action::Completed,
            Self::Fail { .. } => Action::Failed,
            Self::ThrowError { .. } => Action::BpmnError,
        }
    }

    /// The retries left and the message, for the log line.
    pub(super) fn summary(&self) -> (i32, &str) {
        match self {
            Self::Complete { .. } => (0, ""),
            Self::Fail { retries, message, .. } => (*retries, message),
            Self::ThrowError { message, .. } => (0, message),
        }
    }

    /// What is told when the engine cannot take this report, whatever the number of attempts.
    fn replacement(&self, error: &Error) -> Self {
        let fail = |retries, message: String, back_off| Self::Fail {
            retries,
            message,
            back_off,
            variables: String::new(),
        };
        match self {
            Self::Complete { .. } | Self::ThrowError { .. } => {
                let message = format!(
                    "the engine does not take the result of this task; consider mapping less of the answer to \
                     variables with a result expression: {error}"
                );
                fail(0, short(&message), Duration::ZERO)
            }
            Self::Fail { retries, message, back_off, .. } => fail(*retries, short(message), *back_off),
        }
    }
}

impl From<Outcome> for Report {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Complete { variables } => Self::Complete { variables: json(variables) },
            Outcome::Fail(Failure { retries, message, retry_back_off, variables, .. }) => {
                Self::Fail { retries, message, back_off: retry_back_off, variables: json(variables) }
            }
            Outcome::ThrowError { code, message, variables } => {
                Self::ThrowError { code, message, variables: json(variables) }
            }
        }
    }
}

fn is_back_pressure(error: &Error) -> bool {
    error.code() == "RESOURCE_EXHAUSTED"
}

fn json(variables: Map<String, Value>) -> String {
    Value::Object(variables).to_string()
}

fn short(message: &str) -> String {
    message.chars().take(SHORT_MESSAGE_CHARS).collect()
}
