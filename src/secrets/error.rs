//! Why a secret could not be put in.

use super::SourceError;

/// Why the placeholders of a job could not be resolved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No source has the secret: add it, or correct its name in the process.
    #[error("{path} names the secret {name:?}, which no source has; {remedy}")]
    Missing { path: String, name: String, remedy: String },
    /// The process model does not name the secret: write it there, or allow it in the configuration.
    #[error(
        "{path} names the secret {name:?}, which this input of the task in the process model does not; \
         write it there, or allow the name in the configuration"
    )]
    Refused { path: String, name: String },
    /// A placeholder has no end: close its braces.
    #[error(
        "{path} has the placeholder \"{{{{secrets.{name}\" without its closing braces; close it with \"}}}}\""
    )]
    Unclosed { path: String, name: String },
    /// A source did not answer; the next attempt may do better.
    #[error(transparent)]
    Source(#[from] SourceError),
}
