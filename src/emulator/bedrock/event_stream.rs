//! Frames of `application/vnd.amazon.eventstream`.

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use bytes::{Bytes, BytesMut};
use serde_json::Value;

use super::error_code::ErrorCode;

/// The content type of an event stream.
pub(crate) const CONTENT_TYPE: &str = "application/vnd.amazon.eventstream";

/// A frame that carries an event.
pub(crate) fn event(name: &str, payload: &Value) -> Bytes {
    frame(
        &[(":event-type", name), (":content-type", "application/json"), (":message-type", "event")],
        payload,
    )
}

/// A frame that carries an exception, after which the stream is over.
pub(crate) fn exception(code: ErrorCode) -> Bytes {
    let payload = serde_json::json!({"message": code.message()});
    let headers = [
        (":exception-type", code.event_name()),
        (":content-type", "application/json"),
        (":message-type", "exception"),
    ];
    frame(&headers, &payload)
}

fn frame(headers: &[(&str, &str)], payload: &Value) -> Bytes {
    let message = Message::new(Bytes::from(payload.to_string()));
    let message = headers.iter().fold(message, |message, (name, value)| {
        message.add_header(Header::new((*name).to_owned(), HeaderValue::String((*value).to_owned().into())))
    });
    let mut frame = BytesMut::new();
    // It fails only for payloads of more than 16 MB; such a frame is left out.
    match write_message_to(&message, &mut frame) {
        Ok(()) => frame.freeze(),
        Err(_) => Bytes::new(),
    }
}
