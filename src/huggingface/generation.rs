//! Text generation: a model that continues one text.

use serde_json::{Map, Value, json};

use super::Error;
use super::chat::{Conversation, unreadable};

/// The body for a conversation of one text.
pub(super) fn body(converse: &[u8]) -> Result<Value, Error> {
    let conversation = Conversation::read(converse)?;
    let prompt = conversation.only_text().ok_or_else(|| Error::Unsupported {
        reason: "the task of the model is text-generation, which continues one text; leave history, tools and files \
                 out, or take a model with the task chat"
            .to_owned(),
    })?;
    let mut parameters = Map::from_iter([
        ("return_full_text".to_owned(), Value::Bool(false)),
        ("details".to_owned(), Value::Bool(true)),
    ]);
    for (name, key) in [
        ("max_new_tokens", "maxTokens"),
        ("temperature", "temperature"),
        ("top_p", "topP"),
        ("stop", "stopSequences"),
    ] {
        if let Some(value) = conversation.inference(key) {
            parameters.insert(name.to_owned(), value.clone());
        }
    }
    parameters.extend(conversation.additional().cloned().unwrap_or_default());
    Ok(json!({ "inputs": prompt, "parameters": parameters }))
}

/// The answer in the shape of Converse.
pub(super) fn answer(answer: Value, model: &str) -> Result<Value, Error> {
    // Servers answer one text with itself or with a list of one.
    let answer = match answer {
        Value::Array(mut answers) if answers.len() == 1 => answers.remove(0),
        answer => answer,
    };
    let text = answer.get("generated_text").and_then(Value::as_str);
    let text = text.ok_or_else(|| unreadable(model, "it has no generated_text"))?;
    let reason = answer.pointer("/details/finish_reason").and_then(Value::as_str).unwrap_or("eos_token");
    let mut converse = json!({
        "output": { "message": { "role": "assistant", "content": [{ "text": text }] } },
        "stopReason": super::chat::stop_reason(reason),
    });
    let input =
        answer.pointer("/details/prefill").and_then(Value::as_array).map(Vec::len).filter(|count| *count > 0);
    if let (Some(entries), Some(output)) =
        (converse.as_object_mut(), answer.pointer("/details/generated_tokens"))
    {
        let mut usage = json!({ "outputTokens": output });
        if let (Some(usage), Some(input)) = (usage.as_object_mut(), input) {
            usage.insert("inputTokens".to_owned(), input.into());
        }
        entries.insert("usage".to_owned(), usage);
    }
    Ok(converse)
}
