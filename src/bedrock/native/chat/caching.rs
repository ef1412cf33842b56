//! Prompt caching: where in the prompt what was read so far is kept for the next call.

use serde_json::{Value, json};

use super::super::read;
use crate::bedrock::field::Field;
use crate::connector::Error;

/// What is to be cached.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::bedrock::native) struct Caching {
    system: bool,
    tools: bool,
    messages: bool,
    ttl: Option<&'static str>,
}

impl Caching {
    pub(in crate::bedrock::native) fn read(data: &Field<'_>) -> Result<Self, Error> {
        let Some(caching) = data.entry("promptCaching") else { return Ok(Self::default()) };
        caching.object()?;
        let wanted = |key| Ok::<_, Error>(read::flag(&caching, key)?.unwrap_or(false));
        Ok(Self {
            system: wanted("system")?,
            tools: wanted("tools")?,
            messages: wanted("messages")?,
            ttl: read::choice(&caching, "ttl", &["5m", "1h"])?,
        })
    }

    /// The mark behind the system prompt.
    pub(super) fn system(&self) -> Option<Value> {
        self.system.then(|| self.point())
    }

    /// The mark behind the tools.
    pub(super) fn tools(&self) -> Option<Value> {
        self.tools.then(|| self.point())
    }

    /// The mark behind the last message.
    pub(super) fn messages(&self) -> Option<Value> {
        self.messages.then(|| self.point())
    }

    fn point(&self) -> Value {
        match self.ttl {
            Some(ttl) => json!({ "cachePoint": { "type": "default", "ttl": ttl } }),
            None => json!({ "cachePoint": { "type": "default" } }),
        }
    }
}
