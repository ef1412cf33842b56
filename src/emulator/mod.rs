//! In-process servers for `demo`, `bench` and the tests: a Zeebe gateway, Amazon Bedrock, Hugging Face, those who
//! give out AWS's credentials, and Secrets Manager.
//!
//! All listen on real sockets of 127.0.0.1 and keep the promises of what they stand for, and all can be told to
//! misbehave in ways that have names ([`gateway::Fault`], [`bedrock::Step`], [`huggingface::Fault`],
//! [`issuer::Step`]). None is a product: what they cannot do they refuse, in words that say so.

pub mod bedrock;
pub mod bpmn;
mod gate;
pub mod gateway;
mod guarded;
pub mod huggingface;
mod incoming;
pub mod issuer;
mod recorder;
mod secrets_manager;
mod socket;
mod times;

pub use self::gate::Gate;
pub use self::recorder::{NotSeen, Recorder};
pub use self::secrets_manager::{Reading, SecretsManager};
pub use self::times::Times;
