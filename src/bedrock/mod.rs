//! The connector to Amazon Bedrock: reads the input of a task, asks a model, and shapes the answer.
//!
//! - `input.rs` binds variables leniently, as Camunda's connector does, to a [`Target`](target::Target) and a
//!   request; `field.rs` holds the rules of leniency.
//! - `converse.rs` and `invoke_model.rs` build the bodies and shape the answers; `history.rs` is the
//!   conversation as processes hold it. Bodies are plain JSON, because the SDK's types lose what they do not know.
//! - `clients.rs` keeps one client per identity, region and endpoint over one pool of connections; `send.rs`
//!   makes one attempt, `retry.rs` says when there is another.
//! - `error.rs` lists every code with what Camunda's runtime calls it.

mod call;
mod caller;
mod clients;
mod connector;
mod converse;
mod error;
mod field;
mod history;
mod http;
mod identity;
mod input;
mod invoke_model;
mod limit;
mod options;
mod retry;
mod route;
mod send;
mod target;

pub use self::caller::{Caller, CallerError};
#[cfg(test)]
mod tests;

pub use self::clients::{Clients, DefaultIdentityState};
pub use self::connector::{Bedrock, Flavour};
pub use self::error::{CODES, Error};
pub use self::options::{DefaultIdentity, Options, Proxy, Retries};
pub use self::route::Ways;
