//! A table of the file, read value by value.

use std::collections::BTreeSet;

use config::{Map, Value, ValueKind};

use super::mistake::Mistake;
use super::{Purpose, env};

/// What tables are read with.
pub(super) struct Surroundings<'a> {
    /// The name of the file, for messages.
    pub(super) file: &'a str,
    /// The environment, for references to secrets.
    pub(super) variables: &'a [(String, String)],
    /// Whether the secrets have to be there.
    pub(super) purpose: Purpose,
    /// The region of the installation, for connections without one.
    pub(super) region: Option<&'a str>,
}

/// Where mistakes go, and what is known around the tables.
pub(super) struct Sink<'a, 'b> {
    pub(super) surroundings: &'a Surroundings<'a>,
    pub(super) mistakes: &'b mut Vec<Mistake>,
}

impl Sink<'_, '_> {
    pub(super) fn mistake(&mut self, place: &str, found: Option<&str>, expected: impl Into<String>) {
        let place = format!("{place} in {}", self.surroundings.file);
        self.mistakes.push(Mistake::new(place, found.map(str::to_owned), expected));
    }

    /// The items of a list of tables, with their places. Anything else is a mistake.
    pub(super) fn tables<'v>(
        &mut self,
        place: &str,
        value: &'v Value,
        form: &str,
    ) -> Vec<(String, &'v Value)> {
        match &value.kind {
            ValueKind::Array(items) => {
                let numbered = items.iter().enumerate();
                numbered.map(|(index, item)| (format!("{place}[{}]", index + 1), item)).collect()
            }
            _ => {
                self.mistake(place, None, format!("expected a list of tables, written as {form}"));
                Vec::new()
            }
        }
    }
}

/// The place of an item: by its name where it has one, otherwise by its number.
pub(super) fn named_place(parent: &str, numbered: String, value: &Value, key: &str) -> String {
    let ValueKind::Table(entries) = &value.kind else { return numbered };
    match entries.get(key).map(|name| &name.kind) {
        Some(ValueKind::String(name)) if !name.trim().is_empty() => format!("{parent}.{}", name.trim()),
        _ => numbered,
    }
}

/// What a value is, for messages that must not show it: a secret often stands where a table belongs.
fn kind_of(value: &Value) -> &'static str {
    match value.kind {
        ValueKind::Table(_) => "a table",
        ValueKind::Array(_) => "a list",
        ValueKind::String(_) => "a text",
        ValueKind::Boolean(_) => "true or false",
        ValueKind::Nil => "nothing",
        ValueKind::I64(_)
        | ValueKind::U64(_)
        | ValueKind::I128(_)
        | ValueKind::U128(_)
        | ValueKind::Float(_) => "a number",
    }
}

/// A table. Every key that nobody has asked for is a mistake in the end.
pub(super) struct Table<'a> {
    pub(super) place: String,
    entries: &'a Map<String, Value>,
    asked: BTreeSet<&'static str>,
}

impl<'a> Table<'a> {
    pub(super) fn open(place: String, value: &'a Value, sink: &mut Sink<'_, '_>) -> Option<Self> {
        match &value.kind {
            ValueKind::Table(entries) => Some(Self { place, entries, asked: BTreeSet::new() }),
            _ => {
                sink.mistake(&place, Some(kind_of(value)), "expected a table");
                None
            }
        }
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    /// The value as it is.
    pub(super) fn value(&mut self, key: &'static str) -> Option<&'a Value> {
        self.asked.insert(key);
        self.entries.get(key)
    }

    pub(super) fn place_of(&self, key: &str) -> String {
        format!("{}.{key}", self.place)
    }

    /// A text without outer spaces, not empty.
    pub(super) fn text(&mut self, sink: &mut Sink<'_, '_>, key: &'static str) -> Option<String> {
        match &self.value(key)?.kind {
            ValueKind::String(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
            _ => {
                self.mistake(sink, key, "expected a text that is not empty, in quotes");
                None
            }
        }
    }

    pub(super) fn required(
        &mut self,
        sink: &mut Sink<'_, '_>,
        key: &'static str,
        expected: &str,
    ) -> Option<String> {
        if !self.has(key) {
            self.asked.insert(key);
            self.mistake(sink, key, expected);
            return None;
        }
        self.text(sink, key)
    }

    pub(super) fn switch(&mut self, sink: &mut Sink<'_, '_>, key: &'static str) -> Option<bool> {
        match &self.value(key)?.kind {
            ValueKind::Boolean(value) => Some(*value),
            _ => {
                self.mistake(sink, key, "expected true or false");
                None
            }
        }
    }

    /// One of these words.
    pub(super) fn word<T>(
        &mut self,
        sink: &mut Sink<'_, '_>,
        key: &'static str,
        words: &[&str],
        of_word: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let word = match &self.value(key)?.kind {
            ValueKind::String(text) => of_word(text.trim()),
            _ => None,
        };
        if word.is_none() {
            self.mistake(sink, key, format!("expected one of {}", words.join(", ")));
        }
        word
    }

    pub(super) fn tables(
        &mut self,
        sink: &mut Sink<'_, '_>,
        key: &'static str,
        form: &str,
    ) -> Option<Vec<(String, &'a Value)>> {
        let place = self.place_of(key);
        let value = self.value(key)?;
        Some(sink.tables(&place, value, form))
    }

    /// A table inside this one.
    pub(super) fn table(&mut self, sink: &mut Sink<'_, '_>, key: &'static str) -> Option<Table<'a>> {
        let place = self.place_of(key);
        let value = self.value(key)?;
        Table::open(place, value, sink)
    }

    /// Says that what stands under a key cannot be. Values are shown, so it is not for places of secrets.
    pub(super) fn mistake(&self, sink: &mut Sink<'_, '_>, key: &str, expected: impl Into<String>) {
        let found = self.entries.get(key).map(|value| match &value.kind {
            ValueKind::Table(_) => "a table".to_owned(),
            ValueKind::Array(_) => "a list".to_owned(),
            _ => value.to_string(),
        });
        sink.mistake(&self.place_of(key), found.as_deref(), expected);
    }

    /// The same where a secret may stand: the value is not shown.
    pub(super) fn hidden_mistake(&self, sink: &mut Sink<'_, '_>, key: &str, expected: impl Into<String>) {
        sink.mistake(&self.place_of(key), self.entries.get(key).map(kind_of), expected);
    }

    /// Passes on whether something holds, and says so where it does not.
    pub(super) fn check(&self, sink: &mut Sink<'_, '_>, key: &str, holds: bool, expected: &str) -> bool {
        if !holds {
            self.mistake(sink, key, expected);
        }
        holds
    }

    /// Says that a key has no meaning here.
    pub(super) fn refuse(&mut self, sink: &mut Sink<'_, '_>, key: &'static str, expected: &str) {
        self.asked.insert(key);
        if self.has(key) {
            self.mistake(sink, key, expected);
        }
    }

    /// Names the keys that mean nothing.
    pub(super) fn finish(self, sink: &mut Sink<'_, '_>) {
        let mut unknown: Vec<&String> =
            self.entries.keys().filter(|key| !self.asked.contains(key.as_str())).collect();
        unknown.sort();
        for key in unknown {
            let expected = match env::closest(key, self.asked.iter().copied()) {
                Some(similar) => format!("no such setting; did you mean {similar}?"),
                None => {
                    let known: Vec<&str> = self.asked.iter().copied().collect();
                    format!("no such setting; there are {}", known.join(", "))
                }
            };
            sink.mistake(&self.place_of(key), None, expected);
        }
    }
}
