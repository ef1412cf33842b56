//! Where secrets come from.

use std::fmt::Debug;

use futures_util::future::BoxFuture;

use super::{Scope, Secret};

/// A place that knows secrets by name.
pub trait SecretProvider: Debug + Send + Sync {
    /// The secret of this name for a job of this scope, or none when the place does not have it.
    fn get<'a>(
        &'a self,
        name: &'a str,
        scope: &'a Scope,
    ) -> BoxFuture<'a, Result<Option<Secret>, SourceError>>;

    /// What to do so that the place has the secret, as a half-sentence for an error message.
    fn remedy(&self, name: &str, scope: &Scope) -> String;
}

/// The place did not answer. Another attempt may help.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the secrets cannot be read from {place}: {reason}")]
#[non_exhaustive]
pub struct SourceError {
    /// For example `AWS Secrets Manager`.
    pub place: String,
    /// What went wrong, without any secret in it.
    pub reason: String,
}

impl SourceError {
    /// Says that a place failed.
    pub fn new(place: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { place: place.into(), reason: reason.into() }
    }
}

/// What stands before the names of secrets, so that a tenant or a process sees only its own.
///
/// The parts are joined by `_`, as Camunda's runtime does it. A tenant `a` that asks for `b_KEY` gets what the tenant
/// `a_b` calls `KEY`: whoever relies on tenants gives them ids without `_`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Naming {
    /// Whether the tenant's id and `_` come first.
    pub by_tenant: bool,
    /// Whether the process id and `_` come next.
    pub by_process: bool,
}

impl Naming {
    /// The name under which a place has the secret for a job of this scope.
    pub(super) fn full_name(&self, name: &str, scope: &Scope) -> String {
        let mut full_name = String::new();
        if self.by_tenant {
            full_name.push_str(&scope.tenant_id);
            full_name.push('_');
        }
        if self.by_process {
            full_name.push_str(&scope.bpmn_process_id);
            full_name.push('_');
        }
        full_name.push_str(name);
        full_name
    }
}
