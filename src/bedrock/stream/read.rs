//! From bytes to events.

use std::time::Duration;

use aws_smithy_eventstream::frame::{DecodedFrame, MessageFrameDecoder};
use aws_smithy_types::byte_stream::ByteStream;
use aws_smithy_types::event_stream::Message;
use bytes::BytesMut;
use serde_json::Value;
use tokio::time::timeout;

use super::assemble::Assembly;
use crate::bedrock::send::{causes, chain};
use crate::bedrock::{Error, limit};
use crate::connector::json;

/// What a stream may do.
#[derive(Debug, Clone, Copy)]
pub(in crate::bedrock) struct Limits<'a> {
    /// How long it may be silent.
    pub(in crate::bedrock) idle: Duration,
    /// How long it may be all in all.
    pub(in crate::bedrock) max_bytes: usize,
    /// For messages.
    pub(in crate::bedrock) model_id: &'a str,
}

/// Reads a stream to its end, and gives the body that Converse would have answered. `on_first` is called once, when
/// the first piece of the answer is there.
pub(in crate::bedrock) async fn read(
    stream: ByteStream,
    limits: Limits<'_>,
    on_first: impl FnOnce(),
) -> Result<Value, Error> {
    let mut reader = Reader {
        stream,
        limits,
        decoder: MessageFrameDecoder::new(),
        buffer: BytesMut::new(),
        bytes: 0,
        assembly: None,
    };
    let mut on_first = Some(on_first);
    loop {
        let next = timeout(limits.idle, reader.next()).await;
        let message = match next.unwrap_or(Err(Error::StreamSilent { limit: limits.idle })) {
            Ok(Some(message)) => message,
            Ok(None) => return reader.end(),
            // Whatever happens behind the last event, the answer is whole.
            Err(_) if reader.is_whole() => return reader.end(),
            Err(error) => return Err(error),
        };
        reader.take(&message)?;
        if reader.has_begun()
            && let Some(on_first) = on_first.take()
        {
            on_first();
        }
    }
}

struct Reader<'a> {
    stream: ByteStream,
    limits: Limits<'a>,
    decoder: MessageFrameDecoder,
    buffer: BytesMut,
    /// How many came so far.
    bytes: usize,
    /// None until the first event.
    assembly: Option<Assembly>,
}

impl Reader<'_> {
    /// The next frame; none at the end of the stream.
    async fn next(&mut self) -> Result<Option<Message>, Error> {
        loop {
            match self.decoder.decode_frame(&mut self.buffer) {
                Ok(DecodedFrame::Complete(message)) => return Ok(Some(message)),
                Ok(DecodedFrame::Incomplete) => {}
                Err(error) => return Err(self.broken(format!("a frame is damaged: {error}"))),
            }
            match self.stream.next().await {
                Some(Ok(bytes)) => {
                    self.buffer.extend_from_slice(&bytes);
                    self.bytes += bytes.len();
                    self.check_size(self.bytes > self.limits.max_bytes)?;
                }
                Some(Err(error)) => {
                    self.check_size(causes(&error).any(limit::is_exceeded))?;
                    return Err(self.broken(chain(&error)));
                }
                None => return Ok(None),
            }
        }
    }

    fn check_size(&self, is_too_large: bool) -> Result<(), Error> {
        let Limits { max_bytes: limit, model_id, .. } = self.limits;
        if is_too_large { Err(Error::TooLarge { model_id: model_id.to_owned(), limit }) } else { Ok(()) }
    }

    fn take(&mut self, message: &Message) -> Result<(), Error> {
        let payload = json::parse(message.payload()).unwrap_or_default();
        let header = |name: &str| {
            let found = message.headers().iter().find(|header| header.name().as_str() == name);
            found.and_then(|header| header.value().as_string().ok()).map(|value| value.as_str())
        };
        match header(":message-type") {
            Some("exception") => {
                Err(self.exception(header(":exception-type").unwrap_or("unknown"), text(&payload)))
            }
            Some("error") => {
                let reason = header(":error-message").unwrap_or("no further text");
                Err(self.exception(header(":error-code").unwrap_or("unknown"), reason))
            }
            _ => {
                let event = header(":event-type").unwrap_or_default();
                self.assembly.get_or_insert_default().add(event, payload);
                Ok(())
            }
        }
    }

    /// Whether a piece of the answer is there.
    fn has_begun(&self) -> bool {
        self.assembly.as_ref().is_some_and(Assembly::has_content)
    }

    fn is_whole(&self) -> bool {
        self.assembly.as_ref().is_some_and(Assembly::is_whole)
    }

    /// What an exception inside the stream means. Before the first piece it is what it would have been as a plain
    /// answer, and may be sent again.
    fn exception(&self, name: &str, message: &str) -> Error {
        let code = code(name);
        if self.has_begun() {
            return Error::StreamCut { code: Some(code), reason: message.to_owned() };
        }
        Error::Service {
            status: status(&code),
            code,
            message: message.to_owned(),
            request_id: "unknown".to_owned(),
            retry_after: None,
        }
    }

    /// What a stream that breaks off means. Before the first piece it is a broken connection.
    fn broken(&self, reason: String) -> Error {
        if self.has_begun() { Error::StreamCut { code: None, reason } } else { Error::Connection { reason } }
    }

    fn end(self) -> Result<Value, Error> {
        let unfinished = self.broken("the stream ended before its last event".to_owned());
        self.assembly.and_then(Assembly::finish).ok_or(unfinished)
    }
}

fn text(payload: &Value) -> &str {
    let text = |key: &str| payload.get(key).and_then(Value::as_str);
    text("message").or_else(|| text("originalMessage")).unwrap_or("no further text")
}

/// `throttlingException` is `ThrottlingException`.
fn code(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

/// The status that the exception has as a plain answer.
fn status(code: &str) -> u16 {
    match code {
        "ThrottlingException" => 429,
        "InternalServerException" => 500,
        "ServiceUnavailableException" => 503,
        "ModelStreamErrorException" => 424,
        "ModelTimeoutException" => 408,
        _ => 400,
    }
}
