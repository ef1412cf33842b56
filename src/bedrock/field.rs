//! Reads single values with the leniency of Camunda's connector: a list of one counts as its item, numbers and
//! booleans become texts, numbers may be written as texts, and `""` or `"null"` is no number.

use serde_json::{Map, Value};

use super::inputs::Names;
use crate::connector::Error;
use crate::connector::json::kind;

/// A value and its path, for messages.
#[derive(Debug, Clone)]
pub(super) struct Field<'a> {
    path: String,
    value: &'a Value,
    names: Names<'a>,
}

impl<'a> Field<'a> {
    /// A value that messages name by its path.
    #[cfg(test)]
    pub(super) fn new(path: impl Into<String>, value: &'a Value) -> Self {
        Self::named(path, value, Names::Paths)
    }

    pub(super) fn named(path: impl Into<String>, value: &'a Value, names: Names<'a>) -> Self {
        Self { path: path.into(), value, names }
    }

    /// The field as messages name it.
    pub(super) fn name(&self) -> String {
        self.names.of(&self.path)
    }

    /// An entry of this object as messages name it, whether it is there or not.
    pub(super) fn name_of(&self, key: &str) -> String {
        self.names.of(&self.path_of(key))
    }

    fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    pub(super) fn names(&self) -> Names<'a> {
        self.names
    }

    /// The value as it is.
    pub(super) fn raw(&self) -> &'a Value {
        self.value
    }

    /// The value, with lists of one opened.
    pub(super) fn value(&self) -> &'a Value {
        let mut value = self.value;
        while let Value::Array(items) = value {
            match items.as_slice() {
                [item] => value = item,
                _ => break,
            }
        }
        value
    }

    pub(super) fn wrong(&self, expected: &str) -> Error {
        let found = kind(self.value());
        Error::input(format!("{} is {found}, expected {expected}", self.name()))
    }

    /// The value is of the right type, and still cannot be used.
    pub(super) fn unusable(&self, expected: &str) -> Error {
        Error::input(format!("{} is {}, expected {expected}", self.name(), self.value()))
    }

    pub(super) fn missing(&self, remedy: &str) -> Error {
        Error::input(format!("{} is missing or empty; {remedy}", self.name()))
    }

    /// An entry that has to be there is not.
    pub(super) fn lacks(&self, key: &str, remedy: &str) -> Error {
        Error::input(format!("{} is missing or empty; {remedy}", self.name_of(key)))
    }

    /// An entry of this object; none when it is absent or null.
    pub(super) fn entry(&self, key: &str) -> Option<Field<'a>> {
        self.entry_or_null(key).filter(|entry| !entry.value().is_null())
    }

    /// An entry that holds a list; none when it is absent or null. A list of null is a list.
    pub(super) fn list(&self, key: &str) -> Option<Field<'a>> {
        self.entry_or_null(key).filter(|entry| !entry.raw().is_null())
    }

    /// An entry of this object; none when it is absent.
    pub(super) fn entry_or_null(&self, key: &str) -> Option<Field<'a>> {
        let value = self.value().as_object()?.get(key)?;
        let path = self.path_of(key);
        self.names.read(&path);
        Some(Field { path, value, names: self.names })
    }

    pub(super) fn object(&self) -> Result<&'a Map<String, Value>, Error> {
        self.value().as_object().ok_or_else(|| self.wrong("a context"))
    }

    /// The items of a list; a value that is no list is the only item.
    pub(super) fn items(&self) -> Vec<Field<'a>> {
        match self.value {
            Value::Null => Vec::new(),
            Value::Array(items) => items
                .iter()
                .enumerate()
                .map(|(index, value)| Field {
                    path: format!("{}[{}]", self.path, index + 1),
                    value,
                    names: self.names,
                })
                .collect(),
            _ => vec![self.clone()],
        }
    }

    pub(super) fn text(&self) -> Result<String, Error> {
        match self.value() {
            Value::String(text) => Ok(text.clone()),
            scalar @ (Value::Number(_) | Value::Bool(_)) => Ok(scalar.to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => Err(self.wrong("a text")),
        }
    }

    /// A whole number of 32 bits; a fraction is cut, but not one in a text.
    pub(super) fn integer(&self) -> Result<Option<i32>, Error> {
        const EXPECTED: &str = "a whole number";
        match self.value() {
            Value::Null => Ok(None),
            Value::Number(number) => {
                #[allow(
                    clippy::cast_possible_truncation,
                    reason = "the range is checked, and a fraction is cut"
                )]
                let whole = number
                    .as_f64()
                    .filter(|number| (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&number.trunc()))
                    .map(|number| number as i32);
                whole.map(Some).ok_or_else(|| self.unusable(EXPECTED))
            }
            Value::String(text) => match number_text(text) {
                None => Ok(None),
                Some(text) => text.parse().map(Some).map_err(|_| self.unusable(EXPECTED)),
            },
            Value::Bool(_) | Value::Array(_) | Value::Object(_) => Err(self.wrong(EXPECTED)),
        }
    }

    /// A 32-bit fraction, as Camunda's connector holds it.
    pub(super) fn fraction(&self) -> Result<Option<f32>, Error> {
        const EXPECTED: &str = "a number";
        let text = match self.value() {
            Value::Null => return Ok(None),
            Value::Number(number) => number.to_string(),
            Value::String(text) => match number_text(text) {
                None => return Ok(None),
                Some(text) => text.to_owned(),
            },
            Value::Bool(_) | Value::Array(_) | Value::Object(_) => return Err(self.wrong(EXPECTED)),
        };
        match text.parse::<f32>() {
            Ok(number) if number.is_finite() => Ok(Some(number)),
            _ => Err(self.unusable(EXPECTED)),
        }
    }
}

fn number_text(text: &str) -> Option<&str> {
    let text = text.trim();
    (!text.is_empty() && text != "null").then_some(text)
}

#[cfg(test)]
mod unit {
    use serde_json::json;

    use super::*;

    #[test]
    fn texts() {
        for (value, expected) in [
            (json!("a"), Some("a")),
            (json!(["a"]), Some("a")),
            (json!(42), Some("42")),
            (json!(1.50), Some("1.5")),
            (json!(true), Some("true")),
            (json!(["a", "b"]), None),
            (json!({}), None),
            (json!(null), None),
        ] {
            assert_eq!(Field::new("f", &value).text().ok().as_deref(), expected, "{value}");
        }
    }

    #[test]
    fn whole_numbers() {
        for (value, expected) in [
            (json!(256), Some(Some(256))),
            (json!("256"), Some(Some(256))),
            (json!(" 256 "), Some(Some(256))),
            (json!([7]), Some(Some(7))),
            (json!(10.7), Some(Some(10))),
            (json!(-1), Some(Some(-1))),
            (json!(100.0), Some(Some(100))),
            (json!(""), Some(None)),
            (json!("null"), Some(None)),
            (json!(null), Some(None)),
            (json!("10.5"), None),
            (json!(2_147_483_648_i64), None),
            (json!(true), None),
            (json!({}), None),
        ] {
            assert_eq!(Field::new("f", &value).integer().ok(), expected, "{value}");
        }
    }

    #[test]
    fn fractions() {
        for (value, expected) in [
            (json!(0.7), Some(Some(0.7_f32))),
            (json!("0.5"), Some(Some(0.5))),
            (json!(0), Some(Some(0.0))),
            (json!(""), Some(None)),
            (json!("0,5"), None),
            (json!("NaN"), None),
            (json!(1e39), None),
            (json!(false), None),
        ] {
            assert_eq!(Field::new("f", &value).fraction().ok(), expected, "{value}");
        }
    }

    #[test]
    fn messages_name_path_found_and_expected() {
        let value = json!({"a": {"b": [true]}});
        let field = Field::new("data", &value).entry("a").and_then(|a| a.entry("b")).expect("an entry");
        assert_eq!(
            field.integer().expect_err("wrong").message,
            "data.a.b is a boolean, expected a whole number"
        );
        let value = json!("10.5");
        let error = Field::new("data.maxTokens", &value).integer().expect_err("wrong");
        assert_eq!(error.message, "data.maxTokens is \"10.5\", expected a whole number");
    }
}
