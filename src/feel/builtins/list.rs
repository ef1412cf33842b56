//! Lists.

use std::collections::{HashMap, hash_map::DefaultHasher};
use std::hash::{Hash, Hasher};

use super::{Builtin, Signature, refused, sort::sort};
use crate::feel::{
    eval::{Evaluator, described},
    failure::{Outcome, Stop},
    value::{Kind, List, Value},
};

pub(super) const TABLE: &[Builtin] = &[
    Builtin {
        name: "list contains",
        doc: "Whether the list holds the element. A context written in the expression is found only as itself.",
        signatures: &[Signature::new(&["list", "element"], list_contains)],
        examples: &[("list contains([1, 2], 2)", "true")],
    },
    Builtin {
        name: "count",
        doc: "The number of items.",
        signatures: &[Signature::new(&["list"], count)],
        examples: &[("count([1, 2, 3])", "3")],
    },
    Builtin {
        name: "is empty",
        doc: "Whether the list has no items.",
        signatures: &[Signature::new(&["list"], is_empty)],
        examples: &[("is empty([])", "true")],
    },
    Builtin {
        name: "and",
        doc: "Whether all items are true, with three values.",
        signatures: &[Signature::variadic(&["list"], all)],
        examples: &[("and(true, false)", "false"), ("and([true, null])", "null")],
    },
    Builtin {
        name: "all",
        doc: "Whether all items are true, with three values.",
        signatures: &[Signature::variadic(&["list"], all)],
        examples: &[("all([true, true])", "true")],
    },
    Builtin {
        name: "or",
        doc: "Whether an item is true, with three values.",
        signatures: &[Signature::variadic(&["list"], any)],
        examples: &[("or(true, false)", "true")],
    },
    Builtin {
        name: "any",
        doc: "Whether an item is true, with three values.",
        signatures: &[Signature::variadic(&["list"], any)],
        examples: &[("any([false, null])", "null")],
    },
    Builtin {
        name: "sublist",
        doc: "The items from a position on, from the end if negative, at most as many as the length.",
        signatures: &[
            Signature::new(&["list", "start"], sublist),
            Signature::new(&["list", "start", "length"], sublist_of_length),
        ],
        examples: &[("sublist([1, 2, 3], 2)", "[2, 3]"), ("sublist([1, 2, 3], 1, 2)", "[1, 2]")],
    },
    Builtin {
        name: "append",
        doc: "The list with further items.",
        signatures: &[Signature::variadic(&["list", "items"], append)],
        examples: &[("append([1], 2, 3)", "[1, 2, 3]")],
    },
    Builtin {
        name: "concatenate",
        doc: "All items of all lists.",
        signatures: &[Signature::variadic(&["lists"], concatenate)],
        examples: &[("concatenate([1], [2, 3])", "[1, 2, 3]")],
    },
    Builtin {
        name: "insert before",
        doc: "The list with an item before a position.",
        signatures: &[Signature::new(&["list", "position", "newItem"], insert_before)],
        examples: &[("insert before([1, 3], 2, 2)", "[1, 2, 3]")],
    },
    Builtin {
        name: "remove",
        doc: "The list without the item at a position.",
        signatures: &[Signature::new(&["list", "position"], remove)],
        examples: &[("remove([1, 2, 3], 2)", "[1, 3]")],
    },
    Builtin {
        name: "reverse",
        doc: "The items in the opposite order.",
        signatures: &[Signature::new(&["list"], reverse)],
        examples: &[("reverse([1, 2])", "[2, 1]")],
    },
    Builtin {
        name: "index of",
        doc: "The positions at which the list holds an equal item.",
        signatures: &[Signature::new(&["list", "match"], index_of)],
        examples: &[("index of([1, 2, 1], 1)", "[1, 3]")],
    },
    Builtin {
        name: "union",
        doc: "All items of all lists, each once.",
        signatures: &[Signature::variadic(&["lists"], union)],
        examples: &[("union([1, 2], [2, 3])", "[1, 2, 3]")],
    },
    Builtin {
        name: "distinct values",
        doc: "The items, each once.",
        signatures: &[Signature::new(&["list"], distinct_values)],
        examples: &[("distinct values([1, 2, 1])", "[1, 2]")],
    },
    Builtin {
        name: "duplicate values",
        doc: "The items that occur more than once, each once.",
        signatures: &[Signature::new(&["list"], duplicate_values)],
        examples: &[("duplicate values([1, 2, 1])", "[1]")],
    },
    Builtin {
        name: "flatten",
        doc: "The items, with those of nested lists in their place.",
        signatures: &[Signature::new(&["list"], flatten)],
        examples: &[("flatten([1, [2, [3]]])", "[1, 2, 3]")],
    },
    Builtin {
        name: "sort",
        doc: "The items in the order of a function that says whether one precedes the other.",
        signatures: &[Signature::new(&["list", "precedes"], sort)],
        examples: &[("sort(list: [3, 1, 2], precedes: function(x, y) x < y)", "[1, 2, 3]")],
    },
    Builtin {
        name: "string join",
        doc: "The strings of a list in one, nulls left out, with a delimiter, a prefix and a suffix.",
        signatures: &[
            Signature::new(&["list"], join),
            Signature::new(&["list", "delimiter"], join_delimited),
            Signature::new(&["list", "delimiter", "prefix", "suffix"], join_enclosed),
        ],
        examples: &[
            ("string join([\"a\", null, \"b\"], \", \")", "\"a, b\""),
            ("string join([\"a\"], \",\", \"[\", \"]\")", "\"[a]\""),
        ],
    },
    Builtin {
        name: "partition",
        doc: "The items in lists of a size.",
        signatures: &[Signature::new(&["list", "size"], partition)],
        examples: &[("partition([1, 2, 3], 2)", "[[1, 2], [3]]")],
    },
];

fn list_contains(evaluator: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    let [list @ Value::List(items), element] = arguments else { return refused(arguments) };
    evaluator.charge_value(list)?;
    Ok(items.iter().any(|item| item.is_same(element)).into())
}

fn count(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    match arguments {
        [Value::List(list)] => Ok(list.len().into()),
        _ => refused(arguments),
    }
}

fn is_empty(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    match arguments {
        [Value::List(list)] => Ok(list.is_empty().into()),
        _ => refused(arguments),
    }
}

fn all(evaluator: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    three_valued(evaluator, arguments, false)
}

fn any(evaluator: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    three_valued(evaluator, arguments, true)
}

fn three_valued(evaluator: &mut Evaluator<'_>, arguments: &[Value], decisive: bool) -> Outcome {
    let [Value::List(list)] = arguments else { return refused(arguments) };
    evaluator.charge(list.len())?;
    let result = list.iter().try_fold(Some(!decisive), |known, item| match (known, item) {
        (_, Value::Boolean(value)) if *value == decisive => Err(decisive),
        (Some(_), Value::Boolean(value)) => Ok(Some(*value)),
        _ => Ok(None),
    });
    Ok(match result {
        Ok(None) => Value::Null,
        Ok(Some(value)) | Err(value) => value.into(),
    })
}

/// The index that a position means: from 1, from the end if negative. It may lie outside of the list.
fn index(list: &List, position: i32) -> i64 {
    let position = i64::from(position);
    if position > 0 { position - 1 } else { list.len() as i64 + position }
}

fn nonzero() -> Stop {
    Stop::error("positions begin with 1, or from the end with -1")
}

/// The items between two indexes, as far as there are any.
fn slice(list: &List, from: i64, to: i64) -> &[Value] {
    let clamp = |index: i64| usize::try_from(index).unwrap_or(0).min(list.len());
    list.get(clamp(from)..clamp(to)).unwrap_or_default()
}

fn sublist(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    match arguments {
        [Value::List(_), Value::Number(start)] if start.is_zero() => Err(nonzero()),
        [Value::List(list), Value::Number(start)] => {
            Ok(Value::list(slice(list, index(list, start.int_value()), list.len() as i64).to_vec()))
        }
        _ => refused(arguments),
    }
}

fn sublist_of_length(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    match arguments {
        [Value::List(_), Value::Number(start), Value::Number(_)] if start.is_zero() => Err(nonzero()),
        [Value::List(list), Value::Number(start), Value::Number(length)] => {
            let from = index(list, start.int_value());
            // Java's integers go round.
            let to = (from as i32).wrapping_add(length.int_value());
            Ok(Value::list(slice(list, from, i64::from(to)).to_vec()))
        }
        _ => refused(arguments),
    }
}

fn append(evaluator: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    let [Value::List(list), Value::List(items)] = arguments else { return refused(arguments) };
    evaluator.charge(list.len() / 16 + items.len())?;
    Ok(Value::list([&**list, &**items].concat()))
}

/// The items of all lists; what is no list is an item itself.
fn joined(evaluator: &mut Evaluator<'_>, lists: &List) -> Outcome<Vec<Value>> {
    let mut items = Vec::new();
    for list in lists.iter() {
        items.extend_from_slice(if let Value::List(list) = list { list } else { std::slice::from_ref(list) });
        evaluator.check_items(items.len() as u64)?;
    }
    evaluator.charge(items.len() / 4)?;
    Ok(items)
}

fn concatenate(evaluator: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    match arguments {
        [Value::List(lists)] => joined(evaluator, lists).map(Value::list),
        _ => refused(arguments),
    }
}

fn insert_before(evaluator: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    match arguments {
        [Value::List(_), Value::Number(position), _] if position.is_zero() => Err(nonzero()),
        [Value::List(list), Value::Number(position), item] => {
            evaluator.charge(list.len() / 16)?;
            let at = index(list, position.int_value());
            let parts = [slice(list, 0, at), std::slice::from_ref(item), slice(list, at, list.len() as i64)];
            Ok(Value::list(parts.concat()))
        }
        _ => refused(arguments),
    }
}

fn remove(evaluator: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    match arguments {
        [Value::List(_), Value::Number(position)] if position.is_zero() => Err(nonzero()),
        [Value::List(list), Value::Number(position)] => {
            evaluator.charge(list.len() / 16)?;
            let position = position.int_value();
            let (at, after) = (index(list, position), index(list, position.wrapping_add(1)));
            Ok(Value::list([slice(list, 0, at), slice(list, after, list.len() as i64)].concat()))
        }
        _ => refused(arguments),
    }
}

fn reverse(evaluator: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    let [Value::List(list)] = arguments else { return refused(arguments) };
    evaluator.charge(list.len() / 16)?;
    Ok(list.iter().rev().cloned().collect::<List>().into())
}

fn index_of(evaluator: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    let [list @ Value::List(items), wanted] = arguments else { return refused(arguments) };
    evaluator.charge_value(list)?;
    let found = items.iter().zip(1i64..).filter(|(item, _)| item.equals(wanted) == Some(true));
    Ok(found.map(|(_, position)| position.into()).collect::<List>().into())
}

fn union(evaluator: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    let [Value::List(lists)] = arguments else { return refused(arguments) };
    let items = joined(evaluator, lists)?;
    Ok(distinct(evaluator, &items)?.into_iter().map(|(item, _)| item.clone()).collect::<List>().into())
}

fn distinct_values(evaluator: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    let [Value::List(list)] = arguments else { return refused(arguments) };
    Ok(distinct(evaluator, list)?.into_iter().map(|(item, _)| item.clone()).collect::<List>().into())
}

fn duplicate_values(evaluator: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    let [Value::List(list)] = arguments else { return refused(arguments) };
    let repeated = distinct(evaluator, list)?.into_iter().filter(|(_, count)| *count > 1);
    Ok(repeated.map(|(item, _)| item.clone()).collect::<List>().into())
}

/// Each item once, and how often it occurs. Found by hash, so that long lists are no trouble.
fn distinct<'l>(evaluator: &mut Evaluator<'_>, list: &'l [Value]) -> Outcome<Vec<(&'l Value, usize)>> {
    let mut distinct: Vec<(&Value, usize)> = Vec::new();
    let mut places: HashMap<u64, Vec<usize>> = HashMap::new();
    for item in list {
        evaluator.charge_value(item)?;
        let mut hasher = DefaultHasher::new();
        hash(item, &mut hasher);
        let alike = places.entry(hasher.finish()).or_default();
        // What does not equal itself, as a list that holds a range, is never found again.
        evaluator.charge(alike.len())?;
        let known = alike
            .iter()
            .find(|place| distinct.get(**place).is_some_and(|(other, _)| item.equals(other) == Some(true)));
        match known.and_then(|place| distinct.get_mut(*place)) {
            Some((_, count)) => *count += 1,
            None => {
                alike.push(distinct.len());
                distinct.push((item, 1));
            }
        }
    }
    Ok(distinct)
}

/// Equal values have equal hashes.
fn hash(value: &Value, hasher: &mut DefaultHasher) {
    value.kind().name().hash(hasher);
    if let Value::Number(number) = value {
        number.hash(hasher);
    } else if let Value::List(list) = value {
        list.iter().for_each(|item| hash(item, hasher));
    } else if let Value::Context(entries) = value {
        let mut sorted: Vec<_> = entries.values().collect();
        sorted.sort_by_key(|(key, _)| *key);
        for (key, value) in sorted {
            key.hash(hasher);
            hash(value, hasher);
        }
    } else {
        value.to_text().hash(hasher);
    }
}

fn flatten(evaluator: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    let [list @ Value::List(items)] = arguments else { return refused(arguments) };
    evaluator.charge_value(list)?;
    let mut flat = Vec::new();
    collect_flat(items, &mut flat);
    Ok(Value::list(flat))
}

fn collect_flat(items: &[Value], flat: &mut Vec<Value>) {
    for item in items {
        if let Value::List(items) = item { collect_flat(items, flat) } else { flat.push(item.clone()) }
    }
}

fn join(evaluator: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    match arguments {
        [Value::List(list)] => joined_text(evaluator, list, ["", "", ""]),
        _ => refused(arguments),
    }
}

fn join_delimited(evaluator: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    match arguments {
        [Value::List(list), Value::String(delimiter)] => joined_text(evaluator, list, ["", delimiter, ""]),
        [Value::List(list), Value::Null] => joined_text(evaluator, list, ["", "", ""]),
        _ => refused(arguments),
    }
}

fn join_enclosed(evaluator: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    let [Value::List(list), delimiter, prefix, suffix] = arguments else { return refused(arguments) };
    match (text_or_empty(delimiter), text_or_empty(prefix), text_or_empty(suffix)) {
        // A prefix and a suffix come together or not at all.
        (Some(delimiter), Some(before), Some(behind)) if prefix.kind() == suffix.kind() => {
            joined_text(evaluator, list, [before, delimiter, behind])
        }
        _ => refused(arguments),
    }
}

fn text_or_empty(value: &Value) -> Option<&str> {
    if let Value::String(text) = value { Some(text) } else { (value.kind() == Kind::Null).then_some("") }
}

fn joined_text(evaluator: &mut Evaluator<'_>, list: &List, around: [&str; 3]) -> Outcome {
    let [prefix, delimiter, suffix] = around;
    let mut texts: Vec<&str> = Vec::with_capacity(list.len());
    for item in list.iter() {
        if let Value::String(text) = item {
            texts.push(text);
        } else if item.kind() != Kind::Null {
            return Err(Stop::error(format!("the list holds {}, expected strings", described(item))));
        }
    }
    let length: usize = texts.iter().map(|text| text.len().saturating_add(delimiter.len())).sum();
    evaluator.charge(list.len())?;
    evaluator.check_text(length.saturating_add(prefix.len() + suffix.len()))?;
    Ok([prefix, &texts.join(delimiter), suffix].concat().into())
}

fn partition(evaluator: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    let [Value::List(list), Value::Number(size)] = arguments else { return refused(arguments) };
    evaluator.charge(list.len())?;
    match usize::try_from(size.int_value()) {
        Ok(size @ 1..) => {
            Ok(list.chunks(size).map(|chunk| Value::list(chunk.to_vec())).collect::<List>().into())
        }
        Ok(0) | Err(_) => Err(Stop::error(format!("the size must be greater than zero, found {size}"))),
    }
}

impl From<List> for Value {
    fn from(list: List) -> Value {
        Value::List(list)
    }
}
