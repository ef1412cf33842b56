//! Secrets: where they come from, where they may be used, and how they are kept out of every text.

mod error;
mod masker;
mod replace;
mod resolver;
mod source;

pub use self::error::Error;
pub use self::masker::Masker;
pub use self::resolver::{Mode, ModelNames, Options, Resolver};
pub use self::source::{EnvironmentOptions, EnvironmentSecrets, SecretProvider, SourceError};
pub use crate::secret::Secret;

/// Where the job that asks for a secret belongs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    pub tenant_id: String,
    pub bpmn_process_id: String,
    pub process_definition_key: i64,
    pub element_id: String,
}
