//! The outbound connector runtime: what lies between a job's variables and a model's API, and between the
//! API's answer and the process variables. It knows neither gRPC nor Bedrock.
//!
//! A job passes through three steps, so that the worker can put the journal between them:
//! `Runtime::prepare` reads headers, resolves secrets and binds the input to a [`Call`];
//! [`Call::execute_with`] asks the model; `Runtime::conclude` applies the result and error expressions, and stores the
//! documents that these make. A call that has more to do once it has paid keeps that in its [`Notebook`] first.

mod conclude;
mod created;
mod duration;
mod error;
mod error_expression;
mod expressions;
pub mod headers;
mod job;
pub mod json;
mod notebook;
mod outcome;
mod plan;
mod registry;
mod result;
mod room;
mod runtime;

#[cfg(test)]
mod tests;

use std::fmt::Debug;

use futures_util::future::BoxFuture;
use serde_json::Value;

use crate::secrets::Masker;

pub(crate) use self::error::error_codes;

pub use self::created::{CreateDocument, Created};
pub use self::duration::parse_duration;
pub use self::error::{CODES, Code, CodeEntry, Error, Retry};
pub use self::expressions::select;
pub use self::headers::{TaskHeaders, Template};
pub use self::job::{Headers, Job, Scope};
pub use self::notebook::{NoNotebook, Notebook};
pub use self::outcome::{Failure, FailureCause, Outcome};
pub use self::plan::{Plan, Prepared};
pub use self::registry::Registry;
pub use self::runtime::{Options, Runtime};

/// Binds the variables of a job to a call. One connector serves one or more job types.
pub trait Connector: Debug + Send + Sync {
    /// The name that logs and the gateway see, for example `AWS BedRock`.
    fn name(&self) -> &'static str;

    /// The variables that the connector reads; nothing else is fetched from the engine.
    fn input_variables(&self) -> &'static [&'static str];

    /// Takes out of the variables what is not read, so that no secret is looked up for it.
    fn prune(&self, _variables: &mut Value) {}

    /// Reads the variables, in which secrets are already in place. Nothing is sent anywhere yet.
    fn bind(&self, variables: &Value, scope: &Scope) -> Result<Box<dyn Call>, Error>;
}

/// A request that is ready to be sent.
pub trait Call: Debug + Send {
    /// Identifies the request, so that a stored answer is only used for the very same question.
    /// Credentials are no part of it.
    fn fingerprint(&self) -> [u8; 32];

    /// Hears which texts may only be sent to the model: whatever else is told about the call goes through the masker.
    fn mask(&mut self, masker: &Masker);

    /// What expressions see of a stored answer that is used again.
    fn reused(&self, response: Value) -> Value {
        response
    }

    /// Asks the model. Dropping the future abandons the request and closes its connection. What is in the notebook
    /// is not asked for again; what is paid is put there before anything is tried that may fail.
    fn execute_with<'a>(
        self: Box<Self>,
        notebook: &'a dyn Notebook,
    ) -> BoxFuture<'a, Result<Response, Error>>;

    /// The same where nothing is kept.
    fn execute(self: Box<Self>) -> BoxFuture<'static, Result<Response, Error>> {
        self.execute_with(&NoNotebook)
    }
}

/// What the model answered, in the shape that expressions see as `response`.
#[derive(Debug, Clone, PartialEq)]
pub struct Response(pub Value);
