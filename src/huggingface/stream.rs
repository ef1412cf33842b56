//! Server-sent events of a chat completion, put together to the answer that would have come in one piece.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::Response;
use serde_json::{Map, Value, json};
use tokio::time::timeout;

use super::Error;
use super::client::cause;
use super::error::message;

/// What a stream may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits<'a> {
    pub(super) idle: Duration,
    pub(super) max_bytes: usize,
    pub(super) model: &'a str,
}

/// Reads a stream to its end. `began` hears of the first piece.
pub(super) async fn read(
    mut response: Response,
    limits: Limits<'_>,
    began: impl FnOnce() + Send,
) -> Result<Value, Error> {
    let (mut began, mut lines, mut parts) = (Some(began), Lines::default(), Parts::default());
    let mut taken = 0;
    loop {
        let chunk = timeout(limits.idle, response.chunk())
            .await
            .map_err(|_| Error::StreamSilent { limit: limits.idle })?
            .map_err(|error| Error::StreamCut { reason: cause(&error) })?;
        let Some(chunk) = chunk else { break };
        taken += chunk.len();
        if taken > limits.max_bytes {
            return Err(Error::TooLarge { model: limits.model.to_owned(), limit: limits.max_bytes });
        }
        lines.add(&chunk);
        while let Some(line) = lines.next() {
            if parts.take(&line)? {
                began.take().into_iter().for_each(|began| began());
            }
        }
        if parts.is_done {
            break;
        }
    }
    parts.whole()
}

/// Lines of what comes in pieces.
#[derive(Debug, Default)]
struct Lines(Vec<u8>);

impl Lines {
    fn add(&mut self, chunk: &[u8]) {
        self.0.extend_from_slice(chunk);
    }

    fn next(&mut self) -> Option<Vec<u8>> {
        let end = self.0.iter().position(|byte| *byte == b'\n')?;
        let mut line: Vec<u8> = self.0.drain(..=end).collect();
        while line.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
            line.pop();
        }
        Some(line)
    }
}

/// An answer in the making.
#[derive(Debug, Default)]
pub(super) struct Parts {
    /// What stands around the choices: id, model, usage …
    around: Map<String, Value>,
    content: String,
    reasoning: String,
    calls: BTreeMap<u64, Call>,
    finish_reason: Option<String>,
    is_done: bool,
}

#[derive(Debug, Default)]
struct Call {
    id: String,
    name: String,
    arguments: String,
}

impl Parts {
    /// Takes a line, and says whether it brought a piece of the answer.
    pub(super) fn take(&mut self, line: &[u8]) -> Result<bool, Error> {
        // Other lines are comments, which keep the connection alive, names of events, and the blank between two events.
        let Some(data) = line.strip_prefix(b"data:") else { return Ok(false) };
        let data = data.trim_ascii();
        if data == b"[DONE]" {
            self.is_done = true;
            return Ok(false);
        }
        let cut = |reason: String| Error::StreamCut { reason };
        let event: Value = serde_json::from_slice(data).map_err(|error| cut(error.to_string()))?;
        if event.get("error").is_some() {
            return Err(cut(message(&event).unwrap_or_else(|| "the model has failed".to_owned())));
        }
        let Value::Object(mut event) = event else { return Err(cut("an event is no object".to_owned())) };
        let choices = event.remove("choices").unwrap_or_default();
        event.retain(|_, value| !value.is_null());
        self.around.extend(event);
        let Some(choice) = choices.get(0) else { return Ok(false) };
        if let Some(reason) = choice.get("finish_reason").and_then(Value::as_str) {
            self.finish_reason = Some(reason.to_owned());
        }
        Ok(choice.get("delta").is_some_and(|delta| self.add(delta)))
    }

    fn add(&mut self, delta: &Value) -> bool {
        let text = |key: &str| delta.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
        let mut brought = false;
        if let Some(piece) = text("content") {
            self.content.push_str(piece);
            brought = true;
        }
        if let Some(piece) = text("reasoning_content").or_else(|| text("reasoning")) {
            self.reasoning.push_str(piece);
            brought = true;
        }
        for piece in delta.get("tool_calls").and_then(Value::as_array).into_iter().flatten() {
            let call = self.calls.entry(piece.get("index").and_then(Value::as_u64).unwrap_or(0)).or_default();
            let text = |pointer: &str| piece.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
            call.id.push_str(text("/id"));
            call.name.push_str(text("/function/name"));
            call.arguments.push_str(text("/function/arguments"));
            brought = true;
        }
        brought
    }

    /// The answer. One without a reason for its end was cut.
    pub(super) fn whole(self) -> Result<Value, Error> {
        let Some(reason) = self.finish_reason else {
            return Err(Error::StreamCut { reason: "the connection ended before the answer did".to_owned() });
        };
        let mut message = json!({ "role": "assistant", "content": self.content });
        if let Some(entries) = message.as_object_mut() {
            if !self.reasoning.is_empty() {
                entries.insert("reasoning_content".to_owned(), self.reasoning.into());
            }
            let call = |call: Call| {
                let function = json!({ "name": call.name, "arguments": call.arguments });
                json!({ "id": call.id, "type": "function", "function": function })
            };
            if !self.calls.is_empty() {
                entries.insert("tool_calls".to_owned(), self.calls.into_values().map(call).collect());
            }
        }
        let mut whole = self.around;
        whole.insert("object".to_owned(), "chat.completion".into());
        let choice = json!({ "index": 0, "message": message, "finish_reason": reason });
        whole.insert("choices".to_owned(), Value::Array(vec![choice]));
        Ok(Value::Object(whole))
    }
}
