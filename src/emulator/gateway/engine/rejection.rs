//! Why a command is refused, and the status code that says so.

use tonic::{Code, Status};

use crate::proto::keys::JobKey;

/// A refused command.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Rejection {
    #[error("no partition owns the job key {0}")]
    KeyForeign(JobKey),
    #[error(
        "EXCEEDED_BATCH_RECORD_SIZE: the variables have {found} bytes, at most {limit} fit into a record"
    )]
    RecordTooLarge { found: usize, limit: usize },
    #[error("no job with key {0}: it was completed, cancelled or never existed")]
    JobUnknown(JobKey),
    #[error("job {key} is {state}, so it cannot be {wanted}")]
    JobState { key: JobKey, state: &'static str, wanted: &'static str },
    #[error("job {0} is leased, and the lease token sent is not the current one")]
    LeaseStale(JobKey),
    #[error("`{field}` is {found}, expected {expected}")]
    Argument { field: &'static str, found: String, expected: &'static str },
    #[error("tenant `{0}` is not one of this client's")]
    TenantDenied(String),
    #[error("no {kind} with key {key}")]
    KeyUnknown { kind: &'static str, key: i64 },
    #[error("no process with id `{0}` and that version is deployed")]
    ProcessUnknown(String),
    #[error("incident {0} is about a job without retries: raise them first with UpdateJobRetries")]
    RetriesLeftOut(i64),
    #[error("a message with id `{0}` is already waiting")]
    MessageTaken(String),
    #[error("resource `{name}` cannot be deployed: {reason}")]
    Undeployable { name: String, reason: String },
}

impl Rejection {
    pub(crate) fn code(&self) -> Code {
        match self {
            Self::JobUnknown(_) | Self::KeyUnknown { .. } | Self::ProcessUnknown(_) => Code::NotFound,
            Self::JobState { .. } | Self::LeaseStale(_) | Self::RetriesLeftOut(_) => Code::FailedPrecondition,
            Self::Argument { .. } | Self::Undeployable { .. } => Code::InvalidArgument,
            Self::KeyForeign(_) => Code::Unavailable,
            Self::RecordTooLarge { .. } => Code::Unknown,
            Self::TenantDenied(_) => Code::PermissionDenied,
            Self::MessageTaken(_) => Code::AlreadyExists,
        }
    }
}

impl From<Rejection> for Status {
    fn from(rejection: Rejection) -> Self {
        Status::new(rejection.code(), rejection.to_string())
    }
}
