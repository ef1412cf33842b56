//! InvokeModel: any JSON goes out as it is, and any JSON comes back.

use serde_json::{Value, json};

use super::field::Field;
use crate::connector::Error;

/// The payload of a task: any JSON but null. A text goes out as a JSON text.
pub(super) fn read_payload(data: &Field<'_>) -> Result<Value, Error> {
    match data.entry_or_null("payload").map(|payload| payload.raw().clone()) {
        Some(Value::Null) | None => Err(Error::input(format!(
            "{} is missing or null; write the request in the form that the model expects",
            data.name_of("payload")
        ))),
        Some(payload) => Ok(payload),
    }
}

/// The answer as processes see it.
pub(super) fn response(answer: Value) -> Value {
    json!({ "body": answer })
}
