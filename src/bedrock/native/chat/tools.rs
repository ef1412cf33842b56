//! The tools that a model may ask for.

use serde_json::{Map, Value, json};

use super::super::read::{self, members};
use super::structured::{By, Structured};
use crate::bedrock::field::Field;
use crate::connector::{Error, json};

/// The tools of a task, and which of them the model has to use.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::bedrock::native) struct Tools {
    /// As Bedrock wants them.
    tools: Vec<Value>,
    choice: Choice,
}

#[derive(Debug, Clone, PartialEq)]
enum Choice {
    Auto,
    Any,
    Named(String),
}

impl Tools {
    pub(in crate::bedrock::native) fn read(data: &Field<'_>) -> Result<Self, Error> {
        let tools = match data.list("tools") {
            None => Vec::new(),
            Some(field) => match field.value() {
                Value::String(text) if text.trim().is_empty() => Vec::new(),
                Value::String(text) => {
                    let parsed = json::parse(text.as_bytes()).map_err(|_| field.wrong("a list of tools"))?;
                    // The text is the list, so its items have the names of the list's.
                    Field::named("data.tools", &parsed, data.names())
                        .items()
                        .iter()
                        .map(tool)
                        .collect::<Result<_, _>>()?
                }
                _ => field.items().iter().map(tool).collect::<Result<_, _>>()?,
            },
        };
        let found = Self { tools, choice: Choice::read(data)? };
        match &found.choice {
            Choice::Any if found.tools.is_empty() => Err(no_tools(data)),
            Choice::Named(name) if !found.has(name) => Err(Error::input(format!(
                "{} is {name:?}, expected the name of one of the tools",
                data.name_of("toolChoiceName")
            ))),
            Choice::Auto | Choice::Any | Choice::Named(_) => Ok(found),
        }
    }

    /// Whether there is a tool of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        let own = |tool: &Value| tool.pointer("/toolSpec/name").and_then(Value::as_str) == Some(name);
        self.tools.iter().any(own)
    }

    /// Whether the model must not answer without a tool.
    pub(super) fn is_forced(&self) -> bool {
        self.choice != Choice::Auto
    }

    /// As Converse wants them, with the tool that structured output may need.
    pub(in crate::bedrock::native) fn config(
        &self,
        structured: Option<&Structured>,
        cache_point: Option<Value>,
    ) -> Option<Value> {
        let answer = structured.filter(|structured| structured.by == By::Tool);
        let mut tools = self.tools.clone();
        tools.extend(answer.map(Structured::tool));
        if tools.is_empty() {
            return None;
        }
        tools.extend(cache_point);
        let choice = match (answer, &self.choice) {
            (Some(answer), _) if self.tools.is_empty() => Some(json!({ "tool": { "name": answer.name } })),
            (Some(_), _) | (None, Choice::Any) => Some(json!({ "any": {} })),
            (None, Choice::Named(name)) => Some(json!({ "tool": { "name": name } })),
            (None, Choice::Auto) => None,
        };
        Some(Value::Object(members([("tools", Some(Value::Array(tools))), ("toolChoice", choice)])))
    }
}

impl Choice {
    fn read(data: &Field<'_>) -> Result<Self, Error> {
        let name = read::word(data, "toolChoiceName")?;
        match read::choice(data, "toolChoice", &["auto", "any", "tool"])? {
            Some("any") => Ok(Self::Any),
            Some("tool") => name
                .map(Self::Named)
                .ok_or_else(|| data.lacks("toolChoiceName", "name the tool that the model has to use")),
            _ => Ok(Self::Auto),
        }
    }
}

fn no_tools(data: &Field<'_>) -> Error {
    data.lacks("tools", "a model that has to use a tool needs one")
}

fn tool(field: &Field<'_>) -> Result<Value, Error> {
    const OWN: &[&str] = &["toolSpec", "systemTool", "cachePoint"];
    let entries = field.object()?;
    if entries.len() == 1 && entries.keys().all(|key| OWN.contains(&key.as_str())) {
        return Ok(Value::Object(entries.clone()));
    }
    let name = read::word(field, "name")?.ok_or_else(|| field.lacks("name", "every tool needs one"))?;
    check_name(&name, field, "name")?;
    let no_input = || Map::from_iter([("type".to_owned(), "object".into())]);
    let schema = read::context(field, "inputSchema")?.unwrap_or_else(no_input);
    let spec = members([
        ("name", Some(name.into())),
        ("description", read::text(field, "description")?.map(Value::from)),
        ("inputSchema", Some(json!({ "json": schema }))),
        ("strict", read::flag(field, "strict")?.map(Value::from)),
    ]);
    Ok(json!({ "toolSpec": spec }))
}

/// The names that Bedrock takes.
pub(super) fn check_name(name: &str, holder: &Field<'_>, key: &str) -> Result<(), Error> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if name.len() <= 64 && name.bytes().all(fits) {
        return Ok(());
    }
    Err(Error::input(format!(
        "{} is {name:?}, expected at most 64 letters, digits, hyphens and underscores",
        holder.name_of(key)
    )))
}
