//! Booleans and nulls.

use super::{Builtin, Signature, refused};
use crate::feel::{
    eval::Evaluator,
    failure::{Outcome, Stop},
    value::Value,
};

pub(super) const TABLE: &[Builtin] = &[
    Builtin {
        name: "not",
        doc: "Negates a boolean; null for anything else.",
        signatures: &[Signature::new(&["negand"], not)],
        examples: &[("not(true)", "false"), ("not(1)", "null")],
    },
    Builtin {
        name: "is defined",
        doc: "Whether the value is not null.",
        signatures: &[Signature::new(&["value"], is_defined)],
        examples: &[("is defined(1)", "true"), ("is defined(missing)", "false")],
    },
    Builtin {
        name: "get or else",
        doc: "The value, or the default if the value is null.",
        signatures: &[Signature::new(&["value", "default"], get_or_else)],
        examples: &[("get or else(missing, 1)", "1"), ("get or else(2, 1)", "2")],
    },
    Builtin {
        name: "assert",
        doc: "The value if the condition holds; otherwise the whole evaluation fails, with the cause if one is given.",
        signatures: &[
            Signature::new(&["value", "condition"], assert),
            Signature::new(&["value", "condition", "cause"], assert_with_cause),
        ],
        examples: &[("assert(5, 5 > 0)", "5"), ("assert(5, 5 > 0, \"must be positive\")", "5")],
    },
];

fn not(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    Ok(match arguments {
        [Value::Boolean(negand)] => (!negand).into(),
        _ => Value::Null,
    })
}

fn is_defined(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    Ok((!matches!(arguments, [Value::Null])).into())
}

fn get_or_else(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    match arguments {
        [Value::Null, default] => Ok(default.clone()),
        [value, _] => Ok(value.clone()),
        _ => refused(arguments),
    }
}

fn assert(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    match arguments {
        [value, Value::Boolean(true)] => Ok(value.clone()),
        _ => Err(Stop::error("the condition is not true")),
    }
}

fn assert_with_cause(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    match arguments {
        [value, Value::Boolean(true), _] => Ok(value.clone()),
        [_, _, Value::String(cause)] => Err(Stop::error(cause.clone())),
        _ => refused(arguments),
    }
}
