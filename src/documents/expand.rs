//! Runs the functions in the variables of a job, and turns documents that stand in place of a text into base64.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::Value;

use super::{Error, Reference, Session};
use crate::clock::SystemClock;
use crate::connector::select;

const MARK: &str = "camunda.function.type";
const MAX_FUNCTIONS: usize = 10;

/// Whether there is anything to expand below `data`.
pub fn needs_expansion(data: &Value) -> bool {
    !find(data).is_empty()
}

/// Expands the `data` of a job.
#[derive(Debug)]
pub struct Expander<'a, 'b> {
    pub session: &'a mut Session<'b>,
}

/// Something to expand, inner ones before outer ones.
#[derive(Debug, PartialEq, Eq)]
struct Place {
    pointer: String,
    is_function: bool,
}

impl Expander<'_, '_> {
    /// Replaces functions by their results, and documents by their content where a text is expected. Those of
    /// the document fields and of the history stay references.
    pub async fn expand(&mut self, data: &mut Value) -> Result<(), Error> {
        let places = find(data);
        if places.iter().filter(|place| place.is_function).count() > MAX_FUNCTIONS {
            return Err(Error::TooManyFunctions { limit: MAX_FUNCTIONS });
        }
        for place in places {
            let Some(value) = data.pointer(&place.pointer) else { continue };
            let expanded = if place.is_function {
                self.run(value).await?
            } else {
                let path = format!("data{}", place.pointer.replace('/', "."));
                base64(&self.session.load(&Reference::read(value, &path)?).await?.content)
            };
            if let Some(slot) = data.pointer_mut(&place.pointer) {
                *slot = expanded;
            }
        }
        Ok(())
    }

    async fn run(&mut self, value: &Value) -> Result<Value, Error> {
        let function = value.get(MARK).and_then(Value::as_str).unwrap_or_default();
        let params = value.get("params").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let mut call = Function { name: function, params, session: self.session };
        match function {
            "base64" => Ok(base64(&call.content().await?)),
            "getText" => call.text().await.map(Value::String),
            "getJson" => call.json().await,
            "createLink" => call.link().await.map(Value::String),
            _ => Err(call.bad("expected one of base64, getText, getJson and createLink")),
        }
    }
}

/// A call of a function.
#[derive(Debug)]
struct Function<'a, 'b> {
    name: &'a str,
    params: &'a [Value],
    session: &'a mut Session<'b>,
}

impl<'a> Function<'a, '_> {
    fn bad(&self, reason: &str) -> Error {
        Error::BadFunction { function: self.name.to_owned(), reason: reason.to_owned() }
    }

    fn document(&self) -> Result<Reference, Error> {
        match self.params.first() {
            Some(value) if Reference::is(value) => Reference::read(value, "its first parameter"),
            _ => Err(self.bad("its first parameter must be a document")),
        }
    }

    fn optional_text(&self, index: usize) -> Result<Option<&'a str>, Error> {
        match self.params.get(index) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.bad("its second parameter must be a text")),
        }
    }

    async fn load(&mut self) -> Result<Bytes, Error> {
        let document = self.document()?;
        Ok(self.session.load(&document).await?.content)
    }

    /// The content of a document, or the bytes of a text.
    async fn content(&mut self) -> Result<Bytes, Error> {
        match self.params.first() {
            Some(Value::String(text)) => Ok(text.clone().into()),
            _ => self.load().await,
        }
    }

    async fn text(&mut self) -> Result<String, Error> {
        let charset = self.optional_text(1)?.unwrap_or("UTF-8").to_ascii_uppercase();
        let content = self.load().await?;
        match charset.as_str() {
            "UTF-8" | "UTF8" | "US-ASCII" | "ASCII" => Ok(String::from_utf8_lossy(&content).into_owned()),
            "ISO-8859-1" | "LATIN1" | "ISO8859_1" => Ok(content.iter().copied().map(char::from).collect()),
            _ => Err(self.bad("its charset is none of UTF-8, US-ASCII and ISO-8859-1")),
        }
    }

    async fn json(&mut self) -> Result<Value, Error> {
        let content = self.load().await?;
        let json: Value = serde_json::from_slice(&content)
            .map_err(|error| self.bad(&format!("the document is no JSON: {error}")))?;
        match self.optional_text(1)? {
            None => Ok(json),
            Some(path) => self.select(path, &json),
        }
    }

    /// A part of a JSON document, by an expression over its entries.
    fn select(&self, path: &str, json: &Value) -> Result<Value, Error> {
        if path.trim_start().starts_with('=') {
            return Err(self.bad("its expression must not begin with ="));
        }
        select(path, json, &SystemClock)
            .map_err(|reason| self.bad(&format!("its expression fails: {reason}")))
    }

    async fn link(&self) -> Result<String, Error> {
        let document = self.document()?;
        if !matches!(document, Reference::Stored { .. }) {
            return Err(self.bad("only documents of the engine's store have links"));
        }
        self.session.link(&document, self.optional_text(1)?).await
    }
}

fn base64(content: &[u8]) -> Value {
    Value::String(STANDARD.encode(content))
}

fn find(data: &Value) -> Vec<Place> {
    let mut places = Vec::new();
    walk(data, &mut String::new(), &mut places);
    places
}

fn walk(value: &Value, pointer: &mut String, places: &mut Vec<Place>) {
    match value {
        Value::Object(entries) if entries.contains_key(MARK) => {
            if let Some(Value::Array(params)) = entries.get("params") {
                for (index, param) in params.iter().enumerate().filter(|(_, param)| !Reference::is(param)) {
                    within(&format!("params/{index}"), pointer, |pointer| walk(param, pointer, places));
                }
            }
            places.push(Place { pointer: pointer.clone(), is_function: true });
        }
        value if Reference::is(value) => {
            places.push(Place { pointer: pointer.clone(), is_function: false });
        }
        Value::Object(entries) => {
            for (key, entry) in entries {
                if !is_document_field(key, pointer) {
                    let escaped = key.replace('~', "~0").replace('/', "~1");
                    within(&escaped, pointer, |pointer| walk(entry, pointer, places));
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                within(&index.to_string(), pointer, |pointer| walk(item, pointer, places));
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Fields where a document is a document: the new ones, the template's helpers, and those of the history.
fn is_document_field(key: &str, pointer: &str) -> bool {
    (pointer.is_empty() && (key == "newDocuments" || key.starts_with("data_newDocuments_")))
        || (key == "document" && pointer.starts_with("/messagesHistory"))
}

fn within(step: &str, pointer: &mut String, visit: impl FnOnce(&mut String)) {
    let length = pointer.len();
    pointer.push('/');
    pointer.push_str(step);
    visit(pointer);
    pointer.truncate(length);
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;
    use crate::documents::{Budget, External, ExternalOptions, Loader};

    async fn expand(mut data: Value) -> Result<Value, Error> {
        let fetch = External::new(ExternalOptions::default()).expect("a client");
        let loader = Loader::new(Arc::new(fetch), None, Budget::new(1_000_000));
        Expander { session: &mut loader.session() }.expand(&mut data).await.map(|()| data)
    }

    fn inline(content: &str) -> Value {
        json!({"camunda.document.type": "inline", "content": content, "name": "a.txt"})
    }

    fn function(name: &str, params: &Value) -> Value {
        json!({"camunda.function.type": name, "params": params})
    }

    #[tokio::test]
    async fn functions_are_run_from_the_inside_out() {
        let data = json!({"payload": {"a": [function("base64", &json!([function("getText", &json!([inline("hi")]))]))]}});
        assert_eq!(expand(data).await.expect("expanded"), json!({"payload": {"a": ["aGk="]}}));
    }

    #[tokio::test]
    async fn documents_in_place_of_a_text_become_base64() {
        let data = json!({"newMessage": inline("hi"), "newDocuments": [inline("x")], "payload": {"a/b": inline("hi")},
            "messagesHistory": [{"contentList": [{"document": inline("x")}, {"text": inline("hi")}]}]});
        let expected = json!({"newMessage": "aGk=", "newDocuments": [inline("x")], "payload": {"a/b": "aGk="},
            "messagesHistory": [{"contentList": [{"document": inline("x")}, {"text": "aGk="}]}]});
        assert_eq!(expand(data).await.expect("expanded"), expected);
    }

    #[tokio::test]
    async fn json_is_read_from_documents() {
        let document = inline(r#"{"x": {"y": [1, 2.25, "z"]}}"#);
        let data = json!([function("getJson", &json!([document]))]);
        assert_eq!(expand(data).await.expect("expanded"), json!([{"x": {"y": [1, 2.25, "z"]}}]));
        for (path, expected) in
            [("x.y", json!([1, 2.25, "z"])), ("x.y[2]", json!(2.25)), ("$.x.y", json!(null))]
        {
            let data = function("getJson", &json!([document, path]));
            assert_eq!(expand(data).await.expect("expanded"), expected, "{path}");
        }
        let refused = expand(function("getJson", &json!([document, "=x.y"]))).await;
        assert!(matches!(refused, Err(Error::BadFunction { .. })));
    }

    #[tokio::test]
    async fn charsets_are_kept() {
        let data = function("getText", &json!([inline("ü"), "ISO-8859-1"]));
        assert_eq!(expand(data).await.expect("expanded"), json!("Ã¼"));
    }

    #[tokio::test]
    async fn more_functions_than_the_limit_are_refused() {
        let functions = |count| Value::Array(vec![function("base64", &json!(["hi"])); count]);
        assert!(expand(functions(10)).await.is_ok());
        assert!(matches!(expand(functions(11)).await, Err(Error::TooManyFunctions { limit: 10 })));
    }

    #[tokio::test]
    async fn unknown_functions_and_parameters_are_refused() {
        for data in [
            function("nope", &json!([])),
            function("base64", &json!([])),
            function("getText", &json!(["no document"])),
            function("createLink", &json!([inline("x")])),
        ] {
            assert!(matches!(expand(data.clone()).await, Err(Error::BadFunction { .. })), "{data}");
        }
    }

    #[tokio::test]
    async fn a_stored_document_without_a_store_says_what_to_configure() {
        let data = json!({"newMessage": {"camunda.document.type": "camunda", "documentId": "d1"}});
        assert_eq!(
            expand(data).await.expect_err("no store").to_string(),
            "document \"d1\" is in the engine's store, but no REST address of the engine is configured"
        );
    }

    #[test]
    fn plain_data_needs_nothing() {
        assert!(!needs_expansion(&json!({"newMessage": "hi", "newDocuments": [inline("x")]})));
    }
}
