//! The layers of a configuration and their order: the file, then the environment, then the flags.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use config::{ConfigError, File, FileFormat, Source, Value, ValueKind};

use super::env;
use super::mistake::Mistake;
use super::setting::{Name, Setting};

/// How the origin of a variable's value begins.
pub(crate) const VARIABLE: &str = "environment variable ";

/// One value as it was written, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) items: Items,
    /// For people: `environment variable X`, `flag --x`, `worker.lock in connector.toml`.
    pub(crate) origin: String,
}

/// A text, or the items of a list that was written as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Items {
    One(String),
    Many(Vec<String>),
}

/// What of a file is no setting: lists of tables, as they are.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tables {
    pub(crate) connections: Option<Value>,
    pub(crate) prices: Option<Value>,
}

/// One source of values, already brought to keys of settings.
#[derive(Debug, Clone, Default)]
pub(crate) struct Layer(BTreeMap<&'static str, Value>);

impl Layer {
    /// Reads a TOML file's text, and gives its lists of tables as they are. Keys that are no setting are mistakes, because a
    /// misspelt key would otherwise silently leave a default in place.
    pub(crate) fn file(path: &Path, text: &str, mistakes: &mut Vec<Mistake>) -> (Self, Tables) {
        let place = |key: &str| format!("{key} in {}", path.display());
        let mut tables = match File::from_str(text, FileFormat::Toml).collect() {
            Ok(tables) => tables,
            Err(error) => {
                mistakes.push(Mistake::new(path.display().to_string(), None, not_toml(text, &error)));
                return (Self::default(), Tables::default());
            }
        };
        let lists = Tables { connections: tables.remove("connections"), prices: tables.remove("prices") };
        let mut layer = Self::default();
        for (key, value) in flattened(String::new(), tables.into_iter().collect()) {
            match env::setting(&key) {
                Some(setting) => {
                    layer.0.insert(setting.key, Value::new(Some(&place(&key)), value.kind));
                }
                None => mistakes.push(Mistake::new(place(&key), None, unknown_key(&key))),
            }
        }
        (layer, lists)
    }

    /// Takes what the environment says. A variable that is empty counts as absent, because that is how compose files
    /// and charts leave something out.
    pub(crate) fn environment(variables: &[(String, String)]) -> Self {
        let set: Vec<_> = variables.iter().filter(|(_, value)| !value.trim().is_empty()).collect();
        let mut layer = Self::default();
        for setting in env::settings() {
            if let Some(value) = setting.names().find_map(|name| from_environment(setting, name, &set)) {
                layer.0.insert(setting.key, value);
            }
        }
        layer
    }

    /// Takes flags, as keys of settings with their texts.
    pub(crate) fn flags(flags: &[(&'static str, String)]) -> Self {
        let mut layer = Self::default();
        for (key, text) in flags {
            if let Some(setting) = env::setting(key) {
                let origin = format!("flag --{}", setting.flag());
                layer.0.insert(setting.key, Value::new(Some(&origin), text.as_str()));
            }
        }
        layer
    }
}

impl Source for Layer {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<HashMap<String, Value>, config::ConfigError> {
        Ok(self.0.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect())
    }
}

/// Lays one over the other; the last layer wins.
pub(crate) fn merged(layers: Vec<Layer>, mistakes: &mut Vec<Mistake>) -> BTreeMap<&'static str, Written> {
    let mut builder = config::Config::builder();
    for layer in layers {
        builder = builder.add_source(layer);
    }
    let tables = match builder.build().and_then(|merged| merged.collect()) {
        Ok(tables) => tables,
        Err(error) => {
            mistakes.push(Mistake::new("configuration", None, error.to_string()));
            return BTreeMap::new();
        }
    };
    let mut written = BTreeMap::new();
    for (key, value) in flattened(String::new(), tables.into_iter().collect()) {
        let Some(setting) = env::setting(&key) else { continue };
        let origin = value.origin().unwrap_or("configuration").to_owned();
        match items(value) {
            Some(items) => {
                written.insert(setting.key, Written { items, origin });
            }
            None => mistakes.push(Mistake::new(origin, None, setting.form.expected())),
        }
    }
    written
}

fn from_environment(setting: &Setting, name: Name, set: &[&(String, String)]) -> Option<Value> {
    let origin = |variable: &str| format!("{VARIABLE}{variable}");
    if let Some((variable, value)) = set.iter().find(|(variable, _)| name.matches(variable)) {
        return Some(Value::new(Some(&origin(variable)), value.as_str()));
    }
    if !setting.form.is_list() {
        return None;
    }
    let items: BTreeMap<_, _> = set
        .iter()
        .filter_map(|(variable, value)| Some((name.matches_item(variable)?, value.clone())))
        .collect();
    (!items.is_empty())
        .then(|| Value::new(Some(&origin(&name.shown())), items.into_values().collect::<Vec<_>>()))
}

/// Where a file stops being TOML, and why. The line itself is not shown, because a secret may stand in it.
fn not_toml(text: &str, error: &ConfigError) -> String {
    let cause = match error {
        ConfigError::FileParse { cause, .. } => cause.downcast_ref::<toml::de::Error>(),
        _ => None,
    };
    // All else that the reader objects to is the size of a number.
    let Some(cause) = cause else { return "not TOML, or a number in it is too large".to_owned() };
    let reason = cause.message();
    match cause.span().and_then(|span| text.get(..span.start)) {
        Some(before) => {
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
            format!("not TOML at line {line}, column {column}: {reason}")
        }
        None => format!("not TOML: {reason}"),
    }
}

/// The leaves of nested tables under dotted keys.
fn flattened(prefix: String, tables: Vec<(String, Value)>) -> Vec<(String, Value)> {
    let mut leaves = Vec::new();
    for (name, value) in tables {
        let key = if prefix.is_empty() { name } else { format!("{prefix}.{name}") };
        match value.kind {
            ValueKind::Table(inner) => leaves.extend(flattened(key, inner.into_iter().collect())),
            _ => leaves.push((key, value)),
        }
    }
    leaves.sort_by(|(left, _), (right, _)| left.cmp(right));
    leaves
}

/// Everything is text until its form is known, so that each source is read by the same rules.
fn items(value: Value) -> Option<Items> {
    match value.kind {
        ValueKind::Array(values) => {
            let texts: Option<Vec<_>> = values.into_iter().map(|value| value.into_string().ok()).collect();
            texts.map(Items::Many)
        }
        ValueKind::Nil | ValueKind::Table(_) => None,
        _ => value.into_string().ok().map(Items::One),
    }
}

fn unknown_key(key: &str) -> String {
    match env::similar_key(key) {
        Some(similar) => format!("no such setting; did you mean {similar}?"),
        None => "no such setting; `run --help` lists them all".to_owned(),
    }
}
