//! Chat completion, in the shape of OpenAI.

mod answer;
mod conversation;
mod message;

pub(super) use self::answer::{answer, stop_reason, unreadable};
pub(super) use self::conversation::{Conversation, body};
