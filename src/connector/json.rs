//! JSON as the runtime reads it: bounded in depth, and with no number that a process could not hold.

use serde::Deserialize;
use serde_json::{Number, Value};

use super::room::{SHALLOW, with_room};

/// The depth that Camunda's runtime reads, and no more, so that no input exhausts the stack.
const MAX_DEPTH: usize = 1000;

/// Why a text is not read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JsonError {
    /// The text is no JSON.
    #[error("{0}")]
    Syntax(#[source] serde_json::Error),
    /// The text nests more deeply than anything that a process needs.
    #[error("it is nested more than {MAX_DEPTH} levels deep")]
    TooDeep,
}

/// Reads a JSON text. Whole numbers keep every digit; fractions become doubles, as they do in Camunda's runtime
/// and in the engine, and those beyond their range the text `Infinity`.
pub fn parse(text: &[u8]) -> Result<Value, JsonError> {
    let depth = depth(text);
    if depth > MAX_DEPTH {
        Err(JsonError::TooDeep)
    } else if depth > SHALLOW {
        with_room(|| parse_here(text)).unwrap_or(Err(JsonError::TooDeep))
    } else {
        parse_here(text)
    }
}

fn parse_here(text: &[u8]) -> Result<Value, JsonError> {
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    deserializer.disable_recursion_limit();
    let mut value = Value::deserialize(&mut deserializer).map_err(JsonError::Syntax)?;
    deserializer.end().map_err(JsonError::Syntax)?;
    bound_numbers(&mut value);
    Ok(value)
}

/// How deep the brackets of a text go; what is no JSON is found by the parser.
fn depth(text: &[u8]) -> usize {
    let (mut deepest, mut now, mut in_text, mut escaped) = (0_usize, 0_usize, false, false);
    for byte in text {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'[' | b'{' if !in_text => {
                now += 1;
                deepest = deepest.max(now);
            }
            b']' | b'}' if !in_text => now = now.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

fn bound_numbers(value: &mut Value) {
    match value {
        Value::Number(number) => {
            let text = number.as_str();
            if text.contains(['.', 'e', 'E']) {
                *value = double(text);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(bound_numbers),
        Value::Object(entries) => entries.values_mut().for_each(bound_numbers),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

fn double(text: &str) -> Value {
    let number = text.parse::<f64>().unwrap_or(f64::NAN);
    Number::from_f64(number).map_or_else(
        || Value::String(if number.is_sign_negative() { "-Infinity" } else { "Infinity" }.to_owned()),
        Value::Number,
    )
}

/// What a value is, for messages: `a text`, `a list` …
pub fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a context",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn whole_numbers_keep_their_digits_and_fractions_become_doubles() {
        let value = parse(br#"{"a": 123456789012345678901234567890, "b": 1.10}"#).expect("JSON");
        assert_eq!(value.to_string(), r#"{"a":123456789012345678901234567890,"b":1.1}"#);
    }

    #[test]
    fn fractions_out_of_range_become_infinity() {
        assert_eq!(
            parse(b"[1e400, -1e400, 1e-400]").expect("JSON").to_string(),
            r#"["Infinity","-Infinity",0.0]"#
        );
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        let deep = parse(nested(1000).as_bytes()).expect("JSON");
        assert_eq!(deep.clone().to_string(), nested(1000), "the value is usable on this thread");
        assert!(matches!(parse(nested(1001).as_bytes()), Err(JsonError::TooDeep)));
        assert_eq!(
            parse(format!("\"{}\\\"[\"", "[".repeat(2000)).as_bytes()).map(|value| value.is_string()).ok(),
            Some(true)
        );
    }

    #[test]
    fn text_after_the_value_is_an_error() {
        for text in ["{} x", "", "{'a': 1}", "[NaN]", "\u{feff}{}"] {
            assert!(parse(text.as_bytes()).is_err(), "{text:?}");
        }
        assert_eq!(parse(b" {\"a\": 1} \n").expect("JSON"), json!({"a": 1}));
    }
}
