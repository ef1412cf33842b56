//! Secrets: where they come from, where they may be used, and how they are kept out of every text.

mod aws;
mod cache;
mod environment;
mod error;
mod folder;
mod masker;
mod model;
mod replace;
mod resolver;
mod source;

pub use self::aws::{AwsLayout, AwsOptions, AwsSecrets};
pub use self::environment::{EnvironmentOptions, EnvironmentSecrets};
pub use self::error::Error;
pub use self::folder::{FolderOptions, FolderSecrets};
pub use self::masker::{Masker, with_placeholders};
pub use self::model::{DeployedModels, Inputs, ModelNames, ProcessSource};
pub use self::resolver::{Mode, Options, Resolved, Resolver};
pub use self::source::{Naming, SecretProvider, SourceError};
pub use crate::secret::Secret;

/// Where the job that asks for a secret belongs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    pub tenant_id: String,
    pub bpmn_process_id: String,
    pub process_definition_key: i64,
    pub element_id: String,
}
