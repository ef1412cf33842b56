//! An answer that fits a JSON schema: by the model itself where it can, by a tool that it has to use otherwise.

use serde_json::{Value, json};

use super::super::family::has_structured_output;
use super::super::read::{self, members};
use super::response::reply_text;
use super::schema;
use super::tools::check_name;
use crate::bedrock::field::Field;
use crate::connector::{Error, json as strict_json};

/// What the answer has to be.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::bedrock::native) struct Structured {
    schema: Value,
    pub(super) by: By,
    pub(super) name: String,
    description: Option<String>,
    /// How often a misfit is sent back.
    pub(super) corrections: i32,
}

/// How the model is made to keep to the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    Model,
    Tool,
}

/// What an answer is, seen by the schema.
#[derive(Debug)]
pub(super) enum Verdict {
    Fit(Value),
    Misfit(Misfit),
    /// No attempt at an answer: another tool is asked for, or a guardrail stepped in.
    Other,
}

/// Why an answer does not fit.
#[derive(Debug)]
pub(super) struct Misfit {
    /// In words that have nothing of the answer in them.
    pub(super) problems: String,
    /// In words for the model.
    told: String,
    /// Whether it makes sense to ask again.
    pub(super) can_be_mended: bool,
}

impl Structured {
    pub(super) fn read(data: &Field<'_>, model_id: &str) -> Result<Option<Self>, Error> {
        let schema = read::context(data, "outputSchema")?;
        let mode = read::choice(data, "outputMode", &["auto", "native", "tool"])?;
        let name = read::word(data, "outputName")?.unwrap_or_else(|| "answer".to_owned());
        let description = read::text(data, "outputDescription")?;
        let corrections = read::number(data, "outputCorrections", 0..=5)?.unwrap_or(1);
        let Some(schema) = schema.map(Value::Object) else { return Ok(None) };
        check_name(&name, data, "outputName")?;
        schema::check(&schema).map_err(|problem| {
            Error::input(format!("{} is no JSON schema: {problem}", data.name_of("outputSchema")))
        })?;
        let by = match mode {
            Some("native") => By::Model,
            Some("tool") => By::Tool,
            _ if has_structured_output(model_id) => By::Model,
            _ => By::Tool,
        };
        Ok(Some(Self { schema, by, name, description, corrections }))
    }

    /// For a model that keeps to a schema by itself.
    pub(super) fn text_format(&self) -> Option<Value> {
        (self.by == By::Model).then(|| {
            let definition = members([
                ("schema", Some(self.schema.to_string().into())),
                ("name", Some(self.name.as_str().into())),
                ("description", self.description.as_deref().map(Value::from)),
            ]);
            json!({ "type": "json_schema", "structure": { "jsonSchema": definition } })
        })
    }

    /// The tool that a model answers by.
    pub(super) fn tool(&self) -> Value {
        let description = self.description.as_deref().unwrap_or("Gives the answer. Always use it to answer.");
        let input = json!({ "json": self.schema });
        json!({ "toolSpec": { "name": self.name, "description": description, "inputSchema": input } })
    }

    /// Looks whether an answer fits.
    pub(super) fn judge(&self, answer: &Value) -> Verdict {
        let stop_reason = answer.get("stopReason").and_then(Value::as_str).unwrap_or_default();
        if matches!(stop_reason, "guardrail_intervened" | "content_filtered") {
            return Verdict::Other;
        }
        let found = match self.by {
            By::Model if stop_reason == "tool_use" => return Verdict::Other,
            By::Model => strict_json::parse(reply_text(answer).as_bytes()).ok(),
            By::Tool => match self.uses(answer).next() {
                Some(input) => Some(input.clone()),
                None if stop_reason == "tool_use" => return Verdict::Other,
                None => None,
            },
        };
        let misfit = |problems: String, told: String| {
            let is_cut = stop_reason == "max_tokens";
            let problems = if is_cut { "it was cut at the maximum of tokens".to_owned() } else { problems };
            Verdict::Misfit(Misfit { problems, told, can_be_mended: !is_cut && has_content(answer) })
        };
        let Some(found) = found else {
            let problem = match self.by {
                By::Model => "it is no JSON",
                By::Tool => "it was not given by the tool",
            };
            return misfit(problem.to_owned(), problem.to_owned());
        };
        match schema::misfit(&self.schema, &found) {
            None => Verdict::Fit(found),
            Some(schema::Problems { masked, open }) => misfit(masked, open),
        }
    }

    /// What the model gave to the tool.
    fn uses<'a>(&'a self, answer: &'a Value) -> impl Iterator<Item = &'a Value> {
        tool_uses(answer).filter(|tool| tool["name"] == self.name.as_str()).map(|tool| &tool["input"])
    }

    /// The messages that follow a misfit: what the model said, and what is wrong with it.
    pub(super) fn correction(&self, answer: &Value, misfit: &Misfit) -> [Value; 2] {
        let text = format!(
            "This answer does not fit the JSON schema: {}. Answer again, so that it fits the schema.",
            misfit.told
        );
        let results: Vec<Value> = tool_uses(answer)
            .map(|tool| {
                let content = [json!({ "text": text })];
                json!({ "toolResult": { "toolUseId": tool["toolUseId"], "content": content, "status": "error" } })
            })
            .collect();
        let content = if results.is_empty() { json!([{ "text": text }]) } else { Value::Array(results) };
        let said = answer.pointer("/output/message").cloned().unwrap_or_default();
        [said, json!({ "role": "user", "content": content })]
    }

    /// The message in which the tool's input is the text of the answer, so that the history goes on without the tool.
    pub(super) fn without_tool(&self, mut answer: Value) -> Value {
        if self.by == By::Model {
            return answer;
        }
        let blocks = answer.pointer_mut("/output/message/content").and_then(Value::as_array_mut);
        for block in blocks.into_iter().flatten() {
            let own = block.get("toolUse").filter(|tool| tool["name"] == self.name.as_str());
            if let Some(input) = own.map(|tool| tool["input"].to_string()) {
                *block = json!({ "text": input });
            }
        }
        let has_tools = tool_uses(&answer).next().is_some();
        match answer.get_mut("stopReason") {
            Some(stop_reason) if *stop_reason == "tool_use" && !has_tools => *stop_reason = "end_turn".into(),
            _ => {}
        }
        answer
    }
}

/// The tools that an answer asks for.
pub(super) fn tool_uses(answer: &Value) -> impl Iterator<Item = &Value> {
    let blocks = answer.pointer("/output/message/content").and_then(Value::as_array);
    blocks.into_iter().flatten().filter_map(|block| block.get("toolUse"))
}

fn has_content(answer: &Value) -> bool {
    answer
        .pointer("/output/message/content")
        .and_then(Value::as_array)
        .is_some_and(|blocks| !blocks.is_empty())
}
