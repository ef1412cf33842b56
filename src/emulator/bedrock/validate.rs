//! What Bedrock refuses before a model sees it, by its documented rules. The words are ours.

use serde_json::Value;

use super::json::{At, items};
use super::route::{Operation, Route};

/// Checks a request; the error is the text of a `ValidationException`.
pub(crate) fn validate(route: &Route, body: Option<&Value>) -> Result<(), String> {
    model_id(&route.id)?;
    let body = body.filter(|body| body.is_object());
    match route.operation {
        // A model reads its body itself, and may want more than an object.
        Operation::InvokeModel | Operation::InvokeModelWithResponseStream => {
            body.map(drop).ok_or_else(|| "the body is not a JSON object that this model can read".to_owned())
        }
        Operation::Converse | Operation::ConverseStream => {
            let body = body.ok_or("the body is not a JSON object")?;
            conversation(body)?;
            inference(&body["inferenceConfig"])?;
            tools(&body["toolConfig"])
        }
        Operation::CountTokens => {
            let input = body.and_then(|body| body.get("input")).filter(|input| input.is_object());
            input.map(drop).ok_or_else(|| "the body has no input to count".to_owned())
        }
        Operation::ApplyGuardrail => body.map(drop).ok_or_else(|| "the body is not a JSON object".to_owned()),
        // These have no body.
        Operation::GetFoundationModel | Operation::GetInferenceProfile | Operation::ListFoundationModels => {
            Ok(())
        }
    }
}

fn model_id(id: &str) -> Result<(), String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | ':' | '/' | '_' | '-');
    if id.is_empty() || id.len() > 2048 || !id.chars().all(fits) {
        return Err("the model identifier is not valid".to_owned());
    }
    Ok(())
}

fn conversation(body: &Value) -> Result<(), String> {
    let messages: Vec<&Value> = items(&body["messages"]).collect();
    let first = messages.first().ok_or("the conversation is empty: it must begin with a user message")?;
    if first["role"] != "user" {
        return Err("the conversation must begin with a user message".to_owned());
    }
    let mut last_role = None;
    for (index, message) in messages.iter().enumerate() {
        let role = message["role"].as_str().unwrap_or_default();
        if !matches!(role, "user" | "assistant" | "system") {
            return Err(format!("messages.{index}.role must be user or assistant"));
        }
        if last_role == Some(role) {
            return Err(format!(
                "roles must alternate between user and assistant: messages.{index} repeats {role}"
            ));
        }
        last_role = Some(role);
        content(index, role, message)?;
    }
    documents(&messages)
}

fn content(index: usize, role: &str, message: &Value) -> Result<(), String> {
    let blocks: Vec<&Value> = items(&message["content"]).collect();
    if blocks.is_empty() {
        return Err(format!("messages.{index}.content is empty: add a content block"));
    }
    for (number, block) in blocks.iter().enumerate() {
        let members = block.as_object().map_or(0, serde_json::Map::len);
        if members != 1 {
            return Err(format!(
                "messages.{index}.content.{number} must have exactly one member, it has {members}"
            ));
        }
        if block["text"].as_str().is_some_and(|text| text.trim().is_empty()) {
            return Err(format!("the text at messages.{index}.content.{number} is blank"));
        }
    }
    let has = |member: &str| blocks.iter().any(|block| block.get(member).is_some());
    if (has("document") || has("image")) && role != "user" {
        return Err(format!("messages.{index} is not the user's, so it cannot have documents or images"));
    }
    if has("document") && !has("text") {
        return Err(format!("messages.{index} has a document, so it needs a text block too"));
    }
    Ok(())
}

const MAX_DOCUMENTS: usize = 5;
const MAX_DOCUMENT_BYTES: usize = 4_500_000;
const FORMATS: [&str; 9] = ["csv", "doc", "docx", "html", "md", "pdf", "txt", "xls", "xlsx"];

fn documents(messages: &[&Value]) -> Result<(), String> {
    let blocks = messages.iter().flat_map(|message| items(&message["content"]));
    let documents: Vec<&Value> = blocks.filter_map(|block| block.get("document")).collect();
    if documents.len() > MAX_DOCUMENTS {
        return Err(format!(
            "{} documents are too many: at most {MAX_DOCUMENTS} are allowed",
            documents.len()
        ));
    }
    for document in documents {
        let name = document["name"].as_str().unwrap_or_default();
        document_name(name)?;
        // Without a format the service finds out by itself.
        if document["format"].as_str().is_some_and(|format| !FORMATS.contains(&format)) {
            return Err(format!("the format of a document must be one of {}", FORMATS.join(", ")));
        }
        let encoded = document.at("/source/bytes").as_str().unwrap_or_default();
        if document["format"] != "pdf" && encoded.len() / 4 * 3 > MAX_DOCUMENT_BYTES {
            return Err("a document is larger than 4.5 MB".to_owned());
        }
    }
    Ok(())
}

fn document_name(name: &str) -> Result<(), String> {
    let fits = |c: char| c.is_alphanumeric() || c.is_whitespace() || matches!(c, '-' | '(' | ')' | '[' | ']');
    let double_space =
        name.chars().zip(name.chars().skip(1)).any(|(a, b)| a.is_whitespace() && b.is_whitespace());
    if name.is_empty() || name.chars().count() > 200 || !name.chars().all(fits) || double_space {
        return Err(
            "the name of a document may have letters, digits, single spaces, hyphens, parentheses and \
                    square brackets, 1 to 200 of them"
                .to_owned(),
        );
    }
    Ok(())
}

fn inference(config: &Value) -> Result<(), String> {
    if config.get("maxTokens").is_some_and(|max| max.as_i64().is_none_or(|max| max < 1)) {
        return Err(format!(
            "inferenceConfig.maxTokens is {}, it must be an integer of at least 1",
            config["maxTokens"]
        ));
    }
    for name in ["temperature", "topP"] {
        let outside = |value: &Value| value.as_f64().is_none_or(|value| !(0.0..=1.0).contains(&value));
        if config.get(name).is_some_and(outside) {
            return Err(format!("inferenceConfig.{name} is {}, it must be from 0 to 1", config[name]));
        }
    }
    if items(&config["stopSequences"]).count() > 2500 {
        return Err("inferenceConfig.stopSequences has more than 2500 entries".to_owned());
    }
    Ok(())
}

fn tools(config: &Value) -> Result<(), String> {
    if config.is_null() {
        return Ok(());
    }
    let tools: Vec<&Value> = items(&config["tools"]).collect();
    if tools.is_empty() {
        return Err("toolConfig.tools must have at least one entry".to_owned());
    }
    let mut names = Vec::new();
    for tool in tools.iter().filter_map(|tool| tool.get("toolSpec")) {
        let name = tool["name"].as_str().unwrap_or_default();
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        if name.is_empty() || name.len() > 64 || !name.chars().all(fits) {
            return Err(
                "the name of a tool must have 1 to 64 letters, digits, hyphens and underscores".to_owned()
            );
        }
        names.push(name);
    }
    match config.at("/toolChoice/tool/name").as_str() {
        Some(chosen) if !names.contains(&chosen) => {
            Err("toolConfig.toolChoice names a tool that is not there".to_owned())
        }
        _ => Ok(()),
    }
}
