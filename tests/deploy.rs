//! What lies in `deploy/` agrees with the program: the chart knows its settings, and dashboard and alerts its metrics.

#![allow(clippy::string_slice, reason = "positions come from searches in the same text")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use bedrock_connector::config::env::SECTIONS;
use bedrock_connector::config::{Form, Setting};
use bedrock_connector::connections::{Kind, PRESETS, Provider, Task};
use serde_json::{Value, json};

const CHART: &str = "deploy/helm/bedrock-connector";

fn read(path: impl AsRef<Path>) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The schema of a setting's value. Helm shows its mistakes before anything is installed; the program's own check
/// comes with the first start.
fn schema_of(setting: &Setting) -> Value {
    match setting.form {
        Form::Text | Form::Secret | Form::Path | Form::Address | Form::SecretAddress => {
            json!({ "type": "string" })
        }
        Form::Duration => json!({ "type": ["string", "integer"], "pattern": "^(P.+|[0-9]+)$" }),
        Form::Count => json!({ "type": "integer", "minimum": 0 }),
        Form::Bytes => json!({ "type": ["string", "integer"], "minimum": 0 }),
        Form::Port => json!({ "type": "integer", "minimum": 0, "maximum": 65535 }),
        Form::Switch => json!({ "type": "boolean" }),
        Form::List => json!({ "type": ["array", "string"], "items": { "type": "string" } }),
        Form::Quotas => {
            let item = json!({ "type": ["string", "integer"], "minimum": 1 });
            json!({ "type": ["array", "string", "integer"], "items": item, "minimum": 1 })
        }
        Form::Amounts => {
            let item = json!({ "type": ["string", "number"], "minimum": 0 });
            json!({ "type": ["array", "string", "number"], "items": item, "minimum": 0 })
        }
        Form::Choice(choices) => json!({ "enum": choices }),
    }
}

/// One table of the file for each section, each closed, as the last part of the schema is written.
fn schema_of_the_file() -> String {
    let mut tables: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for setting in SECTIONS.iter().flat_map(|section| section.settings) {
        let (table, key) = setting.key.split_once('.').expect("keys are section.name");
        tables.entry(table).or_default().push(format!("            \"{key}\": {}", schema_of(setting)));
    }
    let closed = "\"type\": \"object\", \"additionalProperties\": false, \"properties\"";
    let tables = tables.into_iter().map(|(name, keys)| {
        format!(
            "        \"{name}\": {{\n          {closed}: {{\n{}\n          }}\n        }}",
            keys.join(",\n")
        )
    });
    let tables = tables.collect::<Vec<_>>().join(",\n");
    // Connections and prices are no settings, so their schema is written by hand.
    let connections = "        \"connections\": {\"$ref\": \"#/definitions/connections\"},\n        \"prices\": {\"$ref\": \"#/definitions/prices\"}";
    format!(
        "{{\n    \"config\": {{\n      {closed}: {{\n{connections},\n{tables}\n      }}\n    }}\n  }}\n}}\n"
    )
}

#[test]
fn the_chart_knows_every_setting_of_the_file() {
    const GENERATED: &str = "\"$defs\": ";
    let path = format!("{CHART}/values.schema.json");
    let text = read(&path);
    let (written_by_hand, _) = text.split_once(GENERATED).unwrap();
    let expected = format!("{written_by_hand}{GENERATED}{}", schema_of_the_file());
    assert!(serde_json::from_str::<Value>(&expected).is_ok(), "{expected}");
    if text != expected {
        let new = Path::new(env!("CARGO_TARGET_TMPDIR")).join("values.schema.json");
        fs::write(&new, expected).unwrap();
        panic!(
            "{path} does not match the settings any more; after a look at it:\n  cp {} {path}",
            new.display()
        );
    }
}

#[test]
fn the_chart_knows_the_words_of_connections() {
    let schema: Value = serde_json::from_str(&read(format!("{CHART}/values.schema.json"))).unwrap();
    let presets: Vec<_> = PRESETS.iter().map(|preset| preset.name).collect();
    for (place, words) in [
        ("connection/properties/provider", Provider::WORDS),
        ("model/properties/kind", Kind::WORDS),
        ("model/properties/task", Task::WORDS),
        ("model/properties/preset", &presets),
    ] {
        let offered = schema.pointer(&format!("/definitions/{place}/enum"));
        assert_eq!(offered, Some(&json!(words)), "{place}");
    }
}

#[test]
fn the_chart_installs_this_version() {
    let chart = read(format!("{CHART}/Chart.yaml"));
    let expected = format!("appVersion: {}", env!("CARGO_PKG_VERSION"));
    assert!(chart.lines().any(|line| line == expected), "{CHART}/Chart.yaml has no line `{expected}`");
}

/// The names of metrics in a text, without what a histogram or summary puts behind its name.
fn metrics_in(text: &str) -> BTreeSet<String> {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let names = text.split(|c| !word(c)).filter(|name| {
        ["bedrock_connector_", "camunda_connector_", "camunda_client_"]
            .iter()
            .any(|ours| name.starts_with(ours))
    });
    names
        .map(|name| {
            ["_bucket", "_count", "_sum"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name)
        })
        .map(str::to_owned)
        .collect()
}

#[test]
fn dashboard_and_alerts_ask_for_documented_metrics_only() {
    let documented = metrics_in(&read("docs/metrics.md"));
    for path in ["deploy/grafana/dashboard.json", "deploy/prometheus/alerts.yaml"] {
        let asked = metrics_in(&read(path));
        assert!(asked.len() > 5, "{path} asks for {asked:?} only");
        let unknown: Vec<_> = asked.difference(&documented).collect();
        assert!(
            unknown.is_empty(),
            "{path} asks for metrics that docs/metrics.md does not have: {unknown:?}"
        );
    }
}
