//! Reads the body of an answer, and no more than is allowed.

use bytes::{Bytes, BytesMut};
use reqwest::Response;

use super::Error;
use super::budget::Share;

/// The whole body, unless it is larger than the limit. Room for the limit must be reserved in the share; what the
/// body takes of it is kept.
pub(super) async fn read(response: Response, limit: usize, share: &mut Share) -> Result<Bytes, Error> {
    if let Some(length) = length_within(&response, limit)? {
        share.shrink(length);
    }
    let content = read_small(response, limit).await?;
    share.keep(content.len());
    Ok(content)
}

/// The whole body of an answer that is no document.
pub(super) async fn read_small(mut response: Response, limit: usize) -> Result<Bytes, Error> {
    let length = length_within(&response, limit)?;
    let mut content = length.map_or_else(BytesMut::new, BytesMut::with_capacity);
    while let Some(chunk) = response.chunk().await.map_err(|error| unreachable(&error))? {
        if content.len() + chunk.len() > limit {
            return Err(Error::TooLarge { limit });
        }
        content.extend_from_slice(&chunk);
    }
    Ok(content.freeze())
}

/// The length that the answer says it has.
fn length_within(response: &Response, limit: usize) -> Result<Option<usize>, Error> {
    match response.content_length().map(usize::try_from) {
        None => Ok(None),
        Some(Ok(length)) if length <= limit => Ok(Some(length)),
        Some(_) => Err(Error::TooLarge { limit }),
    }
}

/// The innermost cause, without the URL: it may hold a token.
pub(super) fn unreachable(error: &reqwest::Error) -> Error {
    Error::Unreachable { reason: cause(error) }
}

/// The HTTP client cannot be built.
pub(super) fn unusable(error: &reqwest::Error) -> Error {
    Error::Client { reason: cause(error) }
}

fn cause(error: &reqwest::Error) -> String {
    let mut cause = std::error::Error::source(error);
    let mut reason = "the request failed".to_owned();
    while let Some(error) = cause {
        reason = error.to_string();
        cause = error.source();
    }
    reason
}
