//! What is large: jobs up to the size of a message, and results beyond what the engine takes.

use bedrock_connector::emulator::bedrock::Target;
use bedrock_connector::emulator::gateway::{Command, NewJob};
use serde_json::{Value, json};

use crate::support::stage::{JOB_TYPE, Stage, good_input, long_answer};

/// What the engine takes for the variables of one command, as Camunda's runtime has it.
const MAX_RESULT: usize = 1_572_864;

/// Ends one attempt at a job whose model answers with so long a text, and says how often the model was asked.
async fn end(stage: &Stage, length: usize, expression: &str) -> (Command, usize) {
    let model = format!("model-{length}");
    stage.bedrock.script(Target::model(&model), [long_answer(length).always()]);
    let job =
        NewJob::new(JOB_TYPE).variables(good_input(&model)).retries(3).header("resultExpression", expression);
    let key = stage.gateway.create_job(job);
    let command = stage.end_of_attempt(key).await;
    let exchanges = stage.bedrock.exchanges().all();
    (command, exchanges.iter().filter(|exchange| exchange.raw_path.contains(&model)).count())
}

#[tokio::test]
async fn a_result_that_the_engine_does_not_take_fails_once_and_clearly() {
    let stage = Stage::embedded(|launch| launch).await;
    let (command, calls) = end(&stage, MAX_RESULT, "={answer: response[-1].contentList[1].text}").await;
    let Command::FailJob(failure) = command else { panic!("{command:?}") };
    assert_eq!((failure.retries, calls), (0, 1));
    assert!(failure.error_message.contains("1572864"), "{}", failure.error_message);
    let variables: Value = serde_json::from_str(&failure.variables).expect("JSON");
    assert_eq!(variables["error"]["code"], json!("RESULT_TOO_LARGE"));
    assert!(failure.variables.len() < 10_000, "the failure itself is small");

    // The same answer fits when the expression takes less of it.
    let (command, calls) =
        end(&stage, MAX_RESULT + 1, "={length: string length(response[-1].contentList[1].text)}").await;
    let Command::CompleteJob(done) = command else { panic!("{command:?}") };
    assert_eq!((done.variables.as_str(), calls), (r#"{"length":1572865}"#, 1));
}

#[tokio::test]
async fn a_result_as_large_as_the_engine_takes_is_reported() {
    let stage = Stage::embedded(|launch| launch).await;
    let around = r#"{"answer":""}"#.len();
    let (command, calls) =
        end(&stage, MAX_RESULT - around, "={answer: response[-1].contentList[1].text}").await;
    let Command::CompleteJob(done) = command else { panic!("{command:?}") };
    assert_eq!((done.variables.len(), calls), (MAX_RESULT, 1));
}

#[tokio::test]
async fn a_job_as_large_as_a_message_is_worked_on() {
    let stage = Stage::embedded(|launch| launch).await;
    let mut input = good_input("m");
    let question = "y".repeat(3_500_000);
    input["data"]["newMessage"] = json!(question);
    let job = NewJob::new(JOB_TYPE).variables(input).header("resultExpression", "={turns: count(response)}");
    let key = stage.gateway.create_job(job);
    let command = stage.end_of_attempt(key).await;
    let Command::CompleteJob(done) = command else { panic!("{command:?}\n{}", stage.log()) };
    assert_eq!(done.variables, r#"{"turns":2}"#);
    let body = stage.bedrock.exchanges().all().pop().expect("a call").body;
    assert_eq!(body["messages"][0]["content"][0]["text"].as_str().map(str::len), Some(question.len()));
}
