//! Runs the reader over values made from the table, and tells what it read.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::names::Recorder;
use super::{INPUTS, Input, InputKind, Names};
use crate::bedrock::connector::{Flavour, read};
use crate::bedrock::field::Field;
use crate::bedrock::options::Options;
use crate::bedrock::target::Target;

/// The paths that the reader reads for a value of `action`, found by reading: a task is made from the examples of the
/// table, once for each choice that an input has, and the reader's own steps are recorded.
pub fn read_paths(action: &str) -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    for task in tasks(action) {
        let recorder = Recorder::default();
        // A task that the reader refuses was read as far as that.
        drop(read(&Field::named("", &task, Names::Recorded(&recorder)), Flavour::Native, |variables| {
            Target::read(variables, Flavour::Native, &options())
        }));
        paths.extend(recorder.into_leaves());
    }
    paths
}

/// An installation that lends what a task may name.
fn options() -> Options {
    Options { web_identity_token_file: Some("/run/token".into()), ..Options::default() }
}

/// A task with all inputs of an action, and one more for each further choice of each input, with and without what
/// stands in the way of it.
fn tasks(action: &str) -> Vec<Value> {
    let inputs: Vec<&Input> =
        INPUTS.iter().filter(|input| input.actions.contains(&action) && input.path != "action").collect();
    let mut tasks = vec![task(action, &inputs, None)];
    for input in &inputs {
        if let InputKind::Choice(choices) = input.kind {
            let others = choices.iter().map(|choice| task(action, &inputs, Some((input.path, *choice))));
            tasks.extend(others);
        }
    }
    tasks
}

fn task(action: &str, inputs: &[&Input], chosen: Option<(&str, &str)>) -> Value {
    inputs.iter().fold(json!({ "action": action }), |task, input| {
        let example = match chosen {
            Some((path, choice)) if path == input.path => Value::from(choice),
            _ => serde_json::from_str(input.example).unwrap_or_default(),
        };
        with(task, input.path, example)
    })
}

/// A context with a value put at a path; `[]` is the only item of a list.
fn with(holder: Value, path: &str, value: Value) -> Value {
    if path.is_empty() {
        return value;
    }
    let (key, rest) = path.split_once('.').unwrap_or((path, ""));
    let Value::Object(mut entries) = (if holder.is_object() { holder } else { json!({}) }) else {
        return value;
    };
    let placed = match key.strip_suffix("[]") {
        None => with(entries.get(key).cloned().unwrap_or_default(), rest, value),
        Some(list) => {
            let item = entries.get(list).and_then(|items| items.get(0)).cloned().unwrap_or_default();
            json!([with(item, rest, value)])
        }
    };
    entries.insert(key.trim_end_matches("[]").to_owned(), placed);
    Value::Object(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_listed_is_read_and_what_is_read_is_listed() {
        let InputKind::Choice(actions) = INPUTS[0].kind else { panic!("the first input is the action") };
        for action in actions {
            let listed: BTreeSet<String> = INPUTS
                .iter()
                .filter(|input| input.actions.contains(action))
                .map(|input| input.path.to_owned())
                .collect();
            let read = read_paths(action);
            let unread: Vec<_> = listed.difference(&read).collect();
            let unlisted: Vec<_> = read.difference(&listed).collect();
            assert!(unread.is_empty(), "{action}: listed but never read: {unread:?}");
            assert!(unlisted.is_empty(), "{action}: read but not listed: {unlisted:?}");
        }
    }
}
