//! What the identities of connections have to be allowed at AWS, as IAM policies.
//!
//! - `subject` reads what a model's id stands for, and which resources that is; `geography` knows the regions of
//!   inference profiles.
//! - `needs` lists what each identity does: every feature is a row with its action, so that nothing is allowed that is
//!   not used. `document` writes that as IAM reads it.
//! - `trust` says who may assume the roles.
//!
//! The module is pure: it knows the configuration, and asks nobody.

mod document;
mod geography;
mod needs;
mod subject;
mod trust;

#[cfg(test)]
mod tests;

pub use self::document::{Condition, Document, Statement};
pub use self::needs::{Features, Principal, PrincipalPolicy, Secrets, policies};
pub use self::subject::{Subject, subject};
pub use self::trust::{ServiceAccount, external_id, irsa, pod_identity};
