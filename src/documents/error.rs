//! Why a document cannot be had.

use std::net::IpAddr;

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
    /// The store has the document no longer, or never had it.
    #[error("the document store answers with status {status} for document {document_id:?}")]
    StoreStatus { status: u16, document_id: String },
    /// No document store is configured: set the REST address of the engine.
    #[error(
        "document {document_id:?} is in the engine's store, but no REST address of the engine is configured"
    )]
    NoStore { document_id: String },
    /// A function in the variables is unknown, or its parameters are wrong.
    #[error("the function {function:?} cannot be run: {reason}")]
    BadFunction { function: String, reason: String },
    /// More functions than one job may have.
    #[error("the variables have more than {limit} functions, the limit for one job")]
    TooManyFunctions { limit: usize },
}

impl Error {
    pub(super) fn no_reference(path: &str, reason: String) -> Self {
        Self::NoReference { path: path.to_owned(), reason }
    }

    /// Whether the next attempt may find the document.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Status { .. } | Self::StoreStatus { .. } => true,
            Self::NoReference { .. }
            | Self::UnknownKind { .. }
            | Self::BadUrl { .. }
            | Self::Forbidden { .. }
            | Self::TooLarge { .. }
            | Self::NoStore { .. }
            | Self::BadFunction { .. }
            | Self::TooManyFunctions { .. } => false,
        }
    }
}

fn shown(text: &Option<String>) -> String {
    text.as_ref().map_or_else(|| "not given".to_owned(), |text| format!("{text:?}"))
}
