//! An emulator of Hugging Face: the router's chat completion, text generation and feature extraction, and the same at a
//! dedicated endpoint, with the errors of both.
//!
//! The model behind it is the one of the emulated Bedrock. [`HuggingFace::script`] makes it fail in the ways that
//! Hugging Face does, [`HuggingFace::exchanges`] tells what was asked. Models whose owner is `emulator` carry their
//! trouble in their name, so that a client in another process can ask for it too.

mod chat;
mod fault;
mod handle;
mod service;

pub use self::fault::Fault;
pub use self::handle::{Exchange, HuggingFace};
