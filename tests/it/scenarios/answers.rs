//! Models that answer.

use serde_json::{Value, json};

use super::Stage;

fn bodies(stage: &Stage) -> Vec<Value> {
    stage.bedrock.exchanges().read(|all| all.iter().map(|exchange| exchange.body.clone()).collect())
}

pub(super) async fn converse_remembers_the_first_turn_in_the_second(stage: &Stage) {
    let process = stage.deploy("chat-two-turns").await;
    let variables = stage
        .run(&process, json!({"question": "What is the capital of France?", "followUp": "And of Italy?"}))
        .await;

    let first = variables["firstAnswer"].as_str().expect("the first answer is a text");
    let second = variables["secondAnswer"].as_str().expect("the second answer is a text");
    assert!(!first.is_empty() && first != second, "{variables}");
    assert_eq!(variables["turns"], json!(4));
    let roles: Vec<_> = conversation(&variables).iter().map(|message| message["role"].clone()).collect();
    assert_eq!(roles, ["user", "assistant", "user", "assistant"]);

    let bodies = bodies(stage);
    assert_eq!(bodies.len(), 2, "one call a turn");
    assert_eq!(
        bodies[0]["messages"],
        json!([{"role": "user", "content": [{"text": "What is the capital of France?"}]}])
    );
    assert_eq!(bodies[0]["inferenceConfig"]["temperature"], json!(0.2));
    assert_eq!(
        bodies[1]["messages"],
        json!([
            {"role": "user", "content": [{"text": "What is the capital of France?"}]},
            {"role": "assistant", "content": [{"text": first}]},
            {"role": "user", "content": [{"text": "And of Italy?"}]}
        ])
    );
}

fn conversation(variables: &Value) -> &[Value] {
    variables["conversation"].as_array().expect("the conversation is a list")
}

pub(super) async fn invoke_model_sends_the_body_of_the_models_own_form(stage: &Stage) {
    let process = stage.deploy("invoke-model").await;
    let variables = stage.run(&process, json!({"question": "Say hello"})).await;

    assert!(variables["answer"].as_str().is_some_and(|answer| !answer.is_empty()), "{variables}");
    assert_eq!(variables["stopReason"], json!("end_turn"));
    let exchange = stage.bedrock.exchanges().all().pop().expect("a call was made");
    assert!(exchange.raw_path.ends_with("/invoke"), "{}", exchange.raw_path);
    assert_eq!(
        exchange.body,
        json!({
            "anthropic_version": "bedrock-2023-05-31",
            "max_tokens": 200,
            "messages": [{"role": "user", "content": [{"type": "text", "text": "Say hello"}]}]
        })
    );
}

pub(super) async fn an_inline_document_reaches_the_model(stage: &Stage) {
    let process = stage.deploy("inline-document").await;
    let variables = stage.run(&process, json!({"handbook": "Parcels are traced after two days."})).await;

    assert!(variables["summary"].as_str().is_some_and(|summary| !summary.is_empty()), "{variables}");
    let content = &bodies(stage)[0]["messages"][0]["content"];
    let document = content
        .as_array()
        .and_then(|blocks| blocks.iter().find_map(|block| block.get("document")))
        .unwrap_or_else(|| panic!("no document in {content}"));
    assert_eq!(document["format"], json!("txt"));
    assert_eq!(document["name"], json!("handbook"));
    assert_eq!(document["source"]["bytes"], json!("UGFyY2VscyBhcmUgdHJhY2VkIGFmdGVyIHR3byBkYXlzLg=="));
}
