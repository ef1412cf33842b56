//! Converse, with all that it can be asked.

mod caching;
mod conversation;
mod guardrail;
mod reasoning;
mod response;
mod schema;
mod streaming;
mod structured;
mod tools;

use bytes::Bytes;
use serde_json::{Map, Value, json};

pub(super) use self::conversation::read_messages;
pub(super) use self::guardrail::Guardrail;
pub(in crate::bedrock) use self::streaming::Refusals;
pub(super) use self::tools::Tools;

use self::caching::Caching;
use self::reasoning::Reasoning;
use self::structured::{By, Structured, Verdict};
use super::envelope::Tally;
use super::family::Family;
use super::notes::{Note, Notes};
use super::read::{self, members};
use crate::bedrock::Error;
use crate::bedrock::call::{Asked, BedrockCall};
use crate::bedrock::converse::{Converse, read_inference};
use crate::bedrock::field::Field;
use crate::connector::{self, Notebook};
use crate::documents::Session;

/// A conversation with a model.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Chat {
    model_id: String,
    conversation: Converse,
    structured: Option<Structured>,
    is_guarded: bool,
    /// Whether the answer may come as a stream.
    may_stream: bool,
}

impl Chat {
    pub(super) fn read(data: &Field<'_>) -> Result<Self, connector::Error> {
        let model_id = read::model_id(data)?;
        let family = Family::of(&model_id);
        let caching = Caching::read(data)?;
        let guardrail = Guardrail::read(data)?;
        let reasoning = Reasoning::read(data, family)?;
        let structured = Structured::read(data, &model_id)?;
        let tools = Tools::read(data)?;
        let messages = read_messages(data)?;
        let inference = inference(data)?;
        let additional = read::context(data, "additionalModelRequestFields")?;
        let latency = read::choice(data, "latency", read::LATENCIES)?;
        let tier = read::choice(data, "serviceTier", read::TIERS)?;
        let cites = read::flag(data, "citations")?.unwrap_or(false);
        let is_guarded = guardrail.is_some();
        let may_stream = read::choice(data, "streaming", &["auto", "off"])? != Some("off");
        let members = members([
            ("system", system(data, Some(&caching))?),
            ("inferenceConfig", Some(inference).filter(|map| !map.is_empty()).map(Value::Object)),
            ("guardrailConfig", guardrail.map(|guardrail| guardrail.config())),
            ("promptVariables", prompt_variables(data)?),
            ("requestMetadata", read::text_entries(data, "requestMetadata")?.map(Value::Object)),
            ("additionalModelResponseFieldPaths", response_paths(data)?),
            ("performanceConfig", latency.map(|latency| json!({ "latency": latency }))),
            ("serviceTier", tier.map(|tier| json!({ "type": tier }))),
            ("outputConfig", output_config(structured.as_ref(), reasoning.as_ref())),
            ("additionalModelRequestFields", fields(reasoning.as_ref(), additional)),
        ]);
        check(data, family, &tools, structured.as_ref(), reasoning.as_ref(), &members)?;
        if cites && structured.is_some() {
            let remedy = "an answer that has to fit a schema has no room for citations";
            return Err(conflict(data, "citations", "outputSchema", remedy));
        }
        let mut conversation =
            Converse { messages, members, cites, cache_point: caching.messages(), is_first: false };
        if let Some(config) = tools.config(structured.as_ref(), caching.tools()) {
            conversation.members.insert("toolConfig".to_owned(), config);
        }
        Ok(Self { model_id, conversation, structured, is_guarded, may_stream })
    }

    pub(super) async fn run(
        self,
        call: &BedrockCall,
        mut session: Session<'_>,
        notebook: &dyn Notebook,
    ) -> Result<Value, connector::Error> {
        let mut notes = Notes::open(notebook);
        let mut paid = Vec::new();
        let mut body = self.conversation.body(&mut session).await?;
        let mut tally = Tally::default();
        let mut left = self.structured.as_ref().map_or(0, |structured| structured.corrections);
        loop {
            let asked = match notes.take(&body.bytes) {
                Some(noted) => noted,
                None => self.ask(call, body.bytes.clone()).await?,
            };
            tally.add(&asked, asked.value.get("usage"));
            let verdict = self.structured.as_ref().map(|structured| structured.judge(&asked.value));
            match (verdict, &self.structured) {
                (Some(Verdict::Misfit(misfit)), Some(structured)) => {
                    if left == 0 || !misfit.can_be_mended {
                        if !paid.is_empty() {
                            // This conversation leads nowhere, so the next attempt begins another.
                            notes.discard().await;
                        }
                        let (model_id, problems) = (call.masker.mask(&self.model_id), misfit.problems);
                        return Err(Error::OutputInvalid { model_id, problems }.into());
                    }
                    left -= 1;
                    let correction = structured.correction(&asked.value, &misfit);
                    let is_new = !asked.is_noted;
                    paid.push(Note::new(&body.bytes, asked));
                    // The answer is paid, and its correction may fail.
                    if is_new {
                        notes.keep(&paid).await;
                    }
                    body = body.with(&correction);
                }
                (Some(Verdict::Fit(json)), _) => {
                    return Ok(self.response(call, tally, asked.value, Some(json))?);
                }
                (Some(Verdict::Misfit(_) | Verdict::Other) | None, _) => {
                    return Ok(self.response(call, tally, asked.value, None)?);
                }
            }
        }
    }

    /// Asks once, by a stream where that is possible.
    async fn ask(&self, call: &BedrockCall, body: Bytes) -> Result<Asked, Error> {
        streaming::ask(call, &self.model_id, body, self.may_stream).await
    }
}

/// How the model is to choose its words, and when to stop.
fn inference(data: &Field<'_>) -> Result<Map<String, Value>, connector::Error> {
    let mut config = read_inference(data, read::integer(data, "maxTokens")?)?;
    let stops = read::texts(data, "stopSequences")?;
    if !stops.is_empty() {
        config.insert("stopSequences".to_owned(), json!(stops));
    }
    Ok(config)
}

/// The system prompt as blocks.
pub(super) fn system(data: &Field<'_>, caching: Option<&Caching>) -> Result<Option<Value>, connector::Error> {
    let Some(prompt) = read::text(data, "systemPrompt")? else { return Ok(None) };
    let mut blocks = vec![json!({ "text": prompt })];
    blocks.extend(caching.and_then(Caching::system));
    Ok(Some(Value::Array(blocks)))
}

fn prompt_variables(data: &Field<'_>) -> Result<Option<Value>, connector::Error> {
    let variables = read::text_entries(data, "promptVariables")?;
    Ok(variables.map(|entries| {
        entries.into_iter().map(|(key, value)| (key, json!({ "text": value }))).collect::<Map<_, _>>().into()
    }))
}

fn response_paths(data: &Field<'_>) -> Result<Option<Value>, connector::Error> {
    let paths = read::texts(data, "additionalModelResponseFieldPaths")?;
    match paths.iter().find(|path| !path.starts_with('/')) {
        Some(path) => Err(connector::Error::input(format!(
            "{} has {path:?}, expected JSON pointers such as /stop_sequence",
            data.name_of("additionalModelResponseFieldPaths")
        ))),
        None => Ok((!paths.is_empty()).then(|| json!(paths))),
    }
}

fn output_config(structured: Option<&Structured>, reasoning: Option<&Reasoning>) -> Option<Value> {
    let config = members([
        ("textFormat", structured.and_then(Structured::text_format)),
        ("effort", reasoning.and_then(Reasoning::output_effort).map(Value::from)),
    ]);
    (!config.is_empty()).then_some(Value::Object(config))
}

/// What the model's maker wants to be told; what the task writes itself counts before what we make of its reasoning.
fn fields(reasoning: Option<&Reasoning>, additional: Option<Map<String, Value>>) -> Option<Value> {
    let mut fields = reasoning.map(Reasoning::fields).unwrap_or_default();
    fields.extend(additional.unwrap_or_default());
    (!fields.is_empty()).then_some(Value::Object(fields))
}

fn conflict(data: &Field<'_>, one: &str, other: &str, remedy: &str) -> connector::Error {
    let (one, other) = (data.name_of(one), data.name_of(other));
    connector::Error::input(format!("{one} and {other} do not go together; {remedy}"))
}

/// What does not go together.
fn check(
    data: &Field<'_>,
    family: Family,
    tools: &Tools,
    structured: Option<&Structured>,
    reasoning: Option<&Reasoning>,
    members: &Map<String, Value>,
) -> Result<(), connector::Error> {
    let conflict = |one: &str, other: &str, remedy: &str| Err(conflict(data, one, other, remedy));
    let by_tool = structured.filter(|structured| structured.by == By::Tool);
    let thinks = reasoning.is_some() && matches!(family, Family::Anthropic | Family::Unknown);
    if by_tool.is_some() && tools.is_forced() {
        return conflict(
            "toolChoice",
            "outputSchema",
            "with a schema, this model has to answer by a tool of ours",
        );
    }
    if by_tool.is_some_and(|structured| tools.has(&structured.name)) {
        return conflict("outputName", "tools", "no tool may have the name of the schema");
    }
    if by_tool.is_some() && thinks {
        let remedy =
            "this model cannot be made to use a tool while it reasons; take one with structured output";
        return conflict("outputSchema", "reasoning", remedy);
    }
    if tools.is_forced() && thinks {
        let remedy = "a model that reasons chooses its tools by itself; set the choice to auto";
        return conflict("toolChoice", "reasoning", remedy);
    }
    let max_tokens = members.get("inferenceConfig").and_then(|config| config.get("maxTokens"));
    let max_tokens = max_tokens.and_then(Value::as_i64);
    match (max_tokens, reasoning.and_then(Reasoning::budget)) {
        (Some(max), Some(budget)) if max <= i64::from(budget) => conflict(
            "maxTokens",
            "reasoning.budgetTokens",
            "the tokens of the budget count as tokens of the answer, so the maximum must be larger",
        ),
        _ => Ok(()),
    }
}
