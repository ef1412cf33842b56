//! Models of Hugging Face through a connection: the same tasks and the same response, over real sockets to its emulator.

use std::net::{Ipv4Addr, SocketAddr};

use bedrock_connector::emulator::Times;
use bedrock_connector::emulator::gateway::NewJob;
use bedrock_connector::emulator::huggingface::{Fault, HuggingFace};
use serde_json::{Value, json};

use super::{File, action, answer, failure, stage};
use crate::support::stage::Stage;

const TOKEN: [(&str, &str); 1] = [("HF_TOKEN", "hf_secret")];
const LLAMA: &str = "meta-llama/Llama-3.1-8B-Instruct";

/// Its emulator, and the worker before it.
struct Hub {
    hub: HuggingFace,
    stage: Stage,
}

impl Hub {
    async fn start() -> Self {
        Self::with(&[]).await
    }

    async fn with(variables: &[(&str, &str)]) -> Self {
        let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let hub = HuggingFace::start(anywhere).await.expect("a free port");
        let file = File::new(&hub_toml(&hub.url()));
        let variables: Vec<_> = TOKEN.iter().chain(variables).copied().collect();
        let stage = stage(&file, &variables).await;
        Self { hub, stage }
    }

    async fn answer(&self, job: NewJob) -> Value {
        let key = self.stage.gateway.create_job(job);
        answer(&self.stage, key).await
    }

    async fn failure(&self, job: NewJob) -> (i32, String) {
        let key = self.stage.gateway.create_job(job);
        failure(&self.stage, key).await
    }
}

fn hub_toml(url: &str) -> String {
    format!(
        r#"
[[connections]]
name = "hub"
provider = "huggingface"
namespace = "acme"
endpoint = "{url}"
authentication = {{ kind = "api-key", api-key = {{ env = "HF_TOKEN" }} }}
access = [{{}}]
[[connections.models]]
id = "{LLAMA}"
alias = "llama"
parameters = {{ maxTokens = 99 }}
[[connections.models]]
id = "rhymes"
task = "text-generation"
[[connections.models]]
id = "sentence-transformers/all-MiniLM-L6-v2"
alias = "minilm"
kind = "embedding"
[[connections.models]]
id = "acme/own"
endpoint = "{url}/dedicated/v1"
"#
    )
}

fn ask(model: &str, question: &str) -> NewJob {
    action("hub", "converse", json!({"modelId": model, "newMessage": question}))
}

#[tokio::test]
async fn a_chat_has_the_native_response_and_is_streamed_inside() {
    let hub = Hub::start().await;
    let answer = hub.answer(ask("llama", "Hello?")).await;
    assert_eq!(answer["text"], "You said: “Hello?”");
    assert_eq!((&answer["stopReason"], &answer["modelId"]), (&json!("end_turn"), &json!(LLAMA)));
    assert_eq!((&answer["connection"], &answer["upstream"]), (&json!("hub"), &json!("hub")));
    assert_eq!((&answer["requestId"], &answer["region"]), (&json!("emulated-request"), &Value::Null));
    assert!(answer["usage"]["totalTokens"].as_u64() > Some(0), "{answer}");
    let exchanges = hub.hub.exchanges().all();
    let [exchange] = exchanges.as_slice() else { panic!("{exchanges:?}") };
    assert_eq!((exchange.path.as_str(), exchange.model.as_str()), ("/v1/chat/completions", LLAMA));
    assert_eq!((exchange.token.as_deref(), exchange.bill_to.as_deref()), (Some("hf_secret"), Some("acme")));
    assert_eq!((&exchange.body["stream"], &exchange.body["max_tokens"]), (&json!(true), &json!(99)));
    assert!(!hub.stage.log().contains("hf_secret"));
    assert!(hub.stage.bedrock.exchanges().all().is_empty());
}

#[tokio::test]
async fn tools_and_structured_output_work_as_at_bedrock() {
    let hub = Hub::start().await;
    let schema =
        json!({"type": "object", "properties": {"amount": {"type": "integer"}}, "required": ["amount"]});
    let data = json!({"modelId": "llama", "newMessage": "The damage is 120 euros", "outputSchema": schema});
    let answer = hub.answer(action("hub", "converse", data)).await;
    assert_eq!(answer["json"], json!({"amount": 120}));
    let tools = json!([{"name": "weather", "description": "Tells it", "inputSchema": {"type": "object", "properties": {"place": {"type": "string"}}}}]);
    let data = json!({"modelId": "llama", "newMessage": "How is the weather?", "tools": tools});
    let answer = hub.answer(action("hub", "converse", data)).await;
    assert_eq!(answer["stopReason"], "tool_use");
    assert_eq!(answer["toolCalls"][0]["name"], "weather");
}

#[tokio::test]
async fn texts_are_continued_and_embedded() {
    let hub = Hub::start().await;
    let answer = hub.answer(ask("acme/rhymes", "Roses are red")).await;
    assert_eq!(answer["text"], "You said: “Roses are red”");
    let data = json!({"modelId": "minilm", "texts": ["one", "two", "one"], "normalize": true});
    let answer = hub.answer(action("hub", "embed", data)).await;
    assert_eq!(
        (&answer["dimensions"], answer["embeddings"].as_array().map(Vec::len)),
        (&json!(384), Some(3))
    );
    assert_eq!(answer["embeddings"][0], answer["embeddings"][2]);
    let paths: Vec<_> = hub.hub.exchanges().all().into_iter().map(|exchange| exchange.path).collect();
    let embeds = "/hf-inference/models/sentence-transformers/all-MiniLM-L6-v2/pipeline/feature-extraction";
    assert_eq!(paths, ["/hf-inference/models/acme/rhymes", embeds]);
}

#[tokio::test]
async fn a_dedicated_endpoint_is_asked_at_its_own_address() {
    let hub = Hub::start().await;
    hub.answer(ask("acme/own", "Hello?")).await;
    assert_eq!(hub.hub.exchanges().all()[0].path, "/dedicated/v1/chat/completions");
}

#[tokio::test]
async fn what_is_loading_is_waited_for() {
    let hub = Hub::with(&[("BEDROCK_CONNECTOR_THROTTLE_PATIENCE", "PT60S")]).await;
    hub.hub.script("", Fault::Loading(0.05), Times::Next(2));
    let answer = hub.answer(ask("llama", "Hello?")).await;
    assert_eq!(answer["attempts"], 3, "{answer}");
    assert_eq!(answer["text"], "You said: “Hello?”");
}

#[tokio::test]
async fn errors_are_told_with_their_codes() {
    let hub = Hub::start().await;
    for (fault, text) in [
        (Fault::Status(401), "Invalid username or password. (Service: Hugging Face, Status Code: 401"),
        (Fault::Status(403), "Status Code: 403"),
        (Fault::Status(404), "The requested model does not exist."),
        (Fault::Status(422), "Input validation error"),
        (Fault::Cut(3), "the answer was cut in the middle"),
        (Fault::Broken(3), "the model has failed in the middle"),
    ] {
        hub.hub.script("", fault.clone(), Times::Next(1));
        let before = hub.hub.exchanges().all().len();
        let (_, message) = hub.failure(ask("llama", "Hello?").header("retryBackoff", "PT1H")).await;
        assert!(message.contains(text), "{message}");
        assert_eq!(hub.hub.exchanges().all().len(), before + 1, "{fault:?} is not asked again");
    }
    hub.hub.script("", Fault::Status(500), Times::Next(2));
    hub.answer(ask("llama", "again")).await;
    let page = hub.stage.get("/actuator/prometheus").await.expect("a page").body;
    for code in ["HUGGINGFACE_UNAUTHORIZED", "HUGGINGFACE_INVALID", "HUGGINGFACE_UNAVAILABLE", "STREAM_CUT"] {
        assert!(page.contains(&format!("code=\"{code}\"")), "{code}");
    }
}

#[tokio::test]
async fn what_hugging_face_has_not_is_refused_by_name() {
    let hub = Hub::start().await;
    for (name, data, text) in [
        (
            "applyGuardrail",
            json!({"guardrail": {"id": "g", "version": "1"}, "texts": "a"}),
            "has no guardrails",
        ),
        ("countTokens", json!({"modelId": "llama", "newMessage": "a"}), "counts no tokens"),
        ("embed", json!({"modelId": "llama", "texts": "a"}), "makes no vectors"),
        ("converse", json!({"modelId": "minilm", "newMessage": "a"}), "holds no conversation"),
        ("converse", json!({"modelId": "llama", "newMessage": "a", "serviceTier": "flex"}), "service tiers"),
    ] {
        let (retries, message) = hub.failure(action("hub", name, data)).await;
        assert!(message.contains(text), "{message}");
        assert_eq!(retries, 0, "{message}");
    }
    assert!(hub.hub.exchanges().all().is_empty());
}
