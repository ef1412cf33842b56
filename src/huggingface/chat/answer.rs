//! From a chat completion to the answer of Converse.

use serde_json::{Map, Value, json};

use crate::huggingface::Error;

/// An answer that is not what it ought to be.
pub(in crate::huggingface) fn unreadable(model: &str, reason: &str) -> Error {
    Error::Unreadable { model: model.to_owned(), reason: reason.to_owned() }
}

/// Why an answer ended, in the words of Converse. What has none there stays as it is.
pub(in crate::huggingface) fn stop_reason(reason: &str) -> &str {
    match reason {
        "stop" | "eos_token" => "end_turn",
        "length" => "max_tokens",
        "tool_calls" | "function_call" => "tool_use",
        "content_filter" => "content_filtered",
        other => other,
    }
}

/// The answer in the shape of Converse. What Converse does not know goes along.
pub(in crate::huggingface) fn answer(completion: Value, model: &str) -> Result<Value, Error> {
    let Value::Object(mut rest) = completion else { return Err(unreadable(model, "it is no object")) };
    let choices = rest.remove("choices").unwrap_or_default();
    let choice = choices.get(0).ok_or_else(|| unreadable(model, "it has no choices"))?;
    let message = choice.get("message").ok_or_else(|| unreadable(model, "its choice has no message"))?;
    let content = content(message);
    let uses_tools = content.iter().any(|block| block.get("toolUse").is_some());
    let reason = choice.get("finish_reason").and_then(Value::as_str).unwrap_or("stop");
    // Some servers say "stop" whatever the answer is.
    let reason = if uses_tools { "tool_use" } else { stop_reason(reason) };
    let mut converse = Map::new();
    let said = json!({ "message": { "role": "assistant", "content": content } });
    converse.insert("output".to_owned(), said);
    converse.insert("stopReason".to_owned(), reason.into());
    if let Some(usage) = rest.remove("usage").as_ref().and_then(usage) {
        converse.insert("usage".to_owned(), usage);
    }
    rest.retain(|key, value| !value.is_null() && !converse.contains_key(key));
    converse.extend(rest);
    Ok(Value::Object(converse))
}

fn content(message: &Value) -> Vec<Value> {
    let text = |key: &str| message.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let mut blocks = Vec::new();
    if let Some(reasoning) = text("reasoning_content").or_else(|| text("reasoning")) {
        blocks.push(json!({ "reasoningContent": { "reasoningText": { "text": reasoning } } }));
    }
    blocks.extend(text("content").map(|text| json!({ "text": text })));
    blocks.extend(message.get("tool_calls").and_then(Value::as_array).into_iter().flatten().map(tool_use));
    if blocks.is_empty() {
        blocks.push(json!({ "text": "" }));
    }
    blocks
}

/// Arguments that are no JSON stay the text that they are: whoever checks them sees what is wrong.
fn tool_use(call: &Value) -> Value {
    let arguments = call.pointer("/function/arguments").cloned().unwrap_or_default();
    let input = match &arguments {
        Value::String(text) if text.trim().is_empty() => json!({}),
        Value::String(text) => serde_json::from_str(text).unwrap_or(arguments),
        _ => arguments,
    };
    let (id, name) = (call.get("id"), call.pointer("/function/name"));
    json!({ "toolUse": { "toolUseId": id, "name": name, "input": input } })
}

/// At Bedrock, what was read from a cache is no input.
fn usage(usage: &Value) -> Option<Value> {
    let count = |pointer: &str| usage.pointer(pointer).and_then(Value::as_u64);
    let (input, output) = (count("/prompt_tokens")?, count("/completion_tokens").unwrap_or(0));
    let cached = count("/prompt_tokens_details/cached_tokens").unwrap_or(0).min(input);
    let mut told = Map::from_iter([
        ("inputTokens".to_owned(), json!(input - cached)),
        ("outputTokens".to_owned(), json!(output)),
        ("totalTokens".to_owned(), json!(input + output)),
    ]);
    if cached > 0 {
        told.insert("cacheReadInputTokens".to_owned(), json!(cached));
    }
    Some(Value::Object(told))
}
