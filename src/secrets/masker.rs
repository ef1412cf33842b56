//! Takes the secrets that a job has used out of texts that leave the process.

use serde_json::{Map, Value};

use super::Secret;

/// Around the name of a secret in the place of its text. No text in Unicode holds these characters: they are set
/// apart for use inside programs.
const BEFORE_NAME: char = '\u{FDD0}';
const AFTER_NAME: char = '\u{FDD1}';

/// Knows the secrets that one job has used.
#[derive(Debug, Clone, Default)]
pub struct Masker {
    /// Longest first, so that a secret which is a part of another does not leave the rest of it standing.
    secrets: Vec<Known>,
}

#[derive(Debug, Clone)]
struct Known {
    name: String,
    secret: Secret,
}

impl Masker {
    /// Masks these values, each with its name. Empty ones are left out: they have nothing to hide.
    pub fn new(secrets: impl IntoIterator<Item = (String, Secret)>) -> Self {
        let known = secrets.into_iter().map(|(name, secret)| Known { name, secret });
        let mut secrets: Vec<_> = known.filter(|known| !known.secret.expose().trim().is_empty()).collect();
        secrets.sort_by(|a, b| {
            let longest_first = b.secret.expose().len().cmp(&a.secret.expose().len());
            longest_first.then_with(|| a.secret.cmp(&b.secret)).then_with(|| a.name.cmp(&b.name))
        });
        secrets.dedup_by(|a, b| a.secret == b.secret);
        Self { secrets }
    }

    /// The text with `***` for every secret.
    pub fn mask(&self, text: &str) -> String {
        self.secrets.iter().fold(text.to_owned(), |text, known| {
            if text.contains(known.secret.expose()) {
                text.replace(known.secret.expose(), "***")
            } else {
                text
            }
        })
    }

    /// The value as it may be written to disk: the name of every secret in the place of its text. `None` when it
    /// could not be told from what [`Masker::reveal`] undoes.
    pub fn conceal(&self, value: &Value) -> Option<Value> {
        let mut value = value.clone();
        for_each_text(&mut value, |text| self.concealed(text)).then_some(value)
    }

    /// Undoes [`Masker::conceal`]. `None` when a secret of that name is not known.
    pub fn reveal(&self, mut value: Value) -> Option<Value> {
        for_each_text(&mut value, |text| self.revealed(text)).then_some(value)
    }

    fn concealed(&self, text: &mut String) -> bool {
        if text.contains([BEFORE_NAME, AFTER_NAME]) {
            return false;
        }
        let mut shown = vec![std::mem::take(text)];
        // Even pieces are text, odd ones are names; a secret is looked for in text alone.
        for known in &self.secrets {
            let mut next = Vec::with_capacity(shown.len());
            for (position, piece) in shown.into_iter().enumerate() {
                if position % 2 == 1 {
                    next.push(piece);
                    continue;
                }
                for (count, part) in piece.split(known.secret.expose()).enumerate() {
                    if count > 0 {
                        next.push(known.name.clone());
                    }
                    next.push(part.to_owned());
                }
            }
            shown = next;
        }
        for (position, piece) in shown.iter().enumerate() {
            if position % 2 == 1 {
                text.extend([BEFORE_NAME]);
                text.push_str(piece);
                text.extend([AFTER_NAME]);
            } else {
                text.push_str(piece);
            }
        }
        true
    }

    fn revealed(&self, text: &mut String) -> bool {
        if !text.contains(BEFORE_NAME) {
            return true;
        }
        let mut shown = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some((before, marked)) = rest.split_once(BEFORE_NAME) {
            let Some((name, after)) = marked.split_once(AFTER_NAME) else { return false };
            let Some(known) = self.secrets.iter().find(|known| known.name == name) else { return false };
            shown.push_str(before);
            shown.push_str(known.secret.expose());
            rest = after;
        }
        shown.push_str(rest);
        *text = shown;
        true
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

/// A text with concealed secrets as people may read it: placeholders in the place of secrets.
pub fn with_placeholders(text: &str) -> String {
    text.replace(BEFORE_NAME, "{{secrets.").replace(AFTER_NAME, "}}")
}

/// Changes the texts and keys of a value until one cannot be changed. It does not descend by recursion.
fn for_each_text(value: &mut Value, mut change: impl FnMut(&mut String) -> bool) -> bool {
    let mut open = vec![value];
    while let Some(value) = open.pop() {
        match value {
            Value::String(text) => {
                if !change(text) {
                    return false;
                }
            }
            Value::Array(items) => open.extend(items),
            Value::Object(entries) => {
                let mut changed = Map::with_capacity(entries.len());
                for (mut key, value) in std::mem::take(entries) {
                    if !change(&mut key) {
                        return false;
                    }
                    changed.insert(key, value);
                }
                *entries = changed;
                open.extend(entries.values_mut());
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn masker(secrets: &[&str]) -> Masker {
        let named = secrets.iter().enumerate();
        Masker::new(named.map(|(number, text)| (format!("NAME{number}"), Secret::from(*text))))
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
    fn what_is_concealed_holds_no_secret_and_comes_back_as_it_was() {
        let masker = masker(&["token", "my token", "N", "tok\"en"]);
        for value in [
            json!("it is my token, not a token: token"),
            json!([1, {"a": ["token", null, true, "NAME0"]}, "tok\"en"]),
            json!({"a token": "Nothing", "b": {}}),
        ] {
            let concealed = masker.conceal(&value).unwrap();
            let text = concealed.to_string();
            assert!(!text.contains("token") && !text.contains("tok\\\"en"), "{text}");
            assert_ne!(concealed, value);
            assert_eq!(masker.reveal(concealed), Some(value));
        }
    }

    #[test]
    fn people_see_placeholders() {
        let concealed = masker(&["token"]).conceal(&json!("my token")).unwrap();
        assert_eq!(with_placeholders(concealed.as_str().unwrap()), "my {{secrets.NAME0}}");
    }

    #[test]
    fn a_secret_that_is_not_known_any_more_is_not_guessed() {
        let concealed = masker(&["first", "second"]).conceal(&json!("second")).unwrap();
        assert_eq!(masker(&["first"]).reveal(concealed), None);
    }

    #[test]
    fn what_looks_concealed_already_is_not_concealed() {
        assert_eq!(masker(&["token"]).conceal(&json!("a\u{FDD0}b")), None);
        assert_eq!(masker(&["token"]).conceal(&json!({"a\u{FDD1}": 1})), None);
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
