//! Messages that were published and wait for somebody who waits for them.

use std::time::Duration;

use serde_json::{Map, Value};
use tokio::time::Instant;

use super::rejection::Rejection;
use super::state::State;
use crate::emulator::bpmn::Message;
use crate::emulator::gateway::event::Event;
use crate::proto::keys::ProcessInstanceKey;

/// Published messages, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Mailbox(Vec<Letter>);

#[derive(Debug)]
struct Letter {
    id: String,
    message: Message,
    variables: Map<String, Value>,
    until: Instant,
}

impl State {
    /// Gives a message to an element that waits for it, and otherwise keeps it for its time to live.
    pub(crate) fn publish(
        &mut self,
        id: String,
        message: Message,
        variables: Map<String, Value>,
        time_to_live: Duration,
    ) -> Result<i64, Rejection> {
        let now = Instant::now();
        let Mailbox(letters) = &mut self.processes.mailbox;
        letters.retain(|letter| letter.until > now);
        let same = |letter: &Letter| letter.id == id && letter.message == message;
        if !id.is_empty() && letters.iter().any(same) {
            return Err(Rejection::MessageTaken(id));
        }
        self.emit(|| Event::MessagePublished {
            name: message.name.clone(),
            correlation_key: message.correlation_key.clone(),
        });
        let mut instances: Vec<_> = self.processes.instances.iter().collect();
        instances.sort_unstable_by_key(|(key, _)| **key);
        let waiting =
            instances.iter().find_map(|(key, running)| Some((**key, running.instance.awaits(&message)?)));
        match waiting {
            Some((instance, element)) => {
                self.proceed(ProcessInstanceKey(instance), |walk, around| {
                    walk.complete(element, variables, around)
                });
            }
            None => {
                self.processes.mailbox.0.push(Letter { id, message, variables, until: now + time_to_live })
            }
        }
        Ok(self.keys.next())
    }

    /// Gives an element the message that it begins to wait for, if that is there already.
    pub(super) fn receive_waiting(&mut self, instance: ProcessInstanceKey, element: i64, message: &Message) {
        let now = Instant::now();
        let Mailbox(letters) = &mut self.processes.mailbox;
        let Some(at) = letters.iter().position(|letter| letter.message == *message && letter.until > now)
        else {
            return;
        };
        let letter = letters.remove(at);
        self.proceed(instance, |walk, around| walk.complete(element, letter.variables, around));
    }
}
