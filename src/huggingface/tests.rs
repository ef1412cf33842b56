//! Both directions of the translation, and streams cut anywhere.

use std::time::Duration;

use serde_json::{Value, json};

use super::stream::Parts;
use super::{Error, chat, generation};
use crate::connector::Retry;

fn body(converse: &Value) -> Value {
    chat::body("org/model", converse.to_string().as_bytes(), false).unwrap_or_else(|error| panic!("{error}"))
}

fn refused(converse: &Value) -> String {
    let refused = chat::body("org/model", converse.to_string().as_bytes(), false).expect_err("it is refused");
    assert_eq!(refused.code(), "HUGGINGFACE_UNSUPPORTED");
    refused.to_string()
}

#[test]
fn a_conversation_is_written_as_openai_writes_it() {
    let converse = json!({
        "system": [{"text": "Be brief."}, {"cachePoint": {"type": "default"}}],
        "messages": [
            {"role": "user", "content": [{"text": "What is this?"}, {"image": {"format": "png", "source": {"bytes": "AAAA"}}}]},
            {"role": "assistant", "content": [
                {"reasoningContent": {"reasoningText": {"text": "hm"}}},
                {"text": "I look."},
                {"toolUse": {"toolUseId": "t1", "name": "look", "input": {"at": "it"}}},
            ]},
            {"role": "user", "content": [
                {"toolResult": {"toolUseId": "t1", "content": [{"json": {"is": "a cat"}}]}},
                {"text": "So?"},
                {"document": {"format": "txt", "name": "notes", "source": {"bytes": "aGVsbG8="}}},
            ]},
        ],
        "inferenceConfig": {"maxTokens": 50, "temperature": 0.7, "topP": 0.9, "stopSequences": ["END"]},
        "toolConfig": {
            "tools": [
                {"toolSpec": {"name": "look", "description": "Looks", "inputSchema": {"json": {"type": "object"}}}},
                {"cachePoint": {"type": "default"}},
            ],
            "toolChoice": {"tool": {"name": "look"}},
        },
        "additionalModelRequestFields": {"seed": 7},
    });
    let tool_call =
        json!({"id": "t1", "type": "function", "function": {"name": "look", "arguments": "{\"at\":\"it\"}"}});
    assert_eq!(
        body(&converse),
        json!({
            "model": "org/model",
            "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": [
                    {"type": "text", "text": "What is this?"},
                    {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
                ]},
                {"role": "assistant", "content": "I look.", "tool_calls": [tool_call]},
                {"role": "tool", "tool_call_id": "t1", "content": "{\"is\":\"a cat\"}"},
                {"role": "user", "content": "So?\n\nnotes:\nhello"},
            ],
            "max_tokens": 50, "temperature": 0.7, "top_p": 0.9, "stop": ["END"],
            "tools": [{"type": "function", "function": {"name": "look", "description": "Looks", "parameters": {"type": "object"}}}],
            "tool_choice": {"type": "function", "function": {"name": "look"}},
            "seed": 7,
        })
    );
}

#[test]
fn a_schema_becomes_a_response_format() {
    let structure = json!({"jsonSchema": {"schema": "{\"type\":\"object\"}", "name": "claim"}});
    let converse = json!({
        "messages": [{"role": "user", "content": [{"text": "Hi"}]}],
        "outputConfig": {"textFormat": {"type": "json_schema", "structure": structure}},
    });
    let format = json!({"name": "claim", "schema": {"type": "object"}, "strict": true});
    assert_eq!(body(&converse)["response_format"], json!({"type": "json_schema", "json_schema": format}));
}

#[test]
fn what_hugging_face_has_not_is_named() {
    let asked = |more: Value| {
        let mut converse = json!({"messages": [{"role": "user", "content": [{"text": "Hi"}]}]});
        converse.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        converse
    };
    assert!(refused(&asked(json!({"guardrailConfig": {}}))).contains("the task uses guardrails"));
    assert!(refused(&asked(json!({"serviceTier": {}}))).contains("service tiers"));
    let cited = json!({"document": {
        "format": "txt", "name": "a", "source": {"bytes": "AAAA"}, "citations": {"enabled": true},
    }});
    let message = refused(&json!({"messages": [{"role": "user", "content": [cited]}]}));
    assert!(message.contains("the task uses citations of documents"), "{message}");
    let pdf = json!({"document": {"format": "pdf", "name": "a", "source": {"bytes": "AAAA"}}});
    let message = refused(&json!({"messages": [{"role": "user", "content": [pdf]}]}));
    assert!(message.contains("document (pdf)") && message.contains("txt, md, csv, html"), "{message}");
}

fn completion(message: Value, reason: &str) -> Value {
    json!({
        "id": "c1", "object": "chat.completion", "model": "org/model",
        "choices": [{"index": 0, "message": message, "finish_reason": reason}],
        "usage": {"prompt_tokens": 30, "completion_tokens": 5, "total_tokens": 35, "prompt_tokens_details": {"cached_tokens": 10}},
    })
}

#[test]
fn an_answer_is_one_of_converse() {
    let message = json!({"role": "assistant", "content": "Hello", "reasoning_content": "They greet."});
    assert_eq!(
        chat::answer(completion(message, "stop"), "org/model"),
        Ok(json!({
            "output": {"message": {"role": "assistant", "content": [
                {"reasoningContent": {"reasoningText": {"text": "They greet."}}}, {"text": "Hello"},
            ]}},
            "stopReason": "end_turn",
            "usage": {"inputTokens": 20, "outputTokens": 5, "totalTokens": 35, "cacheReadInputTokens": 10},
            "id": "c1", "object": "chat.completion", "model": "org/model",
        }))
    );
    for (reason, expected) in
        [("length", "max_tokens"), ("content_filter", "content_filtered"), ("new_reason", "new_reason")]
    {
        let answer = chat::answer(completion(json!({"content": "x"}), reason), "m").unwrap();
        assert_eq!(answer["stopReason"], expected);
    }
}

#[test]
fn tool_calls_are_read_whatever_the_reason_says() {
    let call = |arguments: Value| json!({"id": "t1", "type": "function", "function": {"name": "look", "arguments": arguments}});
    for (arguments, input) in [
        (json!("{\"a\": 1}"), json!({"a": 1})),
        (json!({"a": 1}), json!({"a": 1})),
        (json!(""), json!({})),
        (json!("{\"a\": "), json!("{\"a\": ")),
    ] {
        let message = json!({"content": null, "tool_calls": [call(arguments)]});
        let answer = chat::answer(completion(message, "stop"), "m").unwrap();
        assert_eq!(answer["stopReason"], "tool_use");
        let expected = json!([{"toolUse": {"toolUseId": "t1", "name": "look", "input": input}}]);
        assert_eq!(answer["output"]["message"]["content"], expected);
    }
}

#[test]
fn an_answer_without_a_message_is_unreadable() {
    for answer in [json!([]), json!({}), json!({"choices": []}), json!({"choices": [{}]})] {
        let error = chat::answer(answer, "org/model").expect_err("it is unreadable");
        assert_eq!(error.code(), "ANSWER_UNREADABLE");
    }
}

#[test]
fn text_generation_continues_one_text() {
    let one = json!({
        "system": [{"text": "Rhyme."}],
        "messages": [{"role": "user", "content": [{"text": "Roses are red"}]}],
        "inferenceConfig": {"maxTokens": 9, "stopSequences": ["."]},
    });
    let body = generation::body(one.to_string().as_bytes()).unwrap();
    let parameters = json!({"return_full_text": false, "details": true, "max_new_tokens": 9, "stop": ["."]});
    assert_eq!(body, json!({"inputs": "Rhyme.\n\nRoses are red", "parameters": parameters}));
    let two = json!({"messages": [{"role": "user", "content": []}, {"role": "assistant", "content": []}]});
    assert_eq!(generation::body(two.to_string().as_bytes()).unwrap_err().code(), "HUGGINGFACE_UNSUPPORTED");

    let details = json!({"finish_reason": "length", "generated_tokens": 9});
    let answer = generation::answer(json!([{"generated_text": "violets", "details": details}]), "m").unwrap();
    assert_eq!(answer["output"]["message"]["content"], json!([{"text": "violets"}]));
    assert_eq!(
        (&answer["stopReason"], &answer["usage"]),
        (&json!("max_tokens"), &json!({"outputTokens": 9}))
    );
}

#[test]
fn errors_have_codes_and_say_when_to_come_back() {
    for (status, body, code, wait) in [
        (401, json!({"error": "Invalid username or password."}), "HUGGINGFACE_UNAUTHORIZED", None),
        (402, json!({"error": "used up"}), "HUGGINGFACE_NO_CREDIT", None),
        (403, json!({"error": "no"}), "HUGGINGFACE_FORBIDDEN", None),
        (404, json!({"error": "Model not found"}), "HUGGINGFACE_NOT_FOUND", None),
        (422, json!({"error": ["one", "two"]}), "HUGGINGFACE_INVALID", None),
        (429, json!({"error": {"message": "slow down"}}), "HUGGINGFACE_THROTTLED", None),
        (
            503,
            json!({"error": "Model x is currently loading", "estimated_time": 20.5}),
            "HUGGINGFACE_LOADING",
            Some(20_500),
        ),
        (503, json!({"error": "Service Unavailable"}), "HUGGINGFACE_UNAVAILABLE", None),
        (500, json!({"message": "oops"}), "HUGGINGFACE_UNAVAILABLE", None),
        (418, json!(null), "HTTP_418", None),
    ] {
        let error = Error::of(status, body.to_string().as_bytes(), None, None);
        assert_eq!(error.code(), code, "{error}");
        assert_eq!(error.retry_after(), wait.map(Duration::from_millis), "{error}");
        assert!(error.to_string().contains(&format!("Status Code: {status}")), "{error}");
    }
    let error = Error::of(422, br#"{"error": ["one", "two"]}"#, Some("r1".into()), None);
    assert_eq!(error.to_string(), "one; two (Service: Hugging Face, Status Code: 422, Request ID: r1)");
    let error = Error::of(429, b"", None, Some(Duration::from_secs(3)));
    assert_eq!((error.retry(), error.is_throttled()), (Retry::After(Duration::from_secs(3)), true));
}

const STREAM: &[&str] = &[
    ": keep-alive",
    r#"data: {"id":"c1","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}"#,
    r#"data: {"id":"c1","choices":[{"index":0,"delta":{"content":"Hel"}}]}"#,
    r#"data:{"id":"c1","choices":[{"index":0,"delta":{"content":"lo"}}]}"#,
    r#"data: {"id":"c1","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"t1","function":{"name":"look","arguments":""}}]}}]}"#,
    r#"data: {"id":"c1","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"a\":1}"}}]}}]}"#,
    r#"data: {"id":"c1","choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}"#,
    r#"data: {"id":"c1","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}"#,
    "data: [DONE]",
];

#[test]
fn a_stream_is_put_together() {
    let mut parts = Parts::default();
    let brought: Vec<bool> = STREAM.iter().map(|line| parts.take(line.as_bytes()).unwrap()).collect();
    assert_eq!(brought, [false, false, true, true, true, true, false, false, false]);
    let answer = chat::answer(parts.whole().unwrap(), "m").unwrap();
    let tool_use = json!({"toolUseId": "t1", "name": "look", "input": {"a": 1}});
    assert_eq!(answer["output"]["message"]["content"], json!([{"text": "Hello"}, {"toolUse": tool_use}]));
    assert_eq!(answer["usage"]["totalTokens"], 7);
}

#[test]
fn a_stream_that_ends_early_is_never_half_an_answer() {
    let reason = STREAM.iter().position(|line| line.contains("\"finish_reason\":\"tool_calls\"")).unwrap();
    for end in 0..=reason {
        let mut parts = Parts::default();
        STREAM[..end].iter().for_each(|line| {
            parts.take(line.as_bytes()).unwrap();
        });
        assert!(matches!(parts.whole(), Err(Error::StreamCut { .. })), "after {end} lines");
    }
}

#[test]
fn an_error_inside_a_stream_ends_it() {
    let error =
        Parts::default().take(br#"data: {"error":{"message":"out of memory","code":500}}"#).unwrap_err();
    assert_eq!(error.to_string(), "the answer was cut in the middle: out of memory");
    assert!(matches!(Parts::default().take(b"data: {"), Err(Error::StreamCut { .. })));
}
