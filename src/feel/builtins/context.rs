//! Contexts.

use std::sync::Arc;

use super::{Builtin, Signature, refused};
use crate::feel::{
    eval::Evaluator,
    failure::Outcome,
    value::{Entries, List, Value},
};

pub(super) const TABLE: &[Builtin] = &[
    Builtin {
        name: "get entries",
        doc: "The entries of a context as a list of contexts with `key` and `value`.",
        signatures: &[Signature::new(&["context"], get_entries), Signature::new(&["m"], get_entries)],
        examples: &[("get entries({a: 1})", "[{key:\"a\", value:1}]")],
    },
    Builtin {
        name: "get value",
        doc: "The entry of a context with a key, or along a list of keys; null if there is none.",
        signatures: &[
            Signature::new(&["m", "key"], get_value),
            Signature::new(&["context", "key"], get_value),
            Signature::new(&["context", "keys"], get_value_along),
        ],
        examples: &[("get value({a: 1}, \"a\")", "1"), ("get value({a: {b: 2}}, [\"a\", \"b\"])", "2")],
    },
    Builtin {
        name: "context put",
        doc: "The context with one more entry, or with one changed, also along a list of keys.",
        signatures: &[
            Signature::new(&["context", "key", "value"], context_put),
            Signature::new(&["context", "keys", "value"], context_put_along),
        ],
        examples: &[
            ("context put({a: 1}, \"b\", 2)", "{a:1, b:2}"),
            ("context put({a: {}}, [\"a\", \"b\"], 2)", "{a:{b:2}}"),
        ],
    },
    Builtin {
        name: "put",
        doc: "An older name of `context put`.",
        signatures: &[Signature::new(&["context", "key", "value"], context_put)],
        examples: &[("put({a: 1}, \"b\", 2)", "{a:1, b:2}")],
    },
    Builtin {
        name: "context merge",
        doc: "The entries of all contexts; of entries with the same key the last counts.",
        signatures: &[Signature::variadic(&["contexts"], context_merge)],
        examples: &[("context merge({a: 1}, {a: 2, b: 3})", "{a:2, b:3}")],
    },
    Builtin {
        name: "put all",
        doc: "An older name of `context merge`.",
        signatures: &[Signature::variadic(&["contexts"], context_merge)],
        examples: &[("put all([{a: 1}, {b: 2}])", "{a:1, b:2}")],
    },
    Builtin {
        name: "context",
        doc: "A context from a list of contexts with `key` and `value`.",
        signatures: &[Signature::new(&["entries"], context)],
        examples: &[("context([{key: \"a\", value: 1}])", "{a:1}")],
    },
];

fn get_entries(evaluator: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    let [Value::Context(entries)] = arguments else { return refused(arguments) };
    evaluator.charge(entries.len())?;
    let pairs = entries.in_reference_order().into_iter().map(|(key, value)| {
        Value::from(Entries::from_iter([("key", Value::String(Arc::clone(key))), ("value", value.clone())]))
    });
    Ok(Value::list(pairs.collect()))
}

fn get_value(evaluator: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    match arguments {
        [Value::Context(_), Value::List(_)] => get_value_along(evaluator, arguments),
        [Value::Context(entries), Value::String(key)] => Ok(entries.get(key).cloned().unwrap_or(Value::Null)),
        _ => refused(arguments),
    }
}

fn get_value_along(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    let [Value::Context(entries), Value::List(keys)] = arguments else { return refused(arguments) };
    let Some(keys) = strings(keys) else { return Ok(Value::Null) };
    let [first, rest @ ..] = keys.as_slice() else { return Ok(Value::Null) };
    let start = entries.get(first);
    let end = rest.iter().fold(start, |value, key| match value {
        Some(Value::Context(entries)) => entries.get(key),
        Some(_) | None => None,
    });
    Ok(end.cloned().unwrap_or(Value::Null))
}

fn context_put(evaluator: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    match arguments {
        [Value::Context(entries), Value::String(key), value] => {
            evaluator.charge(entries.len())?;
            Ok(with_entry(entries, key, value.clone()))
        }
        [Value::Context(_), Value::List(_), _] => context_put_along(evaluator, arguments),
        _ => refused(arguments),
    }
}

fn context_put_along(evaluator: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    let [Value::Context(entries), Value::List(keys), value] = arguments else { return refused(arguments) };
    if keys.is_empty() {
        return Ok(Value::Null);
    }
    let Some(keys) = strings(keys) else { return refused(arguments) };
    // On the way down each context is noted, on the way back each is changed.
    let mut way: Vec<(Arc<Entries>, &Arc<str>)> = Vec::with_capacity(keys.len());
    let mut current = Arc::clone(entries);
    for key in keys {
        evaluator.charge(current.len() + 1)?;
        let next = match current.get(key) {
            Some(Value::Context(next)) => Arc::clone(next),
            Some(_) | None => Arc::default(),
        };
        way.push((std::mem::replace(&mut current, next), key));
    }
    evaluator.check_depth(way.len())?;
    Ok(way.iter().rev().fold(value.clone(), |value, (entries, key)| with_entry(entries, key, value)))
}

fn with_entry(entries: &Entries, key: &Arc<str>, value: Value) -> Value {
    let mut changed = entries.values_only();
    changed.insert(Arc::clone(key), value);
    changed.into()
}

fn context_merge(evaluator: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    let [Value::List(contexts)] = arguments else { return Ok(Value::Null) };
    let mut merged = Entries::new();
    for context in contexts.iter() {
        let Value::Context(entries) = context else { return Ok(Value::Null) };
        evaluator.charge(entries.len() + 1)?;
        for (key, value) in entries.values() {
            merged.insert(Arc::clone(key), value.clone());
        }
    }
    Ok(merged.into())
}

fn context(evaluator: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    let [Value::List(pairs)] = arguments else { return Ok(Value::Null) };
    evaluator.charge(pairs.len())?;
    let mut collected = Entries::new();
    for pair in pairs.iter() {
        let Value::Context(pair) = pair else { return Ok(Value::Null) };
        let (Some(Value::String(key)), Some(value)) = (pair.get("key"), pair.get("value")) else {
            return Ok(Value::Null);
        };
        collected.insert(Arc::clone(key), value.clone());
    }
    Ok(collected.into())
}

fn strings(list: &List) -> Option<Vec<&Arc<str>>> {
    list.iter().map(|item| if let Value::String(text) = item { Some(text) } else { None }).collect()
}
