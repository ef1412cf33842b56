//! `policy` as an operator runs it.

use std::process::{Command, Output};

use serde_json::{Value, json};

use super::{File, SALES};

const TWO: &str = r#"
[[connections]]
name = "sales"
provider = "bedrock"
region = "eu-central-1"
authentication = { kind = "assume-role", role-arn = "arn:aws:iam::123456789012:role/bedrock", external-id = "sales-7" }
access = [{}]
[[connections.models]]
id = "eu.amazon.nova-pro-v1:0"
[[connections]]
name = "search"
provider = "bedrock"
region = "us-east-1"
authentication = { kind = "keys", access-key = { env = "SALES_ID" }, secret-key = { env = "SALES_KEY" } }
access = [{}]
[[connections.models]]
preset = "titan-embed-v2"
"#;

fn run(file: &File, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bedrock-connector"))
        .arg("policy")
        .args(["--config", &file.path().display().to_string()])
        .args(arguments)
        .env_clear()
        .envs(SALES)
        .output()
        .expect("the program runs")
}

#[track_caller]
fn policies(output: &Output) -> Vec<Value> {
    assert!(output.status.success(), "{output:?}");
    let stream = serde_json::Deserializer::from_slice(&output.stdout).into_iter();
    stream.collect::<Result<_, _>>().expect("nothing but JSON")
}

#[test]
fn the_output_is_one_policy_for_each_identity() {
    let file = File::new(TWO);
    let output = run(&file, &[]);
    assert_eq!(policies(&output).len(), 3);
    let titles = String::from_utf8(output.stderr.clone()).unwrap();
    for whose in [
        "the identity of the process",
        "role/bedrock",
        "{ env = \"SALES_ID\" } is to be allowed (connections: search)",
    ] {
        assert!(titles.contains(whose), "{titles}");
    }
    assert!(!titles.contains("AKIDSALES") && !titles.contains("salessecret"));

    let one = policies(&run(&file, &["--connection", "search", "--guardrail", "g1"]));
    assert_eq!(one.len(), 1);
    assert!(one[0].to_string().contains("arn:aws:bedrock:us-east-1:*:guardrail/g1"), "{one:?}");
    let listed = policies(&run(&file, &["--json"]));
    assert_eq!(listed[0]["policies"][2]["connections"], json!(["search"]));
}

#[test]
fn settings_of_the_process_count_too() {
    let file = File::new(TWO);
    let run = |arguments: &[&str], variables: &[(&str, &str)]| {
        let output = Command::new(env!("CARGO_BIN_EXE_bedrock-connector"))
            .args(["policy", "--config", &file.path().display().to_string()])
            .args(arguments)
            .env_clear()
            .envs(variables.iter().copied())
            .output()
            .expect("the program runs");
        Value::from(policies(&output)).to_string()
    };
    let (streams, reads) = ("bedrock:InvokeModelWithResponseStream", "secretsmanager:GetSecretValue");
    let plain = run(&[], &[]);
    assert!(plain.contains(streams) && !plain.contains(reads), "{plain}");
    assert!(!run(&[], &[("BEDROCK_CONNECTOR_STREAMING", "false")]).contains(streams));
    assert!(!run(&[], &[("BEDROCK_CONNECTOR_DISABLED_TYPES", "bedrock-connector:1")]).contains(streams));
    let prefix = ("BEDROCK_CONNECTOR_SECRETS_AWS_PREFIX", "camunda/");
    let region = ("BEDROCK_CONNECTOR_SECRETS_AWS_REGION", "eu-west-1");
    let found = run(&[], &[prefix, region]);
    assert!(found.contains(reads), "{found}");
    assert!(found.contains("arn:aws:secretsmanager:eu-west-1:*:secret:camunda/*"), "{found}");
    assert!(!run(&["--connection", "search"], &[prefix, region]).contains(reads));
}

#[test]
fn trust_is_printed_for_each_kind() {
    let file = File::new(TWO);
    let irsa = [
        "--trust",
        "irsa",
        "--account",
        "123456789012",
        "--oidc-provider",
        "https://oidc.eks.eu-west-1.amazonaws.com/id/E",
    ];
    let trust = policies(&run(&file, &irsa));
    let federated = "arn:aws:iam::123456789012:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/E";
    assert_eq!(trust[0]["Statement"][0]["Principal"]["Federated"], federated);
    assert_eq!(policies(&run(&file, &["--trust", "pod-identity"])).len(), 1);
    let trust =
        policies(&run(&file, &["--trust", "external-id", "--principal", "arn:aws:iam::210987654321:root"]));
    assert_eq!(trust[0]["Statement"][0]["Condition"]["StringEquals"]["sts:ExternalId"], "sales-7");
}

#[test]
fn wrong_arguments_are_named() {
    let file = File::new(TWO);
    for (arguments, expected) in [
        (
            &["--connection", "seals"][..],
            "--connection is \"seals\", expected one of the connections sales, search",
        ),
        (&["--trust", "irsa"], "--oidc-provider"),
        (&["--trust", "external-id"], "--principal"),
        (&["--trust", "irsa", "--oidc-provider", "x", "--account", "12"], "expected the 12 digits"),
    ] {
        let output = run(&file, arguments);
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(64), "{errors}");
        assert!(errors.contains(expected), "{errors}");
    }
}
