//! `createDocument(value)` in expressions: the expression language only leaves a mark in the result, and the
//! documents are stored afterwards, because storing needs the network.

use std::fmt::Debug;
use std::sync::atomic::{AtomicBool, Ordering};

use base64::Engine;
use base64::engine::general_purpose::GeneralPurposeConfig;
use base64::engine::{DecodePaddingMode, GeneralPurpose};
use futures_util::future::BoxFuture;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::json::kind;
use super::{Code, Error};
use crate::feel;

/// The name of the function.
const FUNCTION: &str = "createDocument";

/// The key that a marked value has.
const MARK: &str = "connectorResultFunction";

/// More documents in one result are a mistake.
const MAX_DOCUMENTS: usize = 100;

/// Camunda's runtime takes texts without padding too.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A document that an expression makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created {
    pub content: Vec<u8>,
    pub name: Option<String>,
    pub content_type: Option<String>,
}

/// Stores documents.
pub trait CreateDocument: Debug + Send + Sync {
    /// Stores a document, and gives the reference to it that goes into a variable.
    fn create(&self, document: Created) -> BoxFuture<'_, Result<Value, Error>>;
}

/// The marks of one evaluation. They are told by a tag that nobody outside it knows, so that an answer of a model
/// cannot pass for a call of the function.
#[derive(Debug)]
pub(super) struct Marks {
    tag: String,
    used: AtomicBool,
}

impl Marks {
    pub(super) fn new() -> Self {
        Self { tag: format!("{FUNCTION}:{}", Uuid::new_v4()), used: AtomicBool::new(false) }
    }

    /// Evaluates with the function that leaves the marks.
    pub(super) fn with_function<T>(&self, work: impl FnOnce(&[feel::HostFunction<'_>]) -> T) -> T {
        let call = |arguments: &[feel::Value]| {
            self.used.store(true, Ordering::Relaxed);
            let value = arguments.first().cloned().unwrap_or(feel::Value::Null);
            Ok(feel::Entries::from_iter([(MARK, feel::Value::from(self.tag.as_str())), ("value", value)])
                .into())
        };
        work(&[feel::HostFunction { name: FUNCTION, parameters: &["value"], call: &call }])
    }

    /// Stores the marked values, and puts the references in their places.
    pub(super) async fn store(
        &self,
        value: &mut Value,
        documents: Option<&dyn CreateDocument>,
    ) -> Result<(), Error> {
        if !self.used.load(Ordering::Relaxed) {
            return Ok(());
        }
        let marked = self.find(value);
        if marked.len() > MAX_DOCUMENTS {
            let found = marked.len();
            return Err(refused(&format!("it makes {found} documents, at most {MAX_DOCUMENTS} are stored")));
        }
        // All are read before one is stored, so that a mistake leaves no documents behind.
        let read = |pointer: String| {
            let argument = value.pointer(&pointer).and_then(|marked| marked.get("value"));
            read(argument.unwrap_or(&Value::Null)).map(|created| (pointer, created))
        };
        let created: Vec<_> = marked.into_iter().map(read).collect::<Result<_, _>>()?;
        for (pointer, created) in created {
            let documents = documents.ok_or_else(|| refused("there is no document store"))?;
            let reference = documents.create(created).await?;
            if let Some(place) = value.pointer_mut(&pointer) {
                *place = reference;
            }
        }
        Ok(())
    }

    /// Where the marks are. It does not descend by recursion, because the value may be deep.
    fn find(&self, value: &Value) -> Vec<String> {
        let mut found = Vec::new();
        let mut open = vec![(String::new(), value)];
        while let Some((pointer, value)) = open.pop() {
            match value {
                Value::Object(entries) if self.is_mark(entries) => found.push(pointer),
                Value::Object(entries) => open.extend(entries.iter().rev().map(|(key, entry)| {
                    (format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1")), entry)
                })),
                Value::Array(items) => open.extend(
                    items.iter().enumerate().rev().map(|(index, item)| (format!("{pointer}/{index}"), item)),
                ),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
            }
        }
        found
    }

    fn is_mark(&self, entries: &Map<String, Value>) -> bool {
        entries.get(MARK).and_then(Value::as_str) == Some(&self.tag)
    }
}

/// Reads the argument: base64, or a context with it and more.
fn read(argument: &Value) -> Result<Created, Error> {
    let entries = match argument {
        Value::String(content) => {
            return Ok(Created { content: decode(content)?, name: None, content_type: None });
        }
        Value::Object(entries) => entries,
        other => {
            return Err(refused(&format!(
                "it is {}, expected base64 text or a context with content",
                kind(other)
            )));
        }
    };
    let text = |keys: &[&'static str]| {
        let given = keys.iter().find_map(|key| entries.get(*key).filter(|value| !value.is_null()));
        match given {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(other) => {
                let key = keys.first().copied().unwrap_or_default();
                Err(refused(&format!("its {key} is {}, expected a text", kind(other))))
            }
        }
    };
    let content = text(&["content", "data"])?.ok_or_else(|| refused("it has no content"))?;
    let filled = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
    Ok(Created {
        content: decode(&content)?,
        name: filled(text(&["name", "fileName"])?),
        content_type: filled(text(&["contentType"])?),
    })
}

/// Base64, also when it is broken into lines.
fn decode(text: &str) -> Result<Vec<u8>, Error> {
    let decoded = if text.contains(|letter: char| letter.is_ascii_whitespace()) {
        let joined: String = text.split_ascii_whitespace().collect();
        BASE64.decode(joined)
    } else {
        BASE64.decode(text)
    };
    decoded.map_err(|error| refused(&format!("its content is no base64: {error}")))
}

fn refused(reason: &str) -> Error {
    Error::never(Code::RESULT_INVALID, format!("the value of {FUNCTION} cannot be stored: {reason}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_argument_is_base64_or_a_context_with_it() {
        let created = |content: &[u8], name: Option<&str>, content_type: Option<&str>| Created {
            content: content.to_vec(),
            name: name.map(str::to_owned),
            content_type: content_type.map(str::to_owned),
        };
        for (argument, expected) in [
            (json!("aGVsbG8="), created(b"hello", None, None)),
            (json!("aGVsbG8"), created(b"hello", None, None)),
            (json!("aGVs\r\nbG8=\n"), created(b"hello", None, None)),
            (json!(""), created(b"", None, None)),
            (json!({"content": ""}), created(b"", None, None)),
            (
                json!({"content": "aGVsbG8=", "name": "a.txt", "contentType": "text/plain"}),
                created(b"hello", Some("a.txt"), Some("text/plain")),
            ),
            (json!({"data": "aGVsbG8=", "fileName": "a.txt"}), created(b"hello", Some("a.txt"), None)),
            (
                json!({"content": "aGVsbG8=", "data": "x", "name": " ", "contentType": null}),
                created(b"hello", None, None),
            ),
        ] {
            assert_eq!(read(&argument), Ok(expected), "{argument}");
        }
    }

    #[test]
    fn all_else_is_refused_with_its_reason() {
        for (argument, reason) in [
            (json!(null), "it is null, expected base64 text or a context with content"),
            (json!(["aGVsbG8="]), "it is a list, expected base64 text or a context with content"),
            (json!({"name": "a.txt"}), "it has no content"),
            (json!({"content": 5}), "its content is a number, expected a text"),
            (json!({"content": "aGVsbG8=", "name": []}), "its name is a list, expected a text"),
            (json!("aG!!Vs"), "its content is no base64: Invalid symbol 33, offset 2."),
            (json!("a"), "its content is no base64: Invalid input length: 1"),
        ] {
            let error = read(&argument).expect_err("no document");
            assert_eq!(error.message, format!("the value of createDocument cannot be stored: {reason}"));
        }
    }
}
