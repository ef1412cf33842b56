//! `check` of connections: whose they are, what is there, and what a policy lacks.

use std::process::Output;

use axum::Router;
use axum::body::Bytes;
use bedrock_connector::emulator::bedrock::{self, Bedrock};
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
    let file = File::new(toml);
    let output: Output = tokio::process::Command::new(env!("CARGO_BIN_EXE_bedrock-connector"))
        .args(["check", "--json", "--config", &file.path().display().to_string()])
        .env_clear()
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_ENDPOINT_URL_STS", sts().await)
        .env("BEDROCK_CONNECTOR_BEDROCK_ENDPOINT", bedrock.url())
        .env("CAMUNDA_CLIENT_GRPCADDRESS", "http://127.0.0.1:1")
        .envs(SALES)
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
    ours.filter(|(name, ..)| name.starts_with("connection ") || name.starts_with("model ")).collect()
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
