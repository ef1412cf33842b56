//! The emulator, through plain HTTP and through the AWS SDK.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sdk_bedrockruntime::config::{BehaviorVersion, Region, retry::RetryConfig};
use aws_sdk_bedrockruntime::error::ProvideErrorMetadata;
use aws_sdk_bedrockruntime::operation::converse::ConverseOutput;
use aws_sdk_bedrockruntime::primitives::Blob;
use aws_sdk_bedrockruntime::types::{
    ContentBlock, ConversationRole, ConverseStreamOutput, DocumentBlock, DocumentFormat, DocumentSource,
    Message, ResponseStream, StopReason,
};
use aws_sdk_bedrockruntime::{Client, types::error::ConverseStreamOutputError};
use base64::Engine as _;
use serde_json::{Value, json};

use super::*;
use crate::emulator::Gate;

const MODEL: &str = "anthropic.claude-3-haiku-20240307-v1:0";

async fn start() -> Bedrock {
    Bedrock::start(Options::default()).await.unwrap()
}

fn sdk(bedrock: &Bedrock) -> Client {
    let http = aws_smithy_http_client::Builder::new().build_http();
    let config = aws_sdk_bedrockruntime::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::new("AKIDTEST", "secret", Some("token".to_owned()), None, "test"))
        .endpoint_url(bedrock.url())
        .retry_config(RetryConfig::disabled())
        .http_client(http)
        .build();
    Client::from_conf(config)
}

fn user(text: &str) -> Message {
    let message =
        Message::builder().role(ConversationRole::User).content(ContentBlock::Text(text.to_owned()));
    message.build().unwrap()
}

fn text_of(output: &ConverseOutput) -> String {
    output.output().unwrap().as_message().unwrap().content()[0].as_text().unwrap().clone()
}

/// A request as any HTTP client would send it.
async fn post(bedrock: &Bedrock, path: &str, body: &Value) -> reqwest::Response {
    request(bedrock, path, body).send().await.unwrap()
}

fn request(bedrock: &Bedrock, path: &str, body: &Value) -> reqwest::RequestBuilder {
    http().post(format!("{}{path}", bedrock.url())).bearer_auth("key").json(body)
}

fn http() -> reqwest::Client {
    // Another test may have installed it already.
    rustls::crypto::ring::default_provider().install_default().ok();
    reqwest::Client::builder().no_proxy().build().unwrap()
}

fn conversation(messages: Value) -> Value {
    json!({"messages": messages})
}

fn said(text: &str) -> Value {
    conversation(json!([{"role": "user", "content": [{"text": text}]}]))
}

async fn reply(bedrock: &Bedrock, body: &Value) -> Value {
    post(bedrock, "/model/m/converse", body).await.json().await.unwrap()
}

#[tokio::test]
async fn the_sdk_reads_an_answer_and_its_tokens() {
    let bedrock = start().await;
    let output =
        sdk(&bedrock).converse().model_id(MODEL).messages(user("Good morning")).send().await.unwrap();
    assert_eq!(text_of(&output), "You said: “Good morning”");
    assert_eq!(output.stop_reason(), &StopReason::EndTurn);
    let usage = output.usage().unwrap();
    assert_eq!(usage.total_tokens(), usage.input_tokens() + usage.output_tokens());
    assert!(output.metrics().unwrap().latency_ms() > 0);

    let exchange = bedrock.exchanges().all().remove(0);
    assert_eq!((exchange.id.as_str(), exchange.operation), (MODEL, Some(Operation::Converse)));
    assert_eq!(exchange.raw_path, "/model/anthropic.claude-3-haiku-20240307-v1%3A0/converse");
    let identity = Identity::SigV4 {
        access_key: "AKIDTEST".to_owned(),
        region: "eu-central-1".to_owned(),
        service: "bedrock".to_owned(),
        session_token: Some("token".to_owned()),
    };
    assert_eq!(exchange.identity, identity);
    assert_eq!(exchange.outcome, Outcome::Answered { status: 200 });
}

#[tokio::test]
async fn the_model_finds_its_answer_in_a_document() {
    let bedrock = start().await;
    let text = "Parcels leave the house every day. Refunds are paid within ten days.";
    let document = DocumentBlock::builder()
        .name("refunds")
        .format(DocumentFormat::Txt)
        .source(DocumentSource::Bytes(Blob::new(text)))
        .build()
        .unwrap();
    let question = Message::builder()
        .role(ConversationRole::User)
        .content(ContentBlock::Text("When is my refund paid?".to_owned()))
        .content(ContentBlock::Document(document));
    let output =
        sdk(&bedrock).converse().model_id(MODEL).messages(question.build().unwrap()).send().await.unwrap();
    let expected = "refunds says: “Refunds are paid within ten days.” I have read refunds (txt, 68 bytes).";
    assert_eq!(text_of(&output), expected);
}

#[tokio::test]
async fn the_model_counts_turns_and_says_when_it_is_not_sure() {
    let bedrock = start().await;
    let bytes = base64::engine::general_purpose::STANDARD.encode("We sell shoes.");
    let document = json!({"document": {"name": "shop", "format": "md", "source": {"bytes": bytes}}});
    let body = conversation(json!([
        {"role": "user", "content": [{"text": "Hello"}]},
        {"role": "assistant", "content": [{"text": "Hello"}]},
        {"role": "user", "content": [{"text": "Do you repair clocks?"}, document]},
    ]));
    let text = reply(&bedrock, &body).await["output"]["message"]["content"][0]["text"].clone();
    let expected = "I am not sure: shop does not say anything about that. This is turn 2 of our conversation. \
                    I have read shop (md, 14 bytes).";
    assert_eq!(text, expected);
}

#[tokio::test]
async fn an_answer_ends_where_the_request_wants_it() {
    let bedrock = start().await;
    let mut body = said("one two three four five six seven");
    body["inferenceConfig"] = json!({"maxTokens": 4});
    let short = reply(&bedrock, &body).await;
    assert_eq!((&short["stopReason"], &short["usage"]["outputTokens"]), (&json!("max_tokens"), &json!(4)));
    body["inferenceConfig"] = json!({"stopSequences": ["three"]});
    let stopped = reply(&bedrock, &body).await;
    assert_eq!(stopped["stopReason"], "stop_sequence");
    assert_eq!(stopped["output"]["message"]["content"][0]["text"], "You said: “one two ");
}

#[tokio::test]
async fn the_model_uses_a_tool_and_then_its_result() {
    let bedrock = start().await;
    let schema =
        json!({"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}});
    let mut body = said("What is the weather in the next 3 days?");
    body["toolConfig"] =
        json!({"tools": [{"toolSpec": {"name": "get_weather", "inputSchema": {"json": schema}}}]});
    let asked = reply(&bedrock, &body).await;
    assert_eq!(asked["stopReason"], "tool_use");
    let tool_use = &asked["output"]["message"]["content"][1]["toolUse"];
    assert_eq!((&tool_use["name"], &tool_use["input"]["days"]), (&json!("get_weather"), &json!(3)));

    let result = json!({"toolResult": {"toolUseId": tool_use["toolUseId"], "content": [{"text": "Rain."}]}});
    let messages = body["messages"].as_array_mut().unwrap();
    messages.push(asked["output"]["message"].clone());
    messages.push(json!({"role": "user", "content": [result]}));
    let told = reply(&bedrock, &body).await;
    let text = told["output"]["message"]["content"][0]["text"].as_str().unwrap().to_owned();
    assert!(text.starts_with("The tool says: Rain."), "{text}");
}

#[tokio::test]
async fn the_model_fills_a_schema() {
    let bedrock = start().await;
    let schema = json!({"type": "object", "properties": {
        "subject": {"type": "string"}, "urgent": {"type": "boolean"}, "kind": {"enum": ["complaint", "praise"]},
        "lines": {"type": "array", "items": {"type": "number"}},
    }});
    let mut body = said("Where are my 2 parcels?");
    body["outputConfig"] = json!({"textFormat": {"type": "json_schema", "structure": {"jsonSchema": {"schema": schema.to_string()}}}});
    let text = reply(&bedrock, &body).await["output"]["message"]["content"][0]["text"].clone();
    let filled: Value = serde_json::from_str(text.as_str().unwrap()).unwrap();
    let expected =
        json!({"subject": "Where are my 2 parcels?", "urgent": true, "kind": "complaint", "lines": [2]});
    assert_eq!(filled, expected);
}

#[tokio::test]
async fn a_guardrail_blocks_one_word() {
    let bedrock = start().await;
    let mut body = said("Tell me something forbidden");
    body["guardrailConfig"] =
        json!({"guardrailIdentifier": "g1", "guardrailVersion": "1", "trace": "enabled"});
    let blocked = reply(&bedrock, &body).await;
    assert_eq!(blocked["stopReason"], "guardrail_intervened");
    assert!(blocked["trace"]["guardrail"].is_object());
    let content = |text: &str| json!({"source": "INPUT", "content": [{"text": {"text": text}}]});
    let path = "/guardrail/g1/version/DRAFT/apply";
    let applied: Value = post(&bedrock, path, &content("forbidden")).await.json().await.unwrap();
    assert_eq!(applied["action"], "GUARDRAIL_INTERVENED");
    let applied: Value = post(&bedrock, path, &content("allowed")).await.json().await.unwrap();
    assert_eq!((&applied["action"], &applied["outputs"]), (&json!("NONE"), &json!([])));
}

#[tokio::test]
async fn tokens_are_counted_as_they_are_charged() {
    let bedrock = start().await;
    let used = reply(&bedrock, &said("How long is this?")).await["usage"]["inputTokens"].clone();
    let input = json!({"input": {"converse": said("How long is this?")}});
    let counted = post(&bedrock, "/model/m/count-tokens", &input).await;
    assert_eq!(counted.json::<Value>().await.unwrap(), json!({"inputTokens": used}));
}

#[tokio::test]
async fn refuses_what_the_documented_rules_refuse() {
    let bedrock = start().await;
    let document =
        |name: &str| json!({"document": {"name": name, "format": "txt", "source": {"bytes": "aGk="}}});
    let user = |content: Value| conversation(json!([{"role": "user", "content": content}]));
    let with = |name: &str, value: Value| {
        let mut body = said("Hello");
        body["inferenceConfig"] = json!({name: value});
        body
    };
    let six: Vec<Value> =
        (0..6).map(|n| document(&format!("d{n}"))).chain([json!({"text": "Hello"})]).collect();
    let cases = [
        (conversation(json!([])), "begin with a user message"),
        (
            conversation(json!([{"role": "assistant", "content": [{"text": "Hello"}]}])),
            "begin with a user message",
        ),
        (conversation(json!([said("a")["messages"][0], said("b")["messages"][0]])), "roles must alternate"),
        (
            conversation(json!([{"role": "robot", "content": [{"text": "Hello"}]}])),
            "begin with a user message",
        ),
        (user(json!([])), "content is empty"),
        (user(json!([{"text": "  "}])), "is blank"),
        (user(json!([{}])), "exactly one member"),
        (user(json!([document("a")])), "needs a text block"),
        (user(json!([document("a.b"), {"text": "Hello"}])), "name of a document"),
        (user(json!([document("a  b"), {"text": "Hello"}])), "name of a document"),
        (user(Value::Array(six)), "6 documents are too many"),
        (with("temperature", json!(1.5)), "temperature is 1.5"),
        (with("topP", json!(-0.1)), "topP is -0.1"),
        (with("maxTokens", json!(0)), "maxTokens is 0"),
        (json!({"messages": said("a")["messages"], "toolConfig": {"tools": []}}), "toolConfig.tools"),
        (json!([]), "not a JSON object"),
    ];
    for (body, expected) in cases {
        let refused = post(&bedrock, "/model/m/converse", &body).await;
        assert_eq!(refused.status(), 400, "{body}");
        assert!(refused.headers()["x-amzn-errortype"].to_str().unwrap().starts_with("ValidationException:"));
        assert!(refused.headers().contains_key("x-amzn-requestid"));
        let message = refused.json::<Value>().await.unwrap()["message"].as_str().unwrap().to_owned();
        assert!(message.contains(expected), "{message}");
    }
    let bad_id = post(&bedrock, "/model/no%20such/converse", &said("Hello")).await;
    assert_eq!(bad_id.status(), 400);
    assert_eq!(post(&bedrock, "/model/m/sing", &said("Hello")).await.status(), 404);
}

#[tokio::test]
async fn the_sdk_reads_a_stream() {
    let bedrock = start().await;
    let sent =
        sdk(&bedrock).converse_stream().model_id(MODEL).messages(user("a b c d e f")).send().await.unwrap();
    let mut stream = sent.stream;
    let (mut text, mut stop, mut tokens) = (String::new(), None, None);
    while let Some(event) = stream.recv().await.unwrap() {
        match event {
            ConverseStreamOutput::ContentBlockDelta(delta) => {
                text.push_str(delta.delta().unwrap().as_text().unwrap())
            }
            ConverseStreamOutput::MessageStop(stopped) => stop = Some(stopped.stop_reason().clone()),
            ConverseStreamOutput::Metadata(metadata) => {
                tokens = Some(metadata.usage().unwrap().total_tokens())
            }
            _ => {}
        }
    }
    assert_eq!((text.as_str(), stop), ("You said: “a b c d e f”", Some(StopReason::EndTurn)));
    assert!(tokens.unwrap() > 0);
}

#[tokio::test]
async fn an_exception_inside_a_stream_reaches_the_sdk() {
    let bedrock = start().await;
    let sent =
        sdk(&bedrock).converse_stream().model_id("emulator.stream-throttle-v1").messages(user("Hello"));
    let mut stream = sent.send().await.unwrap().stream;
    let error = loop {
        match stream.recv().await {
            Ok(event) => assert!(event.is_some(), "the stream ended without its exception"),
            Err(error) => break error.into_service_error(),
        }
    };
    assert!(matches!(error, ConverseStreamOutputError::ThrottlingException(_)), "{error:?}");
}

#[tokio::test]
async fn a_stream_can_be_cut() {
    let bedrock = start().await;
    bedrock.script(Target::Any, [Step::new(Act::Cut { at: 150 })]);
    let sent = sdk(&bedrock).converse_stream().model_id(MODEL).messages(user("Hello")).send().await.unwrap();
    let mut stream = sent.stream;
    assert!(stream.recv().await.unwrap().unwrap().is_message_start());
    stream.recv().await.unwrap_err();
    let broken = |all: &[Exchange]| (all[0].outcome == Outcome::Broken).then_some(());
    bedrock.exchanges().wait_for("the cut", broken).await.unwrap();
}

#[tokio::test]
async fn the_sdk_reads_the_chunks_of_an_invoked_model() {
    let bedrock = start().await;
    let messages = json!([{"role": "user", "content": "Hello you"}]);
    let body = json!({"anthropic_version": "bedrock-2023-05-31", "max_tokens": 100, "messages": messages});
    let invoke =
        sdk(&bedrock).invoke_model_with_response_stream().model_id(MODEL).body(Blob::new(body.to_string()));
    let mut stream = invoke.send().await.unwrap().body;
    let mut text = String::new();
    let mut last = Value::Null;
    while let Some(ResponseStream::Chunk(chunk)) = stream.recv().await.unwrap() {
        last = serde_json::from_slice(chunk.bytes().unwrap().as_ref()).unwrap();
        text.push_str(last["delta"]["text"].as_str().unwrap_or_default());
    }
    assert_eq!(text, "You said: “Hello you”");
    assert_eq!(last["type"], "message_stop");
    assert!(last["amazon-bedrock-invocationMetrics"]["outputTokenCount"].as_u64().unwrap() > 0);
}

#[tokio::test]
async fn each_family_is_spoken_to_in_its_own_language() {
    let bedrock = start().await;
    let hello = "You said: “Hello”";
    let cases = [
        (
            MODEL,
            json!({"anthropic_version": "x", "max_tokens": 9, "messages": [{"role": "user", "content": "Hello"}]}),
            "/content/0/text",
        ),
        ("us.amazon.nova-lite-v1:0", said("Hello"), "/output/message/content/0/text"),
        ("amazon.titan-text-express-v1", json!({"inputText": "Hello"}), "/results/0/outputText"),
        ("cohere.command-r-v1:0", json!({"message": "Hello"}), "/text"),
        ("meta.llama3-8b-instruct-v1:0", json!({"prompt": "Hello"}), "/generation"),
        ("mistral.mistral-7b-instruct-v0:2", json!({"prompt": "Hello"}), "/outputs/0/text"),
        (
            "mistral.mistral-large-2402-v1:0",
            json!({"messages": [{"role": "user", "content": "Hello"}]}),
            "/choices/0/message/content",
        ),
        ("someone.new-v1", json!({"prompt": "Hello"}), "/completion"),
    ];
    for (model, body, pointer) in cases {
        let answer: Value =
            post(&bedrock, &format!("/model/{model}/invoke"), &body).await.json().await.unwrap();
        assert_eq!(answer.pointer(pointer), Some(&json!(hello)), "{model}: {answer}");
    }
    let missing =
        post(&bedrock, "/model/meta.llama3-8b-instruct-v1:0/invoke", &json!({"text": "Hello"})).await;
    assert_eq!(missing.status(), 400);
}

#[tokio::test]
async fn texts_that_share_words_lie_near_each_other() {
    let bedrock = start().await;
    let texts = json!(["the red fox runs", "a red fox runs", "quarterly tax report"]);
    let answer: Value = post(&bedrock, "/model/cohere.embed-english-v3/invoke", &json!({"texts": texts}))
        .await
        .json()
        .await
        .unwrap();
    let vector = |n: usize| {
        answer["embeddings"][n].as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect::<Vec<_>>()
    };
    let near = |a: usize, b: usize| vector(a).iter().zip(vector(b)).map(|(x, y)| x * y).sum::<f64>();
    assert!(near(0, 1) > near(0, 2) + 0.3, "{} {}", near(0, 1), near(0, 2));
    let titan = json!({"inputText": "Hello", "dimensions": 256});
    let answer: Value =
        post(&bedrock, "/model/amazon.titan-embed-text-v2:0/invoke", &titan).await.json().await.unwrap();
    assert_eq!(answer["embedding"].as_array().unwrap().len(), 256);
}

#[tokio::test]
async fn every_error_of_the_table_reaches_the_sdk() {
    let bedrock = start().await;
    let client = sdk(&bedrock);
    for code in ErrorCode::ALL {
        bedrock.script(Target::model("m"), [Step::fail(*code)]);
        let failed = client.converse().model_id("m").messages(user("Hello")).send().await.unwrap_err();
        assert_eq!(failed.raw_response().unwrap().status().as_u16(), code.status().as_u16());
        let error = failed.into_service_error();
        assert_eq!((error.code(), error.message()), (Some(code.name()), Some(code.message())));
    }
    // The script is used up.
    client.converse().model_id("m").messages(user("Hello")).send().await.unwrap();
}

#[tokio::test]
async fn model_ids_carry_scenarios() {
    let bedrock = start().await;
    let cases = [
        ("throttle", 429),
        ("validation", 400),
        ("denied", 403),
        ("not-found", 404),
        ("internal", 500),
        ("bad-json", 200),
    ];
    for (name, status) in cases {
        let answer = post(&bedrock, &format!("/model/emulator.{name}-v1/converse"), &said("Hello")).await;
        assert_eq!(answer.status(), status, "{name}");
    }
    assert_eq!(post(&bedrock, "/model/emulator.kind-v1/converse", &said("Hello")).await.status(), 200);
}

#[tokio::test]
async fn a_script_runs_in_order_and_special_ones_go_first() {
    let bedrock = start().await;
    bedrock.script(Target::Any, [Step::fail(ErrorCode::InternalServer).always()]);
    let recorded = Canned { content_length: Some(1000), ..Canned::json(200, "{}") };
    let steps = [
        Step::fail(ErrorCode::Throttling).times(2),
        Step::answer(),
        Step::new(Act::Respond(recorded)).always(),
    ];
    bedrock.script(Target::model("m"), steps);
    bedrock.script(Target::BodyContains("needle".to_owned()), [Step::fail(ErrorCode::ModelNotReady)]);
    let status = async |body: Value| post(&bedrock, "/model/m/converse", &body).await.status().as_u16();
    assert_eq!([status(said("a")).await, status(said("a")).await, status(said("a")).await], [429, 429, 200]);
    for _ in 0..2 {
        let short = post(&bedrock, "/model/m/converse", &said("a")).await;
        assert_eq!(short.content_length(), Some(1000));
        short.bytes().await.unwrap_err();
    }
    assert_eq!(post(&bedrock, "/model/n/converse", &said("a needle")).await.status(), 429);
    assert_eq!(post(&bedrock, "/model/n/converse", &said("a needle")).await.status(), 500);
    assert_eq!((bedrock.calls_of("m"), bedrock.calls_with("needle")), (5, 2));
}

#[tokio::test]
async fn a_connection_can_be_reset_and_a_body_cut() {
    let bedrock = start().await;
    bedrock.script(Target::Any, [Step::new(Act::Reset), Step::new(Act::Cut { at: 10 })]);
    assert!(request(&bedrock, "/model/m/converse", &said("a")).send().await.is_err());
    let cut = post(&bedrock, "/model/m/converse", &said("a")).await;
    assert!(cut.content_length().unwrap() > 10);
    cut.bytes().await.unwrap_err();
    let stalled = Step::new(Act::Stall { at: 10, pause: Duration::from_millis(5) });
    bedrock.script(Target::Any, [stalled]);
    assert_eq!(reply(&bedrock, &said("a")).await["stopReason"], "end_turn");
    let outcomes: Vec<_> = bedrock.exchanges().all().iter().map(|exchange| exchange.outcome).collect();
    assert_eq!(outcomes, [Outcome::Broken, Outcome::Broken, Outcome::Answered { status: 200 }]);
}

#[tokio::test]
async fn a_client_that_goes_away_is_noticed() {
    let bedrock = start().await;
    let gate = Gate::new();
    bedrock.script(Target::Any, [Step::answer().behind(&gate).times(2)]);
    let calls: Vec<_> =
        (0..2).map(|_| tokio::spawn(request(&bedrock, "/model/m/converse", &said("a")).send())).collect();
    bedrock.wait_for_calls(2).await.unwrap();
    assert_eq!(bedrock.in_flight(), 2);
    calls[0].abort();
    let abandoned =
        |all: &[Exchange]| all.iter().any(|exchange| exchange.outcome == Outcome::Abandoned).then_some(());
    bedrock.exchanges().wait_for("the client to go away", abandoned).await.unwrap();
    gate.open();
    for call in calls {
        if let Ok(answered) = call.await {
            assert_eq!(answered.unwrap().status(), 200);
        }
    }
    assert_eq!(bedrock.exchanges().read(|all| all.iter().map(|exchange| exchange.in_flight).max()), Some(2));
    assert_eq!(bedrock.in_flight(), 0);
}

#[tokio::test]
async fn more_calls_than_granted_are_throttled() {
    let bedrock = start().await;
    bedrock.grant(Target::model("m"), 0.001, 2.0);
    let status = async |path: &str| post(&bedrock, path, &said("a")).await.status().as_u16();
    let m = "/model/m/converse";
    assert_eq!([status(m).await, status(m).await, status(m).await], [200, 200, 429]);
    assert_eq!(status("/model/n/converse").await, 200);
    bedrock.heal();
    assert_eq!(status(m).await, 200);
}

#[tokio::test]
async fn calls_are_counted_by_what_follows_a_mark() {
    let options = Options { mark: Some("instance ".to_owned()), record_limit: 0, ..Options::default() };
    let bedrock = Bedrock::start(options).await.unwrap();
    bedrock.script(Target::BodyContains("instance 2".to_owned()), [Step::fail(ErrorCode::Throttling)]);
    for text in ["instance 1: hello", "instance 2: hello", "instance 2: hello", "nobody's"] {
        post(&bedrock, "/model/m/converse", &said(text)).await.bytes().await.unwrap();
    }
    let counts = bedrock.calls_by_mark();
    assert_eq!(counts["1"], Calls { made: 1, answered: 1, ..Calls::default() });
    assert_eq!(counts["2"], Calls { made: 2, answered: 1, refused: 1, ..Calls::default() });
    assert_eq!(counts.len(), 2);
}

#[tokio::test]
async fn only_known_identities_may_call() {
    let bedrock = start().await;
    let anonymous = http().post(format!("{}/model/m/converse", bedrock.url())).json(&said("a"));
    assert_eq!(anonymous.send().await.unwrap().status(), 403);
    bedrock.know(Some(vec!["key".to_owned()]));
    let error = sdk(&bedrock).converse().model_id("m").messages(user("a")).send().await.unwrap_err();
    assert_eq!(error.code(), Some("UnrecognizedClientException"));
    assert_eq!(post(&bedrock, "/model/m/converse", &said("a")).await.status(), 200);
    bedrock.deny(vec!["key".to_owned()]);
    assert_eq!(post(&bedrock, "/model/m/converse", &said("a")).await.status(), 403);
    assert_eq!(bedrock.exchanges().all().pop().unwrap().identity, Identity::ApiKey("key".to_owned()));
}
