//! Compares JSON values as the recording asks for: the order of members does not matter, numbers count by value,
//! a missing member is not null.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::{Number, Value};

/// One place where two values differ.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Difference {
    /// A JSON pointer.
    pub(crate) pointer: String,
    /// Nothing when the member should be absent.
    pub(crate) expected: Option<Value>,
    pub(crate) got: Option<Value>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (expected, got) = (shown(self.expected.as_ref()), shown(self.got.as_ref()));
        write!(f, "{}: expected {expected}, got {got}", self.pointer)
    }
}

/// All places where `got` differs from `expected`.
pub(crate) fn differences(expected: &Value, got: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    collect(String::new(), Some(expected), Some(got), &mut found);
    found
}

fn collect(pointer: String, expected: Option<&Value>, got: Option<&Value>, found: &mut Vec<Difference>) {
    match (expected, got) {
        (Some(Value::Object(left)), Some(Value::Object(right))) => {
            let names: BTreeSet<_> = left.keys().chain(right.keys()).collect();
            for name in names {
                let pointer = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
                collect(pointer, left.get(name), right.get(name), found);
            }
        }
        (Some(Value::Array(left)), Some(Value::Array(right))) => {
            for at in 0..left.len().max(right.len()) {
                collect(format!("{pointer}/{at}"), left.get(at), right.get(at), found);
            }
        }
        (Some(Value::Number(left)), Some(Value::Number(right))) if by_value(left) == by_value(right) => {}
        (expected, got) if expected == got => {}
        (expected, got) => {
            found.push(Difference { pointer, expected: expected.cloned(), got: got.cloned() });
        }
    }
}

fn shown(value: Option<&Value>) -> String {
    const SHOWN_CHARS: usize = 600;
    let Some(value) = value else { return "nothing".to_owned() };
    let text = value.to_string();
    match text.char_indices().nth(SHOWN_CHARS) {
        Some((end, _)) => format!("{}… ({} bytes)", text.get(..end).unwrap_or_default(), text.len()),
        None => text,
    }
}

/// A number as its sign, its digits without zeros at either end, and the power of ten of the last digit. No
/// number type in between, so that no digit gets lost.
fn by_value(number: &Number) -> (bool, String, i64) {
    let text = number.to_string();
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((&text, "0"));
    let exponent: i64 = exponent.parse().expect("the exponent of a recorded number is small");
    let (negative, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, mantissa),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let significant = digits.trim_start_matches('0').trim_end_matches('0');
    if significant.is_empty() {
        return (false, String::new(), 0);
    }
    let zeros = digits.len() - digits.trim_end_matches('0').len();
    (negative, significant.to_owned(), exponent - fraction.len() as i64 + zeros as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compared(expected: &str, got: &str) -> Vec<String> {
        let [expected, got] = [expected, got].map(|text| serde_json::from_str(text).unwrap());
        differences(&expected, &got).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn order_of_members_and_form_of_numbers_do_not_matter() {
        assert!(compared(r#"{"a":1,"b":[1.50,-0]}"#, r#"{"b":[15e-1,0.0],"a":1.0}"#).is_empty());
        assert!(compared("[100, 1E+2, 0.1e3]", "[1e2, 100.0, 100]").is_empty());
    }

    #[test]
    fn each_difference_is_named_by_its_pointer() {
        assert_eq!(
            compared(r#"{"a":[1,{"b/c":2}],"d":null}"#, r#"{"a":[1,{"b/c":"2"},3]}"#),
            [
                r#"/a/1/b~1c: expected 2, got "2""#,
                "/a/2: expected nothing, got 3",
                "/d: expected null, got nothing",
            ]
        );
    }

    #[test]
    fn numbers_differ_in_any_digit() {
        assert_eq!(compared("0.7", "0.699999988"), [": expected 0.7, got 0.699999988"]);
        assert_eq!(compared("12345678901234567890123", "12345678901234567890124").len(), 1);
        assert_eq!(compared("1", "-1").len(), 1);
        assert_eq!(compared("10", "1").len(), 1);
    }
}
