//! Brings what was recorded and what our worker did into one shape, the members of `seen` that are compared.

use bedrock_connector::emulator::gateway::Command;
use serde_json::{Map, Value, json};

use super::case::{self, Case};
use super::stage::Played;
use crate::support::http;

/// What the recorded runtime did.
pub(crate) fn recorded(case: &Case) -> Value {
    let mut seen = case.seen.as_object().expect("`seen` is an object").clone();
    seen.remove("fetched");
    seen.entry("variables").or_insert_with(|| json!({}));
    if let Some(Value::Array(requests)) = seen.get_mut("bedrock") {
        for request in requests.iter_mut().filter_map(Value::as_object_mut) {
            request.remove("answer");
            request.remove("contentType");
        }
    }
    Value::Object(seen)
}

/// What our worker did. Texts at the pointers in `loose` are only stated to be there.
pub(crate) fn observed(played: &Played, loose: &[String]) -> Value {
    let mut seen = Map::new();
    let mut timeouts = Vec::new();
    let mut later = Vec::new();
    for command in &played.commands {
        match command {
            Command::UpdateJobTimeout(request) => timeouts.push(json!(request.timeout)),
            command if seen.is_empty() => seen = first_command(command),
            command => later.push(json!(name_of(command))),
        }
    }
    for (name, values) in [("timeouts", timeouts), ("more", later)] {
        if !values.is_empty() {
            seen.insert(name.to_owned(), Value::Array(values));
        }
    }
    seen.insert("bedrock".to_owned(), played.requests.iter().map(request).collect());
    let mut seen = case::replaced(&Value::Object(seen), &played.files_url, case::FILES);
    for pointer in loose {
        take_out(&mut seen, pointer);
    }
    seen
}

fn first_command(command: &Command) -> Map<String, Value> {
    let (members, variables) = match command {
        Command::CompleteJob(request) => (json!({}), &request.variables),
        Command::FailJob(request) => (
            json!({
                "retries": request.retries,
                "retryBackOff": request.retry_back_off,
                "errorMessage": request.error_message,
            }),
            &request.variables,
        ),
        Command::ThrowError(request) => (
            json!({"errorCode": request.error_code, "errorMessage": request.error_message}),
            &request.variables,
        ),
        other => (json!({}), &format!("{:?} does not end a job", other.rpc())),
    };
    let Value::Object(mut members) = members else { unreachable!("all arms are objects") };
    members.insert("command".to_owned(), json!(name_of(command)));
    members.insert("variables".to_owned(), variables_of(variables));
    members
}

fn name_of(command: &Command) -> &'static str {
    match command {
        Command::CompleteJob(_) => "complete",
        Command::FailJob(_) => "fail",
        Command::ThrowError(_) => "throw",
        _ => "another call",
    }
}

fn variables_of(text: &str) -> Value {
    if text.is_empty() {
        return json!({});
    }
    // Text that is no JSON is a difference, which should be seen as what it is.
    serde_json::from_str(text).unwrap_or_else(|_| Value::from(text))
}

fn request(request: &http::Request) -> Value {
    let mut seen = Map::new();
    seen.insert("method".to_owned(), json!(request.method));
    seen.insert("path".to_owned(), json!(request.target));
    if let Some((access_key, region)) = request.header("authorization").and_then(credential) {
        seen.insert("accessKey".to_owned(), json!(access_key));
        seen.insert("region".to_owned(), json!(region));
    }
    if request.header("x-amz-security-token").is_some() {
        seen.insert("sessionToken".to_owned(), json!(true));
    }
    let body = serde_json::from_slice(&request.body);
    seen.insert("body".to_owned(), body.unwrap_or_else(|_| json!(String::from_utf8_lossy(&request.body))));
    Value::Object(seen)
}

/// Access key and region of a SigV4 header. The key comes first and may hold anything, so it is read from the end.
fn credential(authorization: &str) -> Option<(&str, &str)> {
    let scope = authorization.split_once("Credential=")?.1.split(", SignedHeaders=").next()?;
    let mut parts = scope.rsplitn(5, '/');
    let (_end, _service, region, _date) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    Some((parts.next()?, region))
}

/// Replaces a text that each worker words itself by the statement that there was one.
fn take_out(seen: &mut Value, pointer: &str) {
    let Some((parent, name)) = pointer.rsplit_once('/') else { return };
    let Some(Value::Object(members)) = seen.pointer_mut(parent) else { return };
    let worded = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
    if members.remove(name).as_ref().is_some_and(worded) {
        members.insert("has_message".to_owned(), json!(true));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_credential_is_read_from_the_end_because_a_key_may_hold_anything() {
        let header =
            "AWS4-HMAC-SHA256 Credential=a/b, c/20260101/eu-west-1/bedrock/aws4_request, SignedHeaders=host";
        assert_eq!(credential(header), Some(("a/b, c", "eu-west-1")));
        assert_eq!(credential("Bearer abc"), None);
    }

    #[test]
    fn only_a_text_that_is_there_and_says_something_is_taken_out() {
        let take_out = |text: &str| {
            let mut seen = serde_json::from_str(text).unwrap();
            take_out(&mut seen, "/error/message");
            seen
        };
        assert_eq!(take_out(r#"{"error":{"message":"x"}}"#), json!({"error": {"has_message": true}}));
        assert_eq!(take_out(r#"{"error":{"message":""}}"#), json!({"error": {}}));
        assert_eq!(take_out(r#"{"error":{"message":5}}"#), json!({"error": {}}));
        assert_eq!(take_out(r#"{"error":{}}"#), json!({"error": {}}));
        assert_eq!(take_out(r#"{"error":"x"}"#), json!({"error": "x"}));
    }
}
