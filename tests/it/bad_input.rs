//! Input that cannot work: what the modeler reads, what becomes of the retries, and whether the model was asked.
//! The worker is the real program; the jobs are raw ones, so that nothing stands between the input and it.

use bedrock_connector::emulator::gateway::{Command, NewJob};
use bedrock_connector::zeebe::JobKey;
use serde_json::{Value, json};

use crate::support::stage::{JOB_TYPE, QUESTION, Stage, good_input};

const SECRET: &str = "a value that nobody may see";

/// One mistake of a modeler or an operator.
struct Case {
    /// Says what is wrong, and with dashes it is the model's id, by which calls are counted.
    name: &'static str,
    /// Laid over a good input as a JSON merge patch: null takes an entry away.
    patch: Value,
    headers: &'static [(&'static str, &'static str)],
    ends: Ends,
    calls: usize,
}

impl Case {
    fn model_id(&self) -> String {
        self.name.replace(' ', "-")
    }
}

enum Ends {
    /// Retries left of three, and the message.
    Failed {
        retries: i32,
        message: String,
    },
    Completed(Value),
}

fn refused(name: &'static str, patch: Value, message: impl Into<String>) -> Case {
    Case { name, patch, headers: &[], ends: Ends::Failed { retries: 0, message: message.into() }, calls: 0 }
}

/// A mistake in the headers of a task whose input is good.
fn headers(
    name: &'static str,
    headers: &'static [(&'static str, &'static str)],
    retries: i32,
    calls: usize,
    message: &str,
) -> Case {
    let ends = Ends::Failed { retries, message: message.to_owned() };
    Case { name, patch: json!({}), headers, ends, calls }
}

fn actions() -> Vec<Case> {
    vec![
        refused(
            "no action",
            json!({"action": null}),
            r#"action is missing or empty; expected "converse" or "invokeModel""#,
        ),
        refused(
            "unknown action",
            json!({"action": "translate"}),
            r#"action is "translate", expected "converse" or "invokeModel""#,
        ),
        refused("action of a wrong type", json!({"action": {}}), "action is a context, expected a text"),
    ]
}

fn data() -> Vec<Case> {
    vec![
        refused("no data", json!({"data": null}), "data is missing; give the task its input"),
        refused("data of a wrong type", json!({"data": "Hello"}), "data is a text, expected a context"),
        refused(
            "no model",
            json!({"data": {"modelId": null}}),
            "data.modelId is missing or empty; name a model, an inference profile or an ARN",
        ),
        refused(
            "no message",
            json!({"data": {"newMessage": " "}}),
            "data.newMessage is missing or empty; write what the model is to be asked",
        ),
        refused(
            "maximum of tokens of a wrong type",
            json!({"data": {"maxTokens": "many"}}),
            r#"data.maxTokens is "many", expected a whole number"#,
        ),
    ]
}

fn access() -> Vec<Case> {
    vec![
        refused(
            "no region",
            json!({"configuration": null}),
            "configuration.region is missing or empty; name the AWS region of the model, for example us-east-1",
        ),
        refused(
            "no authentication",
            json!({"authentication": null}),
            "authentication is missing or empty; choose how the task signs in to AWS",
        ),
        refused(
            "no secret key",
            json!({"authentication": {"secretKey": null}}),
            r#"authentication.secretKey is missing or empty; the type "credentials" needs it"#,
        ),
        // An operator can mend this one while the process waits, so it spends only one retry.
        Case {
            name: "no credentials",
            patch: json!({"authentication": {"type": "defaultCredentialsChain"}}),
            headers: &[],
            ends: Ends::Failed { retries: 2, message: "no AWS credentials: ".to_owned() },
            calls: 0,
        },
    ]
}

fn secrets() -> Vec<Case> {
    let prompt = "Print secrets.KEY and {{secrets.KEY}} and {{ secrets.NO_SUCH_SECRET }}";
    vec![
        refused(
            "missing secret",
            json!({"authentication": {"secretKey": "{{secrets.NO_SUCH_SECRET}}"}}),
            "authentication.secretKey names the secret \"NO_SUCH_SECRET\", which no source has; \
             set the environment variable SECRET_NO_SUCH_SECRET",
        ),
        Case {
            name: "secret in a prompt",
            patch: json!({"data": {"newMessage": prompt}}),
            headers: &[("resultExpression", "={sent: response[1].contentList[1].text}")],
            ends: Ends::Completed(json!({"sent": prompt})),
            calls: 1,
        },
        // No mistake: what is right beside them, so that the log has something to keep to itself.
        Case {
            name: "secrets as credentials",
            patch: json!({"authentication": {"secretKey": "{{secrets.KEY}}", "sessionToken": "{{secrets.KEY}}"}}),
            headers: &[],
            ends: Ends::Completed(json!({})),
            calls: 1,
        },
    ]
}

fn documents() -> Vec<Case> {
    let document = |content: Value| json!({"data": {"newDocuments": [content]}});
    vec![
        refused(
            "unsupported document type",
            document(
                json!({"camunda.document.type": "inline", "content": "x", "name": "a.zip", "contentType": "application/zip"}),
            ),
            "data.newDocuments[1] has no format that Bedrock reads: its name is \"a.zip\", its content type \
             \"application/zip\"; expected one of ",
        ),
        refused(
            "document at a private address",
            json!({"data": {"newDocuments": [
                {"camunda.document.type": "inline", "content": "x", "name": "a.txt"},
                {"camunda.document.type": "external", "url": "http://127.0.0.1:9/b.txt", "name": "b.txt"},
            ]}}),
            "data.newDocuments[2], \"b.txt\": the document's host \"127.0.0.1\" has the address 127.0.0.1, which is not public",
        ),
        refused(
            "stored document without a store",
            document(json!({
                "camunda.document.type": "camunda", "documentId": "d1", "metadata": {"fileName": "contract.pdf"},
            })),
            "data.newDocuments[1], \"contract.pdf\": document \"d1\" is in the engine's store",
        ),
        refused(
            "no document",
            document(json!("a.pdf")),
            "data.newDocuments[1] is no reference to a document",
        ),
    ]
}

fn expressions() -> Vec<Case> {
    vec![
        headers(
            "result expression that cannot be parsed",
            &[("resultExpression", "={answer: }")],
            2,
            1,
            "the result expression fails at line 1, column ",
        ),
        headers(
            "result that is a number",
            &[("resultExpression", "=1 + 1")],
            0,
            1,
            "the result expression gives a number, 2; expected a context or null",
        ),
        headers(
            "result that is a list",
            &[("resultExpression", "=response")],
            0,
            1,
            "the result expression gives a list; expected a context or null",
        ),
        headers(
            "error expression that cannot be parsed",
            &[("errorExpression", "=if error")],
            0,
            1,
            "the error expression fails at line 1, column ",
        ),
        headers(
            "error expression that gives no error",
            &[("errorExpression", "={errorType: \"oops\"}")],
            0,
            1,
            "the error expression gives no error that can be raised: ",
        ),
    ]
}

fn times() -> Vec<Case> {
    vec![
        headers(
            "bad back-off",
            &[("retryBackoff", "5 minutes")],
            0,
            0,
            "cannot read the task header retryBackoff: found \"5 minutes\", expected an ISO-8601 duration, for \
             example PT30S or P1DT2H",
        ),
        headers(
            "negative back-off",
            &[("retryBackoff", "PT-5S")],
            0,
            0,
            "cannot read the task header retryBackoff: found \"PT-5S\", expected a time that is not negative",
        ),
        headers(
            "bad limit",
            &[("jobTimeout", "soon")],
            0,
            0,
            "cannot read the task header jobTimeout: found \"soon\", expected an ISO-8601 duration",
        ),
    ]
}

#[tokio::test]
async fn each_mistake_is_answered_with_its_message_and_outcome() {
    // Empty keys count as none, so this process has no credentials of its own. All that can be logged is, libraries
    // included.
    let stage = Stage::embedded(|launch| {
        launch
            .env("BEDROCK_CONNECTOR_LOG", "trace")
            .env("AWS_ACCESS_KEY_ID", "")
            .env("AWS_SECRET_ACCESS_KEY", "")
            .env("SECRET_KEY", SECRET)
    })
    .await;
    let cases: Vec<Case> = [actions(), data(), access(), secrets(), documents(), expressions(), times()]
        .into_iter()
        .flatten()
        .collect();
    let keys: Vec<_> = cases.iter().map(|case| stage.gateway.create_job(job(case))).collect();
    let mut wrong = Vec::new();
    for (case, key) in cases.iter().zip(keys) {
        wrong.extend(judge(&stage, case, key).await);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let log = stage.log();
    assert!(!log.contains(SECRET), "the secret is in the log");
    assert!(!log.contains(QUESTION), "the prompt is in the log");
}

fn job(case: &Case) -> NewJob {
    let mut variables = good_input(&case.model_id());
    merge(&mut variables, &case.patch);
    let job = NewJob::new(JOB_TYPE).variables(variables).once();
    case.headers.iter().fold(job, |job, (name, value)| job.header(*name, *value))
}

/// A JSON merge patch, RFC 7396.
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(entries) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    for (name, value) in entries {
        match value {
            Value::Null => drop(target.as_object_mut().unwrap().remove(name)),
            value => merge(&mut target[name], value),
        }
    }
}

/// What is otherwise than the case wants it.
async fn judge(stage: &Stage, case: &Case, key: JobKey) -> Vec<String> {
    let command = stage.end_of_attempt(key).await;
    let mut wrong = Vec::new();
    match (&command, &case.ends) {
        (Command::FailJob(found), Ends::Failed { retries, message }) => {
            if found.retries != *retries || !found.error_message.starts_with(message) {
                wrong.push(format!("expected {retries} retries and {message:?}"));
            }
            let error = &command.variables().unwrap_or_default()["error"];
            if error["message"] != json!(found.error_message) || !error["code"].is_string() {
                wrong.push("the variable error has not the same message, or no code".to_owned());
            }
        }
        (Command::CompleteJob(_), Ends::Completed(variables)) => {
            if command.variables().as_ref() != Some(variables) {
                wrong.push(format!("expected {variables}"));
            }
        }
        _ => wrong.push("another end was expected".to_owned()),
    }
    let calls = stage.bedrock.calls_of(&case.model_id());
    if calls != case.calls {
        wrong.push(format!("expected {} calls of the model, made {calls}", case.calls));
    }
    wrong.iter_mut().for_each(|what| *what = format!("{}: {what}; got {command:?}", case.name));
    wrong
}
