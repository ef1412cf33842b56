//! ApplyGuardrail: what a guardrail says to texts, without a model.

use serde_json::{Value, json};

use super::chat::Guardrail;
use super::envelope::{Tally, rest};
use super::read::{self, members};
use crate::bedrock::Error;
use crate::bedrock::call::BedrockCall;
use crate::bedrock::field::Field;
use crate::bedrock::outgoing::Outgoing;
use crate::connector;

/// Texts that a guardrail is to look at.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Check {
    guardrail: Guardrail,
    texts: Vec<String>,
    source: &'static str,
    scope: Option<&'static str>,
}

impl Check {
    pub(super) fn read(data: &Field<'_>) -> Result<Self, connector::Error> {
        let guardrail = Guardrail::read_needed(data)?;
        let texts = read::texts(data, "texts")?;
        if texts.is_empty() {
            return Err(data.lacks("texts", "give a text or a list of texts"));
        }
        Ok(Self {
            guardrail,
            texts,
            source: read::choice(data, "source", &["INPUT", "OUTPUT"])?.unwrap_or("INPUT"),
            scope: read::choice(data, "outputScope", &["INTERVENTIONS", "FULL"])?,
        })
    }

    pub(super) async fn run(self, call: &BedrockCall) -> Result<Value, Error> {
        let Guardrail { id, version, .. } = self.guardrail;
        let content: Vec<_> = self.texts.iter().map(|text| json!({ "text": { "text": text } })).collect();
        let body = Value::Object(members([
            ("source", Some(self.source.into())),
            ("content", Some(Value::Array(content))),
            ("outputScope", self.scope.map(Value::from)),
        ]));
        let asked = call.ask(&Outgoing::to_guardrail(&id, &version, body.to_string())).await?;
        let mut tally = Tally::default();
        // Its usage counts policies and not tokens, so it stays among what is told beside.
        tally.add(&asked, None);
        let answer = asked.value;
        let member = |key: &str| answer.get(key).cloned().unwrap_or_default();
        let intervened = member("action") == "GUARDRAIL_INTERVENED";
        let texts: Value = if intervened {
            let outputs = answer.get("outputs").and_then(Value::as_array);
            outputs.into_iter().flatten().filter_map(|output| output.get("text")).cloned().collect()
        } else {
            json!(self.texts)
        };
        let told = [
            ("action", member("action")),
            ("intervened", intervened.into()),
            ("texts", texts),
            ("assessments", member("assessments")),
            ("guardrailId", call.masker.mask(&id).into()),
            ("guardrailVersion", version.into()),
        ];
        Ok(tally.seal_without_model(call, told, rest(answer, &["action", "outputs", "assessments"])))
    }
}
