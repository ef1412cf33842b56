//! What the modeler's error expression asks for.

use std::time::Duration;

use serde_json::{Map, Value};

use super::duration;
use super::json::kind;
use super::result::entries;
use super::{Code, Error};

/// The meaning of an error expression's result.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Verdict {
    /// Nothing: a success stays a success, a failure stays a failure.
    NoError,
    /// `bpmnError(…)`
    Bpmn { code: String, message: String, variables: Map<String, Value> },
    /// `jobError(…)`
    Job { message: String, variables: Map<String, Value>, retries: i32, retry_back_off: Duration },
    /// `ignoreError(…)`
    Ignore { variables: Map<String, Value> },
}

const FORM: &str = "bpmnError(code, message), jobError(message), ignoreError() or null";

/// Reads what an error expression gave.
pub(super) fn read(value: Value) -> Result<Verdict, Error> {
    let mut entries = entries(value, "error")?;
    if entries.is_empty() {
        return Ok(Verdict::NoError);
    }
    let kind = entries.remove("errorType").unwrap_or_default();
    match kind.as_str() {
        Some("bpmnError") => read_bpmn(entries),
        Some("jobError") => read_job(entries),
        Some("ignoreError") => Ok(Verdict::Ignore { variables: read_variables(&mut entries)? }),
        _ => Err(invalid(format!("errorType is {kind}, expected {FORM}"))),
    }
}

fn read_bpmn(mut entries: Map<String, Value>) -> Result<Verdict, Error> {
    let code = read_text(&mut entries, "errorCode")?.unwrap_or_default();
    if code.trim().is_empty() {
        return Ok(Verdict::NoError);
    }
    let message = read_text(&mut entries, "errorMessage")?.unwrap_or_default();
    Ok(Verdict::Bpmn { code, message, variables: read_variables(&mut entries)? })
}

fn read_job(mut entries: Map<String, Value>) -> Result<Verdict, Error> {
    let message = read_text(&mut entries, "errorMessage")?.unwrap_or_default();
    let mut variables = read_variables(&mut entries)?;
    variables.insert("error".into(), Value::String(message.clone()));
    Ok(Verdict::Job {
        retries: read_retries(&mut entries)?,
        retry_back_off: read_back_off(&mut entries)?,
        message,
        variables,
    })
}

fn read_text(entries: &mut Map<String, Value>, name: &str) -> Result<Option<String>, Error> {
    match entries.remove(name).unwrap_or_default() {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text)),
        value @ (Value::Bool(_) | Value::Number(_)) => Ok(Some(value.to_string())),
        other => Err(invalid(format!("{name} is {}, expected a text", kind(&other)))),
    }
}

fn read_variables(entries: &mut Map<String, Value>) -> Result<Map<String, Value>, Error> {
    match entries.remove("variables").unwrap_or_default() {
        Value::Null => Ok(Map::new()),
        Value::Object(variables) => Ok(variables),
        other => Err(invalid(format!("variables is {}, expected a context", kind(&other)))),
    }
}

fn read_retries(entries: &mut Map<String, Value>) -> Result<i32, Error> {
    let value = entries.remove("retries").unwrap_or_default();
    let number = match &value {
        Value::Null => Some(0.0),
        Value::Number(number) => number.as_f64(),
        _ => None,
    };
    match number {
        #[allow(
            clippy::cast_possible_truncation,
            reason = "a fraction is cut, and the cast keeps to the range"
        )]
        Some(number) => Ok((number as i32).max(0)),
        None => Err(invalid(format!("retries is {}, expected a number", kind(&value)))),
    }
}

/// A duration as text, or a number of seconds.
fn read_back_off(entries: &mut Map<String, Value>) -> Result<Duration, Error> {
    let value = entries.remove("retryBackoff").unwrap_or_default();
    let length = match &value {
        Value::Null => Some(Duration::ZERO),
        Value::Number(number) => {
            number.as_f64().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        }
        Value::String(text) => {
            duration::parse(text).filter(|found| !found.negative).map(|found| found.length)
        }
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    length.ok_or_else(|| {
        invalid(format!(
            "retryBackoff is {value}, expected a duration of days to seconds, for example @\"PT30S\""
        ))
    })
}

fn invalid(what: String) -> Error {
    Error::never(
        Code::RESULT_INVALID,
        format!("the error expression gives no error that can be raised: {what}"),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn bpmn(code: &str, message: &str, variables: Value) -> Verdict {
        let Value::Object(variables) = variables else { panic!("variables are a context") };
        Verdict::Bpmn { code: code.into(), message: message.into(), variables }
    }

    fn job(message: &str, variables: Value, retries: i32, millis: u64) -> Verdict {
        let Value::Object(variables) = variables else { panic!("variables are a context") };
        let retry_back_off = Duration::from_millis(millis);
        Verdict::Job { message: message.into(), variables, retries, retry_back_off }
    }

    #[test]
    fn nothing_is_no_error() {
        for value in [
            json!(null),
            json!({}),
            json!({"errorType": "bpmnError", "errorMessage": "no code"}),
            json!({"errorType": "bpmnError", "errorCode": ""}),
            json!({"errorType": "bpmnError", "errorCode": null}),
        ] {
            assert_eq!(read(value.clone()), Ok(Verdict::NoError), "{value}");
        }
    }

    #[test]
    fn a_bpmn_error_is_read() {
        for (value, expected) in [
            (
                json!({"errorType": "bpmnError", "errorCode": "A", "errorMessage": "m", "variables": {"a": 1}}),
                bpmn("A", "m", json!({"a": 1})),
            ),
            (json!({"errorType": "bpmnError", "errorCode": "A"}), bpmn("A", "", json!({}))),
            (json!({"errorType": "bpmnError", "errorCode": 5, "variables": null}), bpmn("5", "", json!({}))),
        ] {
            assert_eq!(read(value.clone()), Ok(expected), "{value}");
        }
    }

    #[test]
    fn a_job_error_is_read() {
        for (value, expected) in [
            (json!({"errorType": "jobError", "errorMessage": "m"}), job("m", json!({"error": "m"}), 0, 0)),
            (
                json!({"errorType": "jobError", "errorMessage": "m", "variables": {"a": 1}, "retries": 2, "retryBackoff": "PT7S"}),
                job("m", json!({"a": 1, "error": "m"}), 2, 7000),
            ),
            (
                json!({"errorType": "jobError", "errorMessage": "m", "retries": 1.9, "retryBackoff": 0.25}),
                job("m", json!({"error": "m"}), 1, 250),
            ),
            (
                json!({"errorType": "jobError", "errorMessage": "m", "retries": -3}),
                job("m", json!({"error": "m"}), 0, 0),
            ),
            (
                json!({"errorType": "jobError", "errorMessage": "m", "retries": 1e300}),
                job("m", json!({"error": "m"}), i32::MAX, 0),
            ),
        ] {
            assert_eq!(read(value.clone()), Ok(expected), "{value}");
        }
    }

    #[test]
    fn an_ignored_error_is_read() {
        let Value::Object(variables) = json!({"a": 1}) else { unreachable!() };
        assert_eq!(
            read(json!({"errorType": "ignoreError", "variables": {"a": 1}})),
            Ok(Verdict::Ignore { variables })
        );
    }

    #[test]
    fn what_is_no_error_is_refused_with_its_reason() {
        for (value, reason) in [
            (
                json!({"a": 1}),
                "errorType is null, expected bpmnError(code, message), jobError(message), ignoreError() or null",
            ),
            (
                json!({"errorType": "BpmnError"}),
                "errorType is \"BpmnError\", expected bpmnError(code, message), jobError(message), ignoreError() or null",
            ),
            (json!({"errorType": "bpmnError", "errorCode": []}), "errorCode is a list, expected a text"),
            (
                json!({"errorType": "bpmnError", "errorCode": "A", "variables": 5}),
                "variables is a number, expected a context",
            ),
            (json!({"errorType": "jobError", "retries": "1"}), "retries is a text, expected a number"),
            (
                json!({"errorType": "jobError", "retryBackoff": "P1M"}),
                "retryBackoff is \"P1M\", expected a duration of days to seconds, for example @\"PT30S\"",
            ),
            (
                json!({"errorType": "jobError", "retryBackoff": -1}),
                "retryBackoff is -1, expected a duration of days to seconds, for example @\"PT30S\"",
            ),
        ] {
            let error = read(value.clone()).expect_err("no error");
            assert_eq!(
                error.message,
                format!("the error expression gives no error that can be raised: {reason}")
            );
        }
        assert!(read(json!("text")).is_err());
    }
}
