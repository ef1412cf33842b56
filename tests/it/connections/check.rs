//! `check` of connections: whose they are, what is there, and what a policy lacks.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::Output;

use axum::Router;
use axum::body::Bytes;
use bedrock_connector::emulator::bedrock::{self, Bedrock};
use bedrock_connector::emulator::huggingface::{Exchange, HuggingFace};
use serde_json::Value;
use tokio::net::TcpListener;

use super::{File, SALES};

/// An STS that knows one user.
async fn sts() -> String {
    let answer = |_: Bytes| async {
        "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
         <Arn>arn:aws:iam::123456789012:user/sales</Arn><UserId>AIDA</UserId><Account>123456789012</Account>\
         </GetCallerIdentityResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></GetCallerIdentityResponse>"
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await });
    format!("http://{address}")
}

fn toml(models: &str) -> String {
    format!(
        r#"
[[connections]]
name = "sales"
provider = "bedrock"
region = "eu-central-1"
account = "123456789012"
authentication = {{ kind = "keys", access-key = {{ env = "SALES_ID" }}, secret-key = {{ env = "SALES_KEY" }} }}
access = [{{}}]
{models}
"#
    )
}

const MODELS: &str = r#"
[[connections.models]]
id = "eu.anthropic.claude-haiku-4-5-20251001-v1:0"
alias = "claude"
[[connections.models]]
preset = "titan-embed-v2"
[[connections.models]]
preset = "titan-image-v2"
"#;

/// Runs `check`, and gives its lines by their names.
async fn run(bedrock: &Bedrock, toml: &str) -> Vec<(String, String, String)> {
    run_with(bedrock, toml, "hf_secret").await
}

async fn run_with(bedrock: &Bedrock, toml: &str, token: &str) -> Vec<(String, String, String)> {
    let file = File::new(toml);
    let output: Output = tokio::process::Command::new(env!("CARGO_BIN_EXE_bedrock-connector"))
        .args(["check", "--json", "--config", &file.path().display().to_string()])
        .env_clear()
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_ENDPOINT_URL_STS", sts().await)
        .env("BEDROCK_CONNECTOR_BEDROCK_ENDPOINT", bedrock.url())
        .env("CAMUNDA_CLIENT_GRPCADDRESS", "http://127.0.0.1:1")
        .envs(SALES)
        .env("HF_TOKEN", token)
        .output()
        .await
        .expect("the program runs");
    let report: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"));
    let text = |check: &Value, key: &str| check[key].as_str().unwrap_or_default().to_owned();
    let checks = report["checks"].as_array().expect("checks");
    let ours = checks.iter().map(|check| {
        let message = format!("{} → {}", text(check, "message"), text(check, "remedy"));
        (text(check, "name"), text(check, "state"), message)
    });
    let is_ours =
        |name: &str| ["connection ", "model ", "guardrail "].iter().any(|kind| name.starts_with(kind));
    ours.filter(|(name, ..)| is_ours(name)).collect()
}

async fn bedrock() -> Bedrock {
    Bedrock::start(bedrock::Options::default()).await.expect("a Bedrock on a free port")
}

#[tokio::test]
async fn everything_in_place_is_told_in_one_line_each() {
    let bedrock = bedrock().await;
    let checks = run(&bedrock, &toml(MODELS)).await;
    let states: Vec<_> = checks.iter().map(|(name, state, _)| (name.as_str(), state.as_str())).collect();
    let expected = [
        ("connection sales", "ok"),
        ("model sales/claude", "ok"),
        ("model sales/titan-embed-v2", "ok"),
        ("model sales/titan-image-v2", "ok"),
    ];
    assert_eq!(states, expected, "{checks:?}");
    assert!(checks[0].2.contains("arn:aws:iam::123456789012:user/sales"), "{checks:?}");
    let answered = bedrock.exchanges().count(|exchange| {
        exchange.method == "POST" && exchange.outcome == bedrock::Outcome::Answered { status: 200 }
    });
    assert_eq!(answered, 0, "nothing is paid for");
}

#[tokio::test]
async fn what_a_policy_lacks_is_named() {
    let bedrock = bedrock().await;
    for (action, model, state, text) in [
        (
            "bedrock:InvokeModel",
            "model sales/titan-embed-v2",
            "failed",
            "no policy of its identity allows bedrock:InvokeModel on arn:",
        ),
        (
            "bedrock:InvokeModelWithResponseStream",
            "model sales/claude",
            "warning",
            "answers come in one piece",
        ),
        ("bedrock:CountTokens", "model sales/claude", "warning", "tasks that count tokens fail"),
        ("bedrock:GetFoundationModel", "model sales/titan-embed-v2", "warning", "only this check uses it"),
        ("bedrock:GetInferenceProfile", "model sales/claude", "warning", "only this check uses it"),
    ] {
        bedrock.deny_actions(vec![action.to_owned()]);
        let checks = run(&bedrock, &toml(MODELS)).await;
        let found = checks.iter().find(|(name, _, message)| name == model && message.contains(text));
        let (_, found, message) = found.unwrap_or_else(|| panic!("{action}: {checks:?}"));
        assert_eq!(found, state);
        assert!(message.contains(action) && message.contains("policy --connection sales"), "{message}");
    }
}

#[tokio::test]
async fn a_wrong_account_id_or_kind_is_told() {
    let bedrock = bedrock().await;
    let wrong = toml(MODELS).replace("account = \"123456789012\"", "account = \"210987654321\"");
    let checks = run(&bedrock, &wrong).await;
    let expected =
        "arn:aws:iam::123456789012:user/sales is of the account 123456789012, expected 210987654321";
    assert!(checks[0].1 == "failed" && checks[0].2.starts_with(expected), "{checks:?}");

    let models = "[[connections.models]]\nid = \"emulator.not-found-v1\"\nalias = \"gone\"\n\
                  [[connections.models]]\nid = \"amazon.titan-embed-text-v2:0\"\nalias = \"typed\"\nkind = \"image\"\n\
                  [[connections.models]]\nid = \"anthropic.claude-3-haiku-20240307-v1:0\"\nalias = \"old\"\n";
    let checks = run(&bedrock, &toml(models)).await;
    for (name, state, text) in [
        ("model sales/gone", "failed", "it is not there in eu-central-1"),
        ("model sales/typed", "failed", "configured as image, and makes EMBEDDING"),
        ("model sales/old", "warning", "AWS calls it LEGACY"),
    ] {
        let found = checks.iter().any(|check| check.0 == name && check.1 == state && check.2.contains(text));
        assert!(found, "{name}: {checks:?}");
    }
}

#[track_caller]
fn assert_told(checks: &[(String, String, String)], name: &str, state: &str, text: &str) {
    let found = checks.iter().any(|check| check.0 == name && check.1 == state && check.2.contains(text));
    assert!(found, "{name} {state} {text}: {checks:#?}");
}

#[tokio::test]
async fn guardrails_of_models_are_asked_about_once_at_each_place() {
    let bedrock = bedrock().await;
    let model = |id: &str, guardrail: &str| {
        format!("[[connections.models]]\nid = \"{id}\"\nparameters = {{ guardrail = {{ {guardrail} }} }}\n")
    };
    let models = [
        model("amazon.nova-lite-v1:0", "id = \"g1\", version = \"3\""),
        model("amazon.nova-pro-v1:0", "id = \"g1\", version = \"3\""),
        model("amazon.nova-micro-v1:0", "id = \"emulator.not-found-v1\""),
    ];
    let toml = toml(&models.concat());
    let checks = run(&bedrock, &toml).await;
    assert_told(&checks, "guardrail sales/g1", "ok", "there and granted in eu-central-1");
    let absent = "version DRAFT is not there in eu-central-1";
    assert_told(&checks, "guardrail sales/emulator.not-found-v1", "failed", absent);
    assert_eq!(checks.iter().filter(|(name, ..)| name.starts_with("guardrail ")).count(), 2, "{checks:#?}");
    let asked = bedrock.exchanges().all();
    let asked: Vec<_> =
        asked.iter().filter(|exchange| exchange.raw_path.starts_with("/guardrail/g1/")).collect();
    let [asked] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!(asked.raw_path, "/guardrail/g1/version/3/apply");
    assert_eq!(asked.body["content"], serde_json::json!([]), "there is nothing to pay for");

    bedrock.deny_actions(vec!["bedrock:ApplyGuardrail".to_owned()]);
    let checks = run(&bedrock, &toml).await;
    let lacks = "no policy of its identity allows bedrock:ApplyGuardrail on arn:aws:bedrock:::guardrail/g1";
    assert_told(&checks, "guardrail sales/g1", "failed", lacks);
}

/// A connection to Hugging Face with these models.
fn hub_toml(hub: &HuggingFace, namespace: &str, models: &str) -> String {
    format!(
        "[[connections]]\nname = \"hub\"\nprovider = \"huggingface\"\nendpoint = \"{}\"\naccess = [{{}}]\n{namespace}\
         authentication = {{ kind = \"api-key\", api-key = {{ env = \"HF_TOKEN\" }} }}\n{models}",
        hub.url()
    )
}

async fn hub() -> HuggingFace {
    let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    HuggingFace::start(anywhere).await.expect("a free port")
}

#[tokio::test]
async fn models_of_hugging_face_are_looked_at_too() {
    let hub = hub().await;
    let trouble = ["unauthorized", "no-credit", "gated", "missing", "loading", "throttled", "broken"];
    let models = trouble.map(|name| format!("[[connections.models]]\nid = \"emulator/{name}\"\n")).concat();
    let well = "[[connections.models]]\nid = \"org/chat\"\n\
                [[connections.models]]\nid = \"org/vectors\"\nkind = \"embedding\"\n";
    let checks = run(&bedrock().await, &hub_toml(&hub, "", &format!("{models}{well}"))).await;
    for (name, state, text) in [
        ("model hub/org/chat", "ok", "there and granted at Hugging Face"),
        ("model hub/emulator/unauthorized", "failed", "→ renew the API key"),
        ("model hub/emulator/no-credit", "failed", "→ add credit"),
        ("model hub/emulator/gated", "failed", "→ give the token the right"),
        ("model hub/emulator/missing", "failed", "it is not there at Hugging Face"),
        ("model hub/emulator/loading", "warning", "takes no call just now: HUGGINGFACE_LOADING"),
        ("model hub/emulator/throttled", "warning", "takes no call just now: HUGGINGFACE_THROTTLED"),
        ("model hub/emulator/broken", "failed", "→ wait"),
        ("model hub/org/vectors", "ok", "there and granted at Hugging Face"),
    ] {
        assert_told(&checks, name, state, text);
    }
    let is_paid = |exchange: &Exchange| exchange.status == 200 && exchange.path != "/api/whoami-v2";
    assert_eq!(hub.exchanges().count(is_paid), 0, "nothing is paid for");
}

#[tokio::test]
async fn whose_a_token_of_hugging_face_is_stands_first() {
    let (hub, bedrock) = (hub().await, bedrock().await);
    let models = "[[connections.models]]\nid = \"org/chat\"\n[[connections.models]]\nid = \"org/other\"\n";
    let toml = |namespace: &str| hub_toml(&hub, namespace, models);
    let checks = run(&bedrock, &toml("")).await;
    assert_told(&checks[..1], "connection hub", "ok", "the token of emulated-user, of acme");
    assert_eq!(hub.exchanges().count(|exchange| exchange.path == "/api/whoami-v2"), 1, "it is asked once");
    assert_told(
        &run(&bedrock, &toml("namespace = \"acme\"\n")).await,
        "connection hub",
        "ok",
        "emulated-user",
    );
    let checks = run(&bedrock, &toml("namespace = \"others\"\n")).await;
    assert_told(&checks, "connection hub", "warning", "others, which is to pay, is not among these");
    let checks = run_with(&bedrock, &toml(""), "old-token").await;
    assert_told(&checks, "connection hub", "failed", "HUGGINGFACE_UNAUTHORIZED");
    assert!(!format!("{checks:?}").contains("old-token"), "{checks:?}");
}
