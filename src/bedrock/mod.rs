//! The connector to Amazon Bedrock: reads the input of a task, asks a model, and shapes the answer.
//!
//! - `input.rs` binds variables leniently, as Camunda's connector does, to a [`Target`](target::Target) and a
//!   request; `field.rs` holds the rules of leniency, and [`INPUTS`] lists every input with its label.
//! - `converse.rs` and `invoke_model.rs` build the bodies and shape the answers of the compat job type; `history.rs`
//!   is the conversation as processes hold it. `native/` is the native job type, with all that Bedrock offers.
//!   Bodies are plain JSON, because the SDK's types lose what they do not know.
//! - `clients.rs` keeps one client per identity, region and endpoint over one pool of connections, `identity.rs` gives them
//!   credentials and `remembered.rs` refusals; `outgoing.rs` is
//!   a request, `send.rs` makes one attempt, `receive.rs` and `stream/` read what comes, `turns.rs` waits for its
//!   turn and `retry.rs` says whether there is another.
//! - `route.rs` says where a call goes: where the task says, or to the upstreams of a connection; `hosted.rs` goes to
//!   Hugging Face.
//! - `error.rs` lists every code with what Camunda's runtime calls it.

mod call;
mod caller;
mod clients;
mod connector;
mod converse;
mod error;
mod field;
mod history;
mod hosted;
mod http;
mod identity;
mod input;
mod inputs;
mod invoke_model;
mod limit;
mod native;
mod options;
mod outgoing;
mod probe;
mod receive;
mod remembered;
mod retry;
mod route;
mod send;
mod sign_in;
mod stream;
mod target;
mod turns;
mod usage;

#[cfg(test)]
mod tests;

pub use self::caller::{Caller, CallerError};
pub use self::clients::{Clients, DefaultIdentityState};
pub use self::connector::{Bedrock, Flavour, OWN_TEMPLATES};
pub use self::error::{CODES, Error};
pub use self::inputs::{INPUTS, Input, InputKind, read_paths};
pub use self::native::Makes;
pub use self::options::{DefaultIdentity, Options, Proxy, Quotas, Retries};
pub use self::probe::{Ability, Described, Description, Finding, Prober, Who};
pub use self::route::Ways;
pub use crate::pace::Quota;
