//! What all responses have in common: what was called, how often, how long it took, and what it used.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::bedrock::call::{Asked, BedrockCall};
use crate::cost::Cost;

/// The requests that one response took.
#[derive(Debug, Default)]
pub(super) struct Tally {
    attempts: u32,
    took: Duration,
    /// As the model itself measured; none when an answer did not tell.
    latency_ms: Option<u64>,
    request_id: Option<String>,
    /// Those of the last request.
    region: String,
    upstream: Option<String>,
    usage: Map<String, Value>,
    /// None: one of them has no price.
    cost: Option<Cost>,
    /// How many of them earlier attempts had paid.
    noted: u32,
    requests: u32,
}

impl Tally {
    /// Adds a request. Its usage, when it has some, is added number by number.
    pub(super) fn add(&mut self, asked: &Asked, usage: Option<&Value>) {
        let is_first = self.requests == 0;
        self.requests += 1;
        self.noted += u32::from(asked.is_noted);
        self.attempts += asked.attempts;
        self.took += asked.took;
        let latency = asked.value.pointer("/metrics/latencyMs").and_then(Value::as_u64);
        self.latency_ms = match (is_first, self.latency_ms, latency) {
            (true, _, latency) => latency,
            (false, Some(sum), Some(latency)) => Some(sum + latency),
            (false, ..) => None,
        };
        self.cost = match (is_first, self.cost.take(), &asked.cost) {
            (true, _, cost) => cost.clone(),
            (false, Some(sum), Some(cost)) => sum.and(cost),
            (false, ..) => None,
        };
        self.request_id.clone_from(&asked.head.request_id);
        self.region.clone_from(&asked.region);
        self.upstream.clone_from(&asked.upstream);
        match usage {
            Some(Value::Object(usage)) => usage.iter().for_each(|(key, value)| self.add_usage(key, value)),
            _ => self.add_head(asked),
        }
    }

    /// What InvokeModel counts in the headers of its answer.
    fn add_head(&mut self, asked: &Asked) {
        for (key, count) in
            [("inputTokens", asked.head.input_tokens), ("outputTokens", asked.head.output_tokens)]
        {
            if let Some(count) = count {
                self.add_usage(key, &count.into());
            }
        }
    }

    pub(super) fn add_usage(&mut self, key: &str, value: &Value) {
        let sum = match (self.usage.get(key).and_then(Value::as_u64), value.as_u64()) {
            (Some(sum), Some(more)) => json!(sum.saturating_add(more)),
            _ => value.clone(),
        };
        self.usage.insert(key.to_owned(), sum);
    }

    fn count(&self, key: &str) -> Option<u64> {
        self.usage.get(key).and_then(Value::as_u64)
    }

    /// The tokens, in one shape for all actions. What Bedrock tells beyond that stays.
    fn usage(&self) -> Value {
        const CACHE: [(&str, &str); 3] = [
            ("cacheReadInputTokens", "readInputTokens"),
            ("cacheWriteInputTokens", "writeInputTokens"),
            ("cacheDetails", "details"),
        ];
        if self.usage.is_empty() {
            return Value::Null;
        }
        let mut usage = self.usage.clone();
        let known = |key: &str| self.usage.get(key).cloned().unwrap_or_default();
        let total = match self.count("totalTokens") {
            Some(total) => Some(total),
            None => self.count("inputTokens").map(|input| input + self.count("outputTokens").unwrap_or(0)),
        };
        let cache: Map<_, _> = CACHE.iter().map(|(key, name)| ((*name).to_owned(), known(key))).collect();
        usage.retain(|key, _| !CACHE.iter().any(|(known, _)| known == key));
        for key in ["inputTokens", "outputTokens"] {
            usage.entry(key).or_insert(Value::Null);
        }
        usage.insert("totalTokens".to_owned(), json!(total));
        usage.insert("cache".to_owned(), Value::Object(cache));
        Value::Object(usage)
    }

    /// The response: what the action has to say, and then what every response says.
    pub(super) fn seal<const N: usize>(
        self,
        call: &BedrockCall,
        model_id: &str,
        told: [(&str, Value); N],
        additional: Map<String, Value>,
    ) -> Value {
        self.response(call, call.masker.mask(model_id).into(), told, additional)
    }

    /// The response of an action that asks no model.
    pub(super) fn seal_without_model<const N: usize>(
        self,
        call: &BedrockCall,
        told: [(&str, Value); N],
        additional: Map<String, Value>,
    ) -> Value {
        self.response(call, Value::Null, told, additional)
    }

    fn response<const N: usize>(
        self,
        call: &BedrockCall,
        model_id: Value,
        told: [(&str, Value); N],
        additional: Map<String, Value>,
    ) -> Value {
        let latency =
            self.latency_ms.unwrap_or_else(|| u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX));
        let mut response: Map<String, Value> =
            told.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        let usage = self.usage();
        let common = [
            ("usage", usage),
            ("cost", self.cost.as_ref().map(Cost::to_json).unwrap_or_default()),
            ("modelId", model_id),
            // Hugging Face has none.
            ("region", json!(Some(self.region).filter(|region| !region.is_empty()))),
            ("latencyMs", latency.into()),
            ("requestId", json!(self.request_id)),
            ("attempts", self.attempts.into()),
            ("cached", (self.requests > 0 && self.noted == self.requests).into()),
            ("additional", Value::Object(additional)),
        ];
        response.extend(common.map(|(key, value)| (key.to_owned(), value)));
        if let Some(connection) = call.route.connection() {
            response.insert("connection".to_owned(), connection.into());
            response.insert("upstream".to_owned(), json!(self.upstream));
        }
        Value::Object(response)
    }
}

/// What is left of an answer when these members are taken away.
pub(super) fn rest(answer: Value, known: &[&str]) -> Map<String, Value> {
    let Value::Object(mut members) = answer else { return Map::new() };
    members.retain(|key, value| !known.contains(&key.as_str()) && !value.is_null());
    members
}
