//! Models of Titan and Cohere that need no more than their name.

use super::Kind;

/// A known model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preset {
    /// Its name in the configuration, and the alias unless another one is given.
    pub name: &'static str,
    pub id: &'static str,
    pub kind: Kind,
    pub description: &'static str,
}

/// All presets.
pub const PRESETS: &[Preset] = &[
    Preset {
        name: "titan-text-lite",
        id: "amazon.titan-text-lite-v1",
        kind: Kind::Text,
        description: "Amazon Titan Text Lite: short English texts at a low price",
    },
    Preset {
        name: "titan-text-express",
        id: "amazon.titan-text-express-v1",
        kind: Kind::Text,
        description: "Amazon Titan Text Express: texts in many languages",
    },
    Preset {
        name: "titan-text-premier",
        id: "amazon.titan-text-premier-v1:0",
        kind: Kind::Text,
        description: "Amazon Titan Text Premier: long English texts",
    },
    Preset {
        name: "titan-embed-v1",
        id: "amazon.titan-embed-text-v1",
        kind: Kind::Embedding,
        description: "Amazon Titan Text Embeddings: vectors of 1,536 numbers",
    },
    Preset {
        name: "titan-embed-v2",
        id: "amazon.titan-embed-text-v2:0",
        kind: Kind::Embedding,
        description: "Amazon Titan Text Embeddings V2: vectors of 256, 512 or 1,024 numbers",
    },
    Preset {
        name: "titan-embed-image",
        id: "amazon.titan-embed-image-v1",
        kind: Kind::Embedding,
        description: "Amazon Titan Multimodal Embeddings: vectors for texts and images",
    },
    Preset {
        name: "titan-image-v2",
        id: "amazon.titan-image-generator-v2:0",
        kind: Kind::Image,
        description: "Amazon Titan Image Generator V2",
    },
    Preset {
        name: "cohere-command-r",
        id: "cohere.command-r-v1:0",
        kind: Kind::Text,
        description: "Cohere Command R: answers over documents and with tools",
    },
    Preset {
        name: "cohere-command-r-plus",
        id: "cohere.command-r-plus-v1:0",
        kind: Kind::Text,
        description: "Cohere Command R+: the larger Command R",
    },
    Preset {
        name: "cohere-embed-english",
        id: "cohere.embed-english-v3",
        kind: Kind::Embedding,
        description: "Cohere Embed English: vectors of 1,024 numbers for English texts",
    },
    Preset {
        name: "cohere-embed-multilingual",
        id: "cohere.embed-multilingual-v3",
        kind: Kind::Embedding,
        description: "Cohere Embed Multilingual: vectors of 1,024 numbers for texts in many languages",
    },
    Preset {
        name: "cohere-embed-v4",
        id: "cohere.embed-v4:0",
        kind: Kind::Embedding,
        description: "Cohere Embed 4: vectors for texts and images",
    },
];

impl Preset {
    /// The preset of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        PRESETS.iter().find(|preset| preset.name == name)
    }
}
