//! A request as it goes out, credentials and endpoint aside.

use std::borrow::Cow;

use bytes::Bytes;

const JSON: &str = "application/json";

/// A request to Bedrock.
#[derive(Debug, Clone)]
pub(super) struct Outgoing {
    pub(super) address: Address,
    pub(super) body: Bytes,
    pub(super) content_type: String,
    /// Headers beside those of every request.
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) expects: Expects,
}

/// What a request is made of: a model and an operation, a guardrail, or what describes models.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Address {
    Model {
        id: String,
        operation: Operation,
    },
    Guardrail {
        id: String,
        version: String,
    },
    /// A path of Bedrock itself, beside its runtime; it is only looked at.
    Description {
        path: String,
    },
}

/// The operations of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    Converse,
    ConverseStream,
    InvokeModel,
    CountTokens,
}

/// What the body of an answer has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expects {
    Object,
    AnyJson,
    /// What its content type says.
    Anything,
    /// A stream of events, which are put together to the answer of Converse.
    Events,
}

impl Outgoing {
    /// JSON for an operation of a model.
    pub(super) fn new(model_id: &str, operation: Operation, body: impl Into<Bytes>) -> Self {
        Self {
            address: Address::Model { id: model_id.to_owned(), operation },
            body: body.into(),
            content_type: JSON.to_owned(),
            headers: Vec::new(),
            expects: match operation {
                Operation::Converse | Operation::CountTokens => Expects::Object,
                Operation::ConverseStream => Expects::Events,
                Operation::InvokeModel => Expects::AnyJson,
            },
        }
    }

    /// JSON for a guardrail.
    pub(super) fn to_guardrail(id: &str, version: &str, body: impl Into<Bytes>) -> Self {
        Self {
            address: Address::Guardrail { id: id.to_owned(), version: version.to_owned() },
            body: body.into(),
            content_type: JSON.to_owned(),
            headers: Vec::new(),
            expects: Expects::Object,
        }
    }

    /// A look at a path of Bedrock itself.
    pub(super) fn look_at(path: String) -> Self {
        Self {
            address: Address::Description { path },
            body: Bytes::new(),
            content_type: JSON.to_owned(),
            headers: Vec::new(),
            expects: Expects::Object,
        }
    }

    /// The same request to the model as it is called at another place; a guardrail is called the same everywhere.
    pub(super) fn at(&self, model_id: &str) -> Cow<'_, Self> {
        match &self.address {
            Address::Model { id, operation } if id != model_id => {
                let address = Address::Model { id: model_id.to_owned(), operation: *operation };
                Cow::Owned(Self { address, ..self.clone() })
            }
            _ => Cow::Borrowed(self),
        }
    }

    /// The model or the guardrail.
    pub(super) fn subject(&self) -> &str {
        match &self.address {
            Address::Model { id, .. } | Address::Guardrail { id, .. } => id,
            Address::Description { path } => path,
        }
    }
}

impl Address {
    /// The URI of the request; `invoke` is that of an InvokeModel with the same id, which the SDK has encoded.
    pub(super) fn uri(&self, invoke: &str) -> Option<String> {
        let path = invoke.strip_suffix("/invoke")?;
        match self {
            Self::Model { operation, .. } => Some(format!("{path}/{}", operation.path())),
            Self::Guardrail { version, .. } => {
                let (endpoint, id) = path.rsplit_once("/model/")?;
                // A version is a number or DRAFT; the reader has seen to that.
                Some(format!("{endpoint}/guardrail/{id}/version/{version}/apply"))
            }
            Self::Description { path: described } => {
                let (endpoint, _) = path.rsplit_once("/model/")?;
                // The runtime has a host of its own in AWS's domains; an endpoint of somebody else serves both.
                let endpoint = endpoint.replacen("://bedrock-runtime", "://bedrock", 1);
                Some(format!("{endpoint}/{described}"))
            }
        }
    }
}

impl Operation {
    /// The last part of the path.
    fn path(self) -> &'static str {
        match self {
            Self::Converse => "converse",
            Self::ConverseStream => "converse-stream",
            Self::InvokeModel => "invoke",
            Self::CountTokens => "count-tokens",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_has_its_path() {
        for (operation, expected) in [
            (Operation::Converse, "https://b/model/a%2Fb/converse"),
            (Operation::ConverseStream, "https://b/model/a%2Fb/converse-stream"),
            (Operation::InvokeModel, "https://b/model/a%2Fb/invoke"),
            (Operation::CountTokens, "https://b/model/a%2Fb/count-tokens"),
        ] {
            let outgoing = Outgoing::new("a/b", operation, "{}");
            assert_eq!(outgoing.address.uri("https://b/model/a%2Fb/invoke").as_deref(), Some(expected));
        }
        let outgoing = Outgoing::to_guardrail("a/b", "7", "{}");
        assert_eq!(
            outgoing.address.uri("https://b/model/a%2Fb/invoke").as_deref(),
            Some("https://b/guardrail/a%2Fb/version/7/apply")
        );
        for (invoke, expected) in [
            (
                "https://bedrock-runtime.r.amazonaws.com/model/x/invoke",
                "https://bedrock.r.amazonaws.com/foundation-models",
            ),
            (
                "https://bedrock-runtime-fips.r.amazonaws.com/model/x/invoke",
                "https://bedrock-fips.r.amazonaws.com/foundation-models",
            ),
            ("http://127.0.0.1:1/model/x/invoke", "http://127.0.0.1:1/foundation-models"),
        ] {
            let outgoing = Outgoing::look_at("foundation-models".to_owned());
            assert_eq!(outgoing.address.uri(invoke).as_deref(), Some(expected));
        }
    }
}
