//! One attempt at a request. The SDK gives credentials, endpoint, signature and connections; the body goes and comes
//! as bytes.

use std::time::Duration;

use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::error::SdkError;
use aws_sdk_bedrockruntime::operation::RequestId;
use aws_sdk_bedrockruntime::operation::invoke_model::InvokeModelError;
use aws_sdk_bedrockruntime::primitives::Blob;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use bytes::Bytes;
use serde_json::Value;

use super::error::{UNREADABLE_CONVERSE, UNREADABLE_INVOKE};
use super::input::Action;
use super::{Error, limit};

/// An answer with status 200.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) body: Vec<u8>,
    pub(super) request_id: Option<String>,
}

/// Sends a request once. `max_bytes` is the limit that the client has for answers, for the message about it.
pub(super) async fn send(
    client: &Client,
    action: Action,
    model_id: &str,
    body: &Bytes,
    max_bytes: usize,
) -> Result<Answer, Error> {
    let result = client
        .invoke_model()
        .model_id(model_id)
        .content_type("application/json")
        .body(Blob::new(body.to_vec()))
        .customize()
        .mutate_request(move |request| {
            // Both operations are signed and addressed alike, but for the last part of the path.
            let uri = request.uri().strip_suffix("/invoke").map(|model| format!("{model}/{}", action.path()));
            if let Some(uri) = uri {
                // The URI was valid, and the new end is a plain word.
                request.set_uri(uri).ok();
            }
        })
        .send()
        .await;
    match result {
        Ok(output) => {
            let request_id = output.request_id().map(str::to_owned);
            Ok(Answer { body: output.body.into_inner(), request_id })
        }
        Err(error) => Err(classify(error, action, model_id, max_bytes)),
    }
}

fn classify(
    error: SdkError<InvokeModelError, HttpResponse>,
    action: Action,
    model_id: &str,
    max_bytes: usize,
) -> Error {
    match error {
        error if causes(&error).any(limit::is_exceeded) => {
            Error::TooLarge { model_id: model_id.to_owned(), limit: max_bytes }
        }
        SdkError::ServiceError(error) => service_error(error.raw()),
        error @ SdkError::ResponseError(_) => Error::Unreadable {
            model_id: model_id.to_owned(),
            reason: chain(&error),
            java_class: unreadable_class(action),
        },
        SdkError::ConstructionFailure(error) => {
            let error = SdkError::<InvokeModelError, HttpResponse>::ConstructionFailure(error);
            if is_about_credentials(&error) {
                Error::Credentials { reason: chain(&error) }
            } else {
                Error::Request { reason: chain(&error) }
            }
        }
        error if is_about_credentials(&error) => Error::Credentials { reason: chain(&error) },
        error => Error::Connection { reason: chain(&error) },
    }
}

/// What Camunda's runtime reports for an answer that cannot be read.
pub(super) fn unreadable_class(action: Action) -> &'static str {
    match action {
        Action::Converse => UNREADABLE_CONVERSE,
        Action::InvokeModel => UNREADABLE_INVOKE,
    }
}

/// Reads code and text from wherever AWS's services put them.
fn service_error(response: &HttpResponse) -> Error {
    let body: Value =
        response.body().bytes().and_then(|body| serde_json::from_slice(body).ok()).unwrap_or_default();
    let in_body = |key: &str| body.get(key).and_then(Value::as_str);
    let header = |key: &str| response.headers().get(key);
    let code = header("x-amzn-errortype").or_else(|| in_body("__type")).or_else(|| in_body("code"));
    let message = in_body("message").or_else(|| in_body("Message")).unwrap_or("no further text");
    Error::Service {
        status: response.status().as_u16(),
        code: code.map(bare_code).unwrap_or_default(),
        message: message.to_owned(),
        request_id: header("x-amzn-requestid").unwrap_or("unknown").to_owned(),
        retry_after: retry_after(header),
    }
}

/// AWS's services give milliseconds, other servers on the way seconds. A date is not read, because it would be compared
/// with a clock that may be wrong.
fn retry_after<'a>(header: impl Fn(&'static str) -> Option<&'a str>) -> Option<Duration> {
    let number = |name| header(name).and_then(|text| text.trim().parse::<u64>().ok());
    number("x-amz-retry-after")
        .map(Duration::from_millis)
        .or_else(|| number("retry-after").map(Duration::from_secs))
}

/// `com.amazon.coral.service#ValidationException:http://…` is `ValidationException`.
fn bare_code(code: &str) -> String {
    let code = code.split(':').next().unwrap_or_default();
    code.rsplit('#').next().unwrap_or_default().trim().to_owned()
}

fn is_about_credentials(error: &(dyn std::error::Error + 'static)) -> bool {
    causes(error).any(|cause| cause.is::<aws_credential_types::provider::error::CredentialsError>())
}

/// The texts of an error and its causes.
pub(super) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut texts: Vec<String> = Vec::new();
    for cause in causes(error) {
        let text = cause.to_string();
        if !texts.iter().any(|known| known.contains(&text)) {
            texts.push(text);
        }
    }
    texts.join(": ")
}

fn causes<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'a (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error), |error| error.source())
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn pauses_are_read_from_either_header() {
        let read =
            |name: &'static str, text: &'static str| retry_after(|asked| (asked == name).then_some(text));
        assert_eq!(read("retry-after", "3"), Some(Duration::from_secs(3)));
        assert_eq!(read("x-amz-retry-after", "1500"), Some(Duration::from_millis(1500)));
        assert_eq!(read("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT"), None);
        assert_eq!(read("retry-after", "-3"), None);
    }

    #[test]
    fn codes_lose_their_namespace_and_suffix() {
        for code in [
            "ValidationException",
            "ValidationException:http://internal.amazon.com/coral/com.amazon.bedrock/",
            "com.amazon.coral.service#ValidationException",
        ] {
            assert_eq!(bare_code(code), "ValidationException");
        }
    }
}
