//! The pages of the templates show the answers that tasks really give.

use bedrock_connector::cost::Amount;
use bedrock_connector::template::{self, Options};
use serde_json::{Value, json};

use super::{Bench, NOVA, cost, hello};

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

/// The parts of an answer whose own parts are always the same.
const CONTEXTS: &[&str] = &["usage", "cost", "cache", "guardrail"];

/// Compares what a real answer has with what its page shows. What is null may be left out, as what a page is not about.
fn compare(place: &str, real: &Value, sample: &Value) {
    let (Some(real), Some(sample)) = (real.as_object(), sample.as_object()) else {
        panic!("{place} is {real}, the page shows {sample}");
    };
    for (key, value) in real {
        let is_shown = sample.contains_key(key);
        assert!(is_shown || value.is_null(), "{place}.{key} is {value}, and not on the page");
    }
    for (key, shown) in sample {
        let place = format!("{place}.{key}");
        let value = real.get(key).unwrap_or_else(|| panic!("{place} is on the page alone"));
        // Without a guardrail there is nothing to say of it.
        let is_there = key != "guardrail" || !value.is_null();
        if CONTEXTS.contains(&key.as_str()) && is_there {
            compare(&place, value, shown);
        }
    }
}

#[tokio::test]
async fn the_sample_of_each_page_has_the_parts_of_a_real_answer() {
    for entry in template::all(&Options { compat_type: None, ..Options::default() }) {
        let (action, data) = data(entry.name);
        let bench = cost::priced(Bench::start().await);
        let answer = Bench::expect(bench.run(action, data).await);
        compare(entry.name, &answer, entry.sample());
    }
}

#[test]
fn the_costs_of_each_page_add_up() {
    for entry in template::all(&Options { compat_type: None, ..Options::default() }) {
        let Some(cost) = entry.sample().get("cost") else { continue };
        let amount = |key: &str| Amount::parse(&cost[key].to_string()).expect("an amount");
        let kinds = ["input", "output", "cacheRead", "cacheWrite", "images"];
        assert_eq!(kinds.into_iter().map(amount).sum::<Amount>(), amount("total"), "{}", entry.name);
        assert_eq!(amount("images") != Amount::ZERO, entry.name == "image", "{}", entry.name);
    }
}
