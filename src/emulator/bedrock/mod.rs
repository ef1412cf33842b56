//! An emulator of the Amazon Bedrock runtime: its paths, its checks, its error bodies and its event streams.
//!
//! Behind it is a small model that really reads the conversation: it quotes, finds sentences in documents,
//! counts turns, uses tools and fills schemas, always the same way. [`Bedrock::script`] makes it fail in the
//! ways that Bedrock does, [`Bedrock::grant`] throttles it, [`Bedrock::exchanges`] tells what was asked.
//!
//! Model ids that begin with `emulator.` carry their scenario in their name (see [`scenario::by_model_id`]), so
//! that a client in another process can ask for trouble too.

pub(super) mod conversation;
mod converse;
mod describe;
mod error_code;
mod event_stream;
mod exchange;
mod families;
mod handle;
mod identity;
pub(super) mod images_and_vectors;
pub(super) mod json;
pub(super) mod model;
mod respond;
mod route;
mod said;
pub mod scenario;
mod service;
mod tally;
mod validate;

#[cfg(test)]
mod tests;

pub use self::error_code::ErrorCode;
pub use self::exchange::{Exchange, Outcome};
pub use self::handle::{Bedrock, Options, serve};
pub use self::identity::Identity;
pub use self::route::Operation;
pub use self::said::Said;
pub use self::scenario::{Act, Canned, Step, Target};
pub use self::tally::Calls;
