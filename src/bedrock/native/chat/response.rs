//! The response of Converse, as expressions see it.

use serde_json::{Map, Value, json};

use super::super::envelope::{Tally, rest};
use super::Chat;
use super::structured::tool_uses;
use crate::bedrock::Error;
use crate::bedrock::call::BedrockCall;
use crate::bedrock::converse;
use crate::bedrock::history::Message;

/// The members of an answer that the response tells in its own words.
const KNOWN: &[&str] = &["output", "stopReason", "usage", "metrics", "trace"];

impl Chat {
    /// The response to the last answer.
    pub(super) fn response(
        self,
        call: &BedrockCall,
        tally: Tally,
        answer: Value,
        json: Option<Value>,
    ) -> Result<Value, Error> {
        let Self { model_id, conversation, structured, is_guarded, .. } = self;
        let answer = match (&structured, &json) {
            (Some(structured), Some(_)) => structured.without_tool(answer),
            _ => answer,
        };
        let reply = converse::reply(&answer, &model_id)?;
        let text = json.as_ref().map_or_else(|| reply_text(&answer), Value::to_string);
        let messages: Value = conversation.answered(reply).iter().map(Message::to_value).collect();
        let told = [
            ("text", text.into()),
            ("json", json.unwrap_or_default()),
            ("messages", messages),
            ("toolCalls", tool_calls(&answer)),
            ("reasoning", reasoning(&answer)),
            ("citations", citations(&answer)),
            ("stopReason", answer.get("stopReason").cloned().unwrap_or_default()),
            ("guardrail", guardrail(&answer, is_guarded)),
        ];
        Ok(tally.seal(call, &model_id, told, additional(answer)))
    }
}

fn blocks(answer: &Value) -> impl Iterator<Item = &Value> {
    answer.pointer("/output/message/content").and_then(Value::as_array).into_iter().flatten()
}

/// All text of an answer, cited or not.
pub(super) fn reply_text(answer: &Value) -> String {
    let texts = blocks(answer).flat_map(|block| {
        let own = block.get("text").and_then(Value::as_str);
        let cited = block.pointer("/citationsContent/content").and_then(Value::as_array);
        let cited = cited.into_iter().flatten().filter_map(|part| part.get("text").and_then(Value::as_str));
        own.into_iter().chain(cited)
    });
    texts.collect()
}

/// The tools that the process is to call; those that Bedrock calls itself are not among them.
fn tool_calls(answer: &Value) -> Value {
    let own = tool_uses(answer).filter(|tool| tool.get("type").is_none_or(Value::is_null));
    own.map(|tool| json!({ "id": tool["toolUseId"], "name": tool["name"], "input": tool["input"] })).collect()
}

fn reasoning(answer: &Value) -> Value {
    let texts: Vec<&str> = blocks(answer)
        .filter_map(|block| block.pointer("/reasoningContent/reasoningText/text").and_then(Value::as_str))
        .collect();
    if texts.is_empty() { Value::Null } else { texts.join("\n").into() }
}

fn citations(answer: &Value) -> Value {
    let lists = blocks(answer).filter_map(|block| block.pointer("/citationsContent/citations"));
    lists.filter_map(Value::as_array).flatten().cloned().collect()
}

fn guardrail(answer: &Value, is_guarded: bool) -> Value {
    if !is_guarded {
        return Value::Null;
    }
    let intervened = answer["stopReason"] == "guardrail_intervened";
    json!({ "intervened": intervened, "trace": answer.pointer("/trace/guardrail") })
}

/// What Bedrock told beyond what the response has a word for.
fn additional(mut answer: Value) -> Map<String, Value> {
    let mut part = |name: &str, known: &[&str]| {
        let members = answer.get_mut(name).map(Value::take).map(|part| rest(part, known)).unwrap_or_default();
        (!members.is_empty()).then(|| (name.to_owned(), Value::Object(members)))
    };
    let parts =
        [part("metrics", &["latencyMs"]), part("trace", &["guardrail"]), part("output", &["message"])];
    let mut additional = rest(answer, KNOWN);
    additional.extend(parts.into_iter().flatten());
    additional
}
