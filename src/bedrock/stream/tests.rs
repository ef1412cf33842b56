//! Streams as they come, whole and broken.

use std::time::Duration;

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use bytes::Bytes;
use serde_json::{Value, json};

use super::{Limits, read};
use crate::bedrock::Error;

const LIMITS: Limits<'_> = Limits { idle: Duration::from_secs(60), max_bytes: 100_000, model_id: "m" };

fn frame(headers: &[(&'static str, &'static str)], payload: &Value) -> Vec<u8> {
    let message =
        headers.iter().fold(Message::new(Bytes::from(payload.to_string())), |message, (name, value)| {
            message.add_header(Header::new(*name, HeaderValue::String((*value).into())))
        });
    let mut frame = Vec::new();
    write_message_to(&message, &mut frame).expect("a frame");
    frame
}

fn event(name: &'static str, payload: &Value) -> Vec<u8> {
    frame(&[(":message-type", "event"), (":event-type", name)], payload)
}

fn delta(index: u64, delta: &Value) -> Vec<u8> {
    event("contentBlockDelta", &json!({"contentBlockIndex": index, "delta": delta}))
}

/// An answer with every kind of block.
fn events() -> Vec<Vec<u8>> {
    let start = |index: u64, start: Value| {
        event("contentBlockStart", &json!({"contentBlockIndex": index, "start": start}))
    };
    vec![
        event("messageStart", &json!({"role": "assistant"})),
        delta(0, &json!({"reasoningContent": {"text": "Let me "}})),
        delta(0, &json!({"reasoningContent": {"text": "think."}})),
        delta(0, &json!({"reasoningContent": {"signature": "c2ln"}})),
        event("contentBlockStop", &json!({"contentBlockIndex": 0})),
        delta(1, &json!({"text": "Grüße, "})),
        delta(1, &json!({"text": "Welt"})),
        event("contentBlockStop", &json!({"contentBlockIndex": 1})),
        delta(2, &json!({"text": "At nine."})),
        delta(2, &json!({"citation": {"title": "shop"}})),
        event("contentBlockStop", &json!({"contentBlockIndex": 2})),
        start(3, json!({"toolUse": {"toolUseId": "t1", "name": "pay"}})),
        delta(3, &json!({"toolUse": {"input": "{\"amount\": 12345678901"}})),
        delta(3, &json!({"toolUse": {"input": "234567890}"}})),
        event("contentBlockStop", &json!({"contentBlockIndex": 3})),
        event("somethingNew", &json!({"x": 1})),
        event("messageStop", &json!({"stopReason": "tool_use", "additionalModelResponseFields": {"a": 1}})),
        event(
            "metadata",
            &json!({"usage": {"inputTokens": 3, "outputTokens": 9}, "metrics": {"latencyMs": 7}}),
        ),
    ]
}

fn whole() -> Value {
    json!({
        "output": {"message": {"role": "assistant", "content": [
            {"reasoningContent": {"reasoningText": {"text": "Let me think.", "signature": "c2ln"}}},
            {"text": "Grüße, Welt"},
            {"citationsContent": {"content": [{"text": "At nine."}], "citations": [{"title": "shop"}]}},
            {"toolUse": {"toolUseId": "t1", "name": "pay", "input": {"amount": serde_json::from_str::<Value>("12345678901234567890").expect("a number")}}},
        ]}},
        "stopReason": "tool_use",
        "additionalModelResponseFields": {"a": 1},
        "usage": {"inputTokens": 3, "outputTokens": 9},
        "metrics": {"latencyMs": 7},
    })
}

async fn read_bytes(bytes: &[u8]) -> Result<Value, Error> {
    read(ByteStream::new(SdkBody::from(bytes.to_vec())), LIMITS, || {}).await
}

#[tokio::test]
async fn events_make_the_answer_that_converse_gives() {
    assert_eq!(read_bytes(&events().concat()).await.expect("an answer"), whole());
}

#[tokio::test]
async fn a_stream_that_is_cut_anywhere_is_never_half_an_answer() {
    let bytes = events().concat();
    // Up to its first piece it is a broken connection, which may be made again; behind that it is a cut answer.
    let first = events().iter().take(2).map(Vec::len).sum::<usize>();
    for end in 0..bytes.len() {
        match read_bytes(&bytes[..end]).await {
            Err(Error::Connection { .. }) => assert!(end < first, "cut after {end} of {first}"),
            Err(Error::StreamCut { .. }) => assert!(end >= first, "cut after {end} of {first}"),
            other => panic!("cut after {end} bytes: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_byte_that_is_changed_on_the_way_is_noticed() {
    let bytes = events().concat();
    for place in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[place] ^= 0x10;
        match read_bytes(&damaged).await {
            Err(Error::Connection { .. } | Error::StreamCut { .. }) => {}
            other => panic!("byte {place} changed: {other:?}"),
        }
    }
}

#[tokio::test]
async fn the_first_piece_is_told_once() {
    let mut told = 0;
    let stream = ByteStream::new(SdkBody::from(events().concat()));
    read(stream, LIMITS, || told += 1).await.expect("an answer");
    assert_eq!(told, 1);
}

#[tokio::test]
async fn exceptions_count_as_plain_errors_until_the_answer_begins() {
    let exception = frame(
        &[(":message-type", "exception"), (":exception-type", "throttlingException")],
        &json!({"message": "slow down"}),
    );
    let begin = events().swap_remove(0);
    match read_bytes(&[begin, exception.clone()].concat()).await {
        Err(Error::Service { status: 429, code, message, .. }) => {
            assert_eq!((code.as_str(), message.as_str()), ("ThrottlingException", "slow down"));
        }
        other => panic!("{other:?}"),
    }
    let begun: Vec<u8> = events().into_iter().take(6).flatten().collect();
    match read_bytes(&[begun, exception].concat()).await {
        Err(error @ Error::StreamCut { .. }) => assert_eq!(error.code(), "ThrottlingException"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_answer_beyond_the_limit_is_not_collected() {
    let stream = ByteStream::new(SdkBody::from(events().concat()));
    let result = read(stream, Limits { max_bytes: 500, ..LIMITS }, || {}).await;
    assert!(matches!(result, Err(Error::TooLarge { limit: 500, .. })), "{result:?}");
}

#[tokio::test]
async fn a_tool_that_the_model_did_not_finish_asking_for_keeps_what_there_is() {
    let events = [
        event("messageStart", &json!({"role": "assistant"})),
        event(
            "contentBlockStart",
            &json!({"contentBlockIndex": 0, "start": {"toolUse": {"toolUseId": "t", "name": "f"}}}),
        ),
        delta(0, &json!({"toolUse": {"input": "{\"a\": [1, "}})),
        event("messageStop", &json!({"stopReason": "max_tokens"})),
        event("metadata", &json!({})),
    ];
    let answer = read_bytes(&events.concat()).await.expect("an answer");
    assert_eq!(answer.pointer("/output/message/content/0/toolUse/input"), Some(&json!("{\"a\": [1, ")));
}
