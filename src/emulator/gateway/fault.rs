//! Ways in which the gateway can be told to misbehave.

use std::time::Duration;

use tonic::Code;

use super::received::{Command, Rpc};
use crate::emulator::gate::Gate;
use crate::emulator::guarded::Guarded;
use crate::emulator::times::Times;
use crate::proto::keys::JobKey;

/// One misbehaviour: which calls it meets, how often, and what happens to them.
#[derive(Debug, Clone)]
pub struct Fault {
    calls: Calls,
    job: Option<JobKey>,
    times: Times,
    reaction: Reaction,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Calls {
    One(Rpc),
    /// Complete, fail and throw.
    EndOfAttempt,
    All,
}

/// What happens to a call.
#[derive(Debug, Clone)]
pub enum Reaction {
    /// Nothing is done, and the answer is this code.
    Refuse(Code),
    /// As `Refuse`, with the text of the status.
    RefuseSaying(Code, String),
    /// It is done, and the answer is this code all the same: the caller cannot know.
    ApplyThenRefuse(Code),
    /// It is done after this time.
    Delay(Duration),
    /// It is done once the gate is open.
    Hold(Gate),
    /// Nothing is done, and no answer comes.
    Hang,
    /// Nothing is done, and the connection is reset.
    Reset,
    /// It is done, and the connection is reset before the answer.
    ApplyThenReset,
}

/// What streams do with jobs that become activatable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pushes {
    #[default]
    Flow,
    /// Streams stay open and silent; jobs wait for a poll.
    Silent,
    /// Jobs are activated for a stream and never arrive; their locks run out.
    Lost,
}

impl Fault {
    /// Meets one kind of call.
    pub fn on(rpc: Rpc, reaction: Reaction) -> Self {
        Self { calls: Calls::One(rpc), job: None, times: Times::Always, reaction }
    }

    /// Meets complete, fail and throw alike.
    pub fn on_end_of_attempt(reaction: Reaction) -> Self {
        Self { calls: Calls::EndOfAttempt, job: None, times: Times::Always, reaction }
    }

    /// Meets every call.
    pub fn on_all(reaction: Reaction) -> Self {
        Self { calls: Calls::All, job: None, times: Times::Always, reaction }
    }

    /// Only for this job.
    #[must_use]
    pub fn job(mut self, key: JobKey) -> Self {
        self.job = Some(key);
        self
    }

    /// Only the next `count` calls.
    #[must_use]
    pub fn next(mut self, count: usize) -> Self {
        self.times = Times::Next(count);
        self
    }

    fn meets(&self, command: &Command) -> bool {
        let call = match self.calls {
            Calls::One(rpc) => rpc == command.rpc(),
            Calls::EndOfAttempt => command.ends_attempt(),
            Calls::All => true,
        };
        call && self.times != Times::Next(0) && (self.job.is_none() || self.job == command.job_key())
    }
}

/// The faults that are waiting to strike; the oldest that meets a call wins.
#[derive(Debug, Default)]
pub(crate) struct Faults(Guarded<Vec<Fault>>);

impl Faults {
    pub(crate) fn add(&self, fault: Fault) {
        self.0.with(|faults| faults.push(fault));
    }

    pub(crate) fn clear(&self) {
        self.0.with(Vec::clear);
    }

    pub(crate) fn strike(&self, command: &Command) -> Option<Reaction> {
        self.0.with(|faults| {
            let fault = faults.iter_mut().find(|fault| fault.meets(command))?;
            if let Times::Next(left) = &mut fault.times {
                *left -= 1;
            }
            let reaction = fault.reaction.clone();
            faults.retain(|fault| fault.times != Times::Next(0));
            Some(reaction)
        })
    }
}
