//! What an answer has used, wherever its model puts that.

use serde_json::Value;

use super::outgoing::{Address, Operation, Outgoing};
use super::send::Head;
use crate::cost::Usage;

/// The tokens and images of an answer; none when it is not paid by them.
pub(super) fn of(outgoing: &Outgoing, answer: &Value, head: &Head) -> Option<Usage> {
    let Address::Model { operation, .. } = outgoing.address else { return None };
    match operation {
        Operation::Converse | Operation::ConverseStream => answer.get("usage").map(of_converse),
        Operation::InvokeModel => Some(of_invoke_model(answer, head)),
        Operation::CountTokens => None,
    }
}

/// Whether the answer to a request will be paid by tokens or images.
pub(super) fn is_paid(outgoing: &Outgoing) -> bool {
    match outgoing.address {
        Address::Model { operation, .. } => operation != Operation::CountTokens,
        Address::Guardrail { .. } | Address::Description { .. } => false,
    }
}

fn of_converse(usage: &Value) -> Usage {
    let count = |key: &str| usage.get(key).and_then(Value::as_u64).unwrap_or(0);
    let details = usage.get("cacheDetails").and_then(Value::as_array).into_iter().flatten();
    let for_an_hour = details.filter(|detail| detail.get("ttl").is_some_and(|ttl| ttl == "1h"));
    Usage {
        input: count("inputTokens"),
        output: count("outputTokens"),
        cache_read: count("cacheReadInputTokens"),
        cache_write: count("cacheWriteInputTokens"),
        cache_write_hour: for_an_hour.filter_map(|detail| detail.get("inputTokens")?.as_u64()).sum(),
        images: 0,
    }
}

/// The headers count for all models; in the bodies, each maker has words of its own.
fn of_invoke_model(answer: &Value, head: &Head) -> Usage {
    let count = |path: &str| answer.pointer(path).and_then(Value::as_u64);
    let images = answer.get("images").and_then(Value::as_array);
    let images = images.map_or(0, |images| images.iter().filter(|image| image.is_string()).count());
    Usage {
        input: head
            .input_tokens
            .or(count("/inputTextTokenCount"))
            .or(count("/usage/input_tokens"))
            .unwrap_or(0),
        output: head.output_tokens.or(count("/usage/output_tokens")).unwrap_or(0),
        cache_read: head.cache_read_tokens.or(count("/usage/cache_read_input_tokens")).unwrap_or(0),
        cache_write: head.cache_write_tokens.or(count("/usage/cache_creation_input_tokens")).unwrap_or(0),
        cache_write_hour: count("/usage/cache_creation/ephemeral_1h_input_tokens").unwrap_or(0),
        images: u64::try_from(images).unwrap_or(u64::MAX),
    }
}

/// The tokens that count towards a quota; those read from a cache do not.
pub(super) fn counted_tokens(usage: Option<&Usage>) -> u64 {
    usage.map_or(0, |usage| usage.input.saturating_add(usage.output).saturating_add(usage.cache_write))
}

#[cfg(test)]
mod unit {
    use serde_json::json;

    use super::*;

    #[test]
    fn tokens_are_found_wherever_they_are() {
        let converse = Outgoing::new("m", Operation::Converse, "{}");
        let invoke = Outgoing::new("m", Operation::InvokeModel, "{}");
        let none = Head::default();
        let told = Head { input_tokens: Some(7), output_tokens: Some(9), ..Head::default() };
        let usage = |input, output| Usage { input, output, ..Usage::default() };
        let cached = json!({"usage": {
            "inputTokens": 1, "outputTokens": 2, "cacheReadInputTokens": 3, "cacheWriteInputTokens": 9,
            "cacheDetails": [{"ttl": "5m", "inputTokens": 4}, {"ttl": "1h", "inputTokens": 5}],
        }});
        let all =
            Usage { input: 1, output: 2, cache_read: 3, cache_write: 9, cache_write_hour: 5, images: 0 };
        for (outgoing, answer, head, expected) in [
            (&converse, cached, &none, Some(all)),
            (&converse, json!({}), &none, None),
            (&invoke, json!({"usage": {"input_tokens": 3, "output_tokens": 4}}), &none, Some(usage(3, 4))),
            (&invoke, json!({"usage": {"input_tokens": 3, "output_tokens": 4}}), &told, Some(usage(7, 9))),
            (&invoke, json!({"inputTextTokenCount": 5}), &none, Some(usage(5, 0))),
            (&invoke, json!({"images": ["a", "b"]}), &none, Some(Usage { images: 2, ..Usage::default() })),
            (&Outgoing::new("m", Operation::CountTokens, "{}"), json!({"inputTokens": 5}), &none, None),
            (&Outgoing::to_guardrail("g", "1", "{}"), json!({"usage": {"topicPolicyUnits": 1}}), &none, None),
        ] {
            assert_eq!(of(outgoing, &answer, head), expected, "{answer}");
        }
    }
}
