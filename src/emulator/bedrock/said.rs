//! What somebody makes the model say, in place of its own words.

use serde_json::Value;

use super::conversation::{Conversation, ToolChoice};
use super::model::{self, Reply};

/// An answer that the model is made to give. It comes in the shape that the request asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Said {
    /// In words.
    Text(String),
    /// It wants a tool to be called.
    Tool { name: String, input: Value },
    /// As data, for a request with a schema: as JSON text, or by the tool that the request insists on.
    Data(Value),
}

impl Said {
    /// Reads a text, `{"tool": NAME, "input": …}`, or else data.
    pub fn read(value: &Value) -> Self {
        match (value, value.get("tool").and_then(Value::as_str)) {
            (Value::String(text), _) => Self::Text(text.clone()),
            (_, Some(name)) => {
                Self::Tool { name: name.to_owned(), input: value.get("input").cloned().unwrap_or_default() }
            }
            _ => Self::Data(value.clone()),
        }
    }

    pub(crate) fn reply(&self, conversation: &Conversation) -> Reply {
        let input_tokens = conversation.tokens();
        match (self, &conversation.tool_choice) {
            (Self::Text(text), _) => model::limit(text.clone(), conversation, input_tokens),
            (Self::Tool { name, input }, _) => model::use_tool(name, input.clone(), conversation),
            (Self::Data(data), ToolChoice::Named(name)) => model::use_tool(name, data.clone(), conversation),
            (Self::Data(data), _) => model::limit(data.to_string(), conversation, input_tokens),
        }
    }
}
