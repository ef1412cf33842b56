//! The conversation as processes hold it: `[{role, contentList: [{text} | {document}]}]`.
//!
//! What Camunda's connector has no word for (tool use, reasoning, images …) is kept as Bedrock sent it, and goes
//! back as such.

use serde_json::{Map, Value, json};

use super::field::Field;
use crate::connector::Error;
use crate::documents::{self, Reference};

/// A message of the conversation.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Message {
    /// Passed on as it is; Bedrock says what is wrong with it.
    pub(super) role: Option<String>,
    pub(super) content: Vec<Content>,
}

/// A part of a message.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Content {
    Text(String),
    Document(Attached),
    /// A content block of Bedrock.
    Block(Map<String, Value>),
}

/// A document of a message.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Attached {
    pub(super) reference: Reference,
    /// What messages call the input that it stands in.
    pub(super) input: String,
}

impl Attached {
    /// Reads a reference to a document; a wrong one is an input error.
    pub(super) fn read(field: &Field<'_>) -> Result<Self, Error> {
        let input = field.name();
        let reference = Reference::read(field.value(), &input)
            .map_err(|error: documents::Error| Error::from(super::Error::from(error)))?;
        Ok(Self { reference, input })
    }

    /// Which document it is, for a person who has several.
    pub(super) fn name(&self) -> String {
        match self.reference.file_name() {
            Some(file_name) => format!("{}, {file_name:?}", self.input),
            None => self.input.clone(),
        }
    }
}

impl Message {
    pub(super) fn of_user(content: Vec<Content>) -> Self {
        Self { role: Some("user".into()), content }
    }

    /// Reads a history; nothing and null are an empty one.
    pub(super) fn read_history(field: Option<Field<'_>>) -> Result<Vec<Self>, Error> {
        field.map_or_else(|| Ok(Vec::new()), |field| field.items().iter().map(Self::read).collect())
    }

    fn read(entry: &Field<'_>) -> Result<Self, Error> {
        entry.object()?;
        let role = entry.entry("role").map(|role| role.text()).transpose()?;
        let content = entry.list("contentList").ok_or_else(|| {
            Error::input(format!("{} is missing or null, expected a list", entry.name_of("contentList")))
        })?;
        Ok(Self { role, content: content.items().iter().map(Content::read).collect::<Result<_, _>>()? })
    }

    /// Reads a history of the first template: `[{message, role: USER | ASSISTANT}]`.
    pub(super) fn read_first_history(field: Option<Field<'_>>) -> Result<Vec<Self>, Error> {
        let Some(field) = field else { return Ok(Vec::new()) };
        let read = |entry: &Field<'_>| {
            entry.object()?;
            let role = entry.entry("role").map(|role| role.text()).transpose()?;
            let message =
                entry.entry("message").ok_or_else(|| entry.missing("expected a message and its role"))?;
            Ok(Self {
                role: role.map(|role| role.to_ascii_lowercase()),
                content: vec![Content::Text(message.text()?)],
            })
        };
        field.items().iter().map(read).collect()
    }

    /// The message as processes hold it.
    pub(super) fn to_value(&self) -> Value {
        let content: Vec<_> = self.content.iter().map(Content::to_value).collect();
        json!({ "role": self.role, "contentList": content })
    }

    /// The message as processes of the first template hold it.
    pub(super) fn to_first_value(&self) -> Value {
        let role = self.role.as_ref().map(|role| role.to_ascii_uppercase());
        json!({ "message": self.text(), "role": role })
    }

    /// A message of Bedrock.
    pub(super) fn from_bedrock(message: &Value) -> Self {
        let blocks = message.get("content").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        Self {
            role: message.get("role").and_then(Value::as_str).map(str::to_owned),
            content: blocks.iter().map(Content::from_bedrock).collect(),
        }
    }

    /// All text of the message.
    pub(super) fn text(&self) -> String {
        let texts = self.content.iter().filter_map(|content| match content {
            Content::Text(text) => Some(text.as_str()),
            Content::Document(_) | Content::Block(_) => None,
        });
        texts.collect()
    }
}

impl Content {
    fn read(entry: &Field<'_>) -> Result<Self, Error> {
        if entry.value().is_string() {
            return entry.text().map(Self::Text);
        }
        let entries = entry.object()?;
        if let Some(text) = entry.entry("text") {
            return text.text().map(Self::Text);
        }
        if let Some(document) = entry.entry("document") {
            return read_document(&document, entries);
        }
        let block: Map<String, Value> = entries
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        match block.values().next() {
            Some(Value::Object(_)) if block.len() == 1 => Ok(Self::Block(block)),
            _ => Err(Error::input(format!(
                "{} has neither text nor document, nor is it one content block of Bedrock",
                entry.name()
            ))),
        }
    }

    fn to_value(&self) -> Value {
        match self {
            Self::Text(text) => json!({ "text": text }),
            Self::Document(attached) => json!({ "document": attached.reference.to_value() }),
            Self::Block(block) => Value::Object(block.clone()),
        }
    }

    fn from_bedrock(block: &Value) -> Self {
        match block.get("text").and_then(Value::as_str) {
            Some(text) => Self::Text(text.to_owned()),
            None => {
                let entries = block.as_object().cloned().unwrap_or_default();
                Self::Block(entries.into_iter().filter(|(_, value)| !value.is_null()).collect())
            }
        }
    }
}

/// A reference, or a document block as Bedrock itself sends it.
fn read_document(document: &Field<'_>, entries: &Map<String, Value>) -> Result<Content, Error> {
    let value = document.value();
    if !Reference::is(value) && value.get("format").is_some() && value.get("source").is_some() {
        return Ok(Content::Block(entries.clone()));
    }
    Attached::read(document).map(Content::Document)
}

#[cfg(test)]
mod unit {
    use super::*;

    fn read(history: &Value) -> Result<Value, Error> {
        let messages = Message::read_history(Some(Field::new("data.messagesHistory", history)))?;
        Ok(messages.iter().map(Message::to_value).collect())
    }

    #[test]
    fn a_history_is_read_and_given_back() {
        let plain = json!([{"role": "user", "contentList": [{"text": "a"}]}, {"role": "assistant", "contentList": [{"text": "b"}]}]);
        assert_eq!(read(&plain), Ok(plain));
        for history in [
            json!({"role": "user", "contentList": [{"text": "a", "document": null, "x": 1}]}),
            json!([{"role": "user", "id": 7, "contentList": {"text": "a"}}]),
            json!([[{"role": "user", "contentList": ["a"]}]]),
            json!([{"role": "user", "contentList": "a"}]),
        ] {
            assert_eq!(
                read(&history),
                Ok(json!([{"role": "user", "contentList": [{"text": "a"}]}])),
                "{history}"
            );
        }
        assert_eq!(read(&Value::Null), Ok(json!([])));
    }

    #[test]
    fn roles_pass_as_they_are() {
        for (role, expected) in
            [(json!("User"), json!("User")), (json!(1), json!("1")), (json!(null), json!(null))]
        {
            let history = json!([{"role": role, "contentList": []}]);
            assert_eq!(read(&history), Ok(json!([{"role": expected, "contentList": []}])));
        }
    }

    #[test]
    fn blocks_of_bedrock_are_kept() {
        let tool_use = json!({"toolUse": {"toolUseId": "t1", "name": "f", "input": {"a": 1.10}}});
        let reply =
            json!({"role": "assistant", "content": [tool_use, {"text": "x", "extra": 1}, {"text": null}]});
        let message = Message::from_bedrock(&reply).to_value();
        assert_eq!(message, json!({"role": "assistant", "contentList": [tool_use, {"text": "x"}, {}]}));
        let history = json!([{"role": "assistant", "contentList": [tool_use, {"text": "x"}]}]);
        assert_eq!(read(&history), Ok(history));
    }

    #[test]
    fn wrong_histories_are_named() {
        for (history, expected) in [
            (json!("[]"), "data.messagesHistory is a text, expected a context"),
            (json!([null]), "data.messagesHistory[1] is null, expected a context"),
            (json!({}), "data.messagesHistory.contentList is missing or null, expected a list"),
            (
                json!([{"role": "user", "content": []}]),
                "data.messagesHistory[1].contentList is missing or null, expected a list",
            ),
            (
                json!([{"contentList": null}]),
                "data.messagesHistory[1].contentList is missing or null, expected a list",
            ),
            (
                json!([{"contentList": [{}]}]),
                "data.messagesHistory[1].contentList[1] has neither text nor document, nor is it one content block of Bedrock",
            ),
            (
                json!([{"contentList": [null]}]),
                "data.messagesHistory[1].contentList[1] is null, expected a context",
            ),
            (
                json!([{"contentList": [{"text": {}}]}]),
                "data.messagesHistory[1].contentList[1].text is a context, expected a text",
            ),
            (
                json!([{"contentList": [{"document": {"name": "x"}}]}]),
                "data.messagesHistory[1].contentList[1].document is no reference to a document: expected an object with the key \"camunda.document.type\"",
            ),
        ] {
            let error = read(&history).expect_err("a wrong history");
            assert_eq!((error.message.as_str(), error.retry), (expected, crate::connector::Retry::Never));
        }
    }

    #[test]
    fn the_first_templates_history_is_understood() {
        let history = json!([{"message": "hi", "role": "USER"}]);
        let messages =
            Message::read_first_history(Some(Field::new("data.messages", &history))).expect("a history");
        assert_eq!(
            messages.iter().map(Message::to_value).collect::<Value>(),
            json!([{"role": "user", "contentList": [{"text": "hi"}]}])
        );
    }
}
