//! `parameters` of a model: what a task does not set itself. They have to be inputs of a task, or they would be without
//! effect, or fail each job by itself.

use std::collections::BTreeSet;

use config::{Value, ValueKind};
use serde_json::{Map, Number};

use super::table::{Sink, Table};
use crate::bedrock::{INPUTS, Input};
use crate::config::env;
use crate::connections::Kind;

/// What stands under `parameters`.
pub(super) fn read(
    table: &mut Table<'_>,
    sink: &mut Sink<'_, '_>,
    kind: Kind,
) -> Map<String, serde_json::Value> {
    match table.value("parameters").map(json) {
        None => Map::new(),
        Some(Some(serde_json::Value::Object(entries))) => {
            let place = table.place_of("parameters");
            Look { kind, sink }.at(&place, "data", &entries);
            entries
        }
        Some(_) => {
            table.mistake(sink, "parameters", "expected a table such as { maxTokens = 1024 }");
            Map::new()
        }
    }
}

/// The actions that models of a kind are asked for.
fn actions(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Text => &["converse", "invokeModel", "countTokens"],
        Kind::Embedding => &["embed", "invokeModel"],
        Kind::Image => &["image", "invokeModel"],
    }
}

/// Looks for mistakes in parameters.
struct Look<'a, 'b, 'c> {
    kind: Kind,
    sink: &'a mut Sink<'b, 'c>,
}

impl Look<'_, '_, '_> {
    /// `path` is how a task would write it.
    fn at(&mut self, place: &str, path: &str, entries: &Map<String, serde_json::Value>) {
        for (key, value) in entries {
            let (place, path) = (format!("{place}.{key}"), format!("{path}.{key}"));
            let inner = format!("{path}.");
            if path == "data.modelId" {
                self.sink.mistake(&place, None, "expected nothing, because the id of the model says it");
            } else if let Some(input) = INPUTS.iter().find(|input| input.path == path) {
                self.input(&place, input, value);
            } else if !INPUTS.iter().any(|input| input.path.starts_with(&inner)) {
                self.unknown(&place, &path);
            } else if let serde_json::Value::Object(entries) = value {
                self.at(&place, &path, entries);
            } else {
                let expected = format!("expected a table with {}", self.names(&inner).join(", "));
                self.sink.mistake(&place, Some(&shown(value)), expected);
            }
        }
    }

    fn input(&mut self, place: &str, input: &Input, value: &serde_json::Value) {
        if !self.reads(input) {
            let expected = format!(
                "expected nothing, because only {} reads it, for which models of the kind {} are not asked",
                input.actions.join(", "),
                self.kind
            );
            self.sink.mistake(place, None, expected);
        } else if !input.kind.takes(value) {
            self.sink.mistake(place, Some(&shown(value)), input.kind.expected());
        }
    }

    fn unknown(&mut self, place: &str, path: &str) {
        let (parent, key) = path.rsplit_once('.').unwrap_or(("", path));
        let names = self.names(&format!("{parent}."));
        let expected = match env::closest(key, names.iter().copied()) {
            Some(similar) => format!("no such input of a task; did you mean {similar}?"),
            None => format!("no such input of a task; there are {}", names.join(", ")),
        };
        self.sink.mistake(place, None, expected);
    }

    fn reads(&self, input: &Input) -> bool {
        input.actions.iter().any(|action| actions(self.kind).contains(action))
    }

    /// What may stand in a table, whose path ends in a dot.
    fn names(&self, table: &str) -> Vec<&'static str> {
        let inputs = INPUTS.iter().filter(|input| self.reads(input) && !input.is_part());
        let names = inputs.filter_map(|input| input.path.strip_prefix(table)?.split('.').next());
        names.filter(|name| *name != "modelId").collect::<BTreeSet<_>>().into_iter().collect()
    }
}

fn shown(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Object(_) => "a table".to_owned(),
        serde_json::Value::Array(_) => "a list".to_owned(),
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Any value, as the input of a task has it.
fn json(value: &Value) -> Option<serde_json::Value> {
    Some(match &value.kind {
        ValueKind::Nil => serde_json::Value::Null,
        ValueKind::Boolean(value) => (*value).into(),
        ValueKind::I64(number) => (*number).into(),
        ValueKind::U64(number) => (*number).into(),
        ValueKind::I128(_) | ValueKind::U128(_) => return None,
        ValueKind::Float(number) => serde_json::Value::Number(Number::from_f64(*number)?),
        ValueKind::String(text) => text.as_str().into(),
        ValueKind::Array(items) => items.iter().map(json).collect::<Option<Vec<_>>>()?.into(),
        ValueKind::Table(entries) => {
            let mut entries: Vec<_> = entries.iter().collect();
            // The reader keeps no order; a fixed one keeps fingerprints of requests the same.
            entries.sort_by_key(|(key, _)| key.as_str());
            let entries = entries.into_iter().map(|(key, value)| Some((key.clone(), json(value)?)));
            serde_json::Value::Object(entries.collect::<Option<_>>()?)
        }
    })
}
