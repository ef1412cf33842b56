//! Answers that fit a JSON schema.

use bedrock_connector::emulator::bedrock::{Act, Canned, Step, Target};
use serde_json::{Value, json};

use super::{Bench, CLAUDE, NOVA, OLD_CLAUDE, with};

fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {"count": {"type": "integer", "minimum": 10}, "what": {"type": "string"}},
        "required": ["count", "what"],
    })
}

fn ask(model_id: &str, question: &str) -> Value {
    json!({"modelId": model_id, "newMessage": question, "outputSchema": schema(), "streaming": "off"})
}

#[tokio::test]
async fn a_model_that_can_keeps_to_the_schema_by_itself() {
    let bench = Bench::start().await;
    let response = bench
        .converse(with(ask(CLAUDE, "We need 12 chairs"), &json!({"outputDescription": "An order"})))
        .await;
    assert_eq!(response["json"], json!({"count": 12, "what": "We need 12 chairs"}));
    assert_eq!(response["text"], response["json"].to_string());
    let body = bench.body();
    let format = &body["outputConfig"]["textFormat"];
    assert_eq!(format["type"], "json_schema");
    let definition = &format["structure"]["jsonSchema"];
    assert_eq!((&definition["name"], &definition["description"]), (&json!("answer"), &json!("An order")));
    let sent: Value = serde_json::from_str(definition["schema"].as_str().expect("a text")).expect("JSON");
    assert_eq!(sent, schema());
    assert_eq!(body.get("toolConfig"), None);
}

#[tokio::test]
async fn any_other_model_answers_by_a_tool_that_leaves_no_trace() {
    let bench = Bench::start().await;
    let response = bench.converse(ask(OLD_CLAUDE, "We need 12 chairs")).await;
    let expected = json!({"count": 12, "what": "We need 12 chairs"});
    assert_eq!((&response["json"], &response["stopReason"]), (&expected, &json!("end_turn")));
    assert_eq!(response["toolCalls"], json!([]));
    assert_eq!(response["text"], expected.to_string());
    let body = bench.body();
    assert_eq!(body["toolConfig"]["toolChoice"], json!({"tool": {"name": "answer"}}));
    assert_eq!(body["toolConfig"]["tools"][0]["toolSpec"]["inputSchema"]["json"], schema());
    // The history goes on without the tool, which Bedrock would want a result for.
    let last = &response["messages"][1]["contentList"];
    assert!(
        last.as_array().is_some_and(|blocks| blocks.iter().all(|block| block.get("toolUse").is_none())),
        "{last}"
    );
    bench
        .converse(
            json!({"modelId": OLD_CLAUDE, "newMessage": "Thanks", "messagesHistory": response["messages"]}),
        )
        .await;
}

#[tokio::test]
async fn an_answer_that_does_not_fit_is_repaired_once_and_then_accepted() {
    for model_id in [CLAUDE, OLD_CLAUDE] {
        let bench = Bench::start().await;
        let response = bench.converse(ask(model_id, "We need 2 chairs")).await;
        assert_eq!(response["json"]["count"], 10, "{response}");
        assert_eq!(response["attempts"], 2);
        // The correction is paid, and it is not part of the conversation.
        let asked = bench.asked();
        assert_eq!(asked.len(), 2);
        assert_eq!(response["messages"].as_array().map(Vec::len), Some(2));
        let correction = &asked[1].body["messages"];
        assert_eq!(correction.as_array().map(Vec::len), Some(3));
        let told = correction[2]["content"][0].to_string();
        assert!(told.contains("at /count 2 is less than the minimum of 10"), "{told}");
        let one = |body: &Value| body["usage"]["inputTokens"].as_u64().expect("a number");
        assert!(one(&response) > 30, "the usage of both: {response}");
    }
}

#[tokio::test]
async fn corrections_have_an_end() {
    for (corrections, requests) in [(json!(0), 1), (json!(2), 3), (Value::Null, 2)] {
        let bench = Bench::start().await;
        let wrong = json!({
            "output": {"message": {"role": "assistant", "content": [{"text": "{\"count\": \"my secret number\"}"}]}},
            "stopReason": "end_turn", "usage": {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2}, "metrics": {"latencyMs": 1},
        });
        bench
            .emulator
            .script(Target::Any, [Step::new(Act::Respond(Canned::json(200, wrong.to_string()))).always()]);
        let data = with(ask(CLAUDE, "How many?"), &json!({"outputCorrections": corrections}));
        let error = bench.run("converse", data).await.expect_err("it never fits");
        assert_eq!(error.code.to_string(), "OUTPUT_INVALID");
        assert!(error.message.contains("at /count value is not of type \"integer\""), "{}", error.message);
        assert!(!error.message.contains("my secret number"), "{}", error.message);
        assert_eq!(bench.asked().len(), requests);
    }
}

#[tokio::test]
async fn an_answer_that_was_cut_is_not_asked_for_again() {
    let bench = Bench::start().await;
    let data = with(ask(CLAUDE, "We need 12 chairs"), &json!({"maxTokens": 3}));
    let error = bench.run("converse", data).await.expect_err("no JSON");
    assert!(
        error.message.ends_with("does not fit the schema: it was cut at the maximum of tokens"),
        "{}",
        error.message
    );
    assert_eq!(bench.asked().len(), 1);
}

#[tokio::test]
async fn a_model_may_ask_for_another_tool_first() {
    let bench = Bench::start().await;
    let tools = json!([{"name": "warehouse", "inputSchema": {"type": "object", "properties": {"item": {"type": "string"}}}}]);
    let data = with(ask(NOVA, "Ask the warehouse for 12 chairs"), &json!({"tools": tools}));
    let response = bench.converse(data).await;
    assert_eq!(response["toolCalls"][0]["name"], "warehouse");
    assert_eq!((&response["json"], &response["stopReason"]), (&Value::Null, &json!("tool_use")));
    assert_eq!(bench.body()["toolConfig"]["toolChoice"], json!({"any": {}}));
}

#[tokio::test]
async fn the_way_can_be_chosen() {
    for (mode, by_tool) in [("tool", true), ("native", false)] {
        let bench = Bench::start().await;
        let model_id = if by_tool { CLAUDE } else { OLD_CLAUDE };
        bench.converse(with(ask(model_id, "We need 12 chairs"), &json!({"outputMode": mode}))).await;
        assert_eq!(bench.body().get("toolConfig").is_some(), by_tool, "{mode}");
        assert_eq!(bench.body().get("outputConfig").is_some(), !by_tool, "{mode}");
    }
}
