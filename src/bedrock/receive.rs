//! The body of an answer, read as what it has to be.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::Error;
use super::outgoing::{Expects, Outgoing};
use super::send::{Head, unreadable_class};
use crate::connector::json;

/// Reads a body.
pub(super) fn read(outgoing: &Outgoing, body: &[u8], head: &Head) -> Result<Value, Error> {
    let unreadable = |reason: String| Error::Unreadable {
        model_id: outgoing.subject().to_owned(),
        reason,
        java_class: unreadable_class(outgoing),
    };
    if outgoing.expects == Expects::Anything && !is_json(head) {
        return Ok(plain(body, head));
    }
    let value = json::parse(body).map_err(|error| unreadable(error.to_string()))?;
    if outgoing.expects == Expects::Object && !value.is_object() {
        return Err(unreadable(format!("it is {}, expected an object", json::kind(&value))));
    }
    Ok(value)
}

/// Without a type it is JSON, as nearly all models answer.
fn is_json(head: &Head) -> bool {
    head.content_type.as_deref().is_none_or(|content_type| content_type.contains("json"))
}

/// Text as it is, and everything else as base64.
fn plain(body: &[u8], head: &Head) -> Value {
    let is_text = head.content_type.as_deref().is_some_and(|content_type| content_type.starts_with("text/"));
    match std::str::from_utf8(body) {
        Ok(text) if is_text => text.into(),
        _ => STANDARD.encode(body).into(),
    }
}
