//! The gateway client: connections to the engine, authentication, and what status codes mean.
//!
//! - `client` and `processes` make the calls, `stream` reads pushed jobs, `requests` and `topology` are the
//!   messages in our own types;
//! - `transport` owns the connections, made of `address`, `proxy`, `tls`, `farewell` and `http_status`;
//! - `auth` gives the credentials, with `oauth` deciding when `token_endpoint` is asked;
//! - `http_client` builds the clients for what is spoken over HTTP, and `rest` asks the engine there;
//! - `error` says what happened and `meaning` what to do about it; `backoff` paces what is repeated.
//!
//! # What threads about other clients teach
//!
//! | lesson | where it is held |
//! | --- | --- |
//! | no probes, and a dead gateway is noticed after hours | `a_silent_connection_is_found_dead` |
//! | probes too rare for what stands between | [`Options::keep_alive`] is a setting; a stream that is cut all the same is replaced by the worker |
//! | probes too often for the gateway | `too_many_pings_double_the_interval_of_probes` |
//! | a long poll that runs out fills the log | `a_poll_in_vain_is_no_error` |
//! | a poll of a client that has gone takes jobs | `dropping_a_poll_cancels_it_at_the_gateway` |
//! | refused credentials hammer the token endpoint | `the_token_endpoint_is_left_alone_when_its_tokens_are_refused`, `a_failing_token_endpoint_is_asked_at_a_growing_pace` |
//! | the text of RESOURCE_EXHAUSTED is lost | `the_text_of_a_refusal_is_kept` |

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
