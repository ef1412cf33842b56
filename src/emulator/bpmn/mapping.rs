//! Variables on their way into an element and out of it.

use serde_json::{Map, Value};

use super::evaluate::{Evaluate, EvaluationFailure};
use super::model::{Mapping, Text};

/// What an input sees of the inputs before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scoping {
    /// Engines before 8.10 build one context of all inputs: the entries of an object that is still being built are
    /// known by their bare names, the object itself is not.
    OneContext,
    /// From 8.10 on each input is evaluated on its own, over the variables that are there by then.
    OneByOne,
}

/// The value of an attribute.
pub(crate) fn value_of(
    text: &Text,
    scope: &Map<String, Value>,
    evaluate: &dyn Evaluate,
) -> Result<Value, EvaluationFailure> {
    match text {
        Text::Static(text) => Ok(Value::String(text.clone())),
        Text::Expression(expression) => Ok(evaluate.evaluate(expression, scope)?.value),
    }
}

/// The local variables that an element begins with.
pub(crate) fn inputs(
    mappings: &[Mapping],
    process: &Map<String, Value>,
    scoping: Scoping,
    evaluate: &dyn Evaluate,
) -> Result<Map<String, Value>, EvaluationFailure> {
    let mut local = Map::new();
    for mapping in mappings {
        let value = match &mapping.source {
            Some(Text::Static(text)) => Value::String(text.clone()),
            Some(Text::Expression(expression)) => {
                evaluate.evaluate(expression, &input_scope(&mapping.target, process, &local, scoping))?.value
            }
            None => Value::Null,
        };
        put(&mut local, &mapping.target, value);
    }
    Ok(local)
}

fn input_scope(
    target: &[String],
    process: &Map<String, Value>,
    local: &Map<String, Value>,
    scoping: Scoping,
) -> Map<String, Value> {
    let mut scope = process.clone();
    if scoping == Scoping::OneByOne {
        overlay(&mut scope, local);
        return scope;
    }
    let root = target.first();
    let finished = local.iter().filter(|(name, _)| Some(*name) != root);
    scope.extend(finished.map(|(name, value)| (name.clone(), value.clone())));
    let mut building = root.and_then(|root| local.get(root));
    for name in target.iter().skip(1) {
        let Some(Value::Object(entries)) = building else { break };
        overlay(&mut scope, entries);
        building = entries.get(name);
    }
    scope
}

/// The process variables that an element's outputs set. A nested target keeps its neighbours.
pub(crate) fn outputs(
    mappings: &[Mapping],
    visible: &Map<String, Value>,
    process: &Map<String, Value>,
    evaluate: &dyn Evaluate,
) -> Result<Map<String, Value>, EvaluationFailure> {
    let mut set = Map::new();
    for mapping in mappings {
        let value = match &mapping.source {
            Some(source) => value_of(source, visible, evaluate)?,
            None => Value::Null,
        };
        if let [root, _, ..] = mapping.target.as_slice()
            && !set.contains_key(root)
            && let Some(known @ Value::Object(_)) = process.get(root)
        {
            set.insert(root.clone(), known.clone());
        }
        put(&mut set, &mapping.target, value);
    }
    Ok(set)
}

/// Sets the value at a path; what is in the way and no object is replaced.
fn put(variables: &mut Map<String, Value>, path: &[String], value: Value) {
    let Some((name, rest)) = path.split_first() else { return };
    if rest.is_empty() {
        variables.insert(name.clone(), value);
        return;
    }
    let inner = variables.entry(name.clone()).or_insert(Value::Null);
    if !inner.is_object() {
        *inner = Value::Object(Map::new());
    }
    if let Value::Object(inner) = inner {
        put(inner, rest, value);
    }
}

/// Puts variables over others of the same name.
pub(crate) fn overlay(below: &mut Map<String, Value>, above: &Map<String, Value>) {
    below.extend(above.iter().map(|(name, value)| (name.clone(), value.clone())));
}
