//! Answers that come as streams: the same answer, whatever happens on the way, or a clear error.

use std::time::Duration;

use bedrock_connector::emulator::bedrock::{Act, ErrorCode, Operation, Step, Target};
use serde_json::{Value, json};

use super::{Bench, CLAUDE, OLD_CLAUDE, hello, with};

fn operations(bench: &Bench) -> Vec<Operation> {
    bench.asked().iter().filter_map(|exchange| exchange.operation).collect()
}

/// A response without what is different each time.
fn lasting(mut response: Value) -> Value {
    response["requestId"].take();
    response["attempts"].take();
    response
}

#[tokio::test]
async fn a_streamed_answer_is_the_one_that_is_not_streamed() {
    let tools = json!([{"name": "weather", "inputSchema": {"type": "object", "properties": {"n": {"type": "number"}}}}]);
    for more in [
        json!({}),
        json!({"tools": tools, "newMessage": "What is the weather on day 3?"}),
        json!({"reasoning": {"budgetTokens": 1024}}),
        json!({"guardrail": {"id": "g1", "trace": "enabled"}, "newMessage": "forbidden"}),
        json!({"outputSchema": {"type": "object", "properties": {"a": {"type": "string"}}}}),
        json!({"stopSequences": ["said"], "additionalModelResponseFieldPaths": ["/stop_sequence"], "serviceTier": "flex"}),
        json!({"promptCaching": {"messages": true}, "maxTokens": 2}),
        json!({
            "citations": true, "newMessage": "When do the doors open?",
            "newDocuments": {"camunda.document.type": "inline", "name": "a.txt", "content": "The doors open at nine."},
        }),
    ] {
        let bench = Bench::start().await;
        let streamed = bench.converse(with(hello(), &more)).await;
        let plain = bench.converse(with(with(hello(), &more), &json!({"streaming": "off"}))).await;
        assert_eq!(operations(&bench), [Operation::ConverseStream, Operation::Converse], "{more}");
        assert_eq!(lasting(streamed), lasting(plain), "{more}");
        assert_eq!(bench.asked()[0].body, bench.asked()[1].body);
    }
}

/// More bytes than the answer has.
const ENOUGH: usize = 5_000;

#[tokio::test]
async fn a_stream_that_is_cut_at_any_byte_is_asked_for_again() {
    let bench = Bench::start().await;
    let whole = lasting(bench.converse(hello()).await);
    let mut cuts = 0;
    for at in 0..ENOUGH {
        bench.emulator.script(Target::Any, [Step::new(Act::Cut { at })]);
        let response = bench.converse(hello()).await;
        assert_eq!(lasting(response.clone()), whole, "cut after {at} bytes");
        // Behind the last byte there is nothing to cut.
        if response["attempts"] == 1 {
            break;
        }
        assert_eq!(response["attempts"], 2, "cut after {at} bytes");
        cuts += 1;
    }
    assert!((300..ENOUGH).contains(&cuts), "{cuts} cuts");
}

#[tokio::test]
async fn a_stream_that_is_cut_every_time_fails_clearly() {
    let bench = Bench::start().await;
    let mut failed = Vec::new();
    for at in (0..ENOUGH).step_by(13) {
        bench.emulator.exchanges().clear();
        bench.emulator.heal();
        bench.emulator.script(Target::Any, [Step::new(Act::Cut { at }).always()]);
        match bench.run("converse", hello()).await {
            Ok(_) => break,
            Err(error) => failed.push((error.code.to_string(), bench.asked().len())),
        }
    }
    // Up to its first piece it is a broken connection. Behind that, what was begun is paid, and asked for once more only.
    let begun = failed.iter().position(|(code, _)| code == "STREAM_CUT").expect("an answer that begins");
    let (before, behind) = failed.split_at(begun);
    assert!(!before.is_empty() && behind.len() > 20, "{failed:?}");
    assert!(before.iter().all(|found| *found == ("CONNECTION_FAILED".to_owned(), 4)), "{before:?}");
    assert!(behind.iter().all(|found| *found == ("STREAM_CUT".to_owned(), 2)), "{behind:?}");
}

#[tokio::test]
async fn exceptions_in_a_stream_are_what_they_are_as_answers() {
    for (after_events, code, expected) in [
        (0, ErrorCode::Throttling, Ok(2)),
        (1, ErrorCode::InternalServer, Ok(2)),
        (1, ErrorCode::ModelStreamError, Err("ModelStreamErrorException")),
        (1, ErrorCode::Validation, Err("ValidationException")),
        (2, ErrorCode::Throttling, Ok(2)),
        (3, ErrorCode::ModelStreamError, Ok(2)),
        (3, ErrorCode::Validation, Err("ValidationException")),
    ] {
        let bench = Bench::start().await;
        bench.emulator.script(Target::Any, [Step::new(Act::Exception { after_events, code })]);
        let result = bench.run("converse", hello()).await;
        let found = match &result {
            Ok(response) => Ok(response["attempts"].as_u64().expect("a number")),
            Err(error) => Err(error.code.to_string()),
        };
        assert_eq!(
            found,
            expected.map_err(str::to_owned),
            "{code:?} after {after_events} events: {result:?}"
        );
    }
}

#[tokio::test]
async fn a_silent_stream_is_given_up() {
    let idle = Duration::from_millis(100);
    for at in [0, 200] {
        let bench = Bench::with(|options| options.stream_idle = idle, None).await;
        let pause = Duration::from_secs(3600);
        bench.emulator.script(Target::Any, [Step::new(Act::Stall { at, pause })]);
        let error = bench.run("converse", hello()).await.expect_err("it is silent");
        assert_eq!(error.code.to_string(), "STREAM_SILENT", "{}", error.message);
    }
}

#[tokio::test]
async fn a_task_may_have_a_limit_of_its_own() {
    let moment = Duration::from_millis(50);
    for (task, operator, expected) in [
        ("PT5M", Duration::from_secs(60), None),
        (
            "PT0.05S",
            Duration::from_secs(60),
            Some("no answer from Bedrock within 50ms, which is all that Time limit (data.timeout) allows"),
        ),
        ("PT5M", moment, Some("no answer from Bedrock within 50ms; consider raising the limit of a call")),
    ] {
        for streaming in ["auto", "off"] {
            let bench = Bench::with(|options| options.call_limit = operator, None).await;
            if expected.is_some() {
                bench.emulator.script(Target::Any, [Step::new(Act::Hang)]);
            }
            let data = with(hello(), &json!({"timeout": task, "streaming": streaming}));
            let error = bench.run("converse", data).await.err();
            let found = error.as_ref().map(|error| (error.code.to_string(), error.message.as_str()));
            match (found, expected) {
                (None, None) => {}
                (Some((code, message)), Some(expected)) => {
                    assert_eq!(code, "CALL_TIMED_OUT");
                    assert!(message.starts_with(expected), "{message}");
                }
                (found, expected) => panic!("found {found:?}, expected {expected:?}"),
            }
        }
    }
}

#[tokio::test]
async fn without_streams_the_answer_comes_whole() {
    for (code, message) in [
        (ErrorCode::Validation, "The model does not support streaming."),
        (ErrorCode::AccessDenied, "not authorized to perform bedrock:InvokeModelWithResponseStream"),
    ] {
        let bench = Bench::start().await;
        bench.emulator.script(
            Target::model(CLAUDE),
            [Step::new(Act::FailSaying(code, message.to_owned())), Step::answer().times(2)],
        );
        let first = bench.converse(hello()).await;
        assert_eq!((&first["text"], &first["attempts"]), (&json!("You said: “Hello”"), &json!(2)));
        // It is known from then on, for this model.
        bench.converse(hello()).await;
        bench.converse(with(hello(), &json!({"modelId": OLD_CLAUDE}))).await;
        use Operation::{Converse, ConverseStream};
        assert_eq!(operations(&bench), [ConverseStream, Converse, Converse, ConverseStream]);
    }
}

#[tokio::test]
async fn the_operator_can_switch_streams_off() {
    let bench = Bench::with(|options| options.streaming = false, None).await;
    bench.converse(hello()).await;
    assert_eq!(operations(&bench), [Operation::Converse]);
}
