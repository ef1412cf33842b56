//! What Bedrock says of its models, beside the runtime.

use serde_json::{Value, json};

use super::route::{Operation, Route};

/// Some of the models that there are; any other is there, too, when it is asked for.
const LISTED: &[&str] = &[
    "amazon.nova-lite-v1:0",
    "amazon.titan-embed-text-v2:0",
    "amazon.titan-image-generator-v2:0",
    "anthropic.claude-3-haiku-20240307-v1:0",
    "anthropic.claude-haiku-4-5-20251001-v1:0",
    "cohere.embed-english-v3",
];

/// The description that a path asks for; none for the runtime.
pub(super) fn answer(route: &Route) -> Option<Value> {
    Some(match route.operation {
        Operation::GetFoundationModel => json!({ "modelDetails": model(&route.id) }),
        Operation::GetInferenceProfile => profile(&route.id),
        Operation::ListFoundationModels => {
            json!({ "modelSummaries": LISTED.iter().map(|id| model(id)).collect::<Vec<_>>() })
        }
        Operation::Converse
        | Operation::ConverseStream
        | Operation::InvokeModel
        | Operation::InvokeModelWithResponseStream
        | Operation::CountTokens
        | Operation::ApplyGuardrail => return None,
    })
}

fn model(id: &str) -> Value {
    let makes = match id {
        id if id.contains("embed") => "EMBEDDING",
        id if id.contains("image") || id.contains("canvas") => "IMAGE",
        _ => "TEXT",
    };
    let status = if id.contains("claude-3-haiku") { "LEGACY" } else { "ACTIVE" };
    json!({
        "modelArn": format!("arn:aws:bedrock:eu-central-1::foundation-model/{id}"),
        "modelId": id,
        "providerName": id.split('.').next(),
        "outputModalities": [makes],
        "modelLifecycle": { "status": status },
    })
}

fn profile(id: &str) -> Value {
    let model = id.split_once('.').map_or(id, |(_, model)| model);
    let in_region =
        |region: &str| json!({ "modelArn": format!("arn:aws:bedrock:{region}::foundation-model/{model}") });
    let models = ["eu-central-1", "eu-west-1", "eu-west-3"].map(in_region);
    json!({
        "inferenceProfileId": id,
        "status": "ACTIVE",
        "type": "SYSTEM_DEFINED",
        "models": models,
    })
}
