//! Takes the secrets that a job has used out of texts that leave the process.

use serde_json::{Map, Value};

use super::Secret;

/// Knows the secrets that one job has used.
#[derive(Debug, Clone, Default)]
pub struct Masker {
    /// Longest first, so that a secret which is a part of another does not leave the rest of it standing.
    secrets: Vec<Secret>,
}

impl Masker {
    /// Masks these values. Empty ones are left out: they have nothing to hide.
    pub fn new(secrets: impl IntoIterator<Item = Secret>) -> Self {
        let mut secrets: Vec<_> =
            secrets.into_iter().filter(|secret| !secret.expose().trim().is_empty()).collect();
        secrets.sort_by(|a, b| b.expose().len().cmp(&a.expose().len()).then_with(|| a.cmp(b)));
        secrets.dedup();
        Self { secrets }
    }

    /// The text with `***` for every secret.
    pub fn mask(&self, text: &str) -> String {
        self.secrets.iter().fold(text.to_owned(), |text, secret| {
            if text.contains(secret.expose()) { text.replace(secret.expose(), "***") } else { text }
        })
    }

    /// Whether there is a secret in the texts and keys of a value. It does not descend by recursion.
    pub fn finds_in(&self, value: &Value) -> bool {
        if self.secrets.is_empty() {
            return false;
        }
        let shows = |text: &str| self.secrets.iter().any(|secret| text.contains(secret.expose()));
        let mut open = vec![value];
        while let Some(value) = open.pop() {
            match value {
                Value::String(text) if shows(text) => return true,
                Value::Object(entries) if entries.keys().any(|key| shows(key)) => return true,
                Value::Array(items) => open.extend(items),
                Value::Object(entries) => open.extend(entries.values()),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
            }
        }
        false
    }

    /// The value with `***` for every secret in its texts and keys.
    pub fn mask_value(&self, value: Value) -> Value {
        if self.secrets.is_empty() {
            return value;
        }
        match value {
            Value::String(text) => Value::String(self.mask(&text)),
            Value::Array(items) => {
                Value::Array(items.into_iter().map(|item| self.mask_value(item)).collect())
            }
            Value::Object(entries) => Value::Object(self.mask_entries(entries)),
            other @ (Value::Null | Value::Bool(_) | Value::Number(_)) => other,
        }
    }

    /// The entries with `***` for every secret in their texts and keys.
    pub fn mask_entries(&self, entries: Map<String, Value>) -> Map<String, Value> {
        entries.into_iter().map(|(key, value)| (self.mask(&key), self.mask_value(value))).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn masker(secrets: &[&str]) -> Masker {
        Masker::new(secrets.iter().map(|text| Secret::from(*text)))
    }

    #[test]
    fn secrets_are_masked_in_texts_and_values() {
        let masker = masker(&["token"]);
        assert_eq!(masker.mask("no such token: token!"), "no such ***: ***!");
        assert_eq!(
            masker.mask_value(json!({"a token": ["x token", 1, null, {"b": true}]})),
            json!({"a ***": ["x ***", 1, null, {"b": true}]})
        );
    }

    #[test]
    fn secrets_are_found_where_they_would_be_masked() {
        let masker = masker(&["token"]);
        for value in [json!("my token"), json!([1, {"a": ["token"]}]), json!({"a token": null})] {
            assert!(masker.finds_in(&value), "{value}");
        }
        assert!(!masker.finds_in(&json!({"a": ["tokem", 1, null, true]})));
    }

    #[test]
    fn the_longer_secret_goes_first() {
        assert_eq!(masker(&["abc", "abcdef"]).mask("abcdef abc"), "*** ***");
    }

    #[test]
    fn an_empty_secret_masks_nothing() {
        assert_eq!(masker(&["", " "]).mask("a b"), "a b");
    }
}
