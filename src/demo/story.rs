//! Turns what happened in the gateway and what the model answered into a story that a person can follow.

use std::collections::HashMap;
use std::io::{self, Write};

use serde_json::{Map, Value};

use super::Teller;
use super::overheard::Overheard;
use super::page::{Page, Tone, brief};
use crate::emulator::gateway::Event;

/// Tells one process instance.
#[derive(Debug)]
pub(super) struct Story<W> {
    page: Page<W>,
    /// The variables as the reader has seen them last.
    variables: Map<String, Value>,
    /// Names of the elements, for events that carry only the id.
    names: HashMap<String, String>,
    ending: Option<Ending>,
}

/// How the instance ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    Completed,
    Cancelled,
    /// An incident: the walk stands still, as the process would until an operator acts.
    Stuck,
}

impl<W: Write> Teller for Story<W> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        self.ending = ending_of(event);
        match event {
            Event::InstanceStarted { bpmn_process_id, variables, .. } => {
                self.page.heading("●", bpmn_process_id, "process started", Tone::Strong)?;
                self.page.variables("variables", variables.iter(), Tone::Changed)?;
                self.variables = variables.clone();
            }
            Event::ElementEntered { element_id, element_type, name, .. } => {
                self.entered(element_id, element_type, name.as_deref())?;
            }
            Event::ElementLeft { variables, .. } => self.left(variables)?,
            Event::FlowTaken { name, condition, target_id, .. } => {
                self.flow_taken(name.as_deref(), condition.as_deref(), target_id)?;
            }
            Event::ResultTaken { result, .. } => {
                self.page.entry("result", &format!("given: {}", brief(result)), Tone::Plain)?;
            }
            Event::JobCreated { headers, variables, .. } => self.asked(headers, variables)?,
            Event::JobFailed { retries, message, back_off, .. } => {
                let again = match retries {
                    0 => "no retries left".to_owned(),
                    1 => format!("1 retry left, again in {back_off:?}"),
                    _ => format!("{retries} retries left, again in {back_off:?}"),
                };
                self.page.entry("failed", &format!("{message} ({again})"), Tone::Wrong)?;
            }
            Event::JobTimedOut { .. } => {
                self.page.entry("lock", "ran out; the job is given out again", Tone::Wrong)?;
            }
            Event::ErrorThrown { code, message, caught_by, .. } => {
                let catcher = match caught_by {
                    Some(element) => format!("caught by {}", self.name_of(element)),
                    None => "caught by nothing".to_owned(),
                };
                self.page.entry("BPMN error", &format!("{code}: {message} ({catcher})"), Tone::Wrong)?;
            }
            Event::IncidentRaised { message, .. } => {
                self.page.entry("incident", message, Tone::Wrong)?;
                self.page.blank()?;
                self.page.heading(
                    "✗",
                    "The process stands still",
                    "an operator would have to act",
                    Tone::Wrong,
                )?;
            }
            Event::InstanceEnded { completed, variables, .. } => self.ended(*completed, variables)?,
            Event::JobActivated { .. }
            | Event::JobCompleted { .. }
            | Event::JobYielded { .. }
            | Event::JobCanceled { .. }
            | Event::IncidentResolved { .. }
            | Event::MessagePublished { .. } => {}
        }
        Ok(())
    }

    fn overheard(&mut self, overheard: &Overheard) -> io::Result<()> {
        match &overheard.answer {
            Ok(response) => self.page.entry("answer", &answer_text(response), Tone::Answered),
            Err(error) => {
                self.page.entry("error", &format!("{}: {}", error.code, error.message), Tone::Wrong)
            }
        }
    }

    fn ending(&self) -> Option<Ending> {
        self.ending.clone()
    }
}

impl<W: Write> Story<W> {
    pub(super) fn new(out: W) -> Self {
        Self { page: Page::new(out), variables: Map::new(), names: HashMap::new(), ending: None }
    }

    /// Says what the reader is about to see.
    pub(super) fn opening(&mut self, diagram: &str, live: bool) -> io::Result<()> {
        let model = if live {
            "Amazon Bedrock, with your credentials: each answer costs money"
        } else {
            "an emulated Bedrock: no AWS account, no cost, invented answers"
        };
        self.page.heading(
            "▪",
            diagram,
            "an embedded gateway, the real worker between real sockets",
            Tone::Faint,
        )?;
        self.page.entry("answers from", model, Tone::Faint)?;
        self.page.blank()
    }

    fn entered(&mut self, element_id: &str, element_type: &str, name: Option<&str>) -> io::Result<()> {
        let name = name.unwrap_or(element_id).to_owned();
        let sign = match element_type {
            "startEvent" | "intermediateThrowEvent" => "○",
            "endEvent" => "◉",
            "exclusiveGateway" | "parallelGateway" => "◇",
            _ => "▸",
        };
        self.page.blank()?;
        self.page.heading(sign, &name, &words(element_type), Tone::Strong)?;
        self.names.insert(element_id.to_owned(), name);
        Ok(())
    }

    /// Shows what an element has changed; the reader has seen the rest.
    fn left(&mut self, variables: &Map<String, Value>) -> io::Result<()> {
        let before = std::mem::replace(&mut self.variables, variables.clone());
        let changed = variables.iter().filter(|(name, value)| before.get(*name) != Some(*value));
        self.page.variables("variables", changed, Tone::Changed)
    }

    fn flow_taken(&mut self, name: Option<&str>, condition: Option<&str>, target: &str) -> io::Result<()> {
        let why = condition
            .map_or_else(|| "no condition holds".to_owned(), |condition| format!("{condition} holds"));
        let way = name.map_or_else(|| format!("to {}", self.name_of(target)), str::to_owned);
        self.page.entry("takes", &format!("{way}  ({why})"), Tone::Changed)
    }

    /// What the task is about to ask, from the variables of its job: secrets stand in them as placeholders.
    fn asked(&mut self, headers: &Map<String, Value>, variables: &Map<String, Value>) -> io::Result<()> {
        let empty = Map::new();
        let data = variables.get("data").and_then(Value::as_object).unwrap_or(&empty);
        let action = variables.get("action").and_then(Value::as_str).unwrap_or("no action");
        let model = data.get("modelId").and_then(Value::as_str).unwrap_or("no model");
        self.page.entry("model", &format!("{model}  ({action})"), Tone::Plain)?;
        if let Some(history) = history_of(data) {
            self.page.entry("history", &history, Tone::Faint)?;
        }
        for document in data.get("newDocuments").and_then(Value::as_array).into_iter().flatten() {
            self.page.entry("document", &document_text(document), Tone::Asked)?;
        }
        let question = data.get("newMessage").or_else(|| data.get("payload"));
        if let Some(question) = question.filter(|question| !question.is_null()) {
            self.page.entry("asked", &text_of(question), Tone::Asked)?;
        }
        for name in ["resultVariable", "resultExpression", "errorExpression"] {
            if let Some(value) =
                headers.get(name).and_then(Value::as_str).filter(|value| !value.trim().is_empty())
            {
                self.page.entry(label_of(name), value, Tone::Faint)?;
            }
        }
        Ok(())
    }

    fn ended(&mut self, completed: bool, variables: &Map<String, Value>) -> io::Result<()> {
        self.page.blank()?;
        let (sign, text, tone) = if completed {
            ("✓", "Process completed", Tone::Answered)
        } else {
            ("✗", "Process cancelled", Tone::Wrong)
        };
        self.page.heading(sign, text, "its variables are now", tone)?;
        self.page.variables("variables", variables.iter(), Tone::Plain)
    }

    fn name_of<'a>(&'a self, element_id: &'a str) -> &'a str {
        self.names.get(element_id).map_or(element_id, String::as_str)
    }
}

/// Whether an event is the last one that concerns the reader.
pub(super) fn ending_of(event: &Event) -> Option<Ending> {
    match event {
        Event::InstanceEnded { completed: true, .. } => Some(Ending::Completed),
        Event::InstanceEnded { completed: false, .. } => Some(Ending::Cancelled),
        Event::IncidentRaised { .. } => Some(Ending::Stuck),
        _ => None,
    }
}

fn label_of(header: &str) -> &'static str {
    match header {
        "resultVariable" => "into variable",
        "resultExpression" => "result",
        _ => "on error",
    }
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| brief(value), str::to_owned)
}

/// `serviceTask` reads as `service task`.
fn words(element_type: &str) -> String {
    let mut words = String::new();
    for character in element_type.chars() {
        if character.is_uppercase() {
            words.push(' ');
        }
        words.extend(character.to_lowercase());
    }
    words
}

fn history_of(data: &Map<String, Value>) -> Option<String> {
    let turns = data.get("messagesHistory")?.as_array()?.len();
    match turns {
        0 => None,
        1 => Some("1 earlier message".to_owned()),
        _ => Some(format!("{turns} earlier messages")),
    }
}

fn document_text(document: &Value) -> String {
    let text = |name| document.get(name).and_then(Value::as_str);
    let name = text("name").or_else(|| text("url")).or_else(|| text("documentId")).unwrap_or("unnamed");
    let kind = text("camunda.document.type").unwrap_or("unknown kind");
    let size = text("content").map(|content| format!(", {} bytes", content.len())).unwrap_or_default();
    format!("{name}  ({kind}{size})")
}

/// The last text of a conversation, the text of a full response, or the body as it came.
fn answer_text(response: &Value) -> String {
    let last_message = response.as_array().and_then(|messages| messages.last());
    if let Some(contents) =
        last_message.and_then(|message| message.get("contentList")).and_then(Value::as_array)
    {
        let texts: Vec<_> = contents.iter().filter_map(|content| content.get("text")?.as_str()).collect();
        return texts.join("\n");
    }
    match response.get("text").and_then(Value::as_str) {
        Some(text) => text.to_owned(),
        None => brief(response.get("body").unwrap_or(response)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_answer_is_the_last_message_of_a_conversation() {
        let history = json!([
            {"role": "user", "contentList": [{"text": "Hello"}]},
            {"role": "assistant", "contentList": [{"text": "Good"}, {"text": "morning"}]}
        ]);
        assert_eq!(answer_text(&history), "Good\nmorning");
        assert_eq!(answer_text(&json!({"text": "Hi", "usage": {}})), "Hi");
        assert_eq!(answer_text(&json!({"body": {"outputText": "Hi"}})), r#"{"outputText":"Hi"}"#);
    }

    #[test]
    fn element_types_read_as_words() {
        assert_eq!(words("exclusiveGateway"), "exclusive gateway");
    }
}
