//! The custom headers of a task, which carry its result mapping, error mapping and times.

use std::time::Duration;

use serde_json::Value;

use super::duration;
use super::error::{Code, Error, Retry};
use super::job::Headers;

/// Names the variable that gets the whole response.
pub const RESULT_VARIABLE: &str = "resultVariable";
/// A FEEL expression over the response; its entries become variables.
pub const RESULT_EXPRESSION: &str = "resultExpression";
/// A FEEL expression that turns a response or a failure into a BPMN error, a job error or nothing.
pub const ERROR_EXPRESSION: &str = "errorExpression";
/// How long the engine waits before it gives a failed job out again.
pub const RETRY_BACKOFF: &str = "retryBackoff";
/// The limit of the whole work at one attempt.
pub const JOB_TIMEOUT: &str = "jobTimeout";
/// The template that the task was made with, for metrics.
pub const TEMPLATE_ID: &str = "elementTemplateId";
/// The version of that template, for metrics.
pub const TEMPLATE_VERSION: &str = "elementTemplateVersion";

/// The label that stands for a task without a template.
const UNKNOWN: &str = "unknown";

/// What the modeler wrote into the headers of a task; blank ones count as absent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TaskHeaders {
    pub result_variable: Option<String>,
    pub result_expression: Option<String>,
    pub error_expression: Option<String>,
    pub retry_backoff: Duration,
    pub job_timeout: Option<Duration>,
    pub template: Template,
}

/// The element template of a task, as labels of the metrics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    pub id: String,
    pub version: String,
}

impl Default for Template {
    fn default() -> Self {
        Self { id: UNKNOWN.into(), version: UNKNOWN.into() }
    }
}

impl Template {
    /// The id; none for a task without a template.
    pub fn named(&self) -> Option<&str> {
        (self.id != UNKNOWN).then_some(self.id.as_str())
    }
}

impl TaskHeaders {
    /// Reads the headers as the gateway sent them: a JSON object, or empty text.
    ///
    /// What could be read is given back beside the error, because the error expression sees this error too.
    pub fn parse(text: &str) -> (Self, Result<(), Error>) {
        let headers = match read_object(text) {
            Ok(headers) => headers,
            Err(error) => return (Self::default(), Err(error)),
        };
        let mut task = Self {
            // Unlike the expressions, this name is taken as it is: a space in it belongs to it.
            result_variable: headers.get(RESULT_VARIABLE).filter(|name| !name.trim().is_empty()).cloned(),
            result_expression: present(&headers, RESULT_EXPRESSION).map(str::to_owned),
            error_expression: present(&headers, ERROR_EXPRESSION).map(str::to_owned),
            retry_backoff: Duration::ZERO,
            job_timeout: None,
            template: Template {
                id: present(&headers, TEMPLATE_ID).unwrap_or(UNKNOWN).to_owned(),
                version: present(&headers, TEMPLATE_VERSION).unwrap_or(UNKNOWN).to_owned(),
            },
        };
        let times = task.read_times(&headers);
        (task, times)
    }

    fn read_times(&mut self, headers: &Headers) -> Result<(), Error> {
        if let Some(text) = present(headers, RETRY_BACKOFF) {
            self.retry_backoff = read_duration(RETRY_BACKOFF, text)?;
        }
        if let Some(text) = present(headers, JOB_TIMEOUT) {
            let limit = read_duration(JOB_TIMEOUT, text)?;
            if limit.is_zero() {
                return Err(invalid_duration(JOB_TIMEOUT, text, "a time longer than nothing"));
            }
            self.job_timeout = Some(limit);
        }
        Ok(())
    }
}

fn read_object(text: &str) -> Result<Headers, Error> {
    if text.trim().is_empty() {
        return Ok(Headers::new());
    }
    match serde_json::from_str(text) {
        Ok(Value::Object(entries)) => Ok(entries.into_iter().filter_map(as_text).collect()),
        Ok(Value::Null) => Ok(Headers::new()),
        Ok(_) => Err(Error::input("the task headers are no JSON object; deploy the process again".into())),
        Err(error) => Err(Error::input(format!("the task headers are no JSON: {error}"))),
    }
}

/// The gateway only sends texts. Anything else is read as its JSON, so that nothing is lost without a word.
fn as_text((name, value): (String, Value)) -> Option<(String, String)> {
    match value {
        Value::Null => None,
        Value::String(text) => Some((name, text)),
        other => Some((name, other.to_string())),
    }
}

fn present<'a>(headers: &'a Headers, name: &str) -> Option<&'a str> {
    headers.get(name).map(|text| text.trim()).filter(|text| !text.is_empty())
}

fn read_duration(header: &str, text: &str) -> Result<Duration, Error> {
    match duration::parse(text) {
        Some(found) if found.negative => Err(invalid_duration(header, text, "a time that is not negative")),
        Some(found) => Ok(found.length),
        None => Err(invalid_duration(header, text, "an ISO-8601 duration, for example PT30S or P1DT2H")),
    }
}

fn invalid_duration(header: &str, found: &str, expected: &str) -> Error {
    let message = format!("cannot read the task header {header}: found {found:?}, expected {expected}");
    Error {
        code: Code::INVALID_HEADER,
        // Camunda's runtime has this class for both headers.
        error_type: "io.camunda.connector.runtime.core.error.InvalidBackOffDurationException".into(),
        message,
        variables: None,
        retry: Retry::Never,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> TaskHeaders {
        let (headers, read) = TaskHeaders::parse(text);
        read.expect("readable headers");
        headers
    }

    fn refused(text: &str) -> Error {
        TaskHeaders::parse(text).1.expect_err("unreadable headers")
    }

    #[test]
    fn absent_headers_are_no_mapping_and_no_back_off() {
        for text in ["", "  ", "{}", "null"] {
            assert_eq!(parse(text), TaskHeaders::default(), "{text:?}");
        }
    }

    #[test]
    fn all_headers_are_read() {
        let headers = parse(
            r#"{"resultVariable": "r", "resultExpression": "={a: 1}", "errorExpression": "=null", "retryBackoff": "PT30S",
                "jobTimeout": "PT5M", "elementTemplateId": "some.template", "elementTemplateVersion": "4", "other": "x"}"#,
        );
        assert_eq!(headers.result_variable.as_deref(), Some("r"));
        assert_eq!(headers.result_expression.as_deref(), Some("={a: 1}"));
        assert_eq!(headers.error_expression.as_deref(), Some("=null"));
        assert_eq!(headers.retry_backoff, Duration::from_secs(30));
        assert_eq!(headers.job_timeout, Some(Duration::from_secs(300)));
        assert_eq!(headers.template, Template { id: "some.template".into(), version: "4".into() });
    }

    #[test]
    fn blank_headers_are_absent() {
        let headers = parse(
            r#"{"resultVariable": " ", "resultExpression": "  ", "errorExpression": "", "retryBackoff": "", "jobTimeout": " "}"#,
        );
        assert_eq!(headers, TaskHeaders::default());
    }

    #[test]
    fn the_result_variable_keeps_its_spaces() {
        assert_eq!(parse(r#"{"resultVariable": " r "}"#).result_variable.as_deref(), Some(" r "));
    }

    #[test]
    fn spaces_around_a_duration_do_not_count() {
        assert_eq!(parse(r#"{"retryBackoff": " PT30S "}"#).retry_backoff, Duration::from_secs(30));
    }

    #[test]
    fn an_unreadable_back_off_names_header_text_and_form() {
        for text in ["30", "30s", "P1W", "P1M", "PT", "garbage", "=@\"PT5S\""] {
            let error = refused(&serde_json::json!({ "retryBackoff": text }).to_string());
            assert_eq!(error.retry, Retry::Never);
            assert_eq!(error.code, Code::INVALID_HEADER);
            assert_eq!(
                error.message,
                format!(
                    "cannot read the task header retryBackoff: found {text:?}, \
                     expected an ISO-8601 duration, for example PT30S or P1DT2H"
                )
            );
        }
    }

    #[test]
    fn a_negative_back_off_is_refused() {
        for text in ["-PT5S", "PT-5S"] {
            let error = refused(&serde_json::json!({ "retryBackoff": text }).to_string());
            assert_eq!(
                error.message,
                format!(
                    "cannot read the task header retryBackoff: found {text:?}, expected a time that is not negative"
                )
            );
        }
    }

    #[test]
    fn a_job_timeout_of_nothing_is_refused() {
        assert_eq!(
            refused(r#"{"jobTimeout": "PT0S"}"#).message,
            "cannot read the task header jobTimeout: found \"PT0S\", expected a time longer than nothing"
        );
    }

    #[test]
    fn an_error_in_one_header_leaves_the_error_expression_readable() {
        let (headers, read) =
            TaskHeaders::parse(r#"{"retryBackoff": "soon", "errorExpression": "=bpmnError(\"A\")"}"#);
        assert!(read.is_err());
        assert_eq!(headers.error_expression.as_deref(), Some("=bpmnError(\"A\")"));
    }

    #[test]
    fn headers_that_are_no_object_are_an_input_error() {
        assert_eq!(refused("[]").message, "the task headers are no JSON object; deploy the process again");
        assert!(refused("{").message.starts_with("the task headers are no JSON: "));
    }
}
