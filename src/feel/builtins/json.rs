//! JSON text.

use std::fmt::{self, Write};

use super::{Builtin, Signature, refused};
use crate::feel::{
    eval::Evaluator,
    failure::{Outcome, Stop},
    value::Value,
};

pub(super) const TABLE: &[Builtin] = &[
    Builtin {
        name: "from json",
        doc: "The value that a JSON text stands for.",
        signatures: &[Signature::new(&["json"], from_json)],
        examples: &[(r#"from json("{\"a\": [1, true]}")"#, "{a:[1, true]}"), ("from json(\"1.50\")", "1.5")],
    },
    Builtin {
        name: "to json",
        doc: "The value as JSON text.",
        signatures: &[Signature::new(&["value"], to_json)],
        examples: &[("to json([1, null])", "\"[1,null]\""), ("to json(duration(\"P1D\"))", "\"\"PT24H\"\"")],
    },
];

/// What stands behind the first value of the text is not looked at, as in the reference.
fn from_json(evaluator: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    match arguments {
        [Value::Null] => Ok(Value::Null),
        [Value::String(text)] => {
            evaluator.charge(text.len() / 16)?;
            let mut values = serde_json::Deserializer::from_str(text).into_iter::<serde_json::Value>();
            match values.next() {
                // A number ends with white space or the text; other values end by themselves.
                Some(Ok(serde_json::Value::Number(_)))
                    if text
                        .as_bytes()
                        .get(values.byte_offset())
                        .is_some_and(|byte| !byte.is_ascii_whitespace()) =>
                {
                    Err(Stop::error("the text is no JSON: something follows the number"))
                }
                Some(Ok(json)) => Ok((&json).into()),
                Some(Err(error)) => Err(Stop::error(format!("the text is no JSON: {error}"))),
                None => Err(Stop::error("the text is no JSON: it is empty")),
            }
        }
        _ => refused(arguments),
    }
}

fn to_json(evaluator: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    let [value] = arguments else { return refused(arguments) };
    evaluator.charge_value(value)?;
    let mut text = String::new();
    match write(value, &mut text) {
        Ok(()) => Ok(text.into()),
        Err(fmt::Error) => Err(Stop::error("the value holds a failure, which has no JSON form")),
    }
}

/// Numbers keep their digits and scale here, unlike in the result of an evaluation.
fn write(value: &Value, out: &mut String) -> fmt::Result {
    match value {
        Value::Null => out.write_str("null"),
        Value::Boolean(value) => write!(out, "{value}"),
        Value::Number(number) => write!(out, "{number}"),
        Value::String(text) => write_string(text, out),
        Value::Date(value) => write_string(&value.to_string(), out),
        Value::LocalTime(value) => write_string(&value.to_json_text(), out),
        Value::Time(value) => write_string(&value.to_iso_text(), out),
        Value::LocalDateTime(value) => write_string(&value.to_json_text(), out),
        Value::DateTime(value) => write_string(&value.to_iso_text(), out),
        Value::YearMonthDuration(value) => write_string(&value.to_json_text(), out),
        Value::DayTimeDuration(value) => write_string(&value.to_json_text(), out),
        Value::List(list) => {
            out.push('[');
            for (index, item) in list.iter().enumerate() {
                out.push_str(if index > 0 { "," } else { "" });
                write(item, out)?;
            }
            out.push(']');
            Ok(())
        }
        Value::Context(entries) => {
            out.push('{');
            for (index, (key, value)) in entries.in_reference_order().into_iter().enumerate() {
                out.push_str(if index > 0 { "," } else { "" });
                write_string(key, out)?;
                out.push(':');
                write(value, out)?;
            }
            out.push('}');
            Ok(())
        }
        Value::Range(_) | Value::Function(_) => write_string(&value.to_string(), out),
        Value::Error(_) => Err(fmt::Error),
    }
}

/// Only what JSON demands is escaped.
fn write_string(text: &str, out: &mut String) -> fmt::Result {
    out.push('"');
    for char in text.chars() {
        match char {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\0'..='\u{1f}' => write!(out, "\\u{:04X}", u32::from(char))?,
            char => out.push(char),
        }
    }
    out.push('"');
    Ok(())
}
