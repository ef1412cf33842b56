//! The connector from variables to response, over a real socket.

mod stub;

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use self::stub::{Answer, Stub, reply};
use super::{
    Bedrock, Clients, DefaultIdentity, DefaultIdentityState, Flavour, Options, Quota, Quotas, Retries,
};
use crate::connector::{Call, Connector, Error, Response, Retry, Scope};
use crate::documents::{Budget, External, ExternalOptions, Loader};
use crate::telemetry::Telemetry;

fn options(stub: &Stub) -> Options {
    Options {
        endpoint_url: Some(stub.url.clone()),
        throttle_patience: Duration::ZERO,
        retries: Retries {
            throttled_wait: Duration::from_millis(1),
            transient_wait: Duration::from_millis(1),
            longest_wait: Duration::from_millis(5),
            ..Retries::default()
        },
        default_identity: DefaultIdentity::Static {
            access_key: "AKIDDEFAULT".into(),
            secret_key: "default".into(),
            session_token: Some("token".into()),
        },
        ..Options::default()
    }
}

fn bedrock(flavour: Flavour, options: Options) -> Bedrock {
    let fetch = External::new(ExternalOptions::default()).expect("a client");
    let clients = Clients::new(options).expect("clients");
    let loader = Loader::new(Arc::new(fetch), None, Budget::new(1_000_000));
    Bedrock::new(flavour, Arc::new(clients), loader, Telemetry::no_op())
}

fn variables(action: &str, data: Value) -> Value {
    json!({
        "authentication": {"type": "credentials", "accessKey": "AKID", "secretKey": "SK"},
        "configuration": {"region": "eu-central-1"},
        "action": action,
        "data": data
    })
}

fn bind(bedrock: &Bedrock, variables: &Value) -> Result<Box<dyn Call>, Error> {
    bedrock.bind(variables, &Scope::default())
}

/// Runs a task against these answers.
async fn run(stub: &Stub, flavour: Flavour, variables: &Value) -> Result<Value, Error> {
    let call = bind(&bedrock(flavour, options(stub)), variables)?;
    call.execute().await.map(|Response(value)| value)
}

/// Runs a task of the compat type, and gives what Bedrock was asked and what came of it.
async fn converse(answers: Vec<Answer>, data: Value) -> (Vec<stub::Seen>, Result<Value, Error>) {
    let stub = Stub::start(answers).await;
    let result = run(&stub, Flavour::Compat, &variables("converse", data)).await;
    (stub.seen(), result)
}

fn hello() -> Value {
    json!({"modelId": "m", "newMessage": "Hello"})
}

#[tokio::test]
async fn a_conversation_goes_out_and_comes_back() {
    let answer = Answer::ok(reply(&json!([{"text": "Hi"}])));
    let (seen, result) = converse(vec![answer], json!({
        "modelId": "arn:aws:bedrock:us-east-1:1:inference-profile/us.m:0 +",
        "newMessage": "And now?",
        "messagesHistory": [{"role": "user", "contentList": [{"text": "a"}]}, {"role": "assistant", "contentList": [{"text": "b"}]}],
        "maxTokens": "64", "temperature": 0.7, "topP": 0.999_999_999
    }))
    .await;
    assert_eq!(seen.len(), 1);
    assert_eq!(
        seen[0].path,
        "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fus.m%3A0%20%2B/converse"
    );
    assert_eq!(
        seen[0].body,
        r#"{"messages":[{"role":"user","content":[{"text":"a"}]},{"role":"assistant","content":[{"text":"b"}]},{"role":"user","content":[{"text":"And now?"}]}],"inferenceConfig":{"maxTokens":64,"temperature":0.7,"topP":1.0}}"#
    );
    assert_eq!((seen[0].access_key.as_str(), seen[0].region.as_str()), ("AKID", "eu-central-1"));
    assert_eq!(seen[0].session_token, None);
    let expected = json!([
        {"role": "user", "contentList": [{"text": "a"}]}, {"role": "assistant", "contentList": [{"text": "b"}]},
        {"role": "user", "contentList": [{"text": "And now?"}]}, {"role": "assistant", "contentList": [{"text": "Hi"}]}
    ]);
    assert_eq!(result, Ok(expected));
}

#[tokio::test]
async fn the_token_limit_is_512_unless_it_is_taken_away() {
    for (max_tokens, expected) in
        [(None, r#""inferenceConfig":{"maxTokens":512}"#), (Some(Value::Null), r#""inferenceConfig":{}"#)]
    {
        let mut data = hello();
        if let Some(max_tokens) = max_tokens {
            data["maxTokens"] = max_tokens;
        }
        let (seen, _) = converse(vec![Answer::ok(reply(&json!([])))], data).await;
        assert!(seen[0].body.ends_with(&format!("{expected}}}")), "{}", seen[0].body);
    }
}

#[tokio::test]
async fn the_fields_of_the_first_template_are_understood() {
    let data = json!({"modelId": "m", "nextMessage": "Hello", "messages": [{"message": "hi", "role": "USER"}, {"message": "yes?", "role": "ASSISTANT"}]});
    let (seen, result) = converse(vec![Answer::ok(reply(&json!([{"text": "Good day"}])))], data).await;
    assert_eq!(
        seen[0].body,
        r#"{"messages":[{"role":"user","content":[{"text":"hi"}]},{"role":"assistant","content":[{"text":"yes?"}]},{"role":"user","content":[{"text":"Hello"}]}],"inferenceConfig":{"maxTokens":512}}"#
    );
    let expected = json!({
        "messagesHistory": [
            {"message": "hi", "role": "USER"}, {"message": "yes?", "role": "ASSISTANT"},
            {"message": "Hello", "role": "USER"}, {"message": "Good day", "role": "ASSISTANT"}
        ],
        "newMessage": "Good day"
    });
    assert_eq!(result, Ok(expected));
}

#[tokio::test]
async fn documents_go_before_the_text_and_come_back_as_references() {
    let document = json!({"camunda.document.type": "inline", "content": "some text", "name": "my_notes.v2.txt", "contentType": "text/plain"});
    let image = json!({"camunda.document.type": "inline", "content": "x", "name": "a.JPG"});
    let mut data = hello();
    data["newDocuments"] = json!([document, image]);
    let (seen, result) = converse(vec![Answer::ok(reply(&json!([{"text": "ok"}])))], data).await;
    let body: Value = serde_json::from_str(&seen[0].body).expect("JSON");
    assert_eq!(
        body["messages"][0]["content"],
        json!([
            {"document": {"format": "txt", "name": "my notes v2", "source": {"bytes": "c29tZSB0ZXh0"}}},
            {"image": {"format": "jpeg", "source": {"bytes": "eA=="}}},
            {"text": "Hello"}
        ])
    );
    assert_eq!(
        result.expect("an answer")[0]["contentList"],
        json!([{"document": document}, {"document": image}, {"text": "Hello"}])
    );
}

#[tokio::test]
async fn the_templates_helper_fields_stand_in_for_lost_documents() {
    let mut data = hello();
    data["newDocuments"] = Value::Null;
    data["data_newDocuments_documentMode"] = json!("single");
    data["data_newDocuments_single_documentSource"] = json!("inline");
    data["data_newDocuments_single_inline_content"] = json!({"a": 1});
    data["data_newDocuments_single_inline_contentType"] = json!("text/plain");
    let (seen, _) = converse(vec![Answer::ok(reply(&json!([])))], data).await;
    assert!(
        seen[0]
            .body
            .contains(r#"{"document":{"format":"txt","name":"document","source":{"bytes":"eyJhIjoxfQ=="}}}"#)
    );
}

#[tokio::test]
async fn a_document_of_no_known_format_is_refused_before_the_call() {
    let mut data = hello();
    data["newDocuments"] = json!({"camunda.document.type": "inline", "content": "x", "name": "a.exe"});
    let (seen, result) = converse(vec![Answer::ok("{}")], data).await;
    let error = result.expect_err("no format");
    assert_eq!((seen.len(), error.retry), (0, Retry::Never));
    assert_eq!(
        error.message,
        "data.newDocuments has no format that Bedrock reads: its name is \"a.exe\", its content type not given; \
         expected one of pdf, csv, doc, docx, xls, xlsx, html, md, txt, png, jpeg, gif, webp"
    );
}

#[tokio::test]
async fn blocks_other_than_text_come_back_as_bedrock_sent_them() {
    let tool_use = json!({"toolUse": {"toolUseId": "t", "name": "f", "input": {"a": 1}}});
    let (_, result) =
        converse(vec![Answer::ok(reply(&json!([{"text": "calling"}, tool_use])))], hello()).await;
    assert_eq!(result.expect("an answer")[1]["contentList"], json!([{"text": "calling"}, tool_use]));
}

#[tokio::test]
async fn a_payload_goes_out_as_it_is() {
    for (payload, body) in [
        (
            json!({"z": 1, "a": [null, {}], "n": 12_345_678_901_234_567_890_u64}),
            r#"{"z":1,"a":[null,{}],"n":12345678901234567890}"#,
        ),
        (json!("{\"a\": 1}"), r#""{\"a\": 1}""#),
        (json!([1]), "[1]"),
        (json!(""), r#""""#),
        (json!({"d": {"camunda.function.type": "base64", "params": ["hi"]}}), r#"{"d":"aGk="}"#),
    ] {
        let stub = Stub::start(vec![Answer::ok(r#"{"n":1.10}"#)]).await;
        let variables = variables("invokeModel", json!({"modelId": "m", "payload": payload}));
        let result = run(&stub, Flavour::Compat, &variables).await.expect("an answer");
        assert_eq!(stub.seen()[0].body, body);
        assert_eq!(stub.seen()[0].path, "/model/m/invoke");
        assert_eq!(result.to_string(), r#"{"body":{"n":1.1}}"#);
    }
}

#[tokio::test]
async fn the_default_identity_is_that_of_the_installation() {
    let stub = Stub::start(vec![Answer::ok(reply(&json!([])))]).await;
    let mut variables = variables("converse", hello());
    variables["authentication"] = json!({"type": "defaultCredentialsChain", "accessKey": "AKID"});
    run(&stub, Flavour::Compat, &variables).await.expect("an answer");
    assert_eq!(stub.seen()[0].access_key, "AKIDDEFAULT");
    assert_eq!(stub.seen()[0].session_token.as_deref(), Some("token"));
    let refusing = Options { default_identity: DefaultIdentity::Refused, ..options(&stub) };
    let clients = Clients::new(refusing.clone()).expect("clients");
    assert_eq!(clients.default_identity().await.ok(), Some(DefaultIdentityState::Absent));
    let error = bind(&bedrock(Flavour::Compat, refusing), &variables).expect_err("refused");
    assert_eq!(error.code.to_string(), "CREDENTIALS_UNAVAILABLE");
}

#[tokio::test]
async fn many_identities_share_a_bounded_store_of_clients() {
    let stub = Stub::start(vec![Answer::ok(reply(&json!([])))]).await;
    let bedrock = bedrock(Flavour::Compat, Options { max_clients: 2, ..options(&stub) });
    for round in 0..6 {
        let mut variables = variables("converse", hello());
        variables["authentication"]["accessKey"] = json!(format!("AKID{}", round % 3));
        bind(&bedrock, &variables).expect("bound").execute().await.expect("an answer");
    }
    let keys: Vec<_> = stub.seen().into_iter().map(|seen| seen.access_key).collect();
    assert_eq!(keys, ["AKID0", "AKID1", "AKID2", "AKID0", "AKID1", "AKID2"]);
}

#[tokio::test]
async fn what_is_over_soon_is_asked_again() {
    let ok = || Answer::ok(reply(&json!([{"text": "at last"}])));
    for failure in [
        Answer::error(503, "ServiceUnavailableException"),
        Answer::error(500, "InternalServerException"),
        Answer::Http(502, None, "<html>".into()),
        Answer::Reset,
    ] {
        let (seen, result) = converse(vec![failure.clone(), failure.clone(), ok()], hello()).await;
        assert_eq!((seen.len(), result.is_ok()), (3, true), "{failure:?}");
    }
}

#[tokio::test]
async fn there_are_four_attempts_and_one_for_what_cannot_help() {
    const MODEL: &str = "software.amazon.awssdk.services.bedrockruntime.model";
    let client = "software.amazon.awssdk.core.exception.SdkClientException";
    for (failure, attempts, code, class) in [
        (
            Answer::error(500, "InternalServerException"),
            4,
            "InternalServerException",
            format!("{MODEL}.InternalServerException"),
        ),
        (Answer::Http(502, None, "<html>".into()), 4, "HTTP_502", format!("{MODEL}.BedrockRuntimeException")),
        (Answer::Reset, 4, "CONNECTION_FAILED", client.to_owned()),
        (
            Answer::error(400, "ValidationException"),
            1,
            "ValidationException",
            format!("{MODEL}.ValidationException"),
        ),
        (
            Answer::error(403, "ExpiredTokenException"),
            1,
            "ExpiredTokenException",
            format!("{MODEL}.BedrockRuntimeException"),
        ),
        (
            Answer::error(408, "ModelTimeoutException"),
            1,
            "ModelTimeoutException",
            format!("{MODEL}.ModelTimeoutException"),
        ),
        (
            Answer::error(424, "ModelErrorException"),
            1,
            "ModelErrorException",
            format!("{MODEL}.ModelErrorException"),
        ),
        (
            Answer::Http(400, None, r#"{"__type":"x#ValidationException","message":"m"}"#.into()),
            1,
            "ValidationException",
            format!("{MODEL}.ValidationException"),
        ),
        (Answer::Http(403, None, String::new()), 1, "HTTP_403", format!("{MODEL}.BedrockRuntimeException")),
        (Answer::Cut("{\"output\":".into()), 1, "ANSWER_UNREADABLE", client.to_owned()),
        (Answer::ok("sorry"), 1, "ANSWER_UNREADABLE", client.to_owned()),
        (Answer::ok("[]"), 1, "ANSWER_UNREADABLE", client.to_owned()),
        (
            Answer::ok(r#"{"output":{"message":null}}"#),
            1,
            "ANSWER_EMPTY",
            "java.lang.NullPointerException".to_owned(),
        ),
    ] {
        let (seen, result) = converse(vec![failure.clone()], hello()).await;
        let error = result.expect_err("a failure");
        assert_eq!(
            (seen.len(), error.code.to_string().as_str(), error.error_type.as_ref(), error.retry),
            (attempts, code, class.as_str(), Retry::Spend),
            "{failure:?}: {error}"
        );
    }
}

#[tokio::test]
async fn without_patience_a_throttled_call_is_asked_four_times() {
    let stub = Stub::start(vec![Answer::error(429, "ThrottlingException")]).await;
    let error = run(&stub, Flavour::Compat, &variables("converse", hello())).await.expect_err("throttled");
    assert_eq!((stub.seen().len(), error.code.to_string().as_str()), (4, "ThrottlingException"));
}

/// Options under which a throttled call waits its turn; its own attempts are used up by the first one.
fn patient(stub: &Stub, throttle_patience: Duration) -> Options {
    let retries = Retries { attempts: 1, ..Retries::default() };
    Options { throttle_patience, retries, ..options(stub) }
}

#[tokio::test]
async fn with_patience_a_throttled_call_waits_its_turn() {
    let mut answers = vec![Answer::error(429, "ThrottlingException"); 2];
    answers.push(Answer::ok(reply(&json!([]))));
    let stub = Stub::start(answers).await;
    let bedrock = bedrock(Flavour::Compat, patient(&stub, Duration::from_secs(300)));
    let call = bind(&bedrock, &variables("converse", hello())).expect("bound");
    assert!(call.execute().await.is_ok());
    assert_eq!(stub.seen().len(), 3);
}

#[tokio::test]
async fn when_patience_is_over_the_call_fails_as_throttled() {
    let stub = Stub::start(vec![Answer::error(429, "ThrottlingException")]).await;
    let bedrock = bedrock(Flavour::Compat, patient(&stub, Duration::from_millis(100)));
    let mut failures = Vec::new();
    for _ in 0..2 {
        let call = bind(&bedrock, &variables("converse", hello())).expect("bound");
        failures.push(call.execute().await.expect_err("throttled"));
    }
    assert_eq!(stub.seen().len(), 1, "the second call was not sent, because its turn did not come");
    let class = "software.amazon.awssdk.services.bedrockruntime.model.ThrottlingException";
    for error in &failures {
        let seen = (error.code.to_string(), error.error_type.as_ref(), error.retry);
        assert_eq!(seen, ("ThrottlingException".to_owned(), class, Retry::Spend));
    }
    assert!(failures[1].message.contains("BEDROCK_CONNECTOR_THROTTLE_PATIENCE"), "{}", failures[1]);
}

#[tokio::test]
async fn a_quota_of_the_operator_holds_calls_back_before_bedrock_does() {
    let stub = Stub::start(vec![Answer::ok(reply(&json!([])))]).await;
    let quota = Quota { requests_per_minute: Some(1.0), tokens_per_minute: None };
    let quotas = Quotas { models: [("m".to_owned(), quota)].into(), ..Quotas::default() };
    let bedrock = bedrock(Flavour::Compat, Options { quotas, ..patient(&stub, Duration::from_millis(100)) });
    let ask = |model: &str| {
        let mut data = hello();
        data["modelId"] = json!(model);
        bind(&bedrock, &variables("converse", data)).expect("bound").execute()
    };
    assert!(ask("m").await.is_ok());
    let error = ask("m").await.expect_err("one a minute");
    assert!(error.message.contains("waited 100ms for its turn"), "{error}");
    assert!(ask("other").await.is_ok(), "another model has a quota of its own");
}

#[tokio::test]
async fn the_message_of_a_refusal_has_text_status_and_request() {
    let (_, result) = converse(vec![Answer::error(400, "ValidationException")], hello()).await;
    assert_eq!(
        result.expect_err("refused").message,
        "because (Service: BedrockRuntime, Status Code: 400, Request ID: r-0)"
    );
}

#[tokio::test]
async fn a_dropped_call_closes_its_connection() {
    let stub = Stub::start(vec![Answer::Silence]).await;
    let call =
        bind(&bedrock(Flavour::Compat, options(&stub)), &variables("converse", hello())).expect("bound");
    let running = tokio::spawn(call.execute());
    stub.asked().await;
    running.abort();
    tokio::time::timeout(Duration::from_secs(10), stub.closed()).await.expect("the connection is closed");
}

#[tokio::test]
async fn a_call_has_a_limit() {
    let stub = Stub::start(vec![Answer::Silence]).await;
    let short = Options { call_limit: Duration::from_millis(50), ..options(&stub) };
    let call = bind(&bedrock(Flavour::Compat, short), &variables("converse", hello())).expect("bound");
    let error = call.execute().await.expect_err("too long");
    assert_eq!(error.code.to_string(), "CALL_TIMED_OUT");
}

#[tokio::test]
async fn an_answer_beyond_the_limit_is_not_read_and_not_asked_for_again() {
    let answer = reply(&json!([{"text": "x".repeat(2000)}]));
    for (max_answer_bytes, expected) in [(answer.to_string().len(), None), (1000, Some("ANSWER_TOO_LARGE"))] {
        let stub = Stub::start(vec![Answer::ok(&answer)]).await;
        let limited = Options { max_answer_bytes, ..options(&stub) };
        let call = bind(&bedrock(Flavour::Compat, limited), &variables("converse", hello())).expect("bound");
        let error = call.execute().await.err();
        assert_eq!(error.as_ref().map(|error| error.code.to_string()).as_deref(), expected, "{error:?}");
        assert!(
            error.is_none_or(|error| error.retry == Retry::Never && error.message.contains("1000 bytes"))
        );
        assert_eq!(stub.seen().len(), 1);
    }
}

#[tokio::test]
async fn wrong_input_is_named() {
    let stub = Stub::start(vec![Answer::Silence]).await;
    let bedrock = bedrock(Flavour::Compat, options(&stub));
    let with = |key: &str, value: Value| {
        let mut variables = variables("converse", hello());
        variables[key] = value;
        variables
    };
    let with_data = |key: &str, value: Value| {
        let mut data = hello();
        data[key] = value;
        variables("converse", data)
    };
    for (variables, expected) in [
        (json!(null), "the variables of the job are no JSON object; report this to the engine's operator"),
        (json!({}), "action is missing or empty; expected \"converse\" or \"invokeModel\""),
        (
            with("action", json!("Converse")),
            "action is \"Converse\", expected \"converse\" or \"invokeModel\"",
        ),
        (with("action", json!({})), "action is a context, expected a text"),
        (with("data", json!(null)), "data is missing; give the task its input"),
        (with("data", json!("x")), "data is a text, expected a context"),
        (
            with("configuration", json!({})),
            "configuration.region is missing or empty; name the AWS region of the model, for example us-east-1",
        ),
        (
            with("authentication", json!({})),
            "authentication.accessKey is missing or empty; the type \"credentials\" needs it",
        ),
        (
            with_data("modelId", json!(" ")),
            "data.modelId is missing or empty; name a model, an inference profile or an ARN",
        ),
        (with_data("modelId", json!({"id": "m"})), "data.modelId is a context, expected a text"),
        (
            with_data("newMessage", json!(" \n")),
            "data.newMessage is missing or empty; write what the model is to be asked",
        ),
        (with_data("newMessage", json!({})), "data.newMessage is a context, expected a text"),
        (with_data("temperature", json!("warm")), "data.temperature is \"warm\", expected a number"),
        (with_data("maxTokens", json!(true)), "data.maxTokens is a boolean, expected a whole number"),
        (
            with_data("newDocuments", json!(["x"])),
            "data.newDocuments[1] is no reference to a document: expected an object with the key \"camunda.document.type\"",
        ),
        (
            with("action", json!("invokeModel")),
            "data.payload is missing or null; write the request in the form that the model expects",
        ),
    ] {
        let error = bind(&bedrock, &variables).expect_err("wrong input");
        assert_eq!((error.message.as_str(), error.retry), (expected, Retry::Never));
    }
    assert!(stub.seen().is_empty());
}

#[tokio::test]
async fn the_fingerprint_is_that_of_the_question_and_not_of_the_credentials() {
    let stub = Stub::start(vec![Answer::Silence]).await;
    let bedrock = bedrock(Flavour::Compat, options(&stub));
    let fingerprint = |variables: &Value| bind(&bedrock, variables).expect("bound").fingerprint();
    let first = fingerprint(&variables("converse", hello()));
    let mut other_keys = variables("converse", hello());
    other_keys["authentication"] = json!({"accessKey": "OTHER", "secretKey": "S"});
    assert_eq!(fingerprint(&other_keys), first);
    let mut other_region = variables("converse", hello());
    other_region["configuration"]["region"] = json!("us-east-1");
    assert_ne!(fingerprint(&other_region), first);
    let mut other_question = hello();
    other_question["temperature"] = json!(0.1);
    assert_ne!(fingerprint(&variables("converse", other_question)), first);
}

#[tokio::test]
async fn a_deep_payload_and_a_deep_answer_pass() {
    let deep = format!("{}{}", "[".repeat(990), "]".repeat(990));
    let payload = crate::connector::json::parse(deep.as_bytes()).expect("JSON");
    let stub = Stub::start(vec![Answer::ok(&deep)]).await;
    let variables = variables("invokeModel", json!({"modelId": "m", "payload": payload}));
    let result = run(&stub, Flavour::Compat, &variables).await.expect("an answer");
    assert_eq!(stub.seen()[0].body, deep);
    assert_eq!(result["body"].to_string(), deep);
    let stub = Stub::start(vec![Answer::ok("[".repeat(2000))]).await;
    let error = run(&stub, Flavour::Compat, &variables).await.expect_err("too deep");
    assert_eq!(error.code.to_string(), "ANSWER_UNREADABLE");
}
