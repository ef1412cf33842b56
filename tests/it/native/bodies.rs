//! The same call by a task and by boto3 is the same request: path, headers of Bedrock, and body, field by field.
//!
//! `tests/fixtures/bodies.json` has both calls and what boto3 sends. Here our side of it is recorded at the emulator;
//! `.ci/boto3` holds the file against boto3 itself.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Bench;

fn cases() -> Vec<Value> {
    let text = include_str!("../../fixtures/bodies.json");
    serde_json::from_str(text).expect("a list of cases")
}

/// The headers that are part of a call. Of InvokeModel, the types of the bodies are.
fn of_bedrock(path: &str, headers: &BTreeMap<String, String>) -> Value {
    let types: &[&str] = if path.ends_with("/invoke") { &["accept", "content-type"] } else { &[] };
    headers
        .iter()
        .filter(|(name, _)| name.starts_with("x-amzn-bedrock-") || types.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), Value::from(value.as_str())))
        .collect()
}

#[tokio::test]
async fn a_task_sends_what_boto3_sends() {
    let cases = cases();
    assert!(cases.len() > 40);
    for case in cases {
        let feature = case["feature"].as_str().expect("a text");
        let action = case["action"].as_str().expect("a text");
        let bench = Bench::start().await;
        let mut data = case["data"].clone();
        if action == "converse" {
            data["streaming"] = "off".into();
        }
        if let Err(error) = bench.run(action, data).await {
            panic!("{feature}: {}", error.message);
        }
        let asked = bench.asked();
        assert_eq!(asked.len(), 1, "{feature}");
        let sent = &case["sent"];
        assert_eq!(asked[0].raw_path, sent["path"], "{feature}");
        assert_eq!(of_bedrock(&asked[0].raw_path, &asked[0].headers), sent["headers"], "{feature}");
        assert_eq!(asked[0].body, sent["body"], "{feature}");
    }
}
