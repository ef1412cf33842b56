//! From an answer to bytes on the connection, unbroken or broken as the scenario wants it.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures_util::{Stream, stream};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::error_code::ErrorCode;
use super::event_stream;
use super::exchange::{Outcome, Watch};
use super::scenario::Canned;

/// What a request is answered with, before anything is done to it.
#[derive(Debug)]
pub(crate) enum Answer {
    Json { body: Value, headers: Vec<(&'static str, String)> },
    Events(Vec<Bytes>),
    Error { code: ErrorCode, message: String },
    Canned(Canned),
}

/// What is done to the body of an answer.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Damage {
    None,
    /// It ends after so many bytes, and the connection with it.
    Cut {
        at: usize,
    },
    /// It pauses after so many bytes.
    Stall {
        at: usize,
        pause: Duration,
    },
}

impl Answer {
    pub(crate) fn error(code: ErrorCode) -> Self {
        Self::Error { code, message: code.message().to_owned() }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::Json { .. } | Self::Events(_) => StatusCode::OK,
            Self::Error { code, .. } => code.status(),
            Self::Canned(canned) => StatusCode::from_u16(canned.status).unwrap_or_default(),
        }
    }

    fn headers(&self) -> Vec<(String, String)> {
        let named = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        match self {
            Self::Json { headers, .. } => {
                let own = headers.iter().map(|(name, value)| named(name, value));
                own.chain([named(CONTENT_TYPE.as_str(), "application/json")]).collect()
            }
            Self::Events(_) => vec![named(CONTENT_TYPE.as_str(), event_stream::CONTENT_TYPE)],
            Self::Error { code, .. } => {
                let code = format!("{}:http://internal.amazon.com/coral/com.amazon.bedrock/", code.name());
                vec![named(CONTENT_TYPE.as_str(), "application/json"), named("x-amzn-errortype", &code)]
            }
            Self::Canned(canned) => {
                let content_type =
                    canned.content_type.iter().map(|value| named(CONTENT_TYPE.as_str(), value));
                let error_type = canned.error_type.iter().map(|value| named("x-amzn-errortype", value));
                let length =
                    canned.content_length.map(|length| named(CONTENT_LENGTH.as_str(), &length.to_string()));
                content_type.chain(error_type).chain(length).chain(canned.headers.iter().cloned()).collect()
            }
        }
    }

    fn pieces(self) -> Vec<Bytes> {
        match self {
            Self::Json { body, .. } => vec![body.to_string().into()],
            Self::Events(events) => events,
            Self::Error { message, .. } => vec![json!({"message": message}).to_string().into()],
            Self::Canned(canned) => vec![canned.body],
        }
    }
}

/// Writes an answer out. The watch lives in the body, and so notices when it is dropped half-read.
pub(crate) fn respond(answer: Answer, damage: Damage, request_id: &str, mut watch: Watch) -> Response {
    let status = answer.status();
    let headers = answer.headers();
    let short = matches!(&answer, Answer::Canned(canned) if canned.content_length.is_some_and(|length| length > canned.body.len()));
    let streamed = matches!(answer, Answer::Events(_));
    let pieces = answer.pieces();
    let length: usize = pieces.iter().map(Bytes::len).sum();
    let plain = matches!(damage, Damage::None) && !short && !streamed;
    let body = if plain {
        watch.expect(Outcome::Answered { status: status.as_u16() });
        drop(watch);
        Body::from(pieces.concat())
    } else {
        let damage = if short { Damage::Cut { at: length } } else { damage };
        Body::from_stream(written(pieces, damage, status, watch))
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let given = headers.iter().filter_map(|(name, value)| {
        Some((HeaderName::from_bytes(name.as_bytes()).ok()?, HeaderValue::from_str(value).ok()?))
    });
    response.headers_mut().extend(given);
    if let Ok(request_id) = HeaderValue::from_str(request_id) {
        response.headers_mut().insert("x-amzn-requestid", request_id);
    }
    if !streamed && !plain && !short {
        // A damaged body still announces its full length, so that the damage shows.
        response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    response
}

/// One part of a body that is written in parts.
enum Part {
    Bytes(Bytes),
    Pause(Duration),
    /// The connection ends here.
    Break,
}

struct Writing {
    parts: VecDeque<Part>,
    status: StatusCode,
    watch: Watch,
}

fn written(
    pieces: Vec<Bytes>,
    damage: Damage,
    status: StatusCode,
    watch: Watch,
) -> impl Stream<Item = Result<Bytes, io::Error>> {
    let parts = match damage {
        Damage::None => pieces.into_iter().map(Part::Bytes).collect(),
        Damage::Cut { at } => {
            let (before, _) = split(&pieces, at);
            VecDeque::from([Part::Bytes(before), Part::Break])
        }
        Damage::Stall { at, pause } => {
            let (before, after) = split(&pieces, at);
            VecDeque::from([Part::Bytes(before), Part::Pause(pause), Part::Bytes(after)])
        }
    };
    stream::unfold(Writing { parts, status, watch }, Writing::next)
}

impl Writing {
    async fn next(mut self) -> Option<(Result<Bytes, io::Error>, Self)> {
        loop {
            match self.parts.pop_front()? {
                Part::Bytes(bytes) => {
                    // The connection drops the body once it has all of it, without asking whether there is more.
                    if self.parts.is_empty() {
                        self.watch.expect(Outcome::Answered { status: self.status.as_u16() });
                    }
                    return Some((Ok(bytes), self));
                }
                Part::Pause(pause) => sleep(pause).await,
                Part::Break => {
                    self.watch.expect(Outcome::Broken);
                    // The bytes before the break leave the buffer while this waits for its next turn.
                    tokio::task::yield_now().await;
                    return Some((Err(io::ErrorKind::ConnectionAborted.into()), self));
                }
            }
        }
    }
}

fn split(pieces: &[Bytes], at: usize) -> (Bytes, Bytes) {
    let mut before = Bytes::from(pieces.concat());
    let after = before.split_off(at.min(before.len()));
    (before, after)
}
