//! Every action of the native job type through a connection: the model is known by its id before the task is read, so what
//! depends on its maker is right, and the body goes where the connection says.

use bedrock_connector::emulator::bedrock::{Exchange, Operation};
use serde_json::{Value, json};

use super::{File, SALES, action, answer, failure, stage};

const STUDIO: &str = r#"
[[connections]]
name = "studio"
provider = "bedrock"
region = "eu-central-1"
authentication = { kind = "keys", access-key = { env = "SALES_ID" }, secret-key = { env = "SALES_KEY" } }
access = [{}]
[[connections.models]]
preset = "titan-embed-v2"
parameters = { dimensions = 256 }
[[connections.models]]
preset = "cohere-embed-english"
alias = "cohere"
[[connections.models]]
id = "amazon.nova-canvas-v1:0"
alias = "painter"
kind = "image"
parameters = { imageResult = "base64" }
[[connections.models]]
id = "eu.anthropic.claude-haiku-4-5-20251001-v1:0"
alias = "claude"
"#;

/// Runs one task, and gives its answer and the requests that it made.
async fn run(name: &str, data: Value) -> (Value, Vec<Exchange>) {
    let file = File::new(STUDIO);
    let stage = stage(&file, &SALES).await;
    let key = stage.gateway.create_job(action("studio", name, data));
    let answer = answer(&stage, key).await;
    let asked = stage.bedrock.exchanges().all();
    assert!(!asked.is_empty());
    for exchange in &asked {
        assert_eq!(exchange.identity.key(), Some("AKIDSALES"));
        assert_eq!(exchange.identity.region(), Some("eu-central-1"));
    }
    assert_eq!((&answer["connection"], &answer["upstream"]), (&json!("studio"), &json!("eu-central-1")));
    (answer, asked)
}

#[tokio::test]
async fn texts_are_embedded_as_the_maker_behind_the_alias_wants_it() {
    let (answer, asked) = run("embed", json!({"modelId": "titan-embed-v2", "texts": ["one", "two"]})).await;
    assert_eq!(
        (&answer["dimensions"], answer["embeddings"].as_array().map(Vec::len)),
        (&json!(256), Some(2))
    );
    assert_eq!(asked.len(), 2);
    assert_eq!(asked[0].id, "amazon.titan-embed-text-v2:0");
    let body = |text: &str| json!({"inputText": text, "dimensions": 256});
    // They are asked for at once, so either may come first.
    assert!(["one", "two"].iter().all(|text| asked.iter().any(|exchange| exchange.body == body(text))));

    let (answer, asked) = run("embed", json!({"modelId": "cohere", "texts": ["one", "two"]})).await;
    assert_eq!(answer["embeddings"].as_array().map(Vec::len), Some(2));
    assert_eq!(asked.len(), 1);
    assert_eq!(
        (asked[0].id.as_str(), &asked[0].body["texts"]),
        ("cohere.embed-english-v3", &json!(["one", "two"]))
    );
}

#[tokio::test]
async fn images_are_drawn() {
    let (answer, asked) = run("image", json!({"modelId": "painter", "prompt": "A lighthouse"})).await;
    assert!(answer["images"][0]["base64"].as_str().is_some_and(|text| text.starts_with("iVBORw0KGgo")));
    assert_eq!(asked[0].id, "amazon.nova-canvas-v1:0");
    assert_eq!(asked[0].body["taskType"], "TEXT_IMAGE");
}

#[tokio::test]
async fn bodies_are_passed_on_and_tokens_counted() {
    let payload = json!({"anthropic_version": "x", "max_tokens": 50, "messages": [{"role": "user", "content": "Hello"}]});
    let (answer, asked) = run("invokeModel", json!({"modelId": "claude", "payload": payload})).await;
    assert_eq!(answer["body"]["content"][0]["text"], "You said: “Hello”");
    assert_eq!(asked[0].body, payload);
    let (answer, asked) = run("countTokens", json!({"modelId": "claude", "newMessage": "Hello"})).await;
    assert!(answer["inputTokens"].as_u64() > Some(0), "{answer}");
    assert_eq!(asked[0].operation, Some(Operation::CountTokens));
    assert_eq!(asked[0].id, "eu.anthropic.claude-haiku-4-5-20251001-v1:0");
}

#[tokio::test]
async fn a_guardrail_needs_no_model() {
    let data = json!({"guardrail": {"id": "g1", "version": "3"}, "texts": ["forbidden"]});
    let (answer, asked) = run("applyGuardrail", data).await;
    assert_eq!((&answer["intervened"], &answer["modelId"]), (&json!(true), &Value::Null));
    assert_eq!(asked[0].raw_path, "/guardrail/g1/version/3/apply");
}

#[tokio::test]
async fn a_model_that_cannot_do_it_is_named_by_its_id() {
    let file = File::new(STUDIO);
    let stage = stage(&file, &SALES).await;
    let key =
        stage.gateway.create_job(action("studio", "embed", json!({"modelId": "claude", "texts": "one"})));
    let (retries, message) = failure(&stage, key).await;
    assert_eq!(retries, 0);
    assert!(
        message.contains("expected a model of Titan Embeddings, Nova Embeddings or Cohere Embed"),
        "{message}"
    );
    assert!(stage.bedrock.exchanges().all().is_empty());
}
