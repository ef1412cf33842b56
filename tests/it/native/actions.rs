//! The actions beside Converse.

use std::sync::{Arc, Mutex};

use bedrock_connector::documents::{Error, NewDocument, Reference, Share, Store};
use bedrock_connector::emulator::bedrock::{Act, Canned, Operation, Step, Target};
use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use super::{Bench, CLAUDE, with};

/// Keeps what it is given, and is away the first time.
#[derive(Debug, Default)]
struct Shelf(Mutex<Vec<NewDocument>>, Mutex<bool>);

impl Store for Shelf {
    fn fetch<'a>(&'a self, _: &'a Reference, _: &'a mut Share) -> BoxFuture<'a, Result<Bytes, Error>> {
        std::future::ready(Ok(Bytes::new())).boxed()
    }

    fn link<'a>(&'a self, _: &'a Reference, _: Option<&'a str>) -> BoxFuture<'a, Result<String, Error>> {
        std::future::ready(Ok(String::new())).boxed()
    }

    fn create(&self, document: NewDocument) -> BoxFuture<'_, Result<Reference, Error>> {
        let result = if std::mem::replace(&mut *self.1.lock().unwrap(), true) {
            let reference = Reference::Stored {
                store_id: None,
                document_id: document.name.clone(),
                content_hash: None,
                metadata: json!({"contentType": document.content_type}),
            };
            self.0.lock().unwrap().push(document);
            Ok(reference)
        } else {
            Err(Error::NotStored { status: 503 })
        };
        std::future::ready(result).boxed()
    }
}

async fn run(bench: &Bench, action: &str, data: Value) -> Value {
    Bench::expect(bench.run(action, data).await)
}

#[tokio::test]
async fn a_payload_goes_out_and_its_answer_comes_back() {
    let bench = Bench::start().await;
    let payload = json!({"anthropic_version": "bedrock-2023-05-31", "max_tokens": 50, "messages": [{"role": "user", "content": "Hi"}]});
    let data = json!({
        "modelId": CLAUDE, "payload": payload, "guardrail": {"id": "g1", "version": "2", "trace": "enabled"},
        "latency": "optimized", "serviceTier": "priority", "requestMetadata": {"team": "Schäden"},
    });
    let response = run(&bench, "invokeModel", data).await;
    assert_eq!(response["body"]["content"][0]["text"], "You said: “Hi”");
    assert_eq!(response["contentType"], "application/json");
    assert_eq!(response["guardrail"], json!({"intervened": false, "trace": {"guardrail": {"input": {}}}}));
    assert_eq!(response["usage"]["totalTokens"], 9);
    let asked = &bench.asked()[0];
    assert_eq!(asked.body, payload);
    for (name, expected) in [
        ("content-type", "application/json"),
        ("accept", "application/json"),
        ("x-amzn-bedrock-guardrailidentifier", "g1"),
        ("x-amzn-bedrock-guardrailversion", "2"),
        ("x-amzn-bedrock-trace", "ENABLED"),
        ("x-amzn-bedrock-performanceconfig-latency", "optimized"),
        ("x-amzn-bedrock-service-tier", "priority"),
        ("x-amzn-bedrock-request-metadata", r#"{"team":"Sch\u00e4den"}"#),
    ] {
        assert_eq!(asked.headers.get(name).map(String::as_str), Some(expected), "{name}");
    }
}

#[tokio::test]
async fn other_types_than_json_go_out_and_come_back() {
    let bench = Bench::start().await;
    for (content_type, body, expected) in [
        ("text/plain; charset=utf-8", "Grüße", json!("Grüße")),
        ("image/png", "x", json!("eA==")),
        ("application/json", "[1]", json!([1])),
    ] {
        let canned = Canned { content_type: Some(content_type.to_owned()), ..Canned::json(200, body) };
        bench.emulator.script(Target::Any, [Step::new(Act::Respond(canned))]);
        let data = json!({"modelId": "m", "payload": "plain words", "contentType": "text/plain", "accept": content_type});
        let response = run(&bench, "invokeModel", data).await;
        assert_eq!((&response["body"], &response["contentType"]), (&expected, &json!(content_type)));
    }
    let asked = &bench.asked()[0];
    assert_eq!(asked.body_text, "plain words");
    assert_eq!(asked.headers["content-type"], "text/plain");
}

#[tokio::test]
async fn embeddings_have_one_shape() {
    for (model_id, dimensions, requests, tokens) in [
        ("amazon.titan-embed-text-v1", None, 3, 14),
        ("amazon.titan-embed-text-v2:0", Some(256), 3, 14),
        ("amazon.titan-embed-image-v1", None, 3, 14),
        ("amazon.nova-2-multimodal-embeddings-v1:0", Some(384), 3, 14),
        ("cohere.embed-english-v3", None, 1, 7),
        ("eu.cohere.embed-v4:0", Some(256), 1, 7),
    ] {
        let bench = Bench::start().await;
        let mut data =
            json!({"modelId": model_id, "texts": ["one", "two words", "one"], "inputType": "search_query"});
        if let Some(dimensions) = dimensions {
            data["dimensions"] = json!(dimensions);
        }
        let response = run(&bench, "embed", data).await;
        let vectors = response["embeddings"].as_array().expect("a list");
        assert_eq!(vectors.len(), 3, "{model_id}");
        assert_eq!(vectors[0], vectors[2], "{model_id}: in the order of the texts");
        assert_ne!(vectors[0], vectors[1]);
        assert_eq!(response["dimensions"], dimensions.unwrap_or(1024), "{model_id}");
        assert_eq!(vectors[0].as_array().map(Vec::len), Some(dimensions.unwrap_or(1024)));
        assert_eq!(bench.asked().len(), requests, "{model_id}");
        assert_eq!(response["attempts"], requests);
        assert_eq!(response["usage"]["inputTokens"], tokens, "{model_id}");
    }
}

#[tokio::test]
async fn nova_is_told_what_each_vector_is_for() {
    let bench = Bench::start().await;
    let model_id = "amazon.nova-2-multimodal-embeddings-v1:0";
    for (purpose, truncate, expected) in [
        (None, None, ("GENERIC_INDEX", "END")),
        (Some("search_query"), Some("NONE"), ("TEXT_RETRIEVAL", "NONE")),
        (Some("classification"), Some("START"), ("CLASSIFICATION", "START")),
        (Some("clustering"), Some("END"), ("CLUSTERING", "END")),
    ] {
        bench.emulator.exchanges().clear();
        let data = json!({"modelId": model_id, "texts": "one", "inputType": purpose, "truncate": truncate});
        assert_eq!(run(&bench, "embed", data).await["dimensions"], 3072);
        assert_eq!(
            bench.body(),
            json!({
                "schemaVersion": "nova-multimodal-embed-v1",
                "taskType": "SINGLE_EMBEDDING",
                "singleEmbeddingParams": {
                    "embeddingPurpose": expected.0,
                    "text": {"truncationMode": expected.1, "value": "one"},
                },
            })
        );
    }
}

#[tokio::test]
async fn many_texts_are_batched() {
    let bench = Bench::start().await;
    let texts: Vec<_> = (0..200).map(|number| format!("text {number}")).collect();
    let response = run(&bench, "embed", json!({"modelId": "cohere.embed-english-v3", "texts": texts})).await;
    assert_eq!(response["embeddings"].as_array().map(Vec::len), Some(200));
    let sizes: Vec<_> =
        bench.asked().iter().filter_map(|asked| asked.body["texts"].as_array().map(Vec::len)).collect();
    assert_eq!(sizes.iter().sum::<usize>(), 200);
    assert!(sizes.len() == 3 && sizes.iter().all(|size| *size <= 96), "{sizes:?}");
}

#[tokio::test]
async fn images_come_as_documents_or_base64() {
    let shelf = Arc::new(Shelf::default());
    let bench = Bench::with(|_| {}, Some(Arc::clone(&shelf) as Arc<dyn Store>)).await;
    let data = json!({
        "modelId": "amazon.nova-canvas-v1:0", "prompt": "A lighthouse", "negativePrompt": "people", "count": 2,
        "width": 512, "height": "512", "quality": "premium", "guidance": 6.5, "seed": 7, "fileName": "light",
    });
    let response = run(&bench, "image", data.clone()).await;
    assert_eq!(response["images"][0]["documentId"], "light-1.png");
    assert_eq!(response["images"][1]["camunda.document.type"], "camunda");
    assert_eq!(bench.asked().len(), 1, "a store that is away for a moment costs no second image");
    let stored = shelf.0.lock().unwrap().clone();
    assert_eq!(stored.len(), 2);
    assert!(stored[0].content.starts_with(b"\x89PNG") && stored[0].content_type == "image/png");
    assert_eq!(
        bench.body(),
        json!({
            "taskType": "TEXT_IMAGE",
            "textToImageParams": {"text": "A lighthouse", "negativeText": "people"},
            "imageGenerationConfig": {
                "numberOfImages": 2, "width": 512, "height": 512, "quality": "premium", "cfgScale": 6.5, "seed": 7,
            },
        })
    );
    let response = run(&bench, "image", with(data, &json!({"imageResult": "base64"}))).await;
    assert_eq!(response["images"][0]["contentType"], "image/png");
    assert!(response["images"][0]["base64"].as_str().is_some_and(|text| text.starts_with("iVBORw0KGgo")));
}

#[tokio::test]
async fn stability_draws_too() {
    let bench = Bench::start().await;
    let data = json!({
        "modelId": "stability.stable-image-core-v1:1", "prompt": "A lighthouse", "aspectRatio": "16:9", "seed": 7,
        "imageFormat": "jpeg", "imageResult": "base64",
    });
    let response = run(&bench, "image", data).await;
    assert_eq!((&response["seeds"], &response["finishReasons"]), (&json!([7]), &json!([null])));
    assert_eq!(response["images"][0]["contentType"], "image/jpeg");
    assert_eq!(
        bench.body(),
        json!({"prompt": "A lighthouse", "aspect_ratio": "16:9", "seed": 7, "output_format": "jpeg"})
    );
}

/// What the template for images writes before anybody has touched it.
fn untouched() -> Value {
    let template: Value =
        serde_json::from_str(include_str!("../../../element-templates/image.json")).unwrap();
    let fields = template["properties"].as_array().expect("fields");
    let default = |id: &Value| fields.iter().find(|field| field["id"] == *id).map(|field| &field["value"]);
    let shown = |field: &&Value| match field.get("condition") {
        None => true,
        Some(condition) => default(&condition["property"]) == condition.get("equals"),
    };
    let written = fields.iter().filter(shown).filter_map(|field| {
        let name = field["binding"]["name"].as_str()?.strip_prefix("data.")?;
        Some((name.to_owned(), field.get("value")?.clone()))
    });
    Value::Object(written.collect())
}

#[tokio::test]
async fn what_the_template_says_of_itself_suits_the_models_of_each_family() {
    assert_eq!(untouched(), json!({"quality": "standard", "imageResult": "document"}));
    for (model_id, body) in [
        ("stability.sd3-5-large-v1:0", json!({"prompt": "A lighthouse"})),
        (
            "amazon.nova-canvas-v1:0",
            json!({
                "taskType": "TEXT_IMAGE", "textToImageParams": {"text": "A lighthouse"},
                "imageGenerationConfig": {"numberOfImages": 1, "quality": "standard"},
            }),
        ),
    ] {
        let bench = Bench::start().await;
        let chosen = json!({"modelId": model_id, "prompt": "A lighthouse", "imageResult": "base64"});
        run(&bench, "image", with(untouched(), &chosen)).await;
        assert_eq!(bench.body(), body);
    }
}

#[tokio::test]
async fn what_is_answered_beyond_all_this_passes_through() {
    let bench = Bench::start().await;
    for (action, model_id, answer, additional) in [
        (
            "embed",
            "amazon.titan-embed-text-v2:0",
            json!({"embedding": [1], "embeddingsByType": {"float": [1]}, "inputTextTokenCount": 1, "novel": [2]}),
            json!({"novel": [2]}),
        ),
        (
            "embed",
            "cohere.embed-english-v3",
            json!({"id": "c1", "response_type": "embeddings_floats", "embeddings": [[1]], "texts": ["x"], "novel": 3}),
            json!({"id": "c1", "novel": 3}),
        ),
        (
            "image",
            "amazon.nova-canvas-v1:0",
            json!({"images": ["eA=="], "error": null, "maskImage": "eQ=="}),
            json!({"maskImage": "eQ=="}),
        ),
        (
            "image",
            "amazon.nova-canvas-v1:0",
            json!({"images": ["eA=="], "error": "one was blocked"}),
            json!({"error": "one was blocked"}),
        ),
        (
            "image",
            "stability.sd3-5-large-v1:0",
            json!({"images": ["eA=="], "seeds": [1], "finish_reasons": [null], "novel": {"a": 1}}),
            json!({"novel": {"a": 1}}),
        ),
    ] {
        bench.emulator.script(Target::Any, [Step::new(Act::Respond(Canned::json(200, answer.to_string())))]);
        let data = json!({"modelId": model_id, "texts": "x", "prompt": "x", "imageResult": "base64"});
        let response = run(&bench, action, data).await;
        assert_eq!(response["additional"], additional, "{answer}");
    }
}

#[tokio::test]
async fn an_image_that_is_refused_or_cannot_be_kept_is_an_error() {
    let bench = Bench::start().await;
    let ask = |model_id: &str, more: &Value| {
        with(json!({"modelId": model_id, "prompt": "something forbidden", "imageResult": "base64"}), more)
    };
    for (model_id, reason) in [
        ("amazon.nova-canvas-v1:0", "This request is blocked by the content filter of the emulator."),
        ("stability.sd3-5-large-v1:0", "Filter reason: prompt"),
    ] {
        let error = bench.run("image", ask(model_id, &json!({}))).await.expect_err("it is refused");
        assert_eq!(error.code.to_string(), "IMAGE_MISSING");
        assert!(error.message.ends_with(reason), "{}", error.message);
    }
    let before = bench.asked().len();
    let data = ask("amazon.nova-canvas-v1:0", &json!({"imageResult": "document"}));
    let error = bench.run("image", data).await.expect_err("there is no store");
    assert!(error.message.contains("take base64 as the image result"), "{}", error.message);
    assert_eq!(bench.asked().len(), before, "nothing is paid for an image that has no place");
}

#[tokio::test]
async fn tokens_are_counted_as_the_answer_counts_them() {
    let bench = Bench::start().await;
    let data = json!({
        "modelId": CLAUDE, "newMessage": "Hello", "systemPrompt": "Be brief.",
        "tools": [{"name": "f", "inputSchema": {"type": "object"}}],
    });
    let counted = run(&bench, "countTokens", data.clone()).await;
    let answered = bench.converse(data).await;
    assert_eq!(counted["inputTokens"], answered["usage"]["inputTokens"]);
    assert_eq!(bench.asked()[0].operation, Some(Operation::CountTokens));
    let payload = json!({"anthropic_version": "x", "max_tokens": 5, "messages": [{"role": "user", "content": "Hello"}]});
    let counted = run(&bench, "countTokens", json!({"modelId": CLAUDE, "payload": payload})).await;
    assert_eq!(counted["inputTokens"], 5);
}

#[tokio::test]
async fn a_guardrail_looks_at_texts() {
    let bench = Bench::start().await;
    let data = |texts: Value| json!({"guardrail": {"id": "g/1", "version": "3"}, "texts": texts, "source": "OUTPUT", "outputScope": "FULL"});
    let passed = run(&bench, "applyGuardrail", data(json!("fine"))).await;
    assert_eq!((&passed["intervened"], &passed["texts"]), (&json!(false), &json!(["fine"])));
    let blocked = run(&bench, "applyGuardrail", data(json!(["fine", "forbidden"]))).await;
    assert_eq!(blocked["action"], "GUARDRAIL_INTERVENED");
    assert_eq!(blocked["texts"], json!(["This guardrail does not let that pass."]));
    assert_eq!(blocked["assessments"][0]["wordPolicy"]["customWords"][0]["match"], "forbidden");
    assert_eq!((&blocked["guardrailId"], &blocked["modelId"]), (&json!("g/1"), &Value::Null));
    let asked = &bench.asked()[1];
    assert_eq!(asked.raw_path, "/guardrail/g%2F1/version/3/apply");
    assert_eq!(
        asked.body,
        json!({
            "source": "OUTPUT", "outputScope": "FULL",
            "content": [{"text": {"text": "fine"}}, {"text": {"text": "forbidden"}}],
        })
    );
}
