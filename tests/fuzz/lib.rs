//! The engine under test, and what the targets share.

#[path = "../../src/feel/mod.rs"]
pub mod feel;

use std::time::SystemTime;

use feel::{Context, Expression, Limits, Options};
use serde_json::{Value as Json, json};

/// Variables of all kinds, under names that the dictionary knows.
pub fn variables() -> Json {
    json!({
        "a": 1, "b": -2.50, "c": "text", "d": null, "e": true,
        "list": [3, 1, 2], "context": {"a": {"b": [1, {"c": "x"}]}},
        "big": 123456789012345678901234567890i128.to_string(), "when": "2026-03-29T02:30:00@Europe/Berlin",
    })
}

/// The value as JSON, or why there is none. The limits are low, so that time is spent on many inputs.
pub fn evaluate(expression: &Expression, variables: &Json) -> Result<Json, String> {
    let limits = Limits { steps: 20_000, items: 2_000, text: 20_000, weight: 20_000 };
    let options = Options { limits, ..Options::new(SystemTime::UNIX_EPOCH) };
    match expression.evaluate(&Context::from(variables), &options) {
        Ok(evaluation) => Ok(evaluation.value.to_json()),
        Err(error) => Err(error.to_string()),
    }
}

/// Whether two evaluations of this text may differ.
pub fn is_random(text: &str) -> bool {
    ["random number", "uuid", "backoff"].iter().any(|name| text.contains(name))
}
