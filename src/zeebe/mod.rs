//! The gateway client: connections to the engine, authentication, and what status codes mean.
//!
//! - `client` and `processes` make the calls, `stream` reads pushed jobs, `requests` and `topology` are the
//!   messages in our own types;
//! - `transport` owns the connections, made of `address`, `proxy`, `tls`, `farewell` and `http_status`;
//! - `auth` gives the credentials, with `oauth` deciding when `token_endpoint` is asked;
//! - `http_client` builds the clients for what is spoken over HTTP, and `rest` asks the engine there;
//! - `error` says what happened and `meaning` what to do about it; `backoff` paces what is repeated.

mod address;
mod auth;
mod backoff;
mod client;
mod error;
mod farewell;
mod http_client;
mod http_status;
mod job;
mod meaning;
mod oauth;
mod options;
mod processes;
mod proxy;
mod requests;
mod rest;
mod stream;
#[cfg(test)]
mod tests;
mod tls;
mod token_endpoint;
mod topology;
mod transport;

use crate::proto::keys;

pub use self::auth::Authorization;
pub use self::backoff::{Backoff, BackoffOptions};
pub use self::client::Client;
pub use self::error::{Call, Error, OptionsError, TokenError};
pub use self::http_client::http_client;
pub use self::job::ActivatedJob;
pub use self::keys::{ElementInstanceKey, JobKey, ProcessDefinitionKey, ProcessInstanceKey};
pub use self::meaning::{CommandVerdict, FeedVerdict};
pub use self::options::{Auth, ClientCertificate, OAuth, Options, Proxy, Tls};
pub use self::processes::{DeployedProcess, Message, NewInstance, Resource};
pub use self::requests::{Activation, FailJob, Subscription, ThrowError};
pub use self::rest::{Rest, RestError};
pub use self::stream::JobStream;
pub use self::topology::{Broker, Health, Partition, Role, Topology};
pub use crate::secret::Secret;
