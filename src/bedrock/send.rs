//! One attempt at a request. The SDK gives credentials, endpoint, signature and connections; the body goes and comes
//! as bytes.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_bedrockruntime::error::{BoxError, SdkError};
use aws_sdk_bedrockruntime::operation::invoke_model::InvokeModelError;
use aws_sdk_bedrockruntime::primitives::Blob;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeDeserializationInterceptorContextMut, BeforeTransmitInterceptorContextMut,
};
use aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::{UNREADABLE_CONVERSE, UNREADABLE_INVOKE};
use super::outgoing::{Address, Expects, Operation, Outgoing};
use super::{Error, identity, limit};

/// An answer with status 200.
#[derive(Debug)]
pub(super) struct Answer {
    /// Empty for a stream.
    pub(super) body: Vec<u8>,
    /// The events, where they were asked for.
    pub(super) events: Option<ByteStream>,
    pub(super) head: Head,
}

/// What is told beside the body.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Head {
    pub(super) request_id: Option<String>,
    pub(super) content_type: Option<String>,
    /// What InvokeModel counts.
    pub(super) input_tokens: Option<u64>,
    pub(super) output_tokens: Option<u64>,
    pub(super) cache_read_tokens: Option<u64>,
    pub(super) cache_write_tokens: Option<u64>,
    /// Of InvokeModel; Converse tells it in its body.
    pub(super) service_tier: Option<String>,
}

/// Sends a request once. `max_bytes` is the limit that the client has for answers, for the message about it.
pub(super) async fn send(client: &Client, outgoing: &Outgoing, max_bytes: usize) -> Result<Answer, Error> {
    let raw = Raw {
        address: outgoing.address.clone(),
        headers: outgoing.headers.clone(),
        takes_body: outgoing.expects == Expects::Events,
        taken: Arc::default(),
    };
    let taken = Arc::clone(&raw.taken);
    let call = client
        .invoke_model()
        .model_id(outgoing.subject())
        .content_type(&outgoing.content_type)
        .body(Blob::new(outgoing.body.to_vec()))
        .customize()
        .interceptor(raw);
    match call.send().await {
        Ok(output) => {
            let Taken { events, head } = std::mem::take(&mut *locked(&taken));
            Ok(Answer { body: output.body.into_inner(), events: events.map(ByteStream::new), head })
        }
        Err(error) => Err(classify(error, outgoing, max_bytes)),
    }
}

/// Makes an InvokeModel into any other operation, and an answer into what there is of it: all operations are signed
/// alike, and differ in path and headers.
#[derive(Debug)]
struct Raw {
    address: Address,
    headers: Vec<(&'static str, String)>,
    /// Whether the body is read as it comes.
    takes_body: bool,
    taken: Arc<Mutex<Taken>>,
}

#[derive(Debug, Default)]
struct Taken {
    events: Option<SdkBody>,
    head: Head,
}

fn locked(taken: &Mutex<Taken>) -> MutexGuard<'_, Taken> {
    // It is whole after every step.
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}

#[dyn_dispatch_hint]
impl Intercept for Raw {
    fn name(&self) -> &'static str {
        "Raw"
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request_mut();
        if let Some(uri) = self.address.uri(request.uri()) {
            request.set_uri(uri)?;
        }
        if let Address::Description { .. } = self.address {
            request.set_method("GET")?;
            *request.body_mut() = SdkBody::empty();
            for name in ["content-length", "content-type", "accept"] {
                request.headers_mut().remove(name);
            }
        }
        for (name, value) in &self.headers {
            request.headers_mut().try_insert(*name, value.clone())?;
        }
        Ok(())
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response_mut();
        let mut taken = locked(&self.taken);
        taken.head = Head::of(response);
        if self.takes_body && response.status().is_success() {
            taken.events = Some(std::mem::replace(response.body_mut(), SdkBody::empty()));
        }
        Ok(())
    }
}

impl Head {
    fn of(response: &HttpResponse) -> Self {
        let header = |name: &str| response.headers().get(name);
        let count = |name: &str| header(name).and_then(|count| count.parse().ok());
        Self {
            request_id: header("x-amzn-requestid").map(str::to_owned),
            content_type: header("content-type").map(str::to_owned),
            input_tokens: count("x-amzn-bedrock-input-token-count"),
            output_tokens: count("x-amzn-bedrock-output-token-count"),
            cache_read_tokens: count("x-amzn-bedrock-cache-read-input-token-count"),
            cache_write_tokens: count("x-amzn-bedrock-cache-write-input-token-count"),
            service_tier: header("x-amzn-bedrock-service-tier").map(str::to_owned),
        }
    }
}

fn classify(error: SdkError<InvokeModelError, HttpResponse>, outgoing: &Outgoing, max_bytes: usize) -> Error {
    match error {
        error if causes(&error).any(limit::is_exceeded) => {
            Error::TooLarge { model_id: outgoing.subject().to_owned(), limit: max_bytes }
        }
        SdkError::ServiceError(error) => service_error(error.raw()),
        error @ SdkError::ResponseError(_) => Error::Unreadable {
            model_id: outgoing.subject().to_owned(),
            reason: chain(&error),
            java_class: unreadable_class(outgoing),
        },
        SdkError::ConstructionFailure(error) => {
            let error = SdkError::<InvokeModelError, HttpResponse>::ConstructionFailure(error);
            identity::failure(&error).unwrap_or_else(|| Error::Request { reason: chain(&error) })
        }
        error => identity::failure(&error).unwrap_or_else(|| Error::Connection { reason: chain(&error) }),
    }
}

/// What Camunda's runtime reports for an answer that cannot be read.
pub(super) fn unreadable_class(outgoing: &Outgoing) -> &'static str {
    match outgoing.address {
        Address::Model { operation: Operation::InvokeModel, .. } => UNREADABLE_INVOKE,
        Address::Model { .. } | Address::Guardrail { .. } | Address::Description { .. } => {
            UNREADABLE_CONVERSE
        }
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

/// `com.amazon.coral.service#ValidationException:http://…` is `ValidationException`. What cannot be a code is none:
/// whatever stands between here and Bedrock may write anything, and codes are labels of metrics.
fn bare_code(code: &str) -> String {
    const MAX_LEN: usize = 64;
    let code = code.split(':').next().unwrap_or_default();
    let code = code.rsplit('#').next().unwrap_or_default().trim();
    let is_code = code.len() <= MAX_LEN
        && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'));
    if is_code { code.to_owned() } else { String::new() }
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

pub(super) fn causes<'a>(
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

    #[test]
    fn what_cannot_be_a_code_is_none() {
        for code in ["upstream-error_1.2", &"x".repeat(64)] {
            assert_eq!(bare_code(code), code);
        }
        for code in ["", "two words", "<html>", "a/b", "a\nb", "é", "{\"a\"", &"x".repeat(65)] {
            assert_eq!(bare_code(code), "", "{code:?}");
        }
    }
}
