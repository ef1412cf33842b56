//! What an operator has, so that the templates offer it and nothing else.

pub use crate::bedrock::Makes;

/// The choices of the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The job type that is answered as Camunda's connector answers; none when it is not served.
    pub compat_type: Option<String>,
    /// The job type that is answered with everything; none when it is not served.
    pub native_type: Option<String>,
    /// The oldest engine that the diagrams are for.
    pub engine: Engine,
    /// Where the pages of `docs/templates` can be read; AWS's own pages are linked without it.
    pub documentation: Option<String>,
    /// The region of tasks that name none.
    pub region: Option<String>,
    /// Whether a task may use the worker's own credentials.
    pub own_credentials: bool,
    /// The values of `authentication.type` to choose from; without any, all that the worker knows.
    pub identities: Vec<String>,
    /// Profiles to choose from; without any, the name of one is written by hand.
    pub profiles: Vec<String>,
    /// Models to choose from; without any, the id of a model is written by hand.
    pub models: Vec<Model>,
    /// Connections to choose from, each with its models.
    pub connections: Vec<Connection>,
    /// Whether a task may go without a connection.
    pub inline_credentials: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            compat_type: Some("io.camunda:aws-bedrock:1".into()),
            native_type: Some("bedrock-connector:1".into()),
            engine: Engine::V8_8,
            documentation: None,
            region: None,
            own_credentials: true,
            identities: Vec::new(),
            profiles: Vec::new(),
            models: Vec::new(),
            connections: Vec::new(),
            inline_credentials: true,
        }
    }
}

/// An engine's version, as far as templates depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// 8.6 and 8.7 refuse a field that was left empty, so such fields are not written at all.
    V8_6,
    /// From 8.8 on an empty field is null.
    V8_8,
}

/// A model to choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    /// What a person reads.
    pub name: String,
    /// The id, inference profile or ARN.
    pub id: String,
}

/// A named way to models, which the operator has set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    pub name: String,
    pub description: Option<String>,
    /// Whether it leads to Amazon Bedrock, where more can be asked than answers and embeddings.
    pub is_bedrock: bool,
    pub models: Vec<Offer>,
}

/// A model of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// What tasks call it.
    pub alias: String,
    pub description: Option<String>,
    pub makes: Makes,
}

impl Model {
    /// Reads `id` or `Name=id`.
    pub fn parse(text: &str) -> Option<Self> {
        let (name, id) = text.split_once('=').unwrap_or((text, text));
        let (name, id) = (name.trim(), id.trim());
        (!name.is_empty() && !id.is_empty()).then(|| Self { name: name.into(), id: id.into() })
    }
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn a_model_has_a_name_if_one_is_written() {
        let model = |name: &str, id: &str| Some(Model { name: name.into(), id: id.into() });
        for (text, expected) in [
            ("amazon.nova-pro-v1:0", model("amazon.nova-pro-v1:0", "amazon.nova-pro-v1:0")),
            (" Claude = eu.anthropic.claude-v1:0 ", model("Claude", "eu.anthropic.claude-v1:0")),
            ("=amazon.nova-pro-v1:0", None),
            ("Claude=", None),
            ("", None),
        ] {
            assert_eq!(Model::parse(text), expected, "{text}");
        }
    }
}
