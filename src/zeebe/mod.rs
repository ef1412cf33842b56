//! The gateway client: one connection to the engine, its authentication, and what its status codes mean.

mod job;
mod keys;

pub use self::job::ActivatedJob;
pub use self::keys::{ElementInstanceKey, JobKey, ProcessDefinitionKey, ProcessInstanceKey};
