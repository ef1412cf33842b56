//! Models of Hugging Face through a connection: the same tasks and the same response, over real sockets to its emulator.

use std::net::{Ipv4Addr, SocketAddr};

use bedrock_connector::bench::Launch;
use bedrock_connector::emulator::Times;
use bedrock_connector::emulator::gateway::{self, Command, NewJob, Reaction, Received, Rpc};
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
    hub.hub.script("tokens", Fault::Respond(200, json!([[[0.1, 0.2], [0.3, 0.4]]])), Times::Next(1));
    let data = json!({"modelId": "minilm", "texts": "of tokens"});
    let (_, message) = hub.failure(action("hub", "embed", data)).await;
    assert!(message.contains("has vectors for tokens, expected one vector for each text"), "{message}");
    let paths: Vec<_> = hub.hub.exchanges().all().into_iter().map(|exchange| exchange.path).collect();
    let embeds = "/hf-inference/models/sentence-transformers/all-MiniLM-L6-v2/pipeline/feature-extraction";
    assert_eq!(paths, ["/hf-inference/models/acme/rhymes", embeds, embeds]);
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
    // A stream that was cut is asked for once more, as at Bedrock.
    for (fault, attempts, text) in [
        (Fault::Status(401), 1, "Invalid username or password. (Service: Hugging Face, Status Code: 401"),
        (Fault::Status(403), 1, "Status Code: 403"),
        (Fault::Status(404), 1, "The requested model does not exist."),
        (Fault::Status(422), 1, "Input validation error"),
        (Fault::Cut(3), 2, "the answer was cut in the middle"),
        (Fault::Broken(3), 2, "the model has failed in the middle"),
    ] {
        hub.hub.script("", fault.clone(), Times::Next(attempts));
        let before = hub.hub.exchanges().all().len();
        let (_, message) = hub.failure(ask("llama", "Hello?").header("retryBackoff", "PT1H")).await;
        assert!(message.contains(text), "{message}");
        assert_eq!(hub.hub.exchanges().all().len(), before + attempts, "{fault:?}");
    }
    hub.hub.script("", Fault::Status(500), Times::Next(2));
    hub.answer(ask("llama", "again")).await;
    let page = hub.stage.get("/actuator/prometheus").await.expect("a page").body;
    for code in ["HUGGINGFACE_UNAUTHORIZED", "HUGGINGFACE_INVALID", "HUGGINGFACE_UNAVAILABLE", "STREAM_CUT"] {
        assert!(page.contains(&format!("code=\"{code}\"")), "{code}");
    }
}

#[tokio::test]
async fn an_error_expression_sees_the_codes() {
    let hub = Hub::with(&[("BEDROCK_CONNECTOR_STREAM_IDLE", "PT0.2S")]).await;
    for (fault, code, text) in [
        (Fault::Status(402), "HUGGINGFACE_NO_CREDIT", "Status Code: 402"),
        (Fault::Throttled(0), "HUGGINGFACE_THROTTLED", "Status Code: 429"),
        (Fault::Loading(0.01), "HUGGINGFACE_LOADING", "Model is currently loading"),
        (Fault::Status(503), "HUGGINGFACE_UNAVAILABLE", "Status Code: 503"),
        (Fault::Silent(2), "STREAM_SILENT", "was silent for 200ms"),
    ] {
        hub.hub.script("", fault.clone(), Times::Always);
        let job = ask("llama", "Hello?").header("errorExpression", "= bpmnError(error.code, error.message)");
        let key = hub.stage.gateway.create_job(job);
        let Command::ThrowError(thrown) = hub.stage.end_of_attempt(key).await else {
            panic!("{fault:?}\n{}", hub.stage.log())
        };
        assert_eq!(thrown.error_code, code);
        assert!(thrown.error_message.contains(text), "{}", thrown.error_message);
        hub.hub.heal();
    }
    let silent = hub.hub.exchanges().all();
    let before = silent.iter().rposition(|exchange| exchange.status != 200).expect("errors came before");
    assert_eq!(silent.len() - before, 2, "an answer that may be paid is not asked for again");
}

#[tokio::test]
async fn a_failed_job_waits_as_long_as_hugging_face_says() {
    let hub = Hub::start().await;
    for (fault, waits) in [(Fault::Throttled(1), 1_000), (Fault::Loading(0.25), 250)] {
        hub.hub.script("", fault.clone(), Times::Always);
        let key = hub.stage.gateway.create_job(ask("llama", "Hello?").retries(3));
        let Command::FailJob(failed) = hub.stage.end_of_attempt(key).await else {
            panic!("{fault:?}\n{}", hub.stage.log())
        };
        assert_eq!((failed.retries, failed.retry_back_off), (2, waits), "{fault:?}");
        hub.hub.heal();
    }
}

#[tokio::test]
async fn an_answer_is_kept_until_the_engine_has_it_and_asked_for_once() {
    let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let hub = HuggingFace::start(anywhere).await.expect("a free port");
    let (file, folder) = (File::new(&hub_toml(&hub.url())), tempfile::tempdir().expect("a folder"));
    let prepare = |launch: Launch| {
        launch
            .env("BEDROCK_CONNECTOR_CONFIG", file.path().display().to_string())
            .env("BEDROCK_CONNECTOR_DATA_DIR", folder.path().display().to_string())
            .env("BEDROCK_CONNECTOR_LOCK", "PT2S")
            .env("HF_TOKEN", "hf_secret")
    };
    let stage = Stage::embedded(prepare).await;
    let mapped = ask("llama", "mapped").header("resultExpression", "= {a: assert(text, false)}").retries(3);
    let mapped = stage.gateway.create_job(mapped.header("retryBackoff", "PT0S"));
    let failed = |retries: i32| {
        move |calls: &[Received]| {
            let of_job = calls.iter().map(|call| &call.command).filter(|it| it.job_key() == Some(mapped));
            let has =
                |command: &Command| matches!(command, Command::FailJob(fail) if fail.retries == retries);
            of_job.into_iter().any(has).then_some(())
        }
    };
    stage.gateway.received().wait_for("a failed mapping", failed(2)).await.expect("the mapping fails");
    stage.gateway.inject(gateway::Fault::on(Rpc::CompleteJob, Reaction::Hang));
    let lost = stage.gateway.create_job(ask("llama", "lost"));
    stage.end_of_attempt(lost).await;

    let stage = stage.killed_and_restarted(prepare).await;
    stage.gateway.heal();
    stage.gateway.received().wait_for("the last retry", failed(0)).await.expect("the mapping fails again");
    let completed = |calls: &[Received]| {
        let of_job = calls.iter().map(|call| &call.command).filter(|it| it.job_key() == Some(lost));
        (of_job.filter(|command| matches!(command, Command::CompleteJob(_))).count() > 1).then_some(())
    };
    stage.gateway.received().wait_for("a second report", completed).await.expect("it is reported again");
    assert_eq!(answer(&stage, lost).await["cached"], json!(true));
    let asked = hub.exchanges().all();
    assert_eq!(asked.len(), 2, "{asked:?}");
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
