//! The messages of a conversation: the history, and what the user's side says now.

use serde_json::{Map, Value, json};

use super::super::read;
use crate::bedrock::converse::{no_message, read_documents, read_said};
use crate::bedrock::field::Field;
use crate::bedrock::history::{Content, Message};
use crate::connector::Error;

/// Reads the history and the new message: results of tools, documents and text.
pub(in crate::bedrock::native) fn read_messages(data: &Field<'_>) -> Result<Vec<Message>, Error> {
    let (mut messages, text) = read_said(data)?;
    let mut content = tool_results(data)?;
    let documents = read_documents(data)?;
    if text.is_none() && (content.is_empty() || !documents.is_empty()) {
        return Err(no_message(data));
    }
    content.extend(documents.into_iter().map(Content::Document));
    content.extend(text.map(Content::Text));
    messages.push(Message::of_user(content));
    Ok(messages)
}

/// What the tools gave that the model asked for.
fn tool_results(data: &Field<'_>) -> Result<Vec<Content>, Error> {
    let Some(results) = data.list("toolResults") else { return Ok(Vec::new()) };
    results.items().iter().map(tool_result).collect()
}

fn tool_result(result: &Field<'_>) -> Result<Content, Error> {
    let entries = result.object()?;
    if let Some(own @ Value::Object(_)) = entries.get("toolResult") {
        return Ok(Content::Block(Map::from_iter([("toolResult".to_owned(), own.clone())])));
    }
    let id = read::word(result, "toolUseId")?
        .ok_or_else(|| result.lacks("toolUseId", "give the id of the tool call that it answers"))?;
    let content = result.entry("content").map(|content| content.raw().clone()).unwrap_or_default();
    let status = read::choice(result, "status", &["success", "error"])?;
    let mut block = Map::from_iter([
        ("toolUseId".to_owned(), id.into()),
        ("content".to_owned(), Value::Array(blocks(content))),
    ]);
    block.extend(status.map(|status| ("status".to_owned(), status.into())));
    Ok(Content::Block(Map::from_iter([("toolResult".to_owned(), Value::Object(block))])))
}

/// A text is a text block, a list of blocks stays as it is, and everything else is JSON.
fn blocks(content: Value) -> Vec<Value> {
    const KINDS: &[&str] = &["text", "json", "image", "document", "video", "searchResult"];
    let is_block = |value: &Value| {
        value.as_object().is_some_and(|entries| {
            entries.len() == 1 && entries.keys().all(|key| KINDS.contains(&key.as_str()))
        })
    };
    match content {
        Value::Null => vec![json!({ "text": "null" })],
        Value::String(text) => vec![json!({ "text": text })],
        Value::Array(items) if !items.is_empty() && items.iter().all(is_block) => items,
        // Bedrock takes objects only.
        object @ Value::Object(_) => vec![json!({ "json": object })],
        other => vec![json!({ "json": { "result": other } })],
    }
}
