//! Values of arguments, and how they are written.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use bedrock_connector::config;
use serde_json::Value;

/// JSON that was written on the command line, or the file that holds it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum JsonSource {
    Written(Value),
    File(PathBuf),
}

impl FromStr for JsonSource {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.strip_prefix('@') {
            Some(path) => Ok(Self::File(path.into())),
            None => {
                serde_json::from_str(text).map(Self::Written).map_err(|error| format!("not JSON: {error}"))
            }
        }
    }
}

/// `ELEMENT=JSON`
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ElementResult {
    pub(crate) element_id: String,
    pub(crate) result: Value,
}

impl FromStr for ElementResult {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (element_id, json) =
            text.split_once('=').ok_or("expected ELEMENT=JSON, such as approve={\"ok\": true}")?;
        let result = serde_json::from_str(json).map_err(|error| format!("not JSON after the =: {error}"))?;
        Ok(Self { element_id: element_id.trim().to_owned(), result })
    }
}

pub(super) fn duration(text: &str) -> Result<Duration, String> {
    config::parse::duration(text).ok_or_else(|| config::Form::Duration.expected())
}

pub(super) fn instant(text: &str) -> Result<SystemTime, String> {
    let instant: jiff::Timestamp = text.parse().map_err(|error| format!("{error}"))?;
    Ok(instant.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_of_tasks_are_json_after_the_first_equals_sign() {
        let result: ElementResult = "approve={\"a\": \"x=y\"}".parse().unwrap();
        assert_eq!(result.element_id, "approve");
        assert_eq!(result.result, serde_json::json!({ "a": "x=y" }));
        assert!("approve".parse::<ElementResult>().is_err());
        assert!("approve=yes".parse::<ElementResult>().is_err());
    }
}
