//! Connections: what an operator has named once so that no credential stands in a diagram.
//!
//! A connection has a provider, an identity and the models that it offers; a task names the connection and a model by
//! its alias. [`Directory`] holds them all and never changes; [`Handle`] puts a new one in place while running jobs keep
//! the one that they were bound with. [`Gate`] stands before the connectors and lets through what is granted.

mod directory;
mod explain;
mod gate;
mod handle;
mod model;
mod preset;
mod reference;
mod references;
mod refusal;
mod role;

#[cfg(test)]
mod tests;

pub use self::directory::{Choice, Directory, Granted, ModelChoice};
pub use self::explain::Explanation;
pub use self::gate::{Gate, Grantee, InlineCredentials};
pub use self::handle::Handle;
pub use self::model::{
    Authentication, Connection, Hosted, Kind, Model, Provider, RoleSession, Task, Upstream,
};
pub use self::preset::{PRESETS, Preset};
pub use self::reference::Reference;
pub use self::references::References;
pub use self::refusal::{CODES, Refusal};
pub use self::role::RoleForm;
