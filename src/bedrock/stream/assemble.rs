//! From events to the body that Converse answers.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::connector::json as strict_json;

/// An answer in the making.
#[derive(Debug, Default)]
pub(super) struct Assembly {
    role: Option<Value>,
    blocks: BTreeMap<u64, Block>,
    /// What the last two events tell.
    stopped: Option<Map<String, Value>>,
    metadata: Option<Map<String, Value>>,
}

/// A content block in the making: the parts that its deltas brought.
#[derive(Debug, Default)]
struct Block {
    start: Map<String, Value>,
    text: Option<String>,
    /// The input of a tool, as JSON text.
    input: Option<String>,
    reasoning: Option<String>,
    signature: Option<String>,
    redacted: Option<String>,
    citations: Vec<Value>,
    /// Parts of kinds that are not known here, by their names.
    other: Map<String, Value>,
}

impl Assembly {
    /// Adds an event. Kinds that are not known are left out.
    pub(super) fn add(&mut self, event: &str, payload: Value) {
        let Value::Object(mut payload) = payload else { return };
        match event {
            "messageStart" => self.role = payload.remove("role"),
            "contentBlockStart" => {
                if let Some(Value::Object(start)) = payload.remove("start") {
                    self.block(&payload).start.extend(start);
                }
            }
            "contentBlockDelta" => {
                if let Some(Value::Object(delta)) = payload.remove("delta") {
                    let block = self.block(&payload);
                    delta.into_iter().for_each(|(kind, value)| block.add(&kind, value));
                }
            }
            "contentBlockStop" => {
                self.block(&payload);
            }
            "messageStop" => self.stopped = Some(payload),
            "metadata" => self.metadata = Some(payload),
            _ => {}
        }
    }

    fn block(&mut self, payload: &Map<String, Value>) -> &mut Block {
        let index = payload.get("contentBlockIndex").and_then(Value::as_u64).unwrap_or(0);
        self.blocks.entry(index).or_default()
    }

    /// Whether a piece of the answer is there.
    pub(super) fn has_content(&self) -> bool {
        !self.blocks.is_empty()
    }

    /// Whether the last event is there.
    pub(super) fn is_whole(&self) -> bool {
        self.role.is_some() && self.stopped.is_some() && self.metadata.is_some()
    }

    /// The whole answer; none when its last event is not there.
    pub(super) fn finish(self) -> Option<Value> {
        let content: Vec<Value> = self.blocks.into_values().map(Block::finish).collect();
        let message = json!({ "role": self.role?, "content": content });
        let mut answer = Map::from_iter([("output".to_owned(), json!({ "message": message }))]);
        answer.extend(self.stopped?);
        answer.extend(self.metadata?);
        Some(Value::Object(answer))
    }
}

impl Block {
    fn add(&mut self, kind: &str, value: Value) {
        match (kind, value) {
            ("text", Value::String(text)) => append(&mut self.text, &text),
            ("toolUse", Value::Object(tool)) => append_entry(&mut self.input, &tool, "input"),
            ("reasoningContent", Value::Object(reasoning)) => {
                append_entry(&mut self.reasoning, &reasoning, "text");
                append_entry(&mut self.signature, &reasoning, "signature");
                append_entry(&mut self.redacted, &reasoning, "redactedContent");
            }
            ("citation", citation) => self.citations.push(citation),
            (kind, value) => merge(self.other.entry(kind).or_insert(Value::Null), value),
        }
    }

    fn finish(self) -> Value {
        let Self { mut start, text, input, reasoning, signature, redacted, citations, mut other } = self;
        if let Some(Value::Object(tool)) = start.get_mut("toolUse") {
            tool.insert("input".to_owned(), tool_input(input.as_deref().unwrap_or_default()));
        }
        if reasoning.is_some() || signature.is_some() {
            let entries = [("text", Some(reasoning.unwrap_or_default())), ("signature", signature)];
            let entries = entries.into_iter().filter_map(|(key, text)| Some((key.to_owned(), text?.into())));
            let text = Value::Object(entries.collect());
            return json!({ "reasoningContent": { "reasoningText": text } });
        }
        if let Some(redacted) = redacted {
            return json!({ "reasoningContent": { "redactedContent": redacted } });
        }
        if !citations.is_empty() {
            let content = [json!({ "text": text.unwrap_or_default() })];
            return json!({ "citationsContent": { "content": content, "citations": citations } });
        }
        for (kind, value) in std::mem::take(&mut other) {
            merge_into_start(&mut start, &kind, value);
        }
        match (start.is_empty(), text) {
            (true, text) => json!({ "text": text.unwrap_or_default() }),
            (false, _) => Value::Object(start),
        }
    }
}

/// A tool result or an image begins with a start, and its deltas are its content.
fn merge_into_start(start: &mut Map<String, Value>, kind: &str, value: Value) {
    match (start.get_mut(kind), value) {
        (Some(Value::Object(entries)), Value::Array(content)) => {
            entries.insert("content".to_owned(), Value::Array(content));
        }
        (Some(Value::Object(entries)), Value::Object(more)) => entries.extend(more),
        (_, value) => {
            start.insert(kind.to_owned(), value);
        }
    }
}

fn append(text: &mut Option<String>, piece: &str) {
    text.get_or_insert_default().push_str(piece);
}

fn append_entry(text: &mut Option<String>, entries: &Map<String, Value>, key: &str) {
    if let Some(piece) = entries.get(key).and_then(Value::as_str) {
        append(text, piece);
    }
}

/// Lists grow and contexts gain entries; of anything else the last counts.
fn merge(old: &mut Value, new: Value) {
    match (old, new) {
        (Value::Array(items), Value::Array(more)) => items.extend(more),
        (Value::Object(entries), Value::Object(more)) => entries.extend(more),
        (old, new) => *old = new,
    }
}

/// The input of a tool. A model that reaches its limit of tokens leaves it unfinished: it stays a text then.
fn tool_input(text: &str) -> Value {
    if text.trim().is_empty() {
        return json!({});
    }
    strict_json::parse(text.as_bytes()).unwrap_or_else(|_| text.into())
}
