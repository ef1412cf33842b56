//! One message.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::huggingface::Error;

/// Formats of documents that are text, and so can be shown to any model.
const PLAIN: &[&str] = &["txt", "md", "csv", "html"];

/// Adds a message of Converse. Results of tools are messages of their own.
pub(super) fn add(message: &Value, messages: &mut Vec<Value>) -> Result<(), Error> {
    let blocks: Vec<&Value> =
        message.get("content").and_then(Value::as_array).into_iter().flatten().collect();
    let said = match message.get("role").and_then(Value::as_str) {
        Some("assistant") => assistant(&blocks)?,
        _ => {
            messages.extend(blocks.iter().filter_map(|block| block.get("toolResult")).map(tool_result));
            user(&blocks)?
        }
    };
    messages.extend(said);
    Ok(())
}

/// The texts of blocks that may be nothing else.
pub(super) fn texts_of<'a>(blocks: impl Iterator<Item = &'a Value>) -> Result<Vec<String>, Error> {
    let mut texts = Vec::new();
    for block in blocks {
        match block.get("text").and_then(Value::as_str) {
            Some(text) => texts.push(text.to_owned()),
            None if is_mark(block) => {}
            None => return Err(unsupported(block)),
        }
    }
    Ok(texts)
}

/// A mark for Bedrock's cache, which costs nothing to leave out.
fn is_mark(block: &Value) -> bool {
    block.get("cachePoint").is_some()
}

fn assistant(blocks: &[&Value]) -> Result<Option<Value>, Error> {
    let (mut texts, mut calls) = (Vec::new(), Vec::new());
    for block in blocks {
        if let Some(text) = block.get("text").and_then(Value::as_str) {
            texts.push(text);
        } else if let Some(call) = block.get("toolUse") {
            let arguments = call.get("input").cloned().unwrap_or_else(|| json!({})).to_string();
            calls.push(json!({
                "id": call.get("toolUseId"),
                "type": "function",
                "function": { "name": call.get("name"), "arguments": arguments },
            }));
        } else if !is_mark(block) && block.get("reasoningContent").is_none() {
            return Err(unsupported(block));
        }
    }
    let content = texts.join("\n\n");
    let mut message = json!({ "role": "assistant", "content": content });
    if let (Some(entries), false) = (message.as_object_mut(), calls.is_empty()) {
        entries.insert("tool_calls".to_owned(), Value::Array(calls));
    }
    Ok(Some(message))
}

/// Texts alone are one text, which every model reads; with images they are parts.
fn user(blocks: &[&Value]) -> Result<Option<Value>, Error> {
    let mut parts = Vec::new();
    for block in blocks {
        if let Some(text) = block.get("text").and_then(Value::as_str) {
            parts.push(json!({ "type": "text", "text": text }));
        } else if let Some(image) = block.get("image") {
            parts.push(self::image(image).ok_or_else(|| unsupported(block))?);
        } else if let Some(document) = block.get("document") {
            if document.pointer("/citations/enabled").is_some_and(|enabled| enabled == true) {
                return Err(Error::only_at_bedrock("citations of documents"));
            }
            let text = self::document(document).ok_or_else(|| unsupported(block))?;
            parts.push(json!({ "type": "text", "text": text }));
        } else if !is_mark(block) && block.get("toolResult").is_none() {
            return Err(unsupported(block));
        }
    }
    let texts: Option<Vec<&str>> =
        parts.iter().map(|part| part.get("text").and_then(Value::as_str)).collect();
    let content: Value = match texts {
        Some(texts) if texts.is_empty() => return Ok(None),
        Some(texts) => texts.join("\n\n").into(),
        None => Value::Array(parts),
    };
    Ok(Some(json!({ "role": "user", "content": content })))
}

fn image(image: &Value) -> Option<Value> {
    let format = image.get("format")?.as_str()?;
    let bytes = image.pointer("/source/bytes")?.as_str()?;
    Some(
        json!({ "type": "image_url", "image_url": { "url": format!("data:image/{format};base64,{bytes}") } }),
    )
}

fn document(document: &Value) -> Option<String> {
    let format = document.get("format")?.as_str()?;
    let name = document.get("name").and_then(Value::as_str).unwrap_or("document");
    let text = match document.pointer("/source/text").and_then(Value::as_str) {
        Some(text) => text.to_owned(),
        None if PLAIN.contains(&format) => {
            let bytes = STANDARD.decode(document.pointer("/source/bytes")?.as_str()?).ok()?;
            String::from_utf8(bytes).ok()?
        }
        None => return None,
    };
    Some(format!("{name}:\n{text}"))
}

fn tool_result(result: &Value) -> Value {
    let parts = result.get("content").and_then(Value::as_array).into_iter().flatten();
    let texts: Vec<String> = parts
        .map(|part| match part.get("text").and_then(Value::as_str) {
            Some(text) => text.to_owned(),
            None => part.get("json").unwrap_or(part).to_string(),
        })
        .collect();
    json!({ "role": "tool", "tool_call_id": result.get("toolUseId"), "content": texts.join("\n") })
}

fn unsupported(block: &Value) -> Error {
    let kind = block.as_object().and_then(|entries| entries.keys().next());
    let kind = kind.map_or("something unknown", String::as_str);
    let format = block.get(kind).and_then(|inner| inner.get("format")).and_then(Value::as_str);
    let kind = format.map_or_else(|| kind.to_owned(), |format| format!("{kind} ({format})"));
    Error::Unsupported {
        reason: format!(
            "a message has a part of the kind {kind}, which models of Hugging Face do not read; they read texts, images \
             and documents that are text ({})",
            PLAIN.join(", ")
        ),
    }
}
