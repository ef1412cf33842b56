//! Why a document cannot be had, under codes that error expressions can branch on.

use std::borrow::Cow;
use std::net::IpAddr;

use crate::connector::{self, Code, Retry, error_codes};

/// Why a document, or a function over one, gives nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A value is no reference to a document: correct the expression that makes it.
    #[error("{path} is no reference to a document: {reason}")]
    NoReference { path: String, reason: String },
    /// The document has no format that Bedrock reads: convert it, or correct its name or content type.
    #[error(
        "{path} has no format that Bedrock reads: its name is {}, its content type {}; expected one of {expected}",
        shown(name),
        shown(content_type)
    )]
    UnknownKind { path: String, name: Option<String>, content_type: Option<String>, expected: String },
    /// The URL cannot be used: only http and https with a host are.
    #[error("the URL of a document cannot be used: {reason}")]
    BadUrl { reason: String },
    /// The address is not public: allow its host in the configuration, if it is to be reached.
    #[error(
        "the document's host {host:?} has the address {address}, which is not public; allow the host in the configuration to reach it"
    )]
    Forbidden { host: String, address: IpAddr },
    /// The document is larger than the configuration allows.
    #[error("the document is larger than {limit} bytes, the limit of the configuration")]
    TooLarge { limit: usize },
    /// The server of the document gave an error status.
    #[error("the document's server answers with status {status}")]
    Status { status: u16 },
    /// The server of the document could not be reached or did not finish.
    #[error("the document's server cannot be reached: {reason}")]
    Unreachable { reason: String },
    /// The engine's store refuses or fails.
    #[error("the document store answers with status {status} for document {document_id:?}{}", meaning(*status))]
    StoreStatus { status: u16, document_id: String },
    /// The engine's store takes no new document.
    #[error("the document store answers with status {status} to a new document{}", upload_meaning(*status))]
    NotStored { status: u16 },
    /// The HTTP client cannot be built: look at the certificates of the machine and of the configuration.
    #[error("the HTTP client for documents cannot be built: {reason}")]
    Client { reason: String },
    /// No document store is configured: set the REST address of the engine.
    #[error(
        "document {document_id:?} is in the engine's store, but no REST address of the engine is configured"
    )]
    NoStore { document_id: String },
    /// The same for a document that is to be stored.
    #[error("a document cannot be stored, because no REST address of the engine is configured")]
    NoStoreForNew,
    /// Which of the documents of a task cannot be had.
    #[error("{document}: {error}")]
    Of { document: String, error: Box<Self> },
    /// A function in the variables is unknown, or its parameters are wrong.
    #[error("the function {function:?} cannot be run: {reason}")]
    BadFunction { function: String, reason: String },
    /// More functions than one job may have.
    #[error("the variables have more than {limit} functions, the limit for one job")]
    TooManyFunctions { limit: usize },
}

error_codes! {
    /// The codes of documents. An error status of a server is a code too, for example `404`.
    pub const CODES;
    UNREACHABLE = "408": "the server of a document did not answer in time, or at all: check network and address",
    DOCUMENT_INVALID = "DOCUMENT_INVALID": "a value is no reference to a document, or its format is not one that Bedrock reads",
    DOCUMENT_URL_INVALID = "DOCUMENT_URL_INVALID": "the URL of a document is no http or https URL with a host",
    DOCUMENT_FORBIDDEN = "DOCUMENT_FORBIDDEN": "the document is at an address that is not public: allow its host in the configuration",
    DOCUMENT_TOO_LARGE = "DOCUMENT_TOO_LARGE": "the document is larger than the configuration allows",
    DOCUMENT_STORE_MISSING = "DOCUMENT_STORE_MISSING": "a stored document was named or made, but the REST address of the engine is not configured",
    DOCUMENT_CLIENT_UNUSABLE = "DOCUMENT_CLIENT_UNUSABLE": "the HTTP client for documents cannot be built: check the certificates",
    FUNCTION_INVALID = "FUNCTION_INVALID": "a function in the variables is unknown, has wrong parameters, or there are too many",
}

const INPUT_CLASS: &str = "io.camunda.connector.api.error.ConnectorInputException";
const CONNECTOR_CLASS: &str = "io.camunda.connector.api.error.ConnectorException";
const ARGUMENT_CLASS: &str = "java.lang.IllegalArgumentException";
const RUNTIME_CLASS: &str = "java.lang.RuntimeException";

impl Error {
    /// Says which document it is about.
    #[must_use]
    pub fn of(self, document: impl Into<String>) -> Self {
        Self::Of { document: document.into(), error: Box::new(self) }
    }

    pub(super) fn no_reference(path: &str, reason: String) -> Self {
        Self::NoReference { path: path.to_owned(), reason }
    }

    /// The code that error expressions see.
    pub fn code(&self) -> Cow<'static, str> {
        match self {
            Self::NoReference { .. } | Self::UnknownKind { .. } => DOCUMENT_INVALID.into(),
            Self::BadUrl { .. } => DOCUMENT_URL_INVALID.into(),
            Self::Forbidden { .. } => DOCUMENT_FORBIDDEN.into(),
            Self::TooLarge { .. } => DOCUMENT_TOO_LARGE.into(),
            // Camunda's runtime gives the HTTP status as the code, and 408 when nothing answers.
            Self::Status { status } | Self::StoreStatus { status, .. } | Self::NotStored { status } => {
                status.to_string().into()
            }
            Self::Unreachable { .. } => UNREACHABLE.into(),
            Self::NoStore { .. } | Self::NoStoreForNew => DOCUMENT_STORE_MISSING.into(),
            Self::Client { .. } => DOCUMENT_CLIENT_UNUSABLE.into(),
            Self::BadFunction { .. } | Self::TooManyFunctions { .. } => FUNCTION_INVALID.into(),
            Self::Of { error, .. } => error.code(),
        }
    }

    /// The class of the exception that Camunda's runtime has here.
    pub fn java_class(&self) -> &'static str {
        match self {
            Self::NoReference { .. }
            | Self::NoStore { .. }
            | Self::NoStoreForNew
            | Self::BadFunction { .. }
            | Self::TooManyFunctions { .. } => INPUT_CLASS,
            Self::UnknownKind { content_type: Some(content_type), .. } if content_type.contains('/') => {
                ARGUMENT_CLASS
            }
            // Camunda's runtime cannot even read such a type.
            Self::UnknownKind { .. }
            | Self::StoreStatus { .. }
            | Self::NotStored { .. }
            | Self::Client { .. } => RUNTIME_CLASS,
            Self::BadUrl { .. }
            | Self::Forbidden { .. }
            | Self::TooLarge { .. }
            | Self::Status { .. }
            | Self::Unreachable { .. } => CONNECTOR_CLASS,
            Self::Of { error, .. } => error.java_class(),
        }
    }

    /// Whether the next attempt may find the document.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Status { .. } => true,
            // What the store does not have, or does not take, will not come; credentials may.
            Self::StoreStatus { status, .. } | Self::NotStored { status } => {
                !matches!(status, 400 | 404 | 410 | 413 | 415)
            }
            Self::NoReference { .. }
            | Self::UnknownKind { .. }
            | Self::BadUrl { .. }
            | Self::Forbidden { .. }
            | Self::TooLarge { .. }
            | Self::NoStore { .. }
            | Self::NoStoreForNew
            | Self::Client { .. }
            | Self::BadFunction { .. }
            | Self::TooManyFunctions { .. } => false,
            Self::Of { error, .. } => error.is_transient(),
        }
    }
}

impl From<Error> for connector::Error {
    fn from(error: Error) -> Self {
        Self {
            code: Code(error.code()),
            error_type: error.java_class().into(),
            message: error.to_string(),
            variables: None,
            retry: if error.is_transient() { Retry::Spend } else { Retry::Never },
        }
    }
}

fn shown(text: &Option<String>) -> String {
    text.as_ref().map_or_else(|| "not given".to_owned(), |text| format!("{text:?}"))
}

/// What a status of the store means for a document that is there, or should be.
fn meaning(status: u16) -> &'static str {
    match status {
        400 => ": the reference is wrong, for example its content hash is not that of the document",
        404 => ": it is missing there, or it has expired",
        401 => ": it does not know the gateway's credentials",
        403 => ": it does not let the gateway's credentials read documents",
        _ => "",
    }
}

fn upload_meaning(status: u16) -> &'static str {
    match status {
        401 => ": it does not know the gateway's credentials",
        403 => ": it does not let the gateway's credentials write documents",
        413 => ": it is too large",
        _ => "",
    }
}
