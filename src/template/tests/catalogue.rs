//! Templates and reader share one catalogue of inputs: places, labels, kinds and choices are those of its table, and the
//! places are those that the reader itself is seen to read.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::shipped;
use crate::bedrock::{INPUTS, Input, InputKind, read_paths};
use crate::template::entries::Entry;
use crate::template::model::{Binding, Feel, Kind, Property};

/// The values of `action` that a template's tasks can have.
fn actions(entry: &Entry) -> Vec<&str> {
    let action = Binding::Input { name: "action".into() };
    let field = entry.template.properties.iter().find(|field| field.binding == action).expect(entry.name);
    match field.kind {
        Kind::Hidden => field.value.iter().filter_map(Value::as_str).collect(),
        _ => field.choices.iter().map(|choice| choice.value.as_str()).collect(),
    }
}

fn is_native(entry: &Entry) -> bool {
    entry.job_type() == "bedrock-connector:1"
}

fn input_fields(entry: &Entry) -> impl Iterator<Item = (&str, &Property)> {
    entry.template.properties.iter().filter_map(|field| match &field.binding {
        Binding::Input { name } => Some((name.as_str(), field)),
        _ => None,
    })
}

fn known() -> BTreeMap<&'static str, &'static Input> {
    INPUTS.iter().map(|input| (input.path, input)).collect()
}

/// The fields that a modeler sees, each with its entry of the catalogue.
fn each_known_field(check: impl Fn(&str, &Property, &Input)) {
    let known = known();
    for entry in shipped() {
        for (path, field) in input_fields(&entry).filter(|(_, field)| field.kind != Kind::Hidden) {
            let input =
                known.get(path).unwrap_or_else(|| panic!("{}: {path} is not in the catalogue", entry.name));
            check(&format!("{}: {path}", entry.name), field, input);
        }
    }
}

#[test]
fn what_a_template_writes_is_read_for_its_actions() {
    for entry in shipped() {
        let read: BTreeSet<_> = actions(&entry).into_iter().flat_map(read_paths).collect();
        let unread: Vec<_> =
            input_fields(&entry).map(|(path, _)| path).filter(|path| !read.contains(*path)).collect();
        assert!(unread.is_empty(), "{}: nobody reads {unread:?}", entry.name);
    }
}

#[test]
fn every_input_of_an_action_has_a_field_in_its_template() {
    let mut seen = BTreeSet::new();
    for entry in shipped().iter().filter(|entry| is_native(entry)) {
        let fields: BTreeSet<_> = input_fields(entry).map(|(path, _)| path).collect();
        for action in actions(entry) {
            let inputs = INPUTS.iter().filter(|input| input.actions.contains(&action) && !input.is_part());
            let without: Vec<_> =
                inputs.map(|input| input.path).filter(|path| !fields.contains(path)).collect();
            assert!(without.is_empty(), "{}: no field for {without:?}", entry.name);
            seen.insert(action.to_owned());
        }
    }
    let InputKind::Choice(all) = INPUTS[0].kind else { panic!("the first input is the action") };
    assert_eq!(seen, all.iter().map(|&action| action.to_owned()).collect(), "each action has a template");
}

/// Messages name an input by its label in the catalogue, so a person has to find that label on the screen.
#[test]
fn fields_are_called_what_messages_call_them() {
    each_known_field(|place, field, input| assert_eq!(field.label, Some(input.label), "{place}"));
}

#[test]
fn fields_take_what_the_reader_expects() {
    each_known_field(|place, field, input| {
        let expects_expression = field.feel == Some(Feel::Required);
        let fits = match input.kind {
            InputKind::Text | InputKind::Duration => field.kind == Kind::String && !expects_expression,
            InputKind::LongText => field.kind == Kind::Text && !expects_expression,
            InputKind::WholeNumber | InputKind::Fraction => field.kind == Kind::Number,
            InputKind::Boolean => field.kind == Kind::Boolean,
            InputKind::Choice(_) => field.kind == Kind::Dropdown,
            InputKind::List | InputKind::Context => expects_expression,
            InputKind::Any => field.feel.is_some(),
        };
        assert!(fits, "{place} is a {:?}, the reader expects {:?}", field.kind, input.kind);
    });
}

#[test]
fn choices_are_those_of_the_reader() {
    each_known_field(|place, field, input| {
        let InputKind::Choice(choices) = input.kind else { return };
        // Camunda's template has fewer actions and identities.
        if place.starts_with("aws-bedrock: ") && ["action", "authentication.type"].contains(&input.path) {
            return;
        }
        let offered: BTreeSet<_> = field.choices.iter().map(|choice| choice.value.as_str()).collect();
        assert_eq!(offered, choices.iter().copied().collect(), "{place}");
    });
}

/// Where an absent input means something, a fresh task means the same.
#[test]
fn a_fresh_task_has_the_readers_own_defaults() {
    // A fresh task signs in with the worker's own role; without the field, the peer's default holds. And whoever
    // switches prompt caching on wants the system prompt cached.
    const OTHERWISE: &[&str] = &["authentication.type", "data.promptCaching.system"];
    each_known_field(|place, field, input| {
        let (Some(value), Some(default)) = (&field.value, input.default) else { return };
        if !OTHERWISE.contains(&input.path) {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            assert_eq!(value, default, "{place}");
        }
    });
}
