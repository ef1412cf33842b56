//! The native job type: everything that Bedrock's runtime offers, in one shape of answer.
//!
//! - `task.rs` reads the input of each action, `read.rs` has what they share.
//! - `chat/` is Converse: its request piece by piece, structured output, and the response.
//! - The other actions are one file each; `envelope.rs` is what all responses have in common.
//! - `notes.rs` keeps what is paid on the way to an answer.

mod chat;
mod embed;
mod envelope;
mod family;
mod guardrail;
mod image;
mod invoke;
mod notes;
mod read;
mod task;
mod tokens;

pub(super) use self::chat::Refusals;
pub use self::family::Makes;
pub(super) use self::read::model_id;
pub(super) use self::task::Task;
