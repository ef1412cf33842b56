//! How a process variable refers to a document.

use serde_json::{Map, Value};

use super::Error;

/// The key that marks a reference.
const MARK: &str = "camunda.document.type";

/// A reference to a document, as it stands in a variable.
#[derive(Debug, Clone, PartialEq)]
pub enum Reference {
    /// In the engine's document store.
    Stored { store_id: Option<String>, document_id: String, content_hash: Option<String>, metadata: Value },
    /// Behind a URL.
    External { url: String, name: Option<String> },
    /// In the variable itself.
    Inline { content: Value, name: Option<String>, content_type: Option<String> },
}

impl Reference {
    /// Whether a value is meant as a reference.
    pub fn is(value: &Value) -> bool {
        value.get(MARK).is_some()
    }

    /// Reads a reference; `path` names it in messages.
    pub fn read(value: &Value, path: &str) -> Result<Self, Error> {
        let entries = match value {
            Value::Object(entries) if entries.contains_key(MARK) => entries,
            _ => return Err(Error::no_reference(path, format!("expected an object with the key {MARK:?}"))),
        };
        match entries.get(MARK).and_then(Value::as_str) {
            Some("camunda") => Ok(Self::Stored {
                store_id: text(entries, "storeId"),
                document_id: required(entries, "documentId", path)?,
                content_hash: text(entries, "contentHash"),
                metadata: entries.get("metadata").cloned().unwrap_or_default(),
            }),
            Some("external") => {
                Ok(Self::External { url: required(entries, "url", path)?, name: text(entries, "name") })
            }
            Some("inline") => Ok(Self::Inline {
                content: entries.get("content").cloned().unwrap_or_default(),
                name: text(entries, "name"),
                content_type: text(entries, "contentType"),
            }),
            _ => Err(Error::no_reference(
                path,
                format!("its {MARK:?} is none of camunda, external and inline"),
            )),
        }
    }

    /// The name of the file, where the reference tells it.
    pub fn file_name(&self) -> Option<&str> {
        match self {
            Self::Stored { metadata, .. } => metadata.get("fileName").and_then(Value::as_str),
            Self::External { name, .. } | Self::Inline { name, .. } => name.as_deref(),
        }
    }

    /// The reference as it goes back into a variable.
    pub fn to_value(&self) -> Value {
        let mut entries = Map::new();
        let mut put = |key: &str, value: Option<Value>| {
            if let Some(value) = value {
                entries.insert(key.to_owned(), value);
            }
        };
        let optional = |text: &Option<String>| text.clone().map(Value::String);
        match self {
            Self::Stored { store_id, document_id, content_hash, metadata } => {
                put(MARK, Some("camunda".into()));
                put("storeId", optional(store_id));
                put("documentId", Some(document_id.clone().into()));
                put("contentHash", optional(content_hash));
                put("metadata", Some(metadata.clone()).filter(|metadata| !metadata.is_null()));
            }
            Self::External { url, name } => {
                put(MARK, Some("external".into()));
                put("url", Some(url.clone().into()));
                put("name", optional(name));
            }
            Self::Inline { content, name, content_type } => {
                put(MARK, Some("inline".into()));
                put("content", Some(content.clone()));
                put("name", optional(name));
                put("contentType", optional(content_type));
            }
        }
        Value::Object(entries)
    }
}

fn text(entries: &Map<String, Value>, key: &str) -> Option<String> {
    match entries.get(key)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        _ => None,
    }
}

fn required(entries: &Map<String, Value>, key: &str, path: &str) -> Result<String, Error> {
    text(entries, key).ok_or_else(|| Error::no_reference(path, format!("it has no {key}")))
}
