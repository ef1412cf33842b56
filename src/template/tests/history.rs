//! What was given out is never changed, and what a diagram holds is never lost.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::shipped;

/// What speaks against giving out `current` after `released`.
fn complaints(released: &Value, current: &Value) -> Vec<String> {
    let (before, now) = (released["version"].as_u64(), current["version"].as_u64());
    if now < before {
        return vec![format!("the version went back from {before:?} to {now:?}")];
    }
    if now == before {
        let is_same = released == current;
        return if is_same {
            Vec::new()
        } else {
            vec![format!("changed, so its version has to be above {now:?}")]
        };
    }
    let mut complaints = Vec::new();
    if released["id"] != current["id"] {
        complaints.push("the id changed, so no modeler will offer the update".to_owned());
    }
    for old in properties(released) {
        let binding = &old["binding"];
        let heirs: Vec<_> = properties(current).filter(|new| new["binding"] == *binding).collect();
        if heirs.is_empty() {
            complaints.push(format!("{binding} is gone: values there would be removed"));
        } else if old["type"] != "Hidden" && heirs.iter().all(|new| new["type"] == "Hidden") {
            complaints.push(format!("{binding} is hidden: values there would be overwritten"));
        }
        let has_text = heirs.iter().any(|new| new["type"] == "String" || new["type"] == "Text");
        let offered: BTreeSet<_> = heirs.iter().flat_map(|new| choices(new)).collect();
        for choice in choices(old).filter(|choice| !has_text && !offered.contains(choice)) {
            complaints.push(format!("{binding} has lost the choice {choice}"));
        }
    }
    complaints
}

fn properties(template: &Value) -> impl Iterator<Item = &Value> {
    template["properties"].as_array().into_iter().flatten()
}

fn choices(property: &Value) -> impl Iterator<Item = String> {
    let choices = property["choices"].as_array().into_iter().flatten();
    choices.map(|choice| choice["value"].to_string())
}

#[test]
fn released_templates_are_not_changed_and_lose_nothing() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("element-templates/versioned");
    let shipped = shipped();
    for file in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if file.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap();
        let released: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        let (name, version) = stem.rsplit_once('-').expect("NAME-VERSION.json");
        assert_eq!(released["version"].to_string(), version, "{stem}");
        let current = shipped.iter().find(|entry| entry.name == name);
        let current =
            current.unwrap_or_else(|| panic!("{stem} was given out, but there is no {name} any more"));
        let current = serde_json::from_str(&current.template.to_json()).unwrap();
        assert_eq!(complaints(&released, &current), Vec::<String>::new(), "{stem}");
    }
}

#[test]
fn the_rule_sees_what_it_is_there_for() {
    let field = |kind: &str, name: &str, choices: &[&str]| {
        let choices: Vec<_> = choices.iter().map(|value| json!({"name": value, "value": value})).collect();
        json!({"type": kind, "binding": {"type": "zeebe:input", "name": name}, "choices": choices})
    };
    let template = |version: u32, properties: Vec<Value>| json!({"id": "a", "version": version, "properties": properties});
    let released = template(2, vec![field("String", "a", &[]), field("Dropdown", "b", &["x", "y"])]);
    let fine = [
        released.clone(),
        template(
            3,
            vec![
                field("Text", "a", &[]),
                field("Dropdown", "b", &["z", "y", "x"]),
                field("String", "c", &[]),
            ],
        ),
        template(3, vec![field("String", "a", &[]), field("Hidden", "b", &[]), field("String", "b", &[])]),
    ];
    for current in fine {
        assert_eq!(complaints(&released, &current), Vec::<String>::new());
    }
    for (current, expected) in [
        (template(1, Vec::new()), "the version went back"),
        (template(2, Vec::new()), "changed, so its version"),
        (template(3, vec![field("Dropdown", "b", &["x", "y"])]), r#""name":"a"} is gone"#),
        (
            template(3, vec![field("Hidden", "a", &[]), field("Dropdown", "b", &["x", "y"])]),
            r#""name":"a"} is hidden"#,
        ),
        (
            template(3, vec![field("String", "a", &[]), field("Dropdown", "b", &["x"])]),
            "has lost the choice \"y\"",
        ),
    ] {
        let found = complaints(&released, &current);
        assert!(
            found.len() == 1 && found[0].contains(expected) || expected.starts_with("changed"),
            "{found:?}"
        );
        assert!(found[0].contains(expected), "{found:?}");
    }
}
