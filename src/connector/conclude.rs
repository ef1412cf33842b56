//! From an answer or a failure to what becomes of the job.

use serde_json::{Map, Value, json};

use super::error_expression::{self, Verdict};
use super::expressions::{Evaluated, Evaluation, Expressions, Warning};
use super::plan::Plan;
use super::result;
use super::room::in_room;
use super::{Code, CreateDocument, Error, Failure, FailureCause, Outcome, Response, Retry};
use crate::telemetry::{Event, Telemetry};

/// The engine keeps longer texts out of its incidents.
const MAX_MESSAGE: usize = 6000;

/// One conclusion in the making.
#[derive(Debug)]
pub(super) struct Conclusion<'a> {
    pub(super) plan: &'a Plan,
    pub(super) expressions: &'a Expressions,
    pub(super) telemetry: &'a Telemetry,
    pub(super) documents: Option<&'a dyn CreateDocument>,
    pub(super) max_output_bytes: usize,
}

impl Conclusion<'_> {
    /// Applies the result expression to an answer, and the error expression to whatever came of it.
    pub(super) async fn conclude(&self, result: Result<Response, Error>) -> Outcome {
        match result {
            Ok(response) => match self.map(&response).await {
                Ok(variables) => self.succeeded(&response, variables).await,
                Err(error) => self.failed(&error, FailureCause::Mapping).await,
            },
            Err(error) => {
                let cause = if self.plan.bound { FailureCause::Call } else { FailureCause::Input };
                self.failed(&error, cause).await
            }
        }
    }

    async fn map(&self, response: &Response) -> Result<Map<String, Value>, Error> {
        let headers = &self.plan.headers;
        let result = match &headers.result_expression {
            Some(expression) => {
                let evaluated = in_room(&response.0, || {
                    self.expressions.evaluate(expression, &result::context(&response.0), Evaluation::Result)
                });
                Some(self.finish(evaluated, Evaluation::Result).await?)
            }
            None => None,
        };
        result::map(headers, response, result, self.max_output_bytes)
    }

    /// Tells what the modeler should know, and stores what the expression makes into documents.
    async fn finish(
        &self,
        evaluated: Option<Result<Evaluated, Error>>,
        which: Evaluation,
    ) -> Result<Value, Error> {
        let Evaluated { mut value, warnings, marks } = evaluated.unwrap_or_else(|| Err(no_room()))?;
        for Warning { kind, message } in &warnings {
            let message = &self.plan.masker.mask(message);
            let job_key = self.plan.job_key;
            self.telemetry.emit(Event::ExpressionWarning { job_key, which: which.name(), kind, message });
        }
        marks.store(&mut value, self.documents).await?;
        Ok(value)
    }

    async fn succeeded(&self, response: &Response, variables: Map<String, Value>) -> Outcome {
        let Some(expression) = &self.plan.headers.error_expression else {
            return Outcome::Complete { variables };
        };
        // The expression sees what the process will see, and the bare response only if that is nothing.
        let variables = Value::Object(variables);
        let nothing = variables.as_object().is_none_or(Map::is_empty);
        let verdict = self.verdict(expression, if nothing { &response.0 } else { &variables }).await;
        let Value::Object(variables) = variables else { return Outcome::Complete { variables: Map::new() } };
        match verdict {
            Ok(Verdict::NoError) => Outcome::Complete { variables },
            Ok(verdict) => self.carry_out(verdict, FailureCause::Requested),
            Err(error) => self.expression_failed(&error, FailureCause::Mapping),
        }
    }

    async fn failed(&self, error: &Error, cause: FailureCause) -> Outcome {
        let seen = self.error_entry(error);
        if let Some(expression) = &self.plan.headers.error_expression {
            match self.verdict(expression, &json!({ "error": seen })).await {
                Ok(Verdict::NoError) => {}
                Ok(verdict) => {
                    // Without an answer there is none to drop, only what a call has noted.
                    let has_answer = cause == FailureCause::Mapping;
                    let cause = if has_answer { FailureCause::Requested } else { cause };
                    return self.carry_out(verdict, cause);
                }
                Err(error) => return self.expression_failed(&error, cause),
            }
        }
        let retry_back_off = match error.retry {
            Retry::After(wait) => wait,
            Retry::Never | Retry::Spend => self.plan.headers.retry_backoff,
        };
        Outcome::Fail(Failure {
            cause,
            retries: self.retries_after(error),
            message: self.incident_message(error),
            retry_back_off,
            variables: error_variable(seen),
        })
    }

    fn retries_after(&self, error: &Error) -> i32 {
        match error.retry {
            Retry::Never => 0,
            Retry::Spend | Retry::After(_) => self.plan.retries.saturating_sub(1).max(0),
        }
    }

    /// A wrong error expression is wrong at the next attempt too, so no retries are left; but a document that it
    /// makes may be stored then.
    fn expression_failed(&self, error: &Error, cause: FailureCause) -> Outcome {
        let is_wrong = error.code == Code::EXPRESSION_FAILED;
        Outcome::Fail(Failure {
            cause,
            retries: if is_wrong { 0 } else { self.retries_after(error) },
            message: self.incident_message(error),
            retry_back_off: std::time::Duration::ZERO,
            variables: error_variable(self.error_entry(error)),
        })
    }

    /// What the error expression says to a response. On failure, that is a context with the entry `error`.
    async fn verdict(&self, expression: &str, response: &Value) -> Result<Verdict, Error> {
        let evaluated = in_room(response, || {
            let job = json!({ "retries": self.plan.retries });
            let mut context = result::context(response);
            context.insert("job", &job);
            self.expressions.evaluate(expression, &context, Evaluation::Error)
        });
        error_expression::read(self.finish(evaluated, Evaluation::Error).await?)
    }

    fn carry_out(&self, verdict: Verdict, cause: FailureCause) -> Outcome {
        match verdict {
            Verdict::NoError => Outcome::Complete { variables: Map::new() },
            Verdict::Ignore { variables } => Outcome::Complete { variables },
            Verdict::Bpmn { code, message, variables } => Outcome::ThrowError {
                code,
                message: self.message(&message),
                variables: self.plan.masker.mask_entries(variables),
            },
            Verdict::Job { message, variables, retries, retry_back_off } => Outcome::Fail(Failure {
                cause,
                retries,
                message: self.message(&message),
                retry_back_off,
                variables: self.plan.masker.mask_entries(variables),
            }),
        }
    }

    /// What expressions see as `error`.
    fn error_entry(&self, error: &Error) -> Value {
        let mut entry = Map::new();
        entry.insert("type".into(), Value::String(error.error_type.clone().into_owned()));
        entry.insert("message".into(), Value::String(self.message(&error.message)));
        entry.insert("code".into(), Value::String(error.code.to_string()));
        if let Some(variables) = &error.variables {
            entry.insert("variables".into(), self.plan.masker.mask_value((**variables).clone()));
        }
        Value::Object(entry)
    }

    fn incident_message(&self, error: &Error) -> String {
        match &error.variables {
            Some(variables) => self.message(&format!("{} | Error variables: {variables}", error.message)),
            None => self.message(&error.message),
        }
    }

    fn message(&self, text: &str) -> String {
        let masked = self.plan.masker.mask(text);
        match masked.char_indices().nth(MAX_MESSAGE) {
            Some((end, _)) => masked.get(..end).unwrap_or_default().to_owned(),
            None => masked,
        }
    }
}

/// The answer is there, and the next attempt may find a thread.
fn no_room() -> Error {
    Error {
        code: Code::RESULT_INVALID,
        error_type: "java.lang.StackOverflowError".into(),
        message: "the answer is nested so deeply that it needs a thread of its own, and the system has none"
            .into(),
        variables: None,
        retry: Retry::Spend,
    }
}

fn error_variable(entry: Value) -> Map<String, Value> {
    Map::from_iter([("error".to_owned(), entry)])
}
