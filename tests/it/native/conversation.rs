//! What goes out for each feature of Converse, and the response that comes back.

use bedrock_connector::bedrock::Flavour;
use bedrock_connector::connector::Scope;
use serde_json::{Value, json};

use super::{Bench, CLAUDE, NOVA, OLD_CLAUDE, hello, with};

#[tokio::test]
async fn the_response_says_everything() {
    let bench = Bench::start().await;
    let mut response =
        bench.converse(with(hello(), &json!({"systemPrompt": "Be brief.", "maxTokens": 99}))).await;
    assert!(response["requestId"].take().is_string());
    assert_eq!(
        response,
        json!({
            "text": "You said: “Hello”",
            "json": null,
            "messages": [
                {"role": "user", "contentList": [{"text": "Hello"}]},
                {"role": "assistant", "contentList": [{"text": "You said: “Hello”"}]},
            ],
            "toolCalls": [],
            "reasoning": null,
            "citations": [],
            "stopReason": "end_turn",
            "guardrail": null,
            "usage": {
                "inputTokens": 8, "outputTokens": 6, "totalTokens": 14,
                "cache": {"readInputTokens": null, "writeInputTokens": null, "details": null},
            },
            "cost": null,
            "modelId": CLAUDE,
            "region": "eu-central-1",
            "latencyMs": 222,
            "requestId": null,
            "attempts": 1,
            "cached": false,
            "additional": {},
        })
    );
    assert_eq!(
        bench.body(),
        json!({
            "messages": [{"role": "user", "content": [{"text": "Hello"}]}],
            "system": [{"text": "Be brief."}],
            "inferenceConfig": {"maxTokens": 99},
        })
    );
}

#[tokio::test]
async fn documents_are_cited_where_that_is_asked() {
    let hours = json!({
        "camunda.document.type": "inline", "name": "hours.txt", "content": "We close at six. We open the doors at nine.",
    });
    let quoted = "hours says: “We open the doors at nine.”";
    let first = json!({
        "modelId": CLAUDE, "newMessage": "When do the doors open?", "citations": true, "newDocuments": [hours],
    });
    for streaming in ["auto", "off"] {
        let bench = Bench::start().await;
        let response = bench.converse(with(first.clone(), &json!({ "streaming": streaming }))).await;
        let place = json!({
            "title": "hours",
            "sourceContent": [{"text": "We open the doors at nine."}],
            "location": {"documentChar": {"documentIndex": 0, "start": 17, "end": 43}},
        });
        assert_eq!(response["citations"], json!([place]));
        let text = response["text"].as_str().expect("a text");
        let rest = text.strip_prefix(quoted).expect("it begins with what is cited");
        assert!(!rest.is_empty());
        let said = json!([
            {"citationsContent": {"content": [{"text": quoted}], "citations": [place]}}, {"text": rest},
        ]);
        assert_eq!(response["messages"][1]["contentList"], said);

        // In the next turn, the document is in the history, and what was cited goes back as it came.
        let next = json!({"newMessage": "Thank you.", "messagesHistory": response["messages"], "newDocuments": null});
        bench.converse(with(first.clone(), &next)).await;
        let asked = bench.asked();
        for exchange in &asked {
            let document = exchange.body.pointer("/messages/0/content/0/document").expect("a document");
            assert_eq!(document["citations"], json!({"enabled": true}));
        }
        assert_eq!(asked[1].body["messages"][1]["content"], said);
    }
    let bench = Bench::start().await;
    let response = bench.converse(with(first, &json!({ "citations": null }))).await;
    assert_eq!(response["citations"], json!([]));
    assert_eq!(bench.body().pointer("/messages/0/content/0/document/citations"), None);
}

/// One feature: what the task says, and what is in the body for it.
async fn goes_out(data: Value, expected: Value) {
    let bench = Bench::start().await;
    bench.converse(with(hello(), &data)).await;
    let mut body = bench.body();
    let members = body.as_object_mut().expect("a context");
    for (key, value) in expected.as_object().expect("entries") {
        assert_eq!(members.get(key), Some(value), "{data}: {key}");
    }
    let more: Vec<_> =
        members.keys().filter(|key| *key != "messages" && expected.get(key).is_none()).collect();
    assert!(more.is_empty(), "{data}: {more:?} also went out");
}

#[tokio::test]
async fn every_feature_goes_out_as_bedrock_wants_it() {
    let tool = json!({"name": "weather", "description": "Tells it.", "inputSchema": {"type": "object"}, "strict": true});
    let spec = json!({"toolSpec": {
        "name": "weather", "description": "Tells it.", "inputSchema": {"json": {"type": "object"}}, "strict": true,
    }});
    let point = json!({"cachePoint": {"type": "default", "ttl": "1h"}});
    for (data, expected) in [
        (json!({}), json!({})),
        (
            json!({"maxTokens": "10", "temperature": 0.7, "topP": 0.9, "stopSequences": ["a", "b"]}),
            json!({"inferenceConfig": {"maxTokens": 10, "temperature": 0.7, "topP": 0.9, "stopSequences": ["a", "b"]}}),
        ),
        (json!({"stopSequences": "###"}), json!({"inferenceConfig": {"stopSequences": ["###"]}})),
        (json!({"tools": [tool]}), json!({"toolConfig": {"tools": [spec]}})),
        (json!({"tools": json!([tool]).to_string()}), json!({"toolConfig": {"tools": [spec]}})),
        (json!({"tools": [spec]}), json!({"toolConfig": {"tools": [spec]}})),
        (
            json!({"tools": tool, "toolChoice": "any"}),
            json!({"toolConfig": {"tools": [spec], "toolChoice": {"any": {}}}}),
        ),
        (
            json!({"tools": [tool], "toolChoice": "tool", "toolChoiceName": "weather"}),
            json!({"toolConfig": {"tools": [spec], "toolChoice": {"tool": {"name": "weather"}}}}),
        ),
        (
            json!({"guardrail": {"id": "g1", "version": "3", "trace": "enabled_full"}}),
            json!({"guardrailConfig": {"guardrailIdentifier": "g1", "guardrailVersion": "3", "trace": "enabled_full"}}),
        ),
        (
            json!({"guardrail": {"id": "g1", "version": null}}),
            json!({"guardrailConfig": {"guardrailIdentifier": "g1", "guardrailVersion": "DRAFT"}}),
        ),
        (json!({"guardrail": {"id": null, "version": "DRAFT", "trace": "enabled"}}), json!({})),
        (
            json!({"systemPrompt": "s", "tools": [tool], "promptCaching": {"system": true, "tools": true, "ttl": "1h"}}),
            json!({"system": [{"text": "s"}, point], "toolConfig": {"tools": [spec, point]}}),
        ),
        (
            json!({"reasoning": {"mode": "budget", "budgetTokens": 2000}, "maxTokens": 4000}),
            json!({
                "inferenceConfig": {"maxTokens": 4000},
                "additionalModelRequestFields": {"thinking": {"type": "enabled", "budget_tokens": 2000}},
            }),
        ),
        (
            json!({"reasoning": {"effort": "high"}}),
            json!({
                "outputConfig": {"effort": "high"},
                "additionalModelRequestFields": {"thinking": {"type": "adaptive"}},
            }),
        ),
        (
            json!({"modelId": NOVA, "reasoning": {"mode": "effort", "effort": "low"}}),
            json!({"additionalModelRequestFields": {
                "reasoningConfig": {"type": "enabled", "maxReasoningEffort": "low"},
            }}),
        ),
        (
            json!({"modelId": "openai.gpt-oss-20b-1:0", "reasoning": {"effort": "low"}}),
            json!({"additionalModelRequestFields": {"reasoning_effort": "low"}}),
        ),
        (json!({"reasoning": {"mode": "off", "budgetTokens": 2000}}), json!({})),
        (
            json!({"additionalModelRequestFields": {"top_k": 5}, "additionalModelResponseFieldPaths": ["/stop_sequence"]}),
            json!({
                "additionalModelRequestFields": {"top_k": 5},
                "additionalModelResponseFieldPaths": ["/stop_sequence"],
            }),
        ),
        (
            json!({"additionalModelRequestFields": "{\"top_k\": 5}"}),
            json!({"additionalModelRequestFields": {"top_k": 5}}),
        ),
        (
            json!({"requestMetadata": {"team": "a", "n": 7}}),
            json!({"requestMetadata": {"team": "a", "n": "7"}}),
        ),
        (
            json!({"promptVariables": {"topic": "rain"}}),
            json!({"promptVariables": {"topic": {"text": "rain"}}}),
        ),
        (
            json!({"latency": "optimized", "serviceTier": "flex"}),
            json!({"performanceConfig": {"latency": "optimized"}, "serviceTier": {"type": "flex"}}),
        ),
    ] {
        goes_out(data, expected).await;
    }
}

#[tokio::test]
async fn what_is_left_empty_is_not_said() {
    let bench = Bench::start().await;
    let empty = json!({
        "systemPrompt": "", "messagesHistory": null, "toolResults": null, "newDocuments": null, "maxTokens": "",
        "temperature": null, "stopSequences": null, "tools": null, "toolChoice": "auto", "toolChoiceName": null,
        "outputSchema": null, "outputMode": "auto", "outputName": null, "guardrail": {"id": "", "version": "DRAFT"},
        "promptCaching": {"system": false, "tools": null}, "reasoning": {"mode": "off"}, "latency": "", "timeout": null,
        "additionalModelRequestFields": "", "requestMetadata": null, "serviceTier": null, "streaming": "auto",
    });
    bench.converse(with(hello(), &empty)).await;
    assert_eq!(bench.body(), json!({"messages": [{"role": "user", "content": [{"text": "Hello"}]}]}));
}

#[tokio::test]
async fn a_tool_loop_goes_round_twice() {
    let bench = Bench::start().await;
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}});
    let tools = json!([
        {"name": "weather", "description": "Tells the weather.", "inputSchema": schema},
        {"name": "packing", "description": "Says what to pack.", "inputSchema": schema},
    ]);
    let first = bench
        .converse(
            json!({"modelId": OLD_CLAUDE, "newMessage": "What is the weather in Rome?", "tools": tools}),
        )
        .await;
    assert_eq!(first["stopReason"], "tool_use");
    assert_eq!(
        first["toolCalls"],
        json!([{"id": "tooluse_weather_1", "name": "weather", "input": {"city": "What is the weather in Rome?"}}])
    );
    let results = json!([{"toolUseId": first["toolCalls"][0]["id"], "content": {"rain": true}}]);
    let second = bench
        .converse(json!({
            "modelId": OLD_CLAUDE, "messagesHistory": first["messages"], "toolResults": results, "tools": tools,
        }))
        .await;
    assert_eq!(second["text"], "The tool says: {\"rain\":true} This is turn 2 of our conversation.");
    let third = bench
        .converse(json!({
            "modelId": OLD_CLAUDE, "messagesHistory": second["messages"], "newMessage": "And the packing?", "tools": tools,
        }))
        .await;
    assert_eq!(third["toolCalls"][0]["name"], "packing");
    let results =
        json!([{"toolUseId": third["toolCalls"][0]["id"], "content": "an umbrella", "status": "success"}]);
    let fourth = bench
        .converse(json!({
            "modelId": OLD_CLAUDE, "messagesHistory": third["messages"], "toolResults": results, "tools": tools,
        }))
        .await;
    assert!(fourth["text"].as_str().is_some_and(|text| text.contains("an umbrella")), "{fourth}");
    let sent = &bench.asked()[3].body["messages"];
    assert_eq!(sent[1]["content"][1]["toolUse"]["name"], "weather");
    assert_eq!(
        sent[2]["content"],
        json!([{"toolResult": {"toolUseId": "tooluse_weather_1", "content": [{"json": {"rain": true}}]}}])
    );
    assert_eq!(sent[6]["content"][0]["toolResult"]["status"], "success");
}

#[tokio::test]
async fn documents_and_images_go_with_the_message() {
    let bench = Bench::start().await;
    let inline = |name: &str, content: &str| json!({"camunda.document.type": "inline", "name": name, "content": content});
    let documents = json!([inline("shop.txt", "We open the doors at nine."), inline("a.png", "x")]);
    let response = bench
        .converse(json!({
            "modelId": CLAUDE, "newMessage": "When do the doors open?", "newDocuments": documents,
            "promptCaching": {"messages": true},
        }))
        .await;
    assert!(
        response["text"].as_str().is_some_and(|text| text.starts_with("shop says: “We open")),
        "{response}"
    );
    assert_eq!(response["messages"][0]["contentList"][0]["document"], documents[0]);
    assert_eq!(
        bench.body()["messages"][0]["content"],
        json!([
            {"document": {"format": "txt", "name": "shop", "source": {"bytes": "V2Ugb3BlbiB0aGUgZG9vcnMgYXQgbmluZS4="}}},
            {"image": {"format": "png", "source": {"bytes": "eA=="}}},
            {"text": "When do the doors open?"},
            {"cachePoint": {"type": "default"}},
        ])
    );
    assert_eq!(response["usage"]["cache"]["readInputTokens"], 0);
    assert_eq!(response["usage"]["cache"]["writeInputTokens"], response["usage"]["inputTokens"]);
}

#[tokio::test]
async fn reasoning_is_told_and_goes_back_with_its_signature() {
    let bench = Bench::start().await;
    let first = bench.converse(with(hello(), &json!({"reasoning": {"budgetTokens": 1024}}))).await;
    assert_eq!(first["reasoning"], "They ask: Hello");
    assert_eq!(first["text"], "You said: “Hello”");
    bench
        .converse(json!({"modelId": CLAUDE, "newMessage": "More", "messagesHistory": first["messages"]}))
        .await;
    assert_eq!(
        bench.asked()[1].body["messages"][1]["content"][0],
        json!({"reasoningContent": {"reasoningText": {"text": "They ask: Hello", "signature": "ZW11bGF0ZWQ="}}})
    );
}

#[tokio::test]
async fn a_guardrail_that_steps_in_is_told() {
    let bench = Bench::start().await;
    let guardrail = json!({"guardrail": {"id": "g1", "version": "1", "trace": "enabled"}});
    let response =
        bench.converse(with(json!({"modelId": CLAUDE, "newMessage": "a forbidden thing"}), &guardrail)).await;
    assert_eq!(response["stopReason"], "guardrail_intervened");
    assert_eq!(response["guardrail"]["intervened"], true);
    assert_eq!(response["guardrail"]["trace"]["actionReason"], "BLOCKED");
    let response = bench.converse(with(hello(), &guardrail)).await;
    assert_eq!(response["guardrail"]["intervened"], false);
}

#[tokio::test]
async fn what_bedrock_adds_passes_through() {
    let bench = Bench::start().await;
    let response = bench
        .converse(with(
            hello(),
            &json!({
                "serviceTier": "flex", "stopSequences": ["said"],
                "additionalModelResponseFieldPaths": ["/stop_sequence"],
            }),
        ))
        .await;
    assert_eq!(response["stopReason"], "stop_sequence");
    assert_eq!(
        response["additional"],
        json!({"additionalModelResponseFields": {"stop_sequence": "said"}, "serviceTier": {"type": "flex"}})
    );
}

#[tokio::test]
async fn an_answer_that_is_used_again_says_so() {
    let native = Bench::start().await;
    let answer = native.converse(hello()).await;
    assert_eq!(answer["cached"], false);
    let again = native.bind(&Scope::default(), "converse", hello()).expect("a call").reused(answer.clone());
    assert_eq!(again["cached"], true);
    assert_eq!((&again["text"], &again["requestId"]), (&answer["text"], &answer["requestId"]));
    // Camunda's own shape has no place for it.
    let compat = Bench::of_flavour(Flavour::Compat).await;
    let answer = json!([{"role": "assistant", "contentList": []}]);
    let call = compat.bind(&Scope::default(), "converse", hello()).expect("a call");
    assert_eq!(call.reused(answer.clone()), answer);
}
