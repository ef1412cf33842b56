//! The examples in `examples/`, from start to end, with the answers and the people of the files beside them.

use std::path::{Path, PathBuf};

use bedrock_connector::demo::Scenario;
use bedrock_connector::emulator::bedrock::Target;
use serde_json::{Value, json};

use super::Stage;

/// Runs an example, and gives the variables at its end and what the model was asked.
async fn run(stage: &Stage, name: &str) -> (Value, Vec<Value>) {
    run_with(stage, name, |_| ()).await
}

async fn run_with(stage: &Stage, name: &str, change: impl FnOnce(&mut Scenario)) -> (Value, Vec<Value>) {
    let path = diagram(name);
    let mut scenario = Scenario::beside(&path).expect("a scenario");
    assert!(!scenario.variables.is_empty(), "{name} has no scenario");
    change(&mut scenario);
    stage.bedrock.script(Target::Any, scenario.steps());
    let _people = stage.people(&scenario.results);
    let process = stage.deploy_file(&path).await;
    let variables = stage.run(&process, Value::Object(scenario.variables)).await;
    let asked =
        stage.bedrock.exchanges().read(|all| all.iter().map(|exchange| exchange.body.clone()).collect());
    (variables, asked)
}

fn diagram(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(format!("{name}.bpmn"))
}

fn roles(messages: &Value) -> Vec<&str> {
    let messages = messages.as_array().expect("messages");
    messages.iter().map(|message| message["role"].as_str().expect("a role")).collect()
}

pub(super) async fn a_chat_remembers(stage: &Stage) {
    let (variables, asked) = run(stage, "chat-with-memory").await;
    let answer = variables["answer"].as_str().expect("an answer");
    assert!(answer.starts_with("Yes, twice"), "{answer}");
    assert_eq!(variables["question"], Value::Null);
    assert_eq!(roles(&variables["conversation"]), ["user", "assistant", "user", "assistant"]);

    assert_eq!(asked.len(), 2);
    assert_eq!(roles(&asked[1]["messages"]), ["user", "assistant", "user"]);
    assert_eq!(asked[1]["messages"][1]["content"], json!([{"text": "You may keep a book for four weeks."}]));
}

pub(super) async fn documents_are_summarised(stage: &Stage) {
    let (variables, asked) = run(stage, "document-summary").await;
    assert!(variables["summary"].as_str().is_some_and(|text| text.contains("the mill")), "{variables}");
    assert_eq!(variables["stopReason"], json!("end_turn"));
    assert!(variables["tokensUsed"].as_u64().is_some_and(|tokens| tokens > 50), "{variables}");

    let content = asked[0]["messages"][0]["content"].as_array().expect("blocks");
    let documents: Vec<_> = content.iter().filter_map(|block| block.get("document")).collect();
    let formats: Vec<_> = documents.iter().map(|document| (&document["name"], &document["format"])).collect();
    assert_eq!(formats, [(&json!("minutes"), &json!("txt")), (&json!("offer"), &json!("md"))]);
    assert!(
        content
            .contains(&json!({"text": "Summarise the documents for the board, in three sentences at most."}))
    );
}

/// 200 tokens are about 800 letters here.
pub(super) async fn a_summary_that_is_cut_short_is_none(stage: &Stage) {
    let (variables, asked) = run_with(stage, "document-summary", |scenario| {
        scenario.answer(&["and so on ".repeat(200).into()]);
    })
    .await;
    assert_eq!(variables["summary"], Value::Null, "the error event leads past the outputs");
    assert_eq!(asked.len(), 1, "an error of the process asks for no second answer");
}
