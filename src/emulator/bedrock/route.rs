//! Which operation a path means.

use http::Method;

/// The operations of the Bedrock runtime that the emulator knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    Converse,
    ConverseStream,
    InvokeModel,
    InvokeModelWithResponseStream,
    CountTokens,
    ApplyGuardrail,
    GetFoundationModel,
    GetInferenceProfile,
    ListFoundationModels,
}

impl Operation {
    /// The action that a policy has to allow.
    pub(crate) fn action(self) -> &'static str {
        match self {
            Self::Converse | Self::InvokeModel => "bedrock:InvokeModel",
            Self::ConverseStream | Self::InvokeModelWithResponseStream => {
                "bedrock:InvokeModelWithResponseStream"
            }
            Self::CountTokens => "bedrock:CountTokens",
            Self::ApplyGuardrail => "bedrock:ApplyGuardrail",
            Self::GetFoundationModel => "bedrock:GetFoundationModel",
            Self::GetInferenceProfile => "bedrock:GetInferenceProfile",
            Self::ListFoundationModels => "bedrock:ListFoundationModels",
        }
    }
}

/// An operation and what it is about: the id of a model, or of a guardrail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) operation: Operation,
    pub(crate) id: String,
}

/// Reads a path as it came in, with ids still percent-encoded.
pub(crate) fn route(method: &Method, raw_path: &str) -> Option<Route> {
    let segments: Vec<&str> = raw_path.trim_start_matches('/').split('/').collect();
    if method == Method::GET {
        return look(&segments);
    }
    if method != Method::POST {
        return None;
    }
    let (operation, id) = match segments.as_slice() {
        ["model", id, "converse"] => (Operation::Converse, id),
        ["model", id, "converse-stream"] => (Operation::ConverseStream, id),
        ["model", id, "invoke"] => (Operation::InvokeModel, id),
        ["model", id, "invoke-with-response-stream"] => (Operation::InvokeModelWithResponseStream, id),
        ["model", id, "count-tokens"] => (Operation::CountTokens, id),
        ["guardrail", id, "version", _, "apply"] => (Operation::ApplyGuardrail, id),
        _ => return None,
    };
    Some(Route { operation, id: percent_decode(id) })
}

/// What describes models, which is no part of the runtime.
fn look(segments: &[&str]) -> Option<Route> {
    let (operation, id) = match segments {
        ["foundation-models"] => (Operation::ListFoundationModels, ""),
        ["foundation-models", id] => (Operation::GetFoundationModel, *id),
        ["inference-profiles", id] => (Operation::GetInferenceProfile, *id),
        _ => return None,
    };
    Some(Route { operation, id: percent_decode(id) })
}

/// `%3A` is a colon; what is no escape stays as it is.
fn percent_decode(text: &str) -> String {
    let mut rest = text.as_bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some((byte, after)) = rest.split_first() {
        let escaped = (*byte == b'%').then(|| escape(after)).flatten();
        rest = if escaped.is_some() { after.get(2..).unwrap_or_default() } else { after };
        decoded.push(escaped.unwrap_or(*byte));
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

fn escape(rest: &[u8]) -> Option<u8> {
    let digits = std::str::from_utf8(rest.get(..2)?).ok()?;
    // A sign would pass as a number.
    digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then_some(digits)?;
    u8::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_ids_that_are_percent_encoded() {
        let id = |path| route(&Method::POST, path).map(|route| route.id);
        assert_eq!(id("/model/a.b-v1%3A0/converse").as_deref(), Some("a.b-v1:0"));
        let arn = "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A%3Afoundation-model%2Fx/invoke";
        assert_eq!(id(arn).as_deref(), Some("arn:aws:bedrock:us-east-1::foundation-model/x"));
        assert_eq!(id("/model/100%/invoke").as_deref(), Some("100%"));
        assert_eq!(id("/model/a%zz%2/invoke").as_deref(), Some("a%zz%2"));
        assert_eq!(id("/guardrail/g1/version/DRAFT/apply").as_deref(), Some("g1"));
        assert_eq!(id("/model/a/b/converse"), None);
        assert_eq!(route(&Method::GET, "/model/a/converse"), None);
    }
}
