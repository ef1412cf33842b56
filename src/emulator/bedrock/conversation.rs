//! What the model sees of a request, whatever shape the request has.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::json::{At, items};

/// A conversation and the wishes that came with it.
#[derive(Debug, Default)]
pub(crate) struct Conversation {
    pub(crate) system: Vec<String>,
    pub(crate) turns: Vec<Turn>,
    pub(crate) tools: Vec<Tool>,
    pub(crate) tool_choice: ToolChoice,
    pub(crate) max_tokens: Option<u64>,
    pub(crate) stop_sequences: Vec<String>,
    /// The JSON schema that the answer has to fit.
    pub(crate) schema: Option<Value>,
    pub(crate) guarded: bool,
    /// Whether it asks the model to think before it answers.
    pub(crate) thinks: bool,
    /// Whether there are marks up to which the prompt is to be kept.
    pub(crate) cached: bool,
}

#[derive(Debug)]
pub(crate) struct Turn {
    pub(crate) role: String,
    pub(crate) blocks: Vec<Block>,
}

#[derive(Debug)]
pub(crate) enum Block {
    Text(String),
    Document(Document),
    ToolUse(String),
    ToolResult(String),
    /// What a tool could not do.
    ToolError(String),
    /// An image, a cache point and so on.
    Other,
}

#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) name: String,
    pub(crate) format: String,
    pub(crate) bytes: Vec<u8>,
    /// Whether answers are to name the places in it that they rest on.
    pub(crate) cited: bool,
}

#[derive(Debug)]
pub(crate) struct Tool {
    pub(crate) name: String,
    pub(crate) schema: Value,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) enum ToolChoice {
    #[default]
    Auto,
    Any,
    Named(String),
}

impl Conversation {
    /// Reads the body of Converse, ConverseStream or the converse part of CountTokens.
    pub(crate) fn of_converse(body: &Value) -> Self {
        let inference = &body["inferenceConfig"];
        let schema = body.at("/outputConfig/textFormat/structure/jsonSchema/schema").as_str();
        Self {
            system: texts(&body["system"]),
            turns: items(&body["messages"]).map(turn).collect(),
            tools: items(body.at("/toolConfig/tools")).filter_map(tool).collect(),
            tool_choice: tool_choice(body.at("/toolConfig/toolChoice")),
            max_tokens: inference["maxTokens"].as_u64(),
            stop_sequences: strings(&inference["stopSequences"]),
            schema: schema.and_then(|schema| serde_json::from_str(schema).ok()),
            guarded: body["guardrailConfig"].is_object(),
            thinks: thinks(body),
            cached: body.to_string().contains("\"cachePoint\""),
        }
    }

    /// A conversation of one question.
    pub(crate) fn of_prompt(prompt: &str) -> Self {
        let turn = Turn { role: "user".to_owned(), blocks: vec![Block::Text(prompt.to_owned())] };
        Self { turns: vec![turn], ..Self::default() }
    }

    /// The text of the last thing that the user said. What tools say is not said by the user.
    pub(crate) fn question(&self) -> String {
        let said = self.turns.iter().rev().filter(|turn| turn.role == "user").map(Turn::text);
        said.into_iter().find(|text| !text.is_empty()).unwrap_or_default()
    }

    /// Whether the last turn says that an answer did not do.
    pub(crate) fn is_corrected(&self) -> bool {
        self.turns.last().is_some_and(|turn| {
            turn.text().contains("JSON schema")
                || turn.blocks.iter().any(|block| matches!(block, Block::ToolError(_)))
        })
    }

    pub(crate) fn user_turns(&self) -> usize {
        self.turns.iter().filter(|turn| turn.role == "user").count()
    }

    pub(crate) fn documents(&self) -> impl Iterator<Item = &Document> {
        self.turns.iter().flat_map(|turn| &turn.blocks).filter_map(|block| match block {
            Block::Document(document) => Some(document),
            _ => None,
        })
    }

    /// What a tool answered, if the last turn brings that.
    pub(crate) fn tool_result(&self) -> Option<&str> {
        self.turns.last()?.blocks.iter().find_map(|block| match block {
            Block::ToolResult(text) => Some(text.as_str()),
            _ => None,
        })
    }

    /// A plausible number of tokens: a token is about four bytes.
    pub(crate) fn tokens(&self) -> u64 {
        let system: u64 = self.system.iter().map(|text| tokens(text.len())).sum();
        let tools: u64 = self.tools.iter().map(|tool| 20 + tokens(tool.schema.to_string().len())).sum();
        system + tools + self.turns.iter().map(Turn::tokens).sum::<u64>()
    }
}

impl Turn {
    pub(crate) fn text(&self) -> String {
        let texts = self.blocks.iter().filter_map(|block| match block {
            Block::Text(text) => Some(text.as_str()),
            _ => None,
        });
        texts.collect::<Vec<_>>().join("\n")
    }

    fn tokens(&self) -> u64 {
        let block = |block: &Block| match block {
            Block::Text(text) | Block::ToolUse(text) | Block::ToolResult(text) | Block::ToolError(text) => {
                tokens(text.len())
            }
            Block::Document(document) => 10 + tokens(document.bytes.len()),
            Block::Other => 10,
        };
        3 + self.blocks.iter().map(block).sum::<u64>()
    }
}

/// How many tokens so many bytes of text are.
pub(crate) fn tokens(bytes: usize) -> u64 {
    u64::try_from(bytes.div_ceil(4)).unwrap_or(u64::MAX)
}

/// The ways in which makers let their models think.
fn thinks(body: &Value) -> bool {
    let field = |pointer: &str| body.at(pointer).as_str();
    let fields = "/additionalModelRequestFields";
    matches!(field(&format!("{fields}/thinking/type")), Some("enabled" | "adaptive"))
        || field(&format!("{fields}/reasoningConfig/type")) == Some("enabled")
        || field(&format!("{fields}/reasoning_effort")).is_some()
        || field("/outputConfig/effort").is_some()
}

fn strings(value: &Value) -> Vec<String> {
    items(value).filter_map(Value::as_str).map(str::to_owned).collect()
}

fn texts(blocks: &Value) -> Vec<String> {
    items(blocks).filter_map(|block| block["text"].as_str()).map(str::to_owned).collect()
}

fn turn(message: &Value) -> Turn {
    let role = message["role"].as_str().unwrap_or_default().to_owned();
    Turn { role, blocks: items(&message["content"]).map(block).collect() }
}

fn block(block: &Value) -> Block {
    if let Some(text) = block["text"].as_str().or_else(|| block.at("/guardContent/text/text").as_str()) {
        return Block::Text(text.to_owned());
    }
    if let document @ Value::Object(_) = &block["document"] {
        return Block::Document(read_document(document));
    }
    if let Some(name) = block.at("/toolUse/name").as_str() {
        return Block::ToolUse(name.to_owned());
    }
    if let result @ Value::Object(_) = &block["toolResult"] {
        let text = tool_result(result);
        return if result["status"] == "error" { Block::ToolError(text) } else { Block::ToolResult(text) };
    }
    Block::Other
}

fn read_document(document: &Value) -> Document {
    let text = |member: &str| document[member].as_str().unwrap_or_default().to_owned();
    let source = &document["source"];
    let encoded = source["bytes"].as_str().and_then(|bytes| STANDARD.decode(bytes).ok());
    let plain = source["text"].as_str().map(|text| text.as_bytes().to_vec());
    Document {
        name: text("name"),
        format: text("format"),
        bytes: encoded.or(plain).unwrap_or_default(),
        cited: document.at("/citations/enabled") == true,
    }
}

fn tool_result(result: &Value) -> String {
    let parts = items(&result["content"]).map(|part| match &part["text"] {
        Value::String(text) => text.clone(),
        _ if part["json"].is_null() => "something that is no text".to_owned(),
        _ => part["json"].to_string(),
    });
    parts.collect::<Vec<_>>().join("\n")
}

fn tool(tool: &Value) -> Option<Tool> {
    let spec = &tool["toolSpec"];
    Some(Tool { name: spec["name"].as_str()?.to_owned(), schema: spec.at("/inputSchema/json").clone() })
}

fn tool_choice(choice: &Value) -> ToolChoice {
    match choice.at("/tool/name").as_str() {
        Some(name) => ToolChoice::Named(name.to_owned()),
        None if choice["any"].is_object() => ToolChoice::Any,
        None => ToolChoice::Auto,
    }
}
