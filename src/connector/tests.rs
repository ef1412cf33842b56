//! The runtime from a job to its outcome, with a connector that answers what it is told.

mod created;

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use super::{
    Call, Code, Connector, Error, Failure, FailureCause, Job, Notebook, Options, Outcome, Registry, Response,
    Retry, Runtime, Scope,
};
use crate::secrets::{EnvironmentOptions, EnvironmentSecrets, Masker, Resolver};
use crate::telemetry::Telemetry;

const JOB_TYPE: &str = "test:1";

/// Answers with the variable `answer`, or fails with the text of `failure`.
#[derive(Debug)]
struct Parrot;

#[derive(Debug)]
struct Squawk(Result<Response, Error>);

impl Connector for Parrot {
    fn name(&self) -> &'static str {
        "Parrot"
    }

    fn input_variables(&self) -> &'static [&'static str] {
        &["answer", "failure"]
    }

    fn bind(&self, variables: &Value, _: &Scope) -> Result<Box<dyn Call>, Error> {
        let text = |key: &str| variables.get(key).and_then(Value::as_str).map(str::to_owned);
        if let Some(refusal) = text("refusal") {
            return Err(Error::input(refusal));
        }
        let result = match text("failure") {
            Some(message) => Err(Error {
                code: Code::of("PARROT_ILL"),
                error_type: "parrot.Ill".into(),
                message: format!("{message} {}", variables["authentication"].as_str().unwrap_or_default()),
                variables: None,
                retry: Retry::Spend,
            }),
            None => Ok(Response(variables["answer"].clone())),
        };
        Ok(Box::new(Squawk(result)))
    }
}

impl Call for Squawk {
    fn fingerprint(&self) -> [u8; 32] {
        [0; 32]
    }

    fn mask(&mut self, _masker: &Masker) {}

    fn execute_with<'a>(self: Box<Self>, _: &'a dyn Notebook) -> BoxFuture<'a, Result<Response, Error>> {
        std::future::ready(self.0).boxed()
    }
}

fn runtime() -> Runtime {
    let secrets = [("SECRET_TOKEN".to_owned(), "s3cr3t".to_owned())];
    let environment = EnvironmentSecrets::new(EnvironmentOptions::default(), secrets);
    let resolver = Resolver::new(vec![Arc::new(environment)], crate::secrets::Options::default());
    let registry = Registry::default().with(JOB_TYPE, Arc::new(Parrot));
    Runtime::new(registry, Arc::new(resolver), Options::default())
}

async fn play(job_type: &str, headers: &str, variables: &str) -> Outcome {
    play_with(runtime(), job_type, headers, variables).await
}

async fn play_with(runtime: Runtime, job_type: &str, headers: &str, variables: &str) -> Outcome {
    let job = Job {
        key: 1,
        job_type: job_type.into(),
        scope: Scope::default(),
        headers: headers.to_owned(),
        variables: variables.to_owned(),
        retries: 3,
    };
    let prepared = runtime.prepare(&job).await;
    let result = match prepared.call {
        Ok(call) => call.execute().await,
        Err(error) => Err(error),
    };
    runtime.conclude(&prepared.plan, result).await
}

/// What becomes of a job with these headers, when the model answers this.
async fn answered(headers: Value, answer: Value) -> Outcome {
    play(JOB_TYPE, &headers.to_string(), &json!({ "answer": answer }).to_string()).await
}

/// What becomes of a job with these headers, when the call fails.
async fn ill(headers: Value) -> Outcome {
    play(JOB_TYPE, &headers.to_string(), r#"{"failure": "no voice"}"#).await
}

fn complete(variables: Value) -> Outcome {
    let Value::Object(variables) = variables else { panic!("variables are a context") };
    Outcome::Complete { variables }
}

fn throw(code: &str, message: &str, variables: Value) -> Outcome {
    let Value::Object(variables) = variables else { panic!("variables are a context") };
    Outcome::ThrowError { code: code.into(), message: message.into(), variables }
}

fn failure(outcome: Outcome) -> Failure {
    match outcome {
        Outcome::Fail(failure) => failure,
        other => panic!("no failure: {other:?}"),
    }
}

#[tokio::test]
async fn an_answer_goes_to_the_result_variable_and_the_entries_of_the_expression() {
    let answer = json!({"body": {"n": 1.10, "list": [3, 1, 2]}});
    for (headers, expected) in [
        (json!({}), json!({})),
        (json!({"resultVariable": "r"}), json!({"r": {"body": {"n": 1.1, "list": [3, 1, 2]}}})),
        (
            json!({"resultExpression": "={a: body.n, same: response.body = body}"}),
            json!({"a": 1.1, "same": true}),
        ),
        (json!({"resultExpression": "body"}), json!({"n": 1.1, "list": [3, 1, 2]})),
        (
            json!({"resultVariable": "r", "resultExpression": "={r: 1, b: max(body.list)}"}),
            json!({"r": 1, "b": 3}),
        ),
        (json!({"resultExpression": "=nope"}), json!({})),
        (json!({"resultExpression": "=[{a: 1}]"}), json!({"a": 1})),
        (json!({"resultExpression": "={a: job.retries, e: error}"}), json!({"a": null, "e": null})),
    ] {
        assert_eq!(answered(headers.clone(), answer.clone()).await, complete(expected), "{headers}");
    }
}

#[tokio::test]
async fn a_list_is_only_seen_as_the_response() {
    let headers = json!({"resultExpression": "={last: response[-1].role, own: role}"});
    let outcome = answered(headers, json!([{"role": "user"}, {"role": "assistant"}])).await;
    assert_eq!(outcome, complete(json!({"last": "assistant", "own": null})));
}

#[tokio::test]
async fn a_result_that_is_no_context_has_no_retries_and_keeps_the_answer() {
    let failure =
        failure(answered(json!({"resultExpression": "=5", "retryBackoff": "PT9S"}), json!({})).await);
    assert_eq!(
        (failure.cause, failure.retries, failure.retry_back_off),
        (FailureCause::Mapping, 0, Duration::from_secs(9))
    );
    let message = "the result expression gives a number, 5; expected a context or null";
    assert_eq!(failure.message, message);
    assert_eq!(
        Value::Object(failure.variables),
        json!({"error": {
            "type": "io.camunda.connector.api.error.ConnectorInputException", "message": message, "code": "RESULT_INVALID"
        }})
    );
}

#[tokio::test]
async fn a_result_expression_that_fails_spends_a_retry_and_keeps_the_answer() {
    for expression in ["={a: ", "=assert(null, 1 = 2)", "=={}", "="] {
        let failure = failure(answered(json!({"resultExpression": expression}), json!({})).await);
        assert_eq!((failure.cause, failure.retries), (FailureCause::Mapping, 2), "{expression}");
        assert!(
            failure.message.starts_with("the result expression fails at line 1, column "),
            "{}",
            failure.message
        );
        assert_eq!(
            failure.variables["error"]["type"],
            "io.camunda.connector.feel.FeelEngineWrapperException"
        );
    }
}

#[tokio::test]
async fn an_output_that_is_too_large_has_no_retries() {
    let failure = failure(answered(json!({"resultVariable": "r"}), json!("x".repeat(1_572_864))).await);
    assert_eq!((failure.cause, failure.retries), (FailureCause::Mapping, 0));
    assert_eq!(failure.variables["error"]["code"], "RESULT_TOO_LARGE");
}

#[tokio::test]
async fn on_success_the_error_expression_sees_the_output_and_else_the_response() {
    let tell = r#"=bpmnError("T", if response.a = 5 then "output" else if response.n = 1 then "raw" else "none", {own: [a, n], left: job.retries, error: error})"#;
    for (result_expression, seen, own) in
        [("={a: 5}", "output", json!([5, null])), ("=null", "raw", json!([null, 1]))]
    {
        let headers = json!({"errorExpression": tell, "resultExpression": result_expression});
        let expected = throw("T", seen, json!({"own": own, "left": 3, "error": null}));
        assert_eq!(answered(headers, json!({"n": 1})).await, expected);
    }
}

#[tokio::test]
async fn no_error_leaves_success_and_failure_as_they_are() {
    for expression in ["=null", "={}", "=bpmnError(\"\", \"x\")", "=nope(1)", "=error.nope", "  "] {
        let headers = json!({"errorExpression": expression, "resultVariable": "r"});
        assert_eq!(answered(headers.clone(), json!(1)).await, complete(json!({"r": 1})), "{expression}");
        let failure = failure(ill(headers).await);
        assert_eq!(
            (failure.cause, failure.retries, failure.message.as_str()),
            (FailureCause::Call, 2, "no voice ")
        );
    }
}

#[tokio::test]
async fn on_failure_the_error_expression_sees_the_error() {
    let headers = json!({"errorExpression": "=bpmnError(error.code, error.message, {type: error.type, same: response.error = error})"});
    assert_eq!(
        ill(headers).await,
        throw("PARROT_ILL", "no voice ", json!({"type": "parrot.Ill", "same": true}))
    );
    let headers = json!({"resultExpression": "=5", "errorExpression": "=bpmnError(error.code, \"caught\")"});
    assert_eq!(answered(headers, json!(1)).await, throw("RESULT_INVALID", "caught", json!({})));
    let headers = json!({"retryBackoff": "soon", "errorExpression": "=bpmnError(error.code, \"caught\")"});
    assert_eq!(answered(headers, json!(1)).await, throw("HEADER_INVALID", "caught", json!({})));
}

#[tokio::test]
async fn a_job_error_is_carried_out_whatever_happened_before() {
    let headers = json!({"errorExpression": "=jobError(\"again\", {a: 1}, job.retries - 1, @\"PT10S\")", "retryBackoff": "PT1S"});
    let expected = |cause| Failure {
        cause,
        retries: 2,
        message: "again".into(),
        retry_back_off: Duration::from_secs(10),
        variables: json!({"a": 1, "error": "again"}).as_object().cloned().expect("a context"),
    };
    assert_eq!(failure(answered(headers.clone(), json!(1)).await), expected(FailureCause::Requested));
    assert_eq!(failure(ill(headers).await), expected(FailureCause::Call), "there is no answer to drop");
}

#[tokio::test]
async fn an_ignored_error_completes_with_its_variables_only() {
    let headers = json!({"errorExpression": "=ignoreError({a: 1})", "resultVariable": "r"});
    assert_eq!(answered(headers.clone(), json!(1)).await, complete(json!({"a": 1})));
    assert_eq!(ill(headers).await, complete(json!({"a": 1})));
}

#[tokio::test]
async fn an_error_expression_that_fails_has_neither_retries_nor_back_off() {
    for expression in ["=bpmnError(", "=bpmnError(\"A\", 5)", "={a: 1}", "=\"text\"", "=[1]", "=true"] {
        let headers = json!({"errorExpression": expression, "retryBackoff": "PT20S"});
        let (after_answer, after_failure) =
            (failure(answered(headers.clone(), json!(1)).await), failure(ill(headers).await));
        assert_eq!((after_answer.cause, after_failure.cause), (FailureCause::Mapping, FailureCause::Call));
        for failure in [after_answer, after_failure] {
            assert_eq!((failure.retries, failure.retry_back_off), (0, Duration::ZERO), "{expression}");
        }
    }
}

#[tokio::test]
async fn input_that_can_never_work_has_no_retries() {
    for (headers, variables) in [
        ("", r#"{"refusal": "no"}"#),
        ("{}", "{"),
        ("[]", "{}"),
        (r#"{"retryBackoff": "garbage"}"#, "{}"),
        ("{}", r#"{"authentication": "{{secrets.NOPE}}"}"#),
    ] {
        let failure = failure(play(JOB_TYPE, headers, variables).await);
        assert_eq!((failure.cause, failure.retries), (FailureCause::Input, 0), "{headers} {variables}");
    }
    let failure = failure(play("other:1", "", "{}").await);
    assert_eq!(failure.message, "no connector serves the job type \"other:1\"; check the configuration");
}

#[tokio::test]
async fn a_placeholder_that_stays_text_is_counted() {
    for (prompt, count) in
        [("{{secrets.TOKEN}} {{secrets.NOPE}}", 1), ("tell me about secrets.management", 0)]
    {
        let telemetry = Telemetry::no_op();
        let variables = json!({"authentication": "{{secrets.TOKEN}}", "answer": prompt}).to_string();
        let outcome = play_with(
            runtime().with_telemetry(telemetry.clone()),
            JOB_TYPE,
            r#"{"resultVariable": "r"}"#,
            &variables,
        );
        assert_eq!(outcome.await, complete(json!({ "r": prompt })), "it is no reason to fail");
        let page = telemetry.render();
        assert!(page.contains(&format!("bedrock_connector_secrets_refused_total {count}\n")), "{page}");
    }
}

#[tokio::test]
async fn secrets_are_masked_in_messages_and_variables_but_not_in_codes() {
    let variables = r#"{"failure": "bad token", "authentication": "{{secrets.TOKEN}}"}"#;
    let failure = failure(play(JOB_TYPE, "{}", variables).await);
    assert_eq!(failure.message, "bad token ***");
    assert_eq!(failure.variables["error"]["message"], "bad token ***");
    let headers =
        json!({"errorExpression": "=bpmnError(\"s3cr3t\", error.message + \" s3cr3t\", {v: \"s3cr3t\"})"});
    let outcome = play(JOB_TYPE, &headers.to_string(), variables).await;
    assert_eq!(outcome, throw("s3cr3t", "bad token *** ***", json!({"v": "***"})));
}

#[tokio::test]
async fn a_message_is_cut() {
    let variables = json!({"failure": "ä".repeat(7000)}).to_string();
    assert_eq!(failure(play(JOB_TYPE, "{}", &variables).await).message.chars().count(), 6000);
}

#[tokio::test]
async fn values_as_deep_as_can_be_read_pass_through_everything() {
    let levels = 990;
    let deep = format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    let headers = json!({
        "resultVariable": "r", "resultExpression": "={a: response, b: {c: response}}",
        "errorExpression": "=if a = r then null else bpmnError(\"D\", \"differs\")"
    });
    let variables = format!(r#"{{"answer": {deep}, "authentication": "{{{{secrets.TOKEN}}}}"}}"#);
    let Outcome::Complete { variables } = play(JOB_TYPE, &headers.to_string(), &variables).await else {
        panic!("not completed");
    };
    assert_eq!(variables["a"].to_string(), deep);
    let too_deep = format!(r#"{{"answer": {}{}}}"#, "[".repeat(1000), "]".repeat(1000));
    let failure = failure(play(JOB_TYPE, "{}", &too_deep).await);
    assert_eq!((failure.cause, failure.retries), (FailureCause::Input, 0));
}
