//! The pages of the templates show the answers that tasks really give.

use bedrock_connector::template::{self, Options};
use serde_json::{Value, json};

use super::{Bench, NOVA, hello};

/// What a task of each template sends.
fn data(template: &str) -> (&'static str, Value) {
    match template {
        "converse" => ("converse", hello()),
        "invoke-model" => (
            "invokeModel",
            json!({"modelId": NOVA, "payload": {"messages": [{"role": "user", "content": [{"text": "Hello"}]}]}}),
        ),
        "embeddings" => {
            ("embed", json!({"modelId": "amazon.titan-embed-text-v2:0", "texts": ["one", "two"]}))
        }
        "image" => (
            "image",
            json!({"modelId": "amazon.nova-canvas-v1:0", "prompt": "A lighthouse", "imageResult": "base64"}),
        ),
        "count-tokens" => ("countTokens", hello()),
        "guardrail" => ("applyGuardrail", json!({"guardrail": {"id": "g1"}, "texts": ["fine"]})),
        other => panic!("how is {other} tried?"),
    }
}

#[tokio::test]
async fn the_sample_of_each_page_has_the_parts_of_a_real_answer() {
    for entry in template::all(&Options { compat_type: None, ..Options::default() }) {
        let (action, data) = data(entry.name);
        let answer = Bench::expect(Bench::start().await.run(action, data).await);
        let parts = |value: &Value| {
            let parts = value.as_object().expect("a context").iter();
            // Where there is no model, its id says nothing.
            let mut parts: Vec<_> = parts
                .filter(|(key, value)| *key != "modelId" || !value.is_null())
                .map(|(key, _)| key.clone())
                .collect();
            parts.sort();
            parts
        };
        assert_eq!(parts(&answer), parts(entry.sample()), "{}", entry.name);
        let inside = |value: &Value| parts(&value["usage"]);
        assert_eq!(inside(&answer), inside(entry.sample()), "{}", entry.name);
    }
}
