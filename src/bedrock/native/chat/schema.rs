//! JSON schemas, by the crate that knows them.

use jsonschema::Validator;
use serde_json::Value;

/// No more problems than these are told at once.
const MAX_PROBLEMS: usize = 5;

/// What is wrong with a value.
#[derive(Debug)]
pub(super) struct Problems {
    /// Without anything of the value.
    pub(super) masked: String,
    pub(super) open: String,
}

/// Looks whether this is a schema. References to other places than itself are not followed.
pub(super) fn check(schema: &Value) -> Result<(), String> {
    validator(schema).map(drop)
}

fn validator(schema: &Value) -> Result<Validator, String> {
    jsonschema::validator_for(schema).map_err(|error| error.to_string())
}

/// Says how a value does not fit; none when it fits.
pub(super) fn misfit(schema: &Value, value: &Value) -> Option<Problems> {
    // It was checked when the task was read.
    let validator = validator(schema).ok()?;
    let errors: Vec<_> = validator.iter_errors(value).take(MAX_PROBLEMS).collect();
    if errors.is_empty() {
        return None;
    }
    let all = |text: &dyn Fn(&jsonschema::ValidationError<'_>) -> String| {
        let lines: Vec<_> = errors
            .iter()
            .map(|error| match error.instance_path().as_str() {
                "" => text(error),
                path => format!("at {path} {}", text(error)),
            })
            .collect();
        lines.join("; ")
    };
    Some(Problems { masked: all(&|error| error.masked().to_string()), open: all(&|error| error.to_string()) })
}
