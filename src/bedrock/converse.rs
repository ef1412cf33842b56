//! Converse: a conversation with its new message goes out, and comes back with the reply.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Map, Number, Value, json};

use super::Error;
use super::field::Field;
use super::history::{Attached, Content, Message};
use crate::connector;
use crate::documents::{Kind, Reference, Session, clean_name};

/// What the model may answer with when the task says nothing.
const DEFAULT_MAX_TOKENS: i32 = 512;

/// A conversation that is ready to go out.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Converse {
    /// The history and the new message.
    pub(super) messages: Vec<Message>,
    /// The members of the request beside the messages.
    pub(super) members: Map<String, Value>,
    /// Whether the model is to name the places in the documents that its answer rests on.
    pub(super) cites: bool,
    /// Ends the last message, when the conversation is to be cached.
    pub(super) cache_point: Option<Value>,
    /// Whether the task was drawn with the first version of Camunda's template, whose result has another shape.
    pub(super) is_first: bool,
}

/// The body of a request, to which messages can be added.
#[derive(Debug, Clone)]
pub(super) struct Body {
    pub(super) bytes: Bytes,
    /// Where the list of messages ends.
    messages_end: usize,
}

impl Converse {
    pub(super) fn read(data: &Field<'_>) -> Result<Self, connector::Error> {
        let (mut messages, text) = read_said(data)?;
        let Some(text) = text else { return Err(no_message(data)) };
        let mut content: Vec<_> = read_documents(data)?.into_iter().map(Content::Document).collect();
        content.push(Content::Text(text));
        messages.push(Message::of_user(content));
        let max_tokens = match data.entry_or_null("maxTokens") {
            Some(field) => field.integer()?,
            None => Some(DEFAULT_MAX_TOKENS),
        };
        let inference = read_inference(data, max_tokens)?;
        let members = Map::from_iter([("inferenceConfig".to_owned(), Value::Object(inference))]);
        Ok(Self { messages, members, cites: false, cache_point: None, is_first: is_of_first_template(data) })
    }

    /// The body of the request, with the content of all documents. It is written piece by piece, so that no more
    /// than one document is in memory twice.
    pub(super) async fn body(&self, session: &mut Session<'_>) -> Result<Body, Error> {
        let mut text = String::from(r#"{"messages":["#);
        for (index, message) in self.messages.iter().enumerate() {
            text.push_str(if index == 0 { "{" } else { ",{" });
            if let Some(role) = &message.role {
                text.push_str(&format!(r#""role":{},"#, Value::from(role.as_str())));
            }
            text.push_str(r#""content":["#);
            for (index, part) in message.content.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                text.push_str(&block(part, self.cites, session).await?.to_string());
            }
            if let Some(cache_point) = self.cache_point.as_ref().filter(|_| index + 1 == self.messages.len())
            {
                text.push_str(&format!(",{cache_point}"));
            }
            text.push_str("]}");
        }
        let messages_end = text.len();
        text.push(']');
        for (key, value) in &self.members {
            text.push_str(&format!(",{}:{value}", Value::from(key.as_str())));
        }
        text.push('}');
        Ok(Body { bytes: text.into(), messages_end })
    }

    /// The conversation with the reply.
    pub(super) fn answered(mut self, reply: Message) -> Vec<Message> {
        self.messages.push(reply);
        self.messages
    }
}

impl Body {
    /// The same request with more messages, which are messages of Bedrock.
    pub(super) fn with(self, messages: &[Value]) -> Self {
        let more: String = messages.iter().map(|message| format!(",{message}")).collect();
        let mut bytes = Vec::from(self.bytes);
        bytes.splice(self.messages_end..self.messages_end, more.bytes());
        Self { bytes: bytes.into(), messages_end: self.messages_end + more.len() }
    }
}

/// The history and the text of the new message, when it has some.
pub(super) fn read_said(data: &Field<'_>) -> Result<(Vec<Message>, Option<String>), connector::Error> {
    let is_first = is_of_first_template(data);
    let message = data.entry(if is_first { "nextMessage" } else { "newMessage" });
    let text = message.map(|message| message.text()).transpose()?;
    let messages = if is_first && data.list("messagesHistory").is_none() {
        Message::read_first_history(data.list("messages"))?
    } else {
        Message::read_history(data.list("messagesHistory"))?
    };
    Ok((messages, text.filter(|text| !text.trim().is_empty())))
}

/// The names of the first template only count where those of today are not there.
fn is_of_first_template(data: &Field<'_>) -> bool {
    data.entry("newMessage").is_none() && data.entry("nextMessage").is_some()
}

/// The new message of a task is what it is for.
pub(super) fn no_message(data: &Field<'_>) -> connector::Error {
    data.lacks("newMessage", "write what the model is to be asked")
}

/// How the model is to choose its words.
pub(super) fn read_inference(
    data: &Field<'_>,
    max_tokens: Option<i32>,
) -> Result<Map<String, Value>, connector::Error> {
    let mut config = Map::new();
    if let Some(max_tokens) = max_tokens {
        config.insert("maxTokens".into(), max_tokens.into());
    }
    for key in ["temperature", "topP"] {
        let fraction = data.entry(key).map(|field| field.fraction()).transpose()?.flatten();
        if let Some(number) = fraction.and_then(shortest) {
            config.insert(key.into(), Value::Number(number));
        }
    }
    Ok(config)
}

/// The result that tasks of the first template were drawn for: `{messagesHistory: [{message, role}], newMessage}`.
pub(super) fn first_result(messages: &[Message], text: &str) -> Value {
    let history: Value = messages.iter().map(Message::to_first_value).collect();
    json!({ "messagesHistory": history, "newMessage": text })
}

/// The shortest text that means this 32-bit number: 0.7, and not the 0.699999988079071 of its 64 bits.
pub(super) fn shortest(number: f32) -> Option<Number> {
    format!("{number:?}").parse().ok()
}

/// The reply in an answer of Converse.
pub(super) fn reply(answer: &Value, model_id: &str) -> Result<Message, Error> {
    match answer.pointer("/output/message") {
        Some(message @ Value::Object(_)) => Ok(Message::from_bedrock(message)),
        _ => Err(Error::NoMessage {
            model_id: model_id.to_owned(),
            stop_reason: answer.get("stopReason").unwrap_or(&Value::Null).to_string(),
        }),
    }
}

/// The documents of the new message. The template composes them in `newDocuments`; on some engines that comes out
/// as null although its helper fields are there, so these are read then.
pub(super) fn read_documents(data: &Field<'_>) -> Result<Vec<Attached>, connector::Error> {
    if let Some(documents) = data.list("newDocuments") {
        return documents.items().iter().map(Attached::read).collect();
    }
    let helper = |name: &str| data.entry(&format!("data_newDocuments_{name}"));
    let text = |name: &str| helper(name).map(|field| field.text()).transpose();
    let from = |name: &str, reference| Attached {
        reference,
        input: data.name_of(&format!("data_newDocuments_{name}")),
    };
    match text("documentMode")?.as_deref() {
        Some("multiple") => match helper("multiple_expression") {
            Some(documents) => documents.items().iter().map(Attached::read).collect(),
            None => Ok(Vec::new()),
        },
        Some("single") => match text("single_documentSource")?.as_deref() {
            Some("inline") => {
                let content = helper("single_inline_content").map(|content| content.raw().clone());
                let inline = Reference::Inline {
                    content: content.unwrap_or_default(),
                    name: text("single_inline_fileName")?,
                    content_type: text("single_inline_contentType")?,
                };
                Ok(vec![from("single_inline_content", inline)])
            }
            Some("external") => match text("single_external_url")? {
                Some(url) => {
                    let external = Reference::External { url, name: text("single_external_fileName")? };
                    Ok(vec![from("single_external_url", external)])
                }
                None => Ok(Vec::new()),
            },
            _ => helper("single_camundaReference").iter().map(Attached::read).collect(),
        },
        _ => Ok(Vec::new()),
    }
}

async fn block(content: &Content, cites: bool, session: &mut Session<'_>) -> Result<Value, Error> {
    match content {
        Content::Text(text) => Ok(json!({ "text": text })),
        Content::Block(block) => Ok(Value::Object(block.clone())),
        Content::Document(attached) => {
            let document =
                session.load(&attached.reference).await.map_err(|error| error.of(attached.name()))?;
            let source = json!({ "bytes": STANDARD.encode(&document.content) });
            Ok(match document.kind(&attached.input)? {
                Kind::Image(format) => json!({ "image": { "format": format, "source": source } }),
                Kind::Document(format) => {
                    let name = clean_name(document.name.as_deref());
                    let mut block = json!({ "format": format, "name": name, "source": source });
                    if let (true, Some(members)) = (cites, block.as_object_mut()) {
                        members.insert("citations".to_owned(), json!({ "enabled": true }));
                    }
                    json!({ "document": block })
                }
            })
        }
    }
}
