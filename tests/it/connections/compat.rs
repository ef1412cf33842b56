//! Tasks of Camunda's own job type through connections: they are answered as Camunda's connector answers.

use std::net::{Ipv4Addr, SocketAddr};

use bedrock_connector::emulator::gateway::NewJob;
use bedrock_connector::emulator::huggingface::HuggingFace;
use serde_json::{Value, json};

use super::{File, ONE, SALES, answer, failure, stage};
use crate::support::stage::{JOB_TYPE, Stage};

const HUB: &str = r#"
[[connections]]
name = "hub"
provider = "huggingface"
endpoint = "HUB_URL"
authentication = { kind = "api-key", api-key = { env = "HF_TOKEN" } }
access = [{}]
[[connections.models]]
id = "meta-llama/Llama-3.1-8B-Instruct"
alias = "llama"
parameters = { maxTokens = 99 }
"#;

/// A worker with a connection to each provider, and nothing of AWS in its tasks.
async fn both() -> (HuggingFace, Stage) {
    let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let hub = HuggingFace::start(anywhere).await.expect("a free port");
    let file = File::new(&format!("{ONE}{}", HUB.replace("HUB_URL", &hub.url())));
    let variables: Vec<_> = SALES.into_iter().chain([("HF_TOKEN", "hf_secret")]).collect();
    let stage = stage(&file, &variables).await;
    (hub, stage)
}

fn task(connection: &str, action: &str, data: Value) -> NewJob {
    let variables = json!({"configuration": {"connection": connection}, "action": action, "data": data});
    let variables = variables.as_object().expect("an object").clone();
    NewJob::new(JOB_TYPE).variables(variables).header("resultVariable", "answer")
}

fn said(question: &str) -> Value {
    json!([
        {"role": "user", "contentList": [{"text": question}]},
        {"role": "assistant", "contentList": [{"text": format!("You said: “{question}”")}]},
    ])
}

#[tokio::test]
async fn a_conversation_at_bedrock_is_the_list_of_its_messages() {
    let (_, stage) = both().await;
    let data = json!({"modelId": "nova", "newMessage": "Hello?"});
    let key = stage.gateway.create_job(task("sales", "converse", data));
    assert_eq!(answer(&stage, key).await, said("Hello?"));
    let exchanges = stage.bedrock.exchanges().all();
    let [exchange] = exchanges.as_slice() else { panic!("{exchanges:?}") };
    assert_eq!((exchange.id.as_str(), exchange.identity.key()), ("vendor.model-v1:0", Some("AKIDSALES")));
    assert_eq!(exchange.body["inferenceConfig"]["maxTokens"], 77);
}

#[tokio::test]
async fn a_body_for_bedrock_is_answered_by_a_body() {
    let (_, stage) = both().await;
    let data = json!({"modelId": "nova", "payload": {"inputText": "Hello?"}});
    let key = stage.gateway.create_job(task("sales", "invokeModel", data));
    let answer = answer(&stage, key).await;
    assert_eq!(answer.as_object().map(|it| it.keys().cloned().collect()), Some(vec!["body".to_owned()]));
    let exchanges = stage.bedrock.exchanges().all();
    let [exchange] = exchanges.as_slice() else { panic!("{exchanges:?}") };
    assert_eq!(
        (exchange.identity.key(), &exchange.body),
        (Some("AKIDSALES"), &json!({"inputText": "Hello?"}))
    );
}

#[tokio::test]
async fn a_conversation_at_hugging_face_has_the_same_form() {
    let (hub, stage) = both().await;
    let data = json!({"modelId": "llama", "newMessage": "Hello?"});
    let key = stage.gateway.create_job(task("hub", "converse", data));
    assert_eq!(answer(&stage, key).await, said("Hello?"));
    let body = json!({"messages": [{"role": "user", "content": "Hello?"}]});
    let data = json!({"modelId": "llama", "payload": body});
    let key = stage.gateway.create_job(task("hub", "invokeModel", data));
    let answer = answer(&stage, key).await;
    assert_eq!(answer["body"]["choices"][0]["message"]["content"], "You said: “Hello?”", "{answer}");
    let exchanges = hub.exchanges().all();
    assert_eq!(exchanges[0].body["max_tokens"], json!(99));
    assert!(exchanges.iter().all(|exchange| exchange.token.as_deref() == Some("hf_secret")), "{exchanges:?}");
    assert!(stage.bedrock.exchanges().all().is_empty());
}

#[tokio::test]
async fn what_is_not_granted_is_refused_as_for_the_native_type() {
    let (hub, stage) = both().await;
    let data = json!({"modelId": "other", "newMessage": "Hello?"});
    let key = stage.gateway.create_job(task("sales", "converse", data));
    let (retries, message) = failure(&stage, key).await;
    let expected = "the model \"other\" of the connection \"sales\" may not be used by the process";
    assert!(retries == 0 && message.contains(expected), "{retries} {message}");
    assert!(stage.bedrock.exchanges().all().is_empty() && hub.exchanges().all().is_empty());
}
