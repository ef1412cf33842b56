//! The answers of Converse, ConverseStream, CountTokens and ApplyGuardrail.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::conversation::Conversation;
use super::event_stream::event;
use super::json::{At, items};
use super::model::{self, Reply, Stop, ToolUse};

/// The body of a Converse answer.
pub(crate) fn response(request: &Value, reply: &Reply) -> Value {
    let mut body = Map::new();
    body.insert("metrics".to_owned(), metrics(reply));
    body.insert("output".to_owned(), json!({"message": {"content": content(reply), "role": "assistant"}}));
    body.insert("stopReason".to_owned(), json!(reply.stop.name()));
    body.insert("usage".to_owned(), usage(reply));
    body.extend(
        response_fields(request, reply).map(|fields| ("additionalModelResponseFields".to_owned(), fields)),
    );
    body.extend(echoes(request, reply));
    Value::Object(body)
}

fn content(reply: &Reply) -> Value {
    let mut blocks: Vec<Value> = reply.reasoning.iter().map(reasoning).collect();
    blocks.extend(reply.texts().into_iter().map(|(text, place)| match place {
        Some(place) => json!({"citationsContent": {"content": [{"text": text}], "citations": [place]}}),
        None => json!({"text": text}),
    }));
    blocks.extend(reply.tool_use.as_ref().map(
        |ToolUse { id, name, input }| json!({"toolUse": {"toolUseId": id, "name": name, "input": input}}),
    ));
    Value::Array(blocks)
}

/// What stands for the proof that the model thought this.
const SIGNATURE: &str = "ZW11bGF0ZWQ=";

fn reasoning(text: &String) -> Value {
    json!({"reasoningContent": {"reasoningText": {"text": text, "signature": SIGNATURE}}})
}

fn usage(reply: &Reply) -> Value {
    let total = reply.input_tokens + reply.output_tokens;
    let own =
        [("inputTokens", reply.input_tokens), ("outputTokens", reply.output_tokens), ("totalTokens", total)];
    let cached =
        reply.cached_tokens.map(|tokens| [("cacheReadInputTokens", 0), ("cacheWriteInputTokens", tokens)]);
    let counts = own.into_iter().chain(cached.into_iter().flatten());
    Value::Object(counts.map(|(name, count)| (name.to_owned(), count.into())).collect())
}

/// As long as a model would take; not what the emulator took, so that answers are the same each time.
fn metrics(reply: &Reply) -> Value {
    json!({"latencyMs": 150 + reply.input_tokens / 10 + 12 * reply.output_tokens})
}

/// What comes back because it was asked for.
fn echoes(request: &Value, reply: &Reply) -> Map<String, Value> {
    let mut echoes = Map::new();
    for name in ["performanceConfig", "serviceTier"] {
        if let Some(value) = request.get(name) {
            echoes.insert(name.to_owned(), value.clone());
        }
    }
    let traced =
        request.at("/guardrailConfig/trace").as_str().is_some_and(|trace| trace.starts_with("enabled"));
    if traced {
        let id = request.at("/guardrailConfig/guardrailIdentifier").as_str().unwrap_or_default();
        let action = if reply.stop == Stop::Guardrail { "BLOCKED" } else { "NONE" };
        echoes.insert(
            "trace".to_owned(),
            json!({"guardrail": {"actionReason": action, "modelOutput": [], "inputAssessment": {id: {}}}}),
        );
    }
    echoes
}

/// What the model's own answer has at the places that the request names.
fn response_fields(request: &Value, reply: &Reply) -> Option<Value> {
    let paths = items(&request["additionalModelResponseFieldPaths"]).filter_map(Value::as_str);
    let sequence = match &reply.stop {
        Stop::Sequence(sequence) => json!(sequence),
        _ => Value::Null,
    };
    let known =
        |path: &str| (path == "/stop_sequence").then(|| ("stop_sequence".to_owned(), sequence.clone()));
    let fields: Map<_, _> = paths.filter_map(known).collect();
    (!fields.is_empty()).then_some(Value::Object(fields))
}

/// The events of a ConverseStream answer.
pub(crate) fn events(request: &Value, reply: &Reply) -> Vec<Bytes> {
    let delta = |index: usize, delta: Value| {
        event("contentBlockDelta", &json!({"contentBlockIndex": index, "delta": delta}))
    };
    let stop = |index: usize| event("contentBlockStop", &json!({"contentBlockIndex": index}));
    let mut events = vec![event("messageStart", &json!({"role": "assistant"}))];
    let mut index = 0;
    if let Some(text) = &reply.reasoning {
        let texts = pieces(text).into_iter().map(|piece| json!({"reasoningContent": {"text": piece}}));
        let signature = json!({"reasoningContent": {"signature": SIGNATURE}});
        events.extend(texts.chain([signature]).map(|piece| delta(index, piece)));
        events.push(stop(index));
        index += 1;
    }
    for (text, place) in reply.texts() {
        events.extend(pieces(text).into_iter().map(|piece| delta(index, json!({"text": piece}))));
        events.extend(place.map(|place| delta(index, json!({"citation": place}))));
        events.push(stop(index));
        index += 1;
    }
    if let Some(tool) = &reply.tool_use {
        let start = json!({"toolUse": {"toolUseId": tool.id, "name": tool.name}});
        events.push(event("contentBlockStart", &json!({"contentBlockIndex": index, "start": start})));
        let input = pieces(&tool.input.to_string());
        events.extend(input.into_iter().map(|piece| delta(index, json!({"toolUse": {"input": piece}}))));
        events.push(stop(index));
    }
    let mut stopped = Map::from_iter([("stopReason".to_owned(), json!(reply.stop.name()))]);
    let fields = response_fields(request, reply);
    stopped.extend(fields.map(|fields| ("additionalModelResponseFields".to_owned(), fields)));
    events.push(event("messageStop", &Value::Object(stopped)));
    let mut metadata = echoes(request, reply);
    metadata.insert("usage".to_owned(), usage(reply));
    metadata.insert("metrics".to_owned(), metrics(reply));
    events.push(event("metadata", &Value::Object(metadata)));
    events
}

/// A text in the pieces in which it is streamed: some words each.
pub(crate) fn pieces(text: &str) -> Vec<String> {
    let words: Vec<&str> = text.split_inclusive(' ').collect();
    words.chunks(3).map(<[&str]>::concat).collect()
}

impl Stop {
    /// As Converse names it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::EndTurn => "end_turn",
            Self::ToolUse => "tool_use",
            Self::MaxTokens => "max_tokens",
            Self::Sequence(_) => "stop_sequence",
            Self::Guardrail => "guardrail_intervened",
        }
    }
}

/// The answer of CountTokens: the same count that Converse reports for the same request.
pub(crate) fn count_tokens(body: &Value, conversation: impl FnOnce(&str) -> Conversation) -> Value {
    let input = &body["input"];
    let tokens = match input.at("/invokeModel/body").as_str() {
        Some(encoded) => conversation(encoded).tokens(),
        None => Conversation::of_converse(&input["converse"]).tokens(),
    };
    json!({"inputTokens": tokens})
}

/// The answer of ApplyGuardrail: it blocks one word.
pub(crate) fn apply_guardrail(body: &Value) -> Value {
    let texts: Vec<&str> =
        items(&body["content"]).filter_map(|block| block.at("/text/text").as_str()).collect();
    let blocked = texts.iter().any(|text| model::blocked(text));
    let outputs =
        if blocked { json!([{"text": "This guardrail does not let that pass."}]) } else { json!([]) };
    let policy = json!([{"match": model::BLOCKED_WORD, "action": "BLOCKED"}]);
    let assessment = if blocked {
        json!({"wordPolicy": {"customWords": policy, "managedWordLists": []}})
    } else {
        json!({})
    };
    json!({
        "action": if blocked { "GUARDRAIL_INTERVENED" } else { "NONE" },
        "outputs": outputs,
        "assessments": [assessment],
        "usage": {
            "topicPolicyUnits": 0, "contentPolicyUnits": 0, "wordPolicyUnits": texts.len(),
            "sensitiveInformationPolicyUnits": 0, "sensitiveInformationPolicyFreeUnits": 0,
            "contextualGroundingPolicyUnits": 0,
        },
    })
}
