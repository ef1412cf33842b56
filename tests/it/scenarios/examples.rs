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
    assert!(asked.iter().all(|body| body["system"] == asked[0]["system"]));
    assert!(asked[0]["system"][0]["text"].as_str().is_some_and(|text| text.contains("library")));
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

pub(super) async fn an_e_mail_becomes_a_typed_variable(stage: &Stage) {
    let invoice = json!({"supplier": "S", "number": "1", "due": "2026-01-02", "total": 2000, "currency": "EUR", "items": []});
    let (variables, asked) =
        run_with(stage, "typed-extraction", |scenario| scenario.answer(&[invoice])).await;
    assert_eq!(variables["invoice"]["total"], json!(2000), "{variables}");
    assert_eq!(variables["outcome"], json!("2000 EUR need an approval"));
    assert_eq!(asked.len(), 1);
}

/// The model is told once what does not fit, and mends it.
pub(super) async fn an_answer_that_does_not_fit_is_mended(stage: &Stage) {
    let (variables, asked) = run(stage, "typed-extraction").await;
    let invoice = &variables["invoice"];
    assert_eq!(invoice["total"].as_f64(), Some(299.0), "{variables}");
    assert_eq!(invoice["items"].as_array().map(Vec::len), Some(2), "{variables}");
    assert_eq!(variables["outcome"], json!("booked until 2026-03-15"));

    assert_eq!(asked.len(), 2);
    assert_eq!(roles(&asked[1]["messages"]), ["user", "assistant", "user"]);
    let correction = asked[1]["messages"][2].to_string();
    assert!(correction.contains("total"), "it is told what does not fit: {correction}");
}

pub(super) async fn an_agent_calls_the_tools_of_its_process(stage: &Stage) {
    let (variables, asked) = run(stage, "agent-loop").await;
    assert!(
        variables["answer"].as_str().is_some_and(|text| text.ends_with("you get 20 back.")),
        "{variables}"
    );
    assert_eq!(variables["calls"], json!([]));
    let conversation = &variables["conversation"];
    assert_eq!(
        roles(conversation),
        ["user", "assistant", "user", "assistant", "user", "assistant"],
        "{conversation}"
    );

    assert_eq!(asked.len(), 3);
    let tools = asked[0]["toolConfig"]["tools"].as_array().expect("tools");
    let names: Vec<_> = tools.iter().map(|tool| &tool["toolSpec"]["name"]).collect();
    assert_eq!(names, ["find_order", "quote_refund"]);
    let said = asked[1]["messages"][1]["content"].as_array().expect("blocks");
    let call = said.iter().find_map(|block| block.get("toolUse")).expect("a call of a tool");
    let result = &asked[1]["messages"][2]["content"][0]["toolResult"];
    assert_eq!(result["toolUseId"], call["toolUseId"]);
    assert_eq!(result["content"][0]["json"]["daysLate"], json!(6));
    let result = &asked[2]["messages"][4]["content"][0]["toolResult"];
    assert_eq!(result["content"][0]["json"], json!({"refund": 20}));
}

/// Each turn is two messages.
pub(super) async fn an_agent_that_goes_on_for_ever_is_stopped(stage: &Stage) {
    let again = json!({"tool": "find_order", "input": {"number": "B-1"}});
    let answers = vec![again; 20];
    let (_, asked) = run_with(stage, "agent-loop", |scenario| scenario.answer(&answers)).await;
    let result = &asked[9]["messages"][18]["content"][0]["toolResult"];
    assert_eq!(result["content"][0]["json"], json!({"error": "there is no such order"}));
    assert_eq!(asked.len(), 10, "twenty messages are enough");
}

pub(super) async fn a_person_decides_where_the_model_is_not_sure(stage: &Stage) {
    let (variables, _) = run(stage, "human-review").await;
    assert_eq!(variables["department"], json!("complaints"));
    assert_eq!(variables["suggestion"]["department"], json!("claims"));
    assert_eq!(variables["reviewed"], json!(true));
}

pub(super) async fn nobody_is_asked_where_the_model_is_sure(stage: &Stage) {
    let sure = json!({"department": "contracts", "confidence": 0.9, "reason": "It is about a contract."});
    let (variables, _) = run_with(stage, "human-review", |scenario| scenario.answer(&[sure])).await;
    assert_eq!(variables["department"], json!("contracts"));
    assert_eq!(variables["reviewed"], Value::Null);
}
