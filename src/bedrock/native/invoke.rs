//! InvokeModel: any body goes out, and any body comes back.

use serde_json::{Map, Value, json};

use super::chat::Guardrail;
use super::envelope::Tally;
use super::read;
use crate::bedrock::call::BedrockCall;
use crate::bedrock::field::Field;
use crate::bedrock::outgoing::{Expects, Operation, Outgoing};
use crate::bedrock::{Error, invoke_model};
use crate::connector;

const JSON: &str = "application/json";

/// A body for a model, as its maker wants it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Invoke {
    model_id: String,
    payload: Value,
    content_type: String,
    headers: Vec<(&'static str, String)>,
    is_guarded: bool,
}

impl Invoke {
    pub(super) fn read(data: &Field<'_>) -> Result<Self, connector::Error> {
        let guardrail = Guardrail::read(data)?;
        let metadata = read::text_entries(data, "requestMetadata")?;
        let headers = [
            ("accept", Some(read::header(data, "accept")?.unwrap_or_else(|| JSON.to_owned()))),
            ("x-amzn-bedrock-guardrailidentifier", guardrail.as_ref().map(|guardrail| guardrail.id.clone())),
            (
                "x-amzn-bedrock-guardrailversion",
                guardrail.as_ref().map(|guardrail| guardrail.version.clone()),
            ),
            (
                "x-amzn-bedrock-trace",
                guardrail.as_ref().and_then(|guardrail| guardrail.trace).map(str::to_ascii_uppercase),
            ),
            (
                "x-amzn-bedrock-performanceconfig-latency",
                read::choice(data, "latency", read::LATENCIES)?.map(str::to_owned),
            ),
            (
                "x-amzn-bedrock-service-tier",
                read::choice(data, "serviceTier", read::TIERS)?.map(str::to_owned),
            ),
            ("x-amzn-bedrock-request-metadata", metadata.map(ascii)),
        ];
        Ok(Self {
            model_id: read::model_id(data)?,
            payload: invoke_model::read_payload(data)?,
            content_type: read::header(data, "contentType")?.unwrap_or_else(|| JSON.to_owned()),
            headers: headers.into_iter().filter_map(|(name, value)| Some((name, value?))).collect(),
            is_guarded: guardrail.is_some(),
        })
    }

    pub(super) async fn run(self, call: &BedrockCall) -> Result<Value, Error> {
        let body = match self.payload {
            // A text of another type than JSON goes out as it is written.
            Value::String(text) if !is_json(&self.content_type) => text,
            payload => payload.to_string(),
        };
        let outgoing = Outgoing {
            content_type: self.content_type,
            headers: self.headers,
            expects: Expects::Anything,
            ..Outgoing::new(&self.model_id, Operation::InvokeModel, body)
        };
        let asked = call.ask(&outgoing).await?;
        let mut tally = Tally::default();
        tally.add(&asked, None);
        let content_type = json!(asked.head.content_type);
        let action = asked.value.get("amazon-bedrock-guardrailAction").and_then(Value::as_str);
        let guardrail = self.is_guarded.then(|| {
            json!({
                "intervened": action == Some("INTERVENED"),
                "trace": asked.value.get("amazon-bedrock-trace"),
            })
        });
        let told = [
            ("body", asked.value),
            ("contentType", content_type),
            ("guardrail", guardrail.unwrap_or_default()),
        ];
        Ok(tally.seal(call, &self.model_id, told, Map::new()))
    }
}

fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case(JSON) || essence.to_ascii_lowercase().ends_with("+json")
}

/// JSON in which every character can stand in a header.
fn ascii(entries: Map<String, Value>) -> String {
    let mut text = String::new();
    for c in Value::Object(entries).to_string().chars() {
        if c.is_ascii() {
            text.push(c);
        } else {
            let mut units = [0; 2];
            c.encode_utf16(&mut units).iter().for_each(|unit| text.push_str(&format!("\\u{unit:04x}")));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_escaped_for_a_header() {
        let entries = Map::from_iter([("team".to_owned(), json!("Schäden 😀"))]);
        assert_eq!(ascii(entries), r#"{"team":"Sch\u00e4den \ud83d\ude00"}"#);
    }

    #[test]
    fn json_has_more_than_one_name() {
        for (content_type, expected) in [
            ("application/json", true),
            ("Application/JSON; charset=utf-8", true),
            ("application/vnd.x+json", true),
            ("text/plain", false),
        ] {
            assert_eq!(is_json(content_type), expected, "{content_type}");
        }
    }
}
