//! The small model behind the emulator. It answers the same conversation in the same words each time.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::conversation::{Conversation, Document, Tool, ToolChoice, tokens};
use super::json::items;

/// What the model says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reply {
    /// What it thought before, when it was asked to think.
    pub(crate) reasoning: Option<String>,
    pub(crate) text: String,
    /// What its beginning rests on.
    pub(crate) citation: Option<Citation>,
    pub(crate) tool_use: Option<ToolUse>,
    pub(crate) stop: Stop,
    pub(crate) input_tokens: u64,
    pub(crate) output_tokens: u64,
    /// How many of the tokens were kept for the next call.
    pub(crate) cached_tokens: Option<u64>,
}

/// A tool that the model wants to have called.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ToolUse {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) input: Value,
}

/// The place in a document that the first words of an answer rest on.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Citation {
    /// How many bytes of the answer these are.
    pub(crate) length: usize,
    /// As Converse tells it.
    pub(crate) place: Value,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stop {
    EndTurn,
    ToolUse,
    MaxTokens,
    Sequence(String),
    Guardrail,
}

impl Reply {
    fn of(
        text: String,
        tool_use: Option<ToolUse>,
        stop: Stop,
        input_tokens: u64,
        output_tokens: u64,
    ) -> Self {
        Self {
            reasoning: None,
            text,
            citation: None,
            tool_use,
            stop,
            input_tokens,
            output_tokens,
            cached_tokens: None,
        }
    }

    /// The text in the pieces of which one is cited and one is not.
    pub(crate) fn texts(&self) -> Vec<(&str, Option<&Value>)> {
        let Some(Citation { length, place }) = &self.citation else { return vec![(&self.text, None)] };
        let (cited, rest) = self.text.split_at_checked(*length).unwrap_or((&self.text, ""));
        let rest = Some((rest, None)).filter(|(rest, _)| !rest.is_empty());
        [(cited, Some(place))].into_iter().chain(rest).collect()
    }
}

/// The word that a guardrail of the emulator blocks.
pub(crate) const BLOCKED_WORD: &str = "forbidden";

/// Answers a conversation.
pub(crate) fn answer(conversation: &Conversation) -> Reply {
    let reply = say(conversation);
    Reply {
        reasoning: conversation.thinks.then(|| format!("They ask: {}", excerpt(&conversation.question()))),
        cached_tokens: conversation.cached.then_some(reply.input_tokens),
        citation: citation(conversation, &reply),
        ..reply
    }
}

fn say(conversation: &Conversation) -> Reply {
    let question = conversation.question();
    let input_tokens = conversation.tokens();
    if conversation.guarded && blocked(&question) {
        let text = "This guardrail does not let me talk about that.".to_owned();
        let output_tokens = tokens(text.len());
        return Reply::of(text, None, Stop::Guardrail, input_tokens, output_tokens);
    }
    if let Some(tool) = wanted_tool(conversation, &question) {
        return ask_tool(conversation, tool, &question);
    }
    let text = match &conversation.schema {
        Some(schema) => {
            fill(schema, Care { question: &question, again: conversation.is_corrected() }, 0).to_string()
        }
        None => prose(conversation, &question),
    };
    limit(text, conversation, input_tokens)
}

/// Whether a guardrail of the emulator blocks a text.
pub(crate) fn blocked(text: &str) -> bool {
    words(text).any(|word| word == BLOCKED_WORD)
}

// === Prose ===

fn prose(conversation: &Conversation, question: &str) -> String {
    let mut sentences = Vec::new();
    if let Some(result) = conversation.tool_result() {
        sentences.push(format!("The tool says: {}", excerpt(result)));
    } else if let Some((document, sentence)) = best_sentence(conversation, question) {
        sentences.push(quoted(document, &sentence));
    } else if conversation.documents().next().is_some() {
        let names: Vec<_> = conversation.documents().map(|document| document.name.as_str()).collect();
        sentences.push(format!("I am not sure: {} does not say anything about that.", names.join(" and ")));
    } else {
        sentences.push(format!("You said: “{}”", excerpt(question)));
    }
    match conversation.user_turns() {
        0 | 1 => {}
        turns => sentences.push(format!("This is turn {turns} of our conversation.")),
    }
    let read: Vec<_> = conversation.documents().map(describe).collect();
    if !read.is_empty() {
        sentences.push(format!("I have read {}.", read.join(" and ")));
    }
    sentences.join(" ")
}

fn quoted(document: &Document, sentence: &str) -> String {
    format!("{} says: “{sentence}”", document.name)
}

/// Where the sentence stands that the answer quotes, if its document is to be cited.
fn citation(conversation: &Conversation, reply: &Reply) -> Option<Citation> {
    let (document, sentence) = best_sentence(conversation, &conversation.question())?;
    let quoted = quoted(document, &sentence);
    if !document.cited || !reply.text.starts_with(&quoted) {
        return None;
    }
    let text = String::from_utf8_lossy(&document.bytes);
    let before = text.find(&sentence).and_then(|at| text.get(..at)).unwrap_or_default();
    let start = before.chars().count();
    let index = conversation.documents().position(|other| std::ptr::eq(other, document));
    let range = json!({"documentIndex": index, "start": start, "end": start + sentence.chars().count()});
    let place = json!({
        "title": document.name, "sourceContent": [{"text": sentence}], "location": {"documentChar": range},
    });
    Some(Citation { length: quoted.len(), place })
}

fn describe(document: &Document) -> String {
    format!("{} ({}, {} bytes)", document.name, document.format, document.bytes.len())
}

/// The sentence of all documents that shares most words with the question, if it shares two or more.
fn best_sentence<'a>(conversation: &'a Conversation, question: &str) -> Option<(&'a Document, String)> {
    let asked: HashSet<String> = words(question).filter(|word| word.len() > 3).collect();
    let mut best: Option<(usize, &Document, String)> = None;
    for document in conversation.documents() {
        let text = String::from_utf8_lossy(&document.bytes);
        for sentence in text.split_inclusive(['.', '!', '?', '\n']) {
            let said: HashSet<String> = words(sentence).collect();
            let shared = asked.iter().filter(|word| said.iter().any(|other| same_stem(word, other))).count();
            if shared >= 2 && best.as_ref().is_none_or(|(most, ..)| shared > *most) {
                best = Some((shared, document, excerpt(sentence)));
            }
        }
    }
    best.map(|(_, document, sentence)| (document, sentence))
}

/// Plurals and endings do not matter: four letters in common are enough when one begins the other.
fn same_stem(one: &str, other: &str) -> bool {
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    short == long || (short.len() >= 4 && long.starts_with(short) && long.len() - short.len() <= 3)
}

fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase)
}

/// At most two hundred characters of a text, on one line.
fn excerpt(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(200) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line,
    }
}

/// Ends a text where the first stop sequence or the number of tokens wants it.
pub(super) fn limit(mut text: String, conversation: &Conversation, input_tokens: u64) -> Reply {
    let mut stop = Stop::EndTurn;
    let found = |sequence: &String| Some((text.find(sequence.as_str())?, sequence.clone()));
    if let Some((at, sequence)) = conversation.stop_sequences.iter().filter_map(found).min() {
        text.truncate(at);
        stop = Stop::Sequence(sequence);
    }
    let mut output_tokens = tokens(text.len()).max(1);
    if let Some(max) = conversation.max_tokens.filter(|max| *max < output_tokens) {
        let bytes = usize::try_from(max).unwrap_or(usize::MAX).saturating_mul(4);
        let end = (0..=bytes.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
        text.truncate(end.unwrap_or(0));
        output_tokens = max;
        stop = Stop::MaxTokens;
    }
    Reply::of(text, None, stop, input_tokens, output_tokens)
}

// === Tools and schemas ===

/// The tool that the request insists on, or one whose name the question mentions.
fn wanted_tool<'a>(conversation: &'a Conversation, question: &str) -> Option<&'a Tool> {
    if conversation.tool_result().is_some() && !matches!(conversation.tool_choice, ToolChoice::Named(_)) {
        return None;
    }
    let asked: HashSet<String> = words(question).collect();
    let mentioned =
        |tool: &&Tool| words(&tool.name).any(|word| asked.iter().any(|other| same_stem(&word, other)));
    let by_question = conversation.tools.iter().find(mentioned);
    match &conversation.tool_choice {
        ToolChoice::Named(name) => conversation.tools.iter().find(|tool| tool.name == *name),
        ToolChoice::Any => by_question.or(conversation.tools.first()),
        ToolChoice::Auto => by_question,
    }
}

fn ask_tool(conversation: &Conversation, tool: &Tool, question: &str) -> Reply {
    let input = fill(&tool.schema, Care { question, again: conversation.is_corrected() }, 0);
    use_tool(&tool.name, input, conversation)
}

/// Wants a tool to be called.
pub(super) fn use_tool(name: &str, input: Value, conversation: &Conversation) -> Reply {
    let text = format!("I will ask {name}.");
    let output_tokens = tokens(text.len() + input.to_string().len()) + 10;
    let id = format!("tooluse_{name}_{}", conversation.turns.len());
    let tool_use = Some(ToolUse { id, name: name.to_owned(), input });
    Reply::of(text, tool_use, Stop::ToolUse, conversation.tokens(), output_tokens)
}

/// How deep a schema is followed.
const MAX_DEPTH: usize = 8;

/// What a schema is filled with.
#[derive(Debug, Clone, Copy)]
struct Care<'a> {
    question: &'a str,
    /// Told that it did not fit, the model minds the bounds of numbers, which it overlooks at first.
    again: bool,
}

/// A value that fits a JSON schema, more or less: texts quote the question, numbers are the first one in it.
fn fill(schema: &Value, care: Care<'_>, depth: usize) -> Value {
    if let Some(value) = items(&schema["enum"]).next().or(schema.get("const")).or(schema.get("default")) {
        return value.clone();
    }
    let kind = schema["type"].as_str().or_else(|| items(&schema["type"]).find_map(Value::as_str));
    match kind {
        _ if depth > MAX_DEPTH => Value::Null,
        Some("object") => object(schema, care, depth),
        Some("array") => json!([fill(&schema["items"], care, depth + 1)]),
        Some("integer" | "number") => number(schema, care),
        Some("boolean") => json!(care.question.trim_end().ends_with('?')),
        Some("null") => Value::Null,
        None if schema["properties"].is_object() => object(schema, care, depth),
        _ => json!(excerpt(care.question)),
    }
}

fn object(schema: &Value, care: Care<'_>, depth: usize) -> Value {
    let properties = schema["properties"].as_object().into_iter().flatten();
    let filled = properties.map(|(name, property)| (name.clone(), fill(property, care, depth + 1)));
    Value::Object(filled.collect::<Map<_, _>>())
}

fn number(schema: &Value, care: Care<'_>) -> Value {
    let found = i64::from(first_number(care.question));
    let bound = |name: &str| schema[name].as_i64().filter(|_| care.again);
    let found = bound("minimum").map_or(found, |minimum| found.max(minimum));
    json!(bound("maximum").map_or(found, |maximum| found.min(maximum)))
}

fn first_number(text: &str) -> u32 {
    text.split(|c: char| !c.is_ascii_digit()).find_map(|digits| digits.parse().ok()).unwrap_or(1)
}
