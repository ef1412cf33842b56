//! Why a connection or a model may not be used.

use crate::connector::{self, Code, error_codes};

/// A use that is refused. No further attempt can mend it, so the job goes to an operator at once.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Correct `configuration.connection`, or add the connection.
    #[error("configuration.connection is {connection:?}, and there is no such connection; {}", offer(.offered))]
    ConnectionUnknown { connection: String, offered: Vec<String> },
    /// The operator has switched it off.
    #[error("the connection {connection:?} is not active; take another one, or ask its operator")]
    ConnectionInactive { connection: String },
    /// Correct `data.modelId`, or add the model to the connection.
    #[error("data.modelId is {model:?}, which the connection {connection:?} does not offer; {}", offer(.offered))]
    ModelNotOffered { connection: String, model: String, offered: Vec<String> },
    /// The operator has switched it off.
    #[error(
        "the model {model:?} of the connection {connection:?} is not active; take another one, or ask its operator"
    )]
    ModelInactive { connection: String, model: String },
    /// No rule grants it. `access explain` says which rule misses by what.
    #[error(
        "{} may not be used by the process {process:?} of the tenant {tenant:?}{}; ask its operator for a rule \
         that grants it", thing(.connection, .model.as_deref()), made_with(.template.as_deref())
    )]
    NotGranted {
        connection: String,
        /// None: the whole connection.
        model: Option<String>,
        tenant: String,
        process: String,
        template: Option<String>,
    },
    /// The installation allows connections only.
    #[error(
        "configuration.connection is missing or empty, and this installation takes no credentials from tasks; name a connection"
    )]
    InlineCredentials,
}

error_codes! {
    /// The codes of refused uses.
    pub const CODES;
    CONNECTION_UNKNOWN = "CONNECTION_UNKNOWN": "the task names a connection that is not configured: correct the name, or add it",
    CONNECTION_INACTIVE = "CONNECTION_INACTIVE": "the operator has switched the connection off: take another one",
    MODEL_NOT_OFFERED = "MODEL_NOT_OFFERED": "the connection has no model of this alias or id: correct data.modelId, or add it",
    MODEL_INACTIVE = "MODEL_INACTIVE": "the operator has switched the model off: take another one",
    ACCESS_REFUSED = "ACCESS_REFUSED": "no access rule grants the connection or model to this process, tenant and template: `access explain` says why",
    INLINE_CREDENTIALS_REFUSED = "INLINE_CREDENTIALS_REFUSED": "tasks may not bring credentials or use those of the process here: name a connection",
}

impl Refusal {
    /// The code that error expressions see.
    pub fn code(&self) -> &'static str {
        match self {
            Self::ConnectionUnknown { .. } => CONNECTION_UNKNOWN,
            Self::ConnectionInactive { .. } => CONNECTION_INACTIVE,
            Self::ModelNotOffered { .. } => MODEL_NOT_OFFERED,
            Self::ModelInactive { .. } => MODEL_INACTIVE,
            Self::NotGranted { .. } => ACCESS_REFUSED,
            Self::InlineCredentials => INLINE_CREDENTIALS_REFUSED,
        }
    }

    /// The connection and the model as far as they are configured: other names come from a diagram, perhaps from a
    /// secret, and are told to nobody but the modeler.
    pub(super) fn configured(&self) -> (Option<&str>, Option<&str>) {
        match self {
            Self::ConnectionUnknown { .. } | Self::InlineCredentials => (None, None),
            Self::ConnectionInactive { connection } | Self::ModelNotOffered { connection, .. } => {
                (Some(connection), None)
            }
            Self::ModelInactive { connection, model } => (Some(connection), Some(model)),
            Self::NotGranted { connection, model, .. } => (Some(connection), model.as_deref()),
        }
    }
}

impl From<Refusal> for connector::Error {
    fn from(refusal: Refusal) -> Self {
        Self::never(Code::of(refusal.code()), refusal.to_string())
    }
}

fn offer(names: &[String]) -> String {
    if names.is_empty() {
        return "none is granted to this task".to_owned();
    }
    format!("this task may use {}", names.join(", "))
}

fn thing(connection: &str, model: Option<&str>) -> String {
    match model {
        Some(model) => format!("the model {model:?} of the connection {connection:?}"),
        None => format!("the connection {connection:?}"),
    }
}

fn made_with(template: Option<&str>) -> String {
    template.map_or_else(String::new, |template| format!(" with the template {template:?}"))
}
