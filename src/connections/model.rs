//! What a connection is made of.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::Reference;
use crate::access::Rules;
use crate::cost::Price;

/// A named way to models.
#[derive(Debug, Clone, PartialEq)]
pub struct Connection {
    pub name: String,
    pub provider: Provider,
    pub description: Option<String>,
    /// An inactive one refuses every use, and is offered to nobody.
    pub active: bool,
    /// The account that the identity has to belong to, as far as somebody looks.
    pub account: Option<String>,
    pub region: Option<String>,
    /// In place of the provider's own.
    pub endpoint: Option<String>,
    /// At Hugging Face: who pays, and whose models those without an owner are.
    pub namespace: Option<String>,
    pub authentication: Authentication,
    pub models: Vec<Arc<Model>>,
    pub access: Rules,
}

/// Whose models a connection leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Provider {
    Bedrock,
    HuggingFace,
}

/// As whom calls are made.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Authentication {
    /// The identity of this process: what AWS's chain finds.
    OwnRole,
    /// A role, perhaps of another account, that the base identity may assume.
    AssumeRole {
        role: RoleSession,
        external_id: Option<Reference>,
        base: Box<Authentication>,
    },
    Keys {
        access_key: Reference,
        secret_key: Reference,
        session_token: Option<Reference>,
    },
    /// A key of Bedrock, or a token of Hugging Face.
    ApiKey(Reference),
    /// A profile of AWS's shared files.
    Profile(String),
    /// A role that a token of the cluster's own identity provider stands for.
    WebIdentity {
        role: RoleSession,
        token_file: PathBuf,
    },
}

/// A role and the name under which its use is logged at AWS.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RoleSession {
    pub role_arn: String,
    pub session_name: Option<String>,
}

/// A model that a connection offers.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// The provider's id, an inference profile or an ARN.
    pub id: String,
    /// What tasks call it.
    pub alias: String,
    pub kind: Kind,
    pub description: Option<String>,
    pub active: bool,
    /// Entries of the task's `data` that it does not set itself.
    pub parameters: Map<String, Value>,
    pub price: Option<Price>,
    /// Where it runs; never empty. One that is not written is made of the connection's own fields.
    pub upstreams: Vec<Upstream>,
    /// None: whoever may use the connection may use the model.
    pub access: Option<Rules>,
    /// Only for models of Hugging Face.
    pub hosted: Option<Hosted>,
}

/// What a model makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Text,
    Embedding,
    Image,
}

/// One of the places where a model runs.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Upstream {
    pub name: String,
    /// The model's id there.
    pub model_id: String,
    pub region: Option<String>,
    pub account: Option<String>,
    pub endpoint: Option<String>,
    pub authentication: Authentication,
    /// How much it can take compared with the others.
    pub weight: u32,
}

/// How a model of Hugging Face is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hosted {
    pub task: Task,
    /// A dedicated endpoint; none: the connection's, or the serverless router.
    pub endpoint: Option<String>,
}

/// The task of a model of Hugging Face.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Task {
    Chat,
    TextGeneration,
    FeatureExtraction,
}

impl Connection {
    /// The model that a task means by its alias, or by the provider's id.
    pub fn model(&self, name: &str) -> Option<&Arc<Model>> {
        let by_alias = self.models.iter().find(|model| model.alias == name);
        by_alias.or_else(|| self.models.iter().find(|model| model.id == name))
    }

    /// The place that the connection's own fields name.
    pub fn own_upstream(&self, model_id: &str) -> Upstream {
        Upstream {
            name: self.region.clone().unwrap_or_else(|| self.name.clone()),
            model_id: model_id.to_owned(),
            region: self.region.clone(),
            account: self.account.clone(),
            endpoint: self.endpoint.clone(),
            authentication: self.authentication.clone(),
            weight: 1,
        }
    }

    /// What stands in the place of a model where there is none: it has no name, and the connection's own place.
    pub(super) fn no_model(&self) -> Model {
        Model {
            id: String::new(),
            alias: String::new(),
            kind: Kind::Text,
            description: None,
            active: true,
            parameters: Map::new(),
            price: None,
            upstreams: vec![self.own_upstream("")],
            access: None,
            // Whoever asks sees from it that this is no way to Bedrock.
            hosted: (self.provider == Provider::HuggingFace)
                .then_some(Hosted { task: Task::Chat, endpoint: None }),
        }
    }
}

impl Task {
    /// The kind of the models that have this task.
    pub fn kind(self) -> Kind {
        match self {
            Self::Chat | Self::TextGeneration => Kind::Text,
            Self::FeatureExtraction => Kind::Embedding,
        }
    }
}

macro_rules! words {
    ($kind:ident { $($variant:ident => $word:literal),+ $(,)? }) => {
        impl $kind {
            /// The words of the configuration.
            pub const WORDS: &[&str] = &[$($word),+];

            /// The word of the configuration.
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// What a word of the configuration means.
            pub fn of_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }

        impl fmt::Display for $kind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.word())
            }
        }
    };
}

words!(Provider { Bedrock => "bedrock", HuggingFace => "huggingface" });
words!(Kind { Text => "text", Embedding => "embedding", Image => "image" });
words!(Task {
    Chat => "chat", TextGeneration => "text-generation", FeatureExtraction => "feature-extraction"
});
