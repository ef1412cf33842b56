//! What only the engine's REST interface tells, asked with the gateway's credentials.

use std::time::Duration;

use http::StatusCode;
use reqwest::header::{ACCEPT, AUTHORIZATION};
use reqwest::{Response, Url};
use tokio::time::sleep;

use super::client::Client;
use super::error::{Error, chain};
use super::http_client::http_client;
use super::keys::ProcessDefinitionKey;
use super::options::Options;

/// No diagram that a person drew is anywhere near this large.
const MAX_MODEL: usize = 16 * 1024 * 1024;

/// How long one request may take.
const LIMIT: Duration = Duration::from_secs(20);

/// When to look again for a process that is not there: the engine shows a new deployment over REST a little after it
/// runs it.
const LOOK_AGAIN: [Duration; 4] =
    [Duration::from_millis(250), Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4)];

/// Why the engine's REST interface gave no answer.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RestError {
    /// Correct the address.
    #[error("the REST address {address:?} is invalid: {reason}; expected http(s)://host:port")]
    Address { address: String, reason: String },
    /// The options of the client are wrong, or there are no credentials.
    #[error(transparent)]
    Gateway(#[from] Error),
    /// Check the address, and the proxy and certificate authorities on the way.
    #[error("the engine's REST interface gave no answer: {text}")]
    Unanswered { text: String },
    /// Check what the client may read; engines before 8.8 do not show processes over REST at all.
    #[error("the engine answers {path} with status {status}{}", hint(*status))]
    Refused { path: String, status: u16 },
    #[error("the answer of the engine cannot be read: {reason}")]
    Unreadable { reason: &'static str },
}

fn hint(status: u16) -> &'static str {
    match status {
        401 | 403 => "; this client needs the permission to read process definitions",
        404 => "; engines have it since 8.8, check the version and the REST address",
        _ => "",
    }
}

/// The engine's REST interface. Clones share connections and credentials.
#[derive(Debug, Clone)]
pub struct Rest {
    client: Client,
    http: reqwest::Client,
    address: Url,
}

impl Rest {
    /// Trusts, shows and goes through what the gateway client does. Nothing is asked yet.
    pub fn new(client: Client, options: &Options, address: &str) -> Result<Self, RestError> {
        let wrong =
            |reason: &str| RestError::Address { address: address.to_owned(), reason: reason.to_owned() };
        let url = Url::parse(address).map_err(|error| wrong(&error.to_string()))?;
        if url.cannot_be_a_base() {
            return Err(wrong("it has no host"));
        }
        Ok(Self { client, http: http_client(options, address)?, address: url })
    }

    /// The BPMN text of a deployed process.
    pub async fn process_xml(&self, key: ProcessDefinitionKey) -> Result<String, RestError> {
        let mut url = self.address.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(["v2", "process-definitions", &key.to_string(), "xml"]);
        }
        let mut again = LOOK_AGAIN.into_iter();
        loop {
            let response = self.get(&url).await?;
            let status = response.status();
            if status.is_success() {
                return read(response).await;
            }
            match again.next().filter(|_| status == StatusCode::NOT_FOUND) {
                Some(wait) => sleep(wait).await,
                None => {
                    let path = url.path().to_owned();
                    return Err(RestError::Refused { path, status: status.as_u16() });
                }
            }
        }
    }

    /// Asks again once when the credentials are refused and there are better ones.
    async fn get(&self, url: &Url) -> Result<Response, RestError> {
        let mut authorization = self.client.authorization().await?;
        let mut is_first = true;
        loop {
            let mut request = self.http.get(url.clone()).timeout(LIMIT).header(ACCEPT, "text/xml, */*;q=0.1");
            if let Some(authorization) = &authorization {
                request = request.header(AUTHORIZATION, authorization.header().clone());
            }
            let response = request.send().await.map_err(unanswered)?;
            let refused = authorization.filter(|_| is_first && response.status() == StatusCode::UNAUTHORIZED);
            let Some(refused) = refused else { return Ok(response) };
            if !self.client.authorization_refused(&refused).await {
                return Ok(response);
            }
            authorization = self.client.authorization().await?;
            is_first = false;
        }
    }
}

async fn read(mut response: Response) -> Result<String, RestError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unanswered)? {
        if body.len() + chunk.len() > MAX_MODEL {
            return Err(RestError::Unreadable { reason: "it is larger than 16 MiB" });
        }
        body.extend_from_slice(&chunk);
    }
    String::from_utf8(body).map_err(|_| RestError::Unreadable { reason: "it is not UTF-8 text" })
}

fn unanswered(error: reqwest::Error) -> RestError {
    RestError::Unanswered { text: chain(&error.without_url()) }
}
