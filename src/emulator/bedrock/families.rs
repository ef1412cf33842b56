//! InvokeModel: every family of models has a language of its own.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};

use super::conversation::{Conversation, tokens};
use super::converse;
use super::event_stream::event;
use super::images_and_vectors;
use super::json::{At, items};
use super::model::{Reply, Stop, ToolUse, answer};

/// The families whose requests and answers are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    AnthropicMessages,
    NovaMessages,
    TitanText,
    TitanEmbed,
    NovaEmbed,
    AmazonImage,
    CohereEmbed,
    CohereChat,
    Llama,
    MistralPrompt,
    MistralChat,
    StabilityImage,
    Generic,
}

impl Family {
    /// By the id of the model, which may begin with a region's prefix or be an ARN, and by what is asked.
    fn of(id: &str, body: &Value) -> Self {
        let name = id.rsplit('/').next().unwrap_or(id);
        let has = |text: &str| name.contains(text);
        match () {
            () if has("anthropic.") => Self::AnthropicMessages,
            () if has("amazon.nova-canvas") || has("amazon.titan-image") => Self::AmazonImage,
            () if has("stability.") => Self::StabilityImage,
            () if has("amazon.nova-2-multimodal-embeddings") => Self::NovaEmbed,
            () if has("amazon.nova") => Self::NovaMessages,
            () if has("amazon.titan-embed") => Self::TitanEmbed,
            () if has("amazon.titan") => Self::TitanText,
            () if has("cohere.embed") => Self::CohereEmbed,
            () if has("cohere.") => Self::CohereChat,
            () if has("meta.llama") => Self::Llama,
            () if has("mistral.") && body["messages"].is_array() => Self::MistralChat,
            () if has("mistral.") => Self::MistralPrompt,
            () => Self::Generic,
        }
    }

    fn conversation(self, body: &Value) -> Conversation {
        match self {
            Self::AnthropicMessages => anthropic(body),
            Self::NovaMessages => Conversation::of_converse(body),
            Self::MistralChat => chat(body),
            Self::TitanText => Conversation {
                max_tokens: body.at("/textGenerationConfig/maxTokenCount").as_u64(),
                ..prompt(body, "inputText")
            },
            Self::TitanEmbed => prompt(body, "inputText"),
            Self::NovaEmbed => Conversation::of_prompt(images_and_vectors::text_for_nova(body)),
            Self::AmazonImage => {
                Conversation::of_prompt(body.at("/textToImageParams/text").as_str().unwrap_or_default())
            }
            Self::StabilityImage => prompt(body, "prompt"),
            Self::CohereEmbed => {
                Conversation::of_prompt(&items(&body["texts"]).filter_map(Value::as_str).collect::<String>())
            }
            Self::CohereChat => {
                Conversation { max_tokens: body["max_tokens"].as_u64(), ..prompt(body, "message") }
            }
            Self::Llama => {
                Conversation { max_tokens: body["max_gen_len"].as_u64(), ..prompt(body, "prompt") }
            }
            Self::MistralPrompt => {
                Conversation { max_tokens: body["max_tokens"].as_u64(), ..prompt(body, "prompt") }
            }
            Self::Generic if body["messages"].is_array() => chat(body),
            Self::Generic => generic(body),
        }
    }

    /// What the family's own service refuses.
    fn validate(self, body: &Value) -> Result<(), String> {
        let wanted: &[&str] = match self {
            Self::AnthropicMessages => &["anthropic_version", "max_tokens", "messages"],
            Self::NovaMessages => &["messages"],
            Self::TitanText | Self::TitanEmbed => &["inputText"],
            Self::NovaEmbed => &["taskType", "singleEmbeddingParams"],
            Self::CohereEmbed => &["texts"],
            Self::AmazonImage => &["taskType", "textToImageParams"],
            Self::CohereChat => &["message"],
            Self::Llama | Self::MistralPrompt | Self::StabilityImage => &["prompt"],
            Self::MistralChat | Self::Generic => &[],
        };
        match wanted.iter().find(|name| body.get(**name).is_none()) {
            Some(missing) => Err(format!("malformed input request: required key [{missing}] not found")),
            None => Ok(()),
        }
    }

    fn response(self, id: &str, body: &Value, reply: &Reply) -> Value {
        let (text, length) = (&reply.text, reply.stop == Stop::MaxTokens);
        match self {
            Self::AnthropicMessages => anthropic_message(id, reply),
            Self::NovaMessages => converse::response(body, reply),
            Self::TitanText => json!({
                "inputTextTokenCount": reply.input_tokens,
                "results": [{
                    "tokenCount": reply.output_tokens, "outputText": text,
                    "completionReason": if length { "LENGTH" } else { "FINISH" },
                }],
            }),
            Self::TitanEmbed => {
                let dimensions = body["dimensions"].as_u64().unwrap_or(1024);
                let vector =
                    images_and_vectors::embed(body["inputText"].as_str().unwrap_or_default(), dimensions);
                json!({"embedding": vector, "inputTextTokenCount": reply.input_tokens})
            }
            Self::NovaEmbed => images_and_vectors::nova(body),
            Self::CohereEmbed => images_and_vectors::cohere(body),
            Self::AmazonImage => images_and_vectors::amazon_images(body),
            Self::StabilityImage => images_and_vectors::stability_image(body),
            Self::CohereChat => json!({
                "response_id": "emulated", "text": text,
                "finish_reason": if length { "MAX_TOKENS" } else { "COMPLETE" },
            }),
            Self::Llama => json!({
                "generation": text, "prompt_token_count": reply.input_tokens,
                "generation_token_count": reply.output_tokens, "stop_reason": if length { "length" } else { "stop" },
            }),
            Self::MistralPrompt => {
                json!({"outputs": [{"text": text, "stop_reason": if length { "length" } else { "stop" }}]})
            }
            Self::MistralChat => json!({"choices": [{
                "index": 0, "message": {"role": "assistant", "content": text},
                "stop_reason": if length { "length" } else { "stop" },
            }]}),
            Self::Generic => json!({"completion": text, "stop_reason": reply.stop.name()}),
        }
    }
}

/// What InvokeModel answers, and how many tokens went in and out.
#[derive(Debug)]
pub(crate) struct Invocation {
    pub(crate) body: Value,
    pub(crate) reply: Reply,
}

/// Answers InvokeModel; the error is the text of a `ValidationException`.
pub(crate) fn invoke(id: &str, body: &Value) -> Result<Invocation, String> {
    let family = Family::of(id, body);
    family.validate(body)?;
    let reply = answer(&family.conversation(body));
    Ok(Invocation { body: family.response(id, body, &reply), reply })
}

/// The conversation that a base64 body of InvokeModel holds, for counting its tokens.
pub(crate) fn encoded_conversation(id: &str, encoded: &str) -> Conversation {
    let decoded = STANDARD.decode(encoded).unwrap_or_default();
    let body = serde_json::from_slice(&decoded).unwrap_or_default();
    Family::of(id, &body).conversation(&body)
}

/// The events of InvokeModelWithResponseStream.
pub(crate) fn events(id: &str, request: &Value) -> Result<Vec<Bytes>, String> {
    let Invocation { body, reply } = invoke(id, request)?;
    let metrics = json!({
        "inputTokenCount": reply.input_tokens, "outputTokenCount": reply.output_tokens,
        "invocationLatency": 150 + 12 * reply.output_tokens, "firstByteLatency": 150,
    });
    let mut chunks = match Family::of(id, request) {
        Family::AnthropicMessages => anthropic_chunks(&body, &reply),
        Family::NovaMessages => nova_chunks(&reply),
        family => text_chunks(family, id, request, &reply),
    };
    if let Some(Value::Object(last)) = chunks.last_mut() {
        last.insert("amazon-bedrock-invocationMetrics".to_owned(), metrics);
    }
    let chunk = |payload: &Value| event("chunk", &json!({"bytes": STANDARD.encode(payload.to_string())}));
    Ok(chunks.iter().map(chunk).collect())
}

// === Requests ===

fn prompt(body: &Value, member: &str) -> Conversation {
    Conversation::of_prompt(body[member].as_str().unwrap_or_default())
}

fn generic(body: &Value) -> Conversation {
    let known = ["prompt", "inputText", "input", "message", "text"];
    let text = known.iter().find_map(|member| body[*member].as_str());
    Conversation::of_prompt(&text.map_or_else(|| body.to_string(), str::to_owned))
}

/// Messages whose content is a text or a list of `{type, text}`.
fn chat(body: &Value) -> Conversation {
    let system = match &body["system"] {
        Value::String(text) => json!([{"text": text}]),
        other => other.clone(),
    };
    let messages: Vec<Value> = items(&body["messages"])
        .map(|message| {
            let content = match &message["content"] {
                Value::String(text) => json!([{"text": text}]),
                Value::Array(blocks) => Value::Array(blocks.iter().map(anthropic_block).collect()),
                _ => json!([]),
            };
            json!({"role": message["role"], "content": content})
        })
        .collect();
    let conversation = Conversation::of_converse(&json!({"system": system, "messages": messages}));
    Conversation { max_tokens: body["max_tokens"].as_u64(), ..conversation }
}

fn anthropic(body: &Value) -> Conversation {
    let tools: Vec<Value> = items(&body["tools"])
        .map(
            |tool| json!({"toolSpec": {"name": tool["name"], "inputSchema": {"json": tool["input_schema"]}}}),
        )
        .collect();
    let choice = match body.at("/tool_choice/type").as_str() {
        Some("any") => json!({"any": {}}),
        Some("tool") => json!({"tool": {"name": body.at("/tool_choice/name")}}),
        _ => json!({"auto": {}}),
    };
    let inference = json!({"stopSequences": body["stop_sequences"]});
    let config = json!({"toolConfig": {"tools": tools, "toolChoice": choice}, "inferenceConfig": inference});
    let Conversation { tools, tool_choice, stop_sequences, .. } = Conversation::of_converse(&config);
    Conversation { tools, tool_choice, stop_sequences, ..chat(body) }
}

/// A block of Anthropic's messages as Converse has it.
fn anthropic_block(block: &Value) -> Value {
    match block["type"].as_str() {
        Some("tool_result") => {
            let content = match &block["content"] {
                Value::String(text) => json!([{"text": text}]),
                other => other.clone(),
            };
            json!({"toolResult": {"toolUseId": block["tool_use_id"], "content": content}})
        }
        Some("tool_use") => json!({"toolUse": {"name": block["name"]}}),
        Some("document") => {
            let source = &block["source"];
            let media = source["media_type"].as_str().unwrap_or_default();
            let format = if media == "application/pdf" { "pdf" } else { "txt" };
            let name = block["title"].as_str().unwrap_or("document");
            let content = if source["type"] == "text" {
                json!({"text": source["data"]})
            } else {
                json!({"bytes": source["data"]})
            };
            json!({"document": {"name": name, "format": format, "source": content}})
        }
        Some("text") | None => json!({"text": block["text"]}),
        Some(other) => json!({other: {}}),
    }
}

// === Answers ===

fn anthropic_message(id: &str, reply: &Reply) -> Value {
    let mut content = vec![json!({"type": "text", "text": reply.text})];
    content.extend(reply.tool_use.as_ref().map(
        |ToolUse { id, name, input }| json!({"type": "tool_use", "id": id, "name": name, "input": input}),
    ));
    let sequence = match &reply.stop {
        Stop::Sequence(sequence) => Some(sequence),
        _ => None,
    };
    json!({
        "id": "msg_bdrk_emulated", "type": "message", "role": "assistant", "model": id, "content": content,
        "stop_reason": reply.stop.name(), "stop_sequence": sequence,
        "usage": {"input_tokens": reply.input_tokens, "output_tokens": reply.output_tokens},
    })
}

fn anthropic_chunks(message: &Value, reply: &Reply) -> Vec<Value> {
    let mut start = message.clone();
    if let Value::Object(start) = &mut start {
        start.insert("content".to_owned(), json!([]));
        start.insert("stop_reason".to_owned(), Value::Null);
        start.insert("usage".to_owned(), json!({"input_tokens": reply.input_tokens, "output_tokens": 1}));
    }
    let mut chunks = vec![
        json!({"type": "message_start", "message": start}),
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
    ];
    chunks.extend(converse::pieces(&reply.text).into_iter().map(|piece| {
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": piece}})
    }));
    chunks.push(json!({"type": "content_block_stop", "index": 0}));
    if let Some(tool) = &reply.tool_use {
        let block = json!({"type": "tool_use", "id": tool.id, "name": tool.name, "input": {}});
        chunks.push(json!({"type": "content_block_start", "index": 1, "content_block": block}));
        let delta = json!({"type": "input_json_delta", "partial_json": tool.input.to_string()});
        chunks.push(json!({"type": "content_block_delta", "index": 1, "delta": delta}));
        chunks.push(json!({"type": "content_block_stop", "index": 1}));
    }
    let delta = json!({"stop_reason": message["stop_reason"], "stop_sequence": message["stop_sequence"]});
    chunks.push(
        json!({"type": "message_delta", "delta": delta, "usage": {"output_tokens": reply.output_tokens}}),
    );
    chunks.push(json!({"type": "message_stop"}));
    chunks
}

fn nova_chunks(reply: &Reply) -> Vec<Value> {
    let mut chunks = vec![json!({"messageStart": {"role": "assistant"}})];
    chunks.extend(
        converse::pieces(&reply.text)
            .into_iter()
            .map(|piece| json!({"contentBlockDelta": {"delta": {"text": piece}, "contentBlockIndex": 0}})),
    );
    chunks.push(json!({"contentBlockStop": {"contentBlockIndex": 0}}));
    chunks.push(json!({"messageStop": {"stopReason": reply.stop.name()}}));
    let usage = json!({"inputTokens": reply.input_tokens, "outputTokens": reply.output_tokens});
    chunks.push(json!({"metadata": {"usage": usage, "metrics": {}}}));
    chunks
}

/// The answer of the family, once for each piece of the text.
fn text_chunks(family: Family, id: &str, request: &Value, reply: &Reply) -> Vec<Value> {
    let piece = |text: String| {
        let output_tokens = tokens(text.len());
        family.response(id, request, &Reply { text, output_tokens, ..reply.clone() })
    };
    converse::pieces(&reply.text).into_iter().map(piece).collect()
}
