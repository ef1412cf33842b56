//! The guardrail that a call goes through.

use serde_json::Value;

use super::super::read::{self, members};
use crate::bedrock::field::Field;
use crate::connector::Error;

/// The version that is being worked on.
const DRAFT: &str = "DRAFT";
const TRACES: &[&str] = &["disabled", "enabled", "enabled_full"];

/// A guardrail.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::bedrock::native) struct Guardrail {
    pub(in crate::bedrock::native) id: String,
    pub(in crate::bedrock::native) version: String,
    pub(in crate::bedrock::native) trace: Option<&'static str>,
}

impl Guardrail {
    /// Without an id there is none, whatever else is said of it.
    pub(in crate::bedrock::native) fn read(data: &Field<'_>) -> Result<Option<Self>, Error> {
        let Some(guardrail) = data.entry("guardrail") else { return Ok(None) };
        guardrail.object()?;
        let id = read::header(&guardrail, "id")?;
        let version = read::word(&guardrail, "version")?.unwrap_or_else(|| DRAFT.to_owned());
        let trace = read::choice(&guardrail, "trace", TRACES)?;
        if version != DRAFT && !version.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Error::input(format!(
                "{} is {version:?}, expected a number or {DRAFT}",
                guardrail.name_of("version")
            )));
        }
        Ok(id.map(|id| Self { id, version, trace }))
    }

    /// A guardrail that has to be there.
    pub(in crate::bedrock::native) fn read_needed(data: &Field<'_>) -> Result<Self, Error> {
        let found = Self::read(data)?;
        found.ok_or_else(|| {
            let name = data.names().of("data.guardrail.id");
            Error::input(format!(
                "{name} is missing or empty; name the guardrail that is to look at the texts"
            ))
        })
    }

    /// As Converse wants it.
    pub(super) fn config(self) -> Value {
        Value::Object(members([
            ("guardrailIdentifier", Some(self.id.into())),
            ("guardrailVersion", Some(self.version.into())),
            ("trace", self.trace.map(Value::from)),
        ]))
    }
}
