//! Chat completion: the request read as OpenAI writes it, and the words of the emulated model in that shape.

use serde_json::{Map, Value, json};

use crate::emulator::bedrock::conversation::Conversation;
use crate::emulator::bedrock::json::{At as _, items};
use crate::emulator::bedrock::model::{self, Reply, Stop};

/// The answer in one piece, or what is wrong with the request.
pub(super) fn completion(model: &str, body: &Value) -> Result<Value, String> {
    let conversation = Conversation::of_converse(&converse(body)?);
    let reply = model::answer(&conversation);
    let mut message =
        Map::from_iter([("role".to_owned(), json!("assistant")), ("content".to_owned(), json!(reply.text))]);
    if let Some(call) = &reply.tool_use {
        // Arguments are a text.
        let function = json!({ "name": call.name, "arguments": call.input.to_string() });
        let call = json!([{ "id": call.id, "type": "function", "function": function }]);
        message.insert("tool_calls".to_owned(), call);
    }
    Ok(json!({
        "id": "chatcmpl-emulated",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": model,
        "system_fingerprint": "emulator",
        "choices": [{ "index": 0, "message": message, "finish_reason": finish_reason(&reply), "logprobs": null }],
        "usage": {
            "prompt_tokens": reply.input_tokens,
            "completion_tokens": reply.output_tokens,
            "total_tokens": reply.input_tokens + reply.output_tokens,
        },
    }))
}

fn finish_reason(reply: &Reply) -> &'static str {
    match reply.stop {
        Stop::ToolUse => "tool_calls",
        Stop::MaxTokens => "length",
        Stop::EndTurn | Stop::Sequence(_) | Stop::Guardrail => "stop",
    }
}

/// The request in the words of Converse, which the model reads.
fn converse(body: &Value) -> Result<Value, String> {
    let (mut system, mut messages) = (Vec::new(), Vec::new());
    for message in items(&body["messages"]) {
        let content = &message["content"];
        match message["role"].as_str() {
            Some("system" | "developer") => system.extend(blocks(content)?),
            Some("user") => messages.push(json!({ "role": "user", "content": blocks(content)? })),
            Some("assistant") => {
                let mut said = blocks(content)?;
                let calls = items(&message["tool_calls"]);
                said.extend(calls.map(|call| json!({ "toolUse": { "name": call.at("/function/name") } })));
                messages.push(json!({ "role": "assistant", "content": said }));
            }
            Some("tool") => {
                let text = content.as_str().ok_or("the content of a tool must be a text")?;
                if message["tool_call_id"].as_str().is_none() {
                    return Err("a tool's message needs a tool_call_id".to_owned());
                }
                let result = json!({ "toolResult": { "content": [{ "text": text }] } });
                messages.push(json!({ "role": "user", "content": [result] }));
            }
            role => return Err(format!("unknown role {role:?}")),
        }
    }
    if messages.is_empty() {
        return Err("messages must not be empty".to_owned());
    }
    if body["max_tokens"].as_i64().is_some_and(|count| count < 1) {
        return Err("max_tokens must be positive".to_owned());
    }
    let tool = |tool: &Value| {
        let function = &tool["function"];
        json!({ "toolSpec": { "name": function["name"], "inputSchema": { "json": function["parameters"] } } })
    };
    let choice = match body.at("/tool_choice/function/name").as_str() {
        Some(name) => json!({ "tool": { "name": name } }),
        None if body["tool_choice"] == "required" => json!({ "any": {} }),
        None => json!({ "auto": {} }),
    };
    // As OpenAI writes it, and as Hugging Face's own servers have written it before.
    let schemas =
        ["/response_format/json_schema/schema", "/response_format/value"].map(|pointer| body.at(pointer));
    let schema = schemas.into_iter().find(|schema| schema.is_object()).map(Value::to_string);
    Ok(json!({
        "system": system,
        "messages": messages,
        "inferenceConfig": { "maxTokens": body["max_tokens"], "stopSequences": body["stop"] },
        "toolConfig": { "tools": items(&body["tools"]).map(tool).collect::<Vec<_>>(), "toolChoice": choice },
        "outputConfig": { "textFormat": { "structure": { "jsonSchema": { "schema": schema } } } },
    }))
}

fn blocks(content: &Value) -> Result<Vec<Value>, String> {
    let part = |part: &Value| match part["type"].as_str() {
        Some("text") => Ok(json!({ "text": part["text"] })),
        Some("image_url") if part.at("/image_url/url").is_string() => Ok(json!({ "image": {} })),
        kind => Err(format!("unknown part {kind:?}")),
    };
    match content {
        Value::Null => Ok(Vec::new()),
        Value::String(text) => Ok(vec![json!({ "text": text })]),
        Value::Array(parts) => parts.iter().map(part).collect(),
        _ => Err("content must be a text or a list of parts".to_owned()),
    }
}

/// The same answer as events.
pub(super) fn events(completion: &Value, body: &Value) -> Vec<Value> {
    let chunk = |choices: Value| {
        let mut chunk = completion.clone();
        if let Some(entries) = chunk.as_object_mut() {
            entries.insert("object".to_owned(), json!("chat.completion.chunk"));
            entries.insert("choices".to_owned(), choices);
            entries.remove("usage");
        }
        chunk
    };
    let delta = |delta: Value| chunk(json!([{ "index": 0, "delta": delta, "finish_reason": null }]));
    let choice = completion.at("/choices/0");
    let mut events = vec![delta(json!({ "role": "assistant", "content": "" }))];
    let text = choice.at("/message/content").as_str().unwrap_or_default();
    events.extend(text.split_inclusive(' ').map(|piece| delta(json!({ "content": piece }))));
    for call in items(choice.at("/message/tool_calls")) {
        let arguments = call.at("/function/arguments").as_str().unwrap_or_default();
        let function = json!({ "name": call.at("/function/name"), "arguments": "" });
        let start = json!({ "index": 0, "id": call["id"], "type": "function", "function": function });
        events.push(delta(json!({ "tool_calls": [start] })));
        for piece in arguments.split_inclusive(',') {
            let piece = json!({ "index": 0, "function": { "arguments": piece } });
            events.push(delta(json!({ "tool_calls": [piece] })));
        }
    }
    events.push(chunk(json!([{ "index": 0, "delta": {}, "finish_reason": choice["finish_reason"] }])));
    if body.at("/stream_options/include_usage").as_bool() == Some(true) {
        let mut last = chunk(json!([]));
        if let Some(entries) = last.as_object_mut() {
            entries.insert("usage".to_owned(), completion["usage"].clone());
        }
        events.push(last);
    }
    events
}
