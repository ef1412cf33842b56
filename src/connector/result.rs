//! From the model's answer to the output variables.

use serde_json::{Map, Value};

use super::headers::TaskHeaders;
use super::json::kind;
use super::{Code, Error, Response};
use crate::feel::Context;

/// In a result this would be run as a function by whoever reads the variable.
const FUNCTION_MARK: &str = "camunda.function.type";

/// The variables in which an expression sees a response: its own entries, and `response` for the whole of it.
pub(super) fn context(response: &Value) -> Context<'_> {
    let mut context = Context::from(response);
    context.insert("response", response);
    context
}

/// Puts the output together from the result variable and what the result expression gave; the expression's entries
/// win.
pub(super) fn map(
    headers: &TaskHeaders,
    response: &Response,
    result: Option<Value>,
    max_output_bytes: usize,
) -> Result<Map<String, Value>, Error> {
    let mut variables = Map::new();
    if let Some(name) = &headers.result_variable {
        variables.insert(name.clone(), response.0.clone());
    }
    if let Some(result) = result {
        variables.extend(entries(result, "result")?);
    }
    check_size(&variables, max_output_bytes)?;
    Ok(variables)
}

/// The entries of what an expression gave. Null is no entries, and a list of one context counts as that context.
pub(super) fn entries(value: Value, which: &str) -> Result<Map<String, Value>, Error> {
    refuse_functions(&value, which)?;
    match value {
        Value::Null => Ok(Map::new()),
        Value::Object(entries) => Ok(entries),
        Value::Array(mut items) if items.len() == 1 => match items.pop() {
            Some(Value::Object(entries)) => Ok(entries),
            other => Err(no_context(&Value::Array(other.into_iter().collect()), which)),
        },
        other => Err(no_context(&other, which)),
    }
}

/// Says what kind of thing came and not which: texts and lists are mostly parts of a conversation.
fn no_context(value: &Value, which: &str) -> Error {
    let scalar = match value {
        Value::Bool(_) | Value::Number(_) => format!(", {value}"),
        Value::Null | Value::String(_) | Value::Array(_) | Value::Object(_) => String::new(),
    };
    Error::never(
        Code::RESULT_INVALID,
        format!("the {which} expression gives {}{scalar}; expected a context or null", kind(value)),
    )
}

fn refuse_functions(value: &Value, which: &str) -> Result<(), Error> {
    if holds_function(value) {
        return Err(Error::never(
            Code::RESULT_INVALID,
            format!(
                "the {which} expression must not give the text {FUNCTION_MARK:?}, which stands for a function"
            ),
        ));
    }
    Ok(())
}

fn holds_function(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains(FUNCTION_MARK),
        Value::Array(items) => items.iter().any(holds_function),
        Value::Object(entries) => {
            entries.iter().any(|(key, value)| key.contains(FUNCTION_MARK) || holds_function(value))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn check_size(variables: &Map<String, Value>, max_output_bytes: usize) -> Result<(), Error> {
    let mut counter = Counter(0);
    // Counting cannot fail, and a failure would only mean that nothing was counted.
    let size = serde_json::to_writer(&mut counter, variables).map_or(0, |()| counter.0);
    if size <= max_output_bytes {
        return Ok(());
    }
    Err(Error::never(
        Code::RESULT_TOO_LARGE,
        format!(
            "the output variables are {size} bytes of JSON, more than the {max_output_bytes} that the engine takes; \
             take less of the answer with a result expression, or ask the model for less"
        ),
    ))
}

struct Counter(usize);

impl std::io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_context_null_and_a_list_of_one_context_are_entries() {
        for (value, expected) in [
            (json!(null), json!({})),
            (json!({}), json!({})),
            (json!({"a": null}), json!({"a": null})),
            (json!([{"a": 1}]), json!({"a": 1})),
        ] {
            assert_eq!(entries(value.clone(), "result").map(Value::Object), Ok(expected), "{value}");
        }
    }

    #[test]
    fn all_else_is_an_input_error_that_names_the_kind_of_what_came() {
        for (value, found) in [
            (json!(5), "a number, 5"),
            (json!("a prompt"), "a text"),
            (json!(true), "a boolean, true"),
            (json!([]), "a list"),
            (json!(["a prompt"]), "a list"),
        ] {
            let expected = format!("the result expression gives {found}; expected a context or null");
            let error = entries(value, "result").expect_err("no context");
            assert_eq!(error, Error::never(Code::RESULT_INVALID, expected));
        }
    }

    #[test]
    fn functions_are_refused_wherever_they_stand() {
        for value in [
            json!({"camunda.function.type": "base64"}),
            json!({"a": "camunda.function.type"}),
            json!({"a": [{"xcamunda.function.type": 1}]}),
        ] {
            assert!(entries(value.clone(), "result").is_err(), "{value}");
        }
    }

    #[test]
    fn the_size_is_that_of_the_json() {
        let variables = Map::from_iter([("response".to_owned(), json!("12345"))]);
        let size = r#"{"response":"12345"}"#.len();
        assert_eq!(check_size(&variables, size), Ok(()));
        let error = check_size(&variables, size - 1).expect_err("too large");
        assert_eq!(error.code, Code::RESULT_TOO_LARGE);
        assert!(error.message.starts_with("the output variables are 20 bytes of JSON, more than the 19 "));
    }
}
