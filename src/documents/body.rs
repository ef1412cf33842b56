//! Reads the body of an answer, and no more than is allowed.

use bytes::{Bytes, BytesMut};
use reqwest::Response;

use super::Error;

/// The whole body, unless it is larger than the limit.
pub(super) async fn read(mut response: Response, limit: usize) -> Result<Bytes, Error> {
    if response.content_length().is_some_and(|length| length > limit as u64) {
        return Err(Error::TooLarge { limit });
    }
    let mut content = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| unreachable(&error))? {
        if content.len() + chunk.len() > limit {
            return Err(Error::TooLarge { limit });
        }
        content.extend_from_slice(&chunk);
    }
    Ok(content.freeze())
}

/// The innermost cause, without the URL: it may hold a token.
pub(super) fn unreachable(error: &reqwest::Error) -> Error {
    let mut cause = std::error::Error::source(error);
    let mut reason = "the request failed".to_owned();
    while let Some(error) = cause {
        reason = error.to_string();
        cause = error.source();
    }
    Error::Unreachable { reason }
}
