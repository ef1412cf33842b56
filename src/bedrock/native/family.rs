//! Who made a model, where requests differ by that.

/// The makers whose models have ways of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Anthropic,
    Nova,
    NovaCanvas,
    NovaEmbed,
    TitanEmbed,
    TitanImage,
    Cohere,
    CohereEmbed,
    Stability,
    /// Changes an image, and so needs one beside the prompt.
    StabilityEdit,
    OpenAi,
    Other,
    /// The id is the ARN of something that an account has made, which does not tell its model.
    Unknown,
}

impl Family {
    /// By the id of a model, which may begin with a region's prefix, or the ARN of one.
    pub(super) fn of(model_id: &str) -> Self {
        let name = model_id.rsplit('/').next().unwrap_or(model_id);
        let has = |text: &str| name.contains(text);
        match () {
            () if has("anthropic.") => Self::Anthropic,
            () if has("amazon.nova-canvas") => Self::NovaCanvas,
            () if has("amazon.nova-2-multimodal-embeddings") => Self::NovaEmbed,
            () if has("amazon.nova") => Self::Nova,
            () if has("amazon.titan-embed") => Self::TitanEmbed,
            () if has("amazon.titan-image") => Self::TitanImage,
            () if has("cohere.embed") => Self::CohereEmbed,
            () if has("cohere.") => Self::Cohere,
            () if has("stability.") && EDITORS.iter().any(|part| has(part)) => Self::StabilityEdit,
            () if has("stability.") => Self::Stability,
            () if has("openai.") => Self::OpenAi,
            () if model_id.starts_with("arn:") && !name.contains('.') => Self::Unknown,
            () => Self::Other,
        }
    }
}

/// Parts of the ids of Stability's models that draw nothing from a prompt alone.
const EDITORS: &[&str] = &[
    "-control-",
    "-erase-",
    "-inpaint",
    "-outpaint",
    "-remove-background",
    "-search-re",
    "-style-",
    "-upscale",
];

/// What a model makes, and so which action asks it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Makes {
    Text,
    /// Vectors, by the action `embed`.
    Embeddings,
    /// Images from a prompt, by the action `image`.
    Images,
    /// Something that only InvokeModel can ask for.
    Other,
}

impl Makes {
    /// By the id of a model: `amazon.titan-embed-text-v2:0`, `stability.sd3-5-large-v1:0`.
    pub fn of(model_id: &str) -> Self {
        match Family::of(model_id) {
            Family::NovaEmbed | Family::TitanEmbed | Family::CohereEmbed => Self::Embeddings,
            Family::NovaCanvas | Family::TitanImage | Family::Stability => Self::Images,
            Family::StabilityEdit => Self::Other,
            Family::Anthropic
            | Family::Nova
            | Family::Cohere
            | Family::OpenAi
            | Family::Other
            | Family::Unknown => Self::Text,
        }
    }
}

/// Models that keep to a JSON schema by themselves, as AWS lists them: all others get a tool to answer with.
const STRUCTURED: &[&str] = &[
    "anthropic.claude-haiku-4-5",
    "anthropic.claude-sonnet-4-5",
    "anthropic.claude-opus-4-5",
    "anthropic.claude-haiku-4-6",
    "anthropic.claude-sonnet-4-6",
    "anthropic.claude-opus-4-6",
    "anthropic.claude-opus-4-7",
    "deepseek.v3",
    "google.gemma-3",
    "minimax.minimax-m2",
    "mistral.magistral",
    "mistral.ministral",
    "mistral.mistral-large-3",
    "mistral.voxtral",
    "moonshot.kimi-k2",
    "nvidia.nemotron",
    "openai.gpt-oss",
    "qwen.qwen3",
];

/// Whether a model keeps to a JSON schema by itself.
pub(super) fn has_structured_output(model_id: &str) -> bool {
    STRUCTURED.iter().any(|known| model_id.contains(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_maker_is_in_the_id() {
        for (id, family) in [
            ("anthropic.claude-3-haiku-20240307-v1:0", Family::Anthropic),
            ("eu.anthropic.claude-haiku-4-5-20251001-v1:0", Family::Anthropic),
            ("arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0", Family::Nova),
            ("amazon.nova-canvas-v1:0", Family::NovaCanvas),
            ("amazon.nova-2-multimodal-embeddings-v1:0", Family::NovaEmbed),
            ("us.cohere.embed-v4:0", Family::CohereEmbed),
            ("cohere.command-r-plus-v1:0", Family::Cohere),
            ("stability.stable-image-core-v1:1", Family::Stability),
            ("us.stability.stable-image-inpaint-v1:0", Family::StabilityEdit),
            ("us.stability.stable-creative-upscale-v1:0", Family::StabilityEdit),
            ("us.stability.stable-image-search-recolor-v1:0", Family::StabilityEdit),
            ("us.stability.stable-style-transfer-v1:0", Family::StabilityEdit),
            ("arn:aws:bedrock:us-east-1:1:application-inference-profile/a1b2c3", Family::Unknown),
            ("arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-3", Family::Anthropic),
            ("meta.llama3-1-8b-instruct-v1:0", Family::Other),
        ] {
            assert_eq!(Family::of(id), family, "{id}");
        }
    }

    #[test]
    fn structured_output_is_for_the_models_that_have_it() {
        assert!(has_structured_output("eu.anthropic.claude-haiku-4-5-20251001-v1:0"));
        assert!(!has_structured_output("anthropic.claude-3-haiku-20240307-v1:0"));
        assert!(!has_structured_output("amazon.nova-lite-v1:0"));
    }
}
