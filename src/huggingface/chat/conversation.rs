//! From the body of Converse to that of a chat completion.

use serde_json::{Map, Value, json};

use super::message;
use crate::huggingface::Error;

/// What a request to Converse says.
#[derive(Debug)]
pub(in crate::huggingface) struct Conversation {
    entries: Map<String, Value>,
}

/// What Bedrock has and Hugging Face has not, with what it is called.
const ONLY_AT_BEDROCK: &[(&str, &str)] = &[
    ("guardrailConfig", "guardrails"),
    ("promptVariables", "prompt variables"),
    ("requestMetadata", "request metadata"),
    ("additionalModelResponseFieldPaths", "response field paths"),
    ("performanceConfig", "latency"),
    ("serviceTier", "service tiers"),
];

/// The body of a chat completion.
pub(in crate::huggingface) fn body(model: &str, converse: &[u8], streams: bool) -> Result<Value, Error> {
    let conversation = Conversation::read(converse)?;
    let mut body = Map::new();
    body.insert("model".to_owned(), model.into());
    body.insert("messages".to_owned(), Value::Array(conversation.messages()?));
    for (name, key) in [
        ("max_tokens", "maxTokens"),
        ("temperature", "temperature"),
        ("top_p", "topP"),
        ("stop", "stopSequences"),
    ] {
        if let Some(value) = conversation.inference(key) {
            body.insert(name.to_owned(), value.clone());
        }
    }
    if let Some(config) = conversation.entries.get("toolConfig") {
        body.insert("tools".to_owned(), tools(config));
        body.extend(tool_choice(config).map(|choice| ("tool_choice".to_owned(), choice)));
    }
    if let Some(format) = conversation.response_format() {
        body.insert("response_format".to_owned(), format);
    }
    if streams {
        body.insert("stream".to_owned(), true.into());
        body.insert("stream_options".to_owned(), json!({ "include_usage": true }));
    }
    // The modeler's own fields win, as they do at Bedrock.
    body.extend(conversation.additional().cloned().unwrap_or_default());
    Ok(Value::Object(body))
}

impl Conversation {
    pub(in crate::huggingface) fn read(body: &[u8]) -> Result<Self, Error> {
        // We have written it ourselves a moment ago.
        let entries: Map<String, Value> =
            serde_json::from_slice(body).map_err(|error| Error::Unsupported { reason: error.to_string() })?;
        for (key, name) in ONLY_AT_BEDROCK {
            if entries.contains_key(*key) {
                return Err(Error::only_at_bedrock(name));
            }
        }
        Ok(Self { entries })
    }

    fn list(&self, key: &str) -> impl Iterator<Item = &Value> {
        self.entries.get(key).and_then(Value::as_array).into_iter().flatten()
    }

    pub(in crate::huggingface) fn inference(&self, key: &str) -> Option<&Value> {
        self.entries.get("inferenceConfig")?.get(key)
    }

    pub(in crate::huggingface) fn additional(&self) -> Option<&Map<String, Value>> {
        self.entries.get("additionalModelRequestFields")?.as_object()
    }

    fn messages(&self) -> Result<Vec<Value>, Error> {
        let mut messages = Vec::new();
        if let Some(text) = self.system()? {
            messages.push(json!({ "role": "system", "content": text }));
        }
        for of in self.list("messages") {
            message::add(of, &mut messages)?;
        }
        Ok(messages)
    }

    fn system(&self) -> Result<Option<String>, Error> {
        let texts = message::texts_of(self.list("system"))?;
        Ok((!texts.is_empty()).then(|| texts.join("\n\n")))
    }

    /// The one text of a conversation that is no more than that; what the system says goes before it.
    pub(in crate::huggingface) fn only_text(&self) -> Option<String> {
        let mut messages = self.list("messages");
        let (message, None) = (messages.next()?, messages.next()) else { return None };
        if self.entries.contains_key("toolConfig") || self.response_format().is_some() {
            return None;
        }
        let content = message.get("content").and_then(Value::as_array)?;
        let texts = message::texts_of(content.iter()).ok()?;
        let system = self.system().ok()?;
        Some(system.into_iter().chain(texts).collect::<Vec<_>>().join("\n\n"))
    }

    fn response_format(&self) -> Option<Value> {
        let wanted = self.entries.get("outputConfig")?.pointer("/textFormat/structure/jsonSchema")?;
        // Converse has the schema as a text.
        let schema: Value = serde_json::from_str(wanted.get("schema")?.as_str()?).ok()?;
        let name = wanted.get("name").and_then(Value::as_str).unwrap_or("answer");
        Some(json!({
            "type": "json_schema",
            "json_schema": { "name": name, "schema": schema, "strict": true },
        }))
    }
}

fn tools(config: &Value) -> Value {
    let tool = |tool: &Value| {
        let spec = tool.get("toolSpec")?;
        let mut function = Map::new();
        for (name, pointer) in
            [("name", "/name"), ("description", "/description"), ("parameters", "/inputSchema/json")]
        {
            function.extend(spec.pointer(pointer).map(|value| (name.to_owned(), value.clone())));
        }
        Some(json!({ "type": "function", "function": function }))
    };
    let tools = config.get("tools").and_then(Value::as_array).into_iter().flatten();
    // What is no tool is a mark for Bedrock's cache.
    tools.filter_map(tool).collect()
}

fn tool_choice(config: &Value) -> Option<Value> {
    let choice = config.get("toolChoice")?;
    Some(match choice.pointer("/tool/name") {
        Some(name) => json!({ "type": "function", "function": { "name": name } }),
        None if choice.get("any").is_some() => "required".into(),
        None => "auto".into(),
    })
}
