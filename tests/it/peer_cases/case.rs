//! The format of `tests/fixtures/peer-cases.jsonl`: one job a line, what the engine hands out and what the
//! recorded runtime did with it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

const CASES: &str = include_str!("../../fixtures/peer-cases.jsonl");

/// What stands for the base URL of the file server.
pub(crate) const FILES: &str = "@FILES@";

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    pub(crate) id: String,
    pub(crate) family: String,
    /// What the case is about.
    pub(crate) note: String,
    pub(crate) job: Job,
    /// The answer to every request of this case; without it the recorded requests carry their answers.
    pub(crate) answer: Option<Answer>,
    #[serde(default)]
    pub(crate) files: BTreeMap<String, File>,
    /// The codes with which the first commands for the job are refused.
    #[serde(default)]
    pub(crate) refuse: Vec<String>,
    /// JSON pointers into `seen` to texts that each worker words itself.
    pub(crate) loose: Vec<String>,
    /// The accident or fault of the recorded version that this case shows.
    pub(crate) quirk: Option<String>,
    /// What the recorded runtime did.
    pub(crate) seen: Value,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Job {
    pub(crate) retries: i32,
    pub(crate) headers: Map<String, Value>,
    /// An object, or a JSON string that stands for its own text.
    pub(crate) variables: Value,
}

/// What Bedrock answers.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Answer {
    /// Negative where the connection broke before there was one.
    pub(crate) status: i32,
    pub(crate) body: String,
    pub(crate) content_type: Option<String>,
    pub(crate) error_type: Option<String>,
    pub(crate) fault: Option<Fault>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Fault {
    Reset,
    Truncate,
}

/// What the file server, which is also the document store, answers under one path.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct File {
    #[serde(default = "ok")]
    pub(crate) status: u16,
    pub(crate) content_type: Option<String>,
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) base64: String,
}

fn ok() -> u16 {
    200
}

impl Case {
    /// All recorded cases.
    pub(crate) fn all() -> Vec<Self> {
        let read = |(at, line)| {
            serde_json::from_str(line).unwrap_or_else(|error| panic!("line {} of the cases: {error}", at + 1))
        };
        CASES.lines().enumerate().map(read).collect()
    }

    /// The recorded case of this id.
    pub(crate) fn by_id(id: &str) -> Self {
        Self::all().into_iter().find(|case| case.id == id).unwrap_or_else(|| panic!("no case {id}"))
    }

    /// The answer to the request of this number; after the last recorded one, the last one again. Where the recorded
    /// runtime asked nothing, whoever asks gets a good answer.
    pub(crate) fn answer_to(&self, number: usize) -> Answer {
        let requests = self.seen.get("bedrock").and_then(Value::as_array);
        let recorded = requests.and_then(|all| all.get(number).or(all.last()));
        match (&self.answer, recorded) {
            (Some(answer), _) => answer.clone(),
            (None, Some(request)) => {
                serde_json::from_value(request["answer"].clone()).expect("a recorded answer is complete")
            }
            (None, None) => Answer::good(),
        }
    }
}

impl Answer {
    /// Fits both Converse and InvokeModel, whose answers may be anything.
    fn good() -> Self {
        let body = json!({
            "output": {"message": {"role": "assistant", "content": [{"text": "not recorded"}]}},
            "stopReason": "end_turn",
            "usage": {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2},
            "metrics": {"latencyMs": 1},
        });
        Self { status: 200, body: body.to_string(), content_type: None, error_type: None, fault: None }
    }
}

impl Job {
    /// The variables with the address of the file server in place.
    pub(crate) fn variables_with_files_at(&self, url: &str) -> Value {
        replaced(&self.variables, FILES, url)
    }
}

/// Replaces a text in all texts of a value.
pub(crate) fn replaced(value: &Value, from: &str, to: &str) -> Value {
    match value {
        Value::String(text) => Value::String(text.replace(from, to)),
        Value::Array(items) => items.iter().map(|item| replaced(item, from, to)).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, member)| (name.clone(), replaced(member, from, to))).collect()
        }
        other => other.clone(),
    }
}

/// The id of the case that a path of Bedrock or of the file server belongs to: it stands in each of them.
pub(crate) fn id_in(path: &str) -> Option<&str> {
    let starts = path.char_indices().filter(|(_, character)| *character == 'c').map(|(at, _)| at);
    let mut candidates = starts.filter_map(|at| path.get(at..at + 4));
    candidates.find(|candidate| candidate.bytes().skip(1).all(|byte| byte.is_ascii_digit()))
}
