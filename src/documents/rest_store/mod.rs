//! The engine's document store, over its REST interface.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use reqwest::multipart::{Form, Part};
use reqwest::{Client, RequestBuilder, Response, StatusCode, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::budget::Share;
use super::{Error, NewDocument, Reference, Store, body};
use crate::connector::parse_duration;

/// Links are valid for this long when nothing is said.
const LINK_LIFE: Duration = Duration::from_secs(3600);

/// No reference or link is anywhere near this long.
const MAX_ANSWER: usize = 256 * 1024;

/// Gives the credentials for the engine. They are those of the gateway client.
pub trait Authorize: Debug + Send + Sync {
    /// The `authorization` header, or none. The error says why there is none although one is needed.
    fn authorization(&self) -> BoxFuture<'_, Result<Option<HeaderValue>, String>>;

    /// Hears that the engine does not know these credentials. Says whether there are others now.
    fn refused<'a>(&'a self, header: &'a HeaderValue) -> BoxFuture<'a, bool>;
}

/// For an engine without authorization.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoAuthorization;

impl Authorize for NoAuthorization {
    fn authorization(&self) -> BoxFuture<'_, Result<Option<HeaderValue>, String>> {
        std::future::ready(Ok(None)).boxed()
    }

    fn refused<'a>(&'a self, _: &'a HeaderValue) -> BoxFuture<'a, bool> {
        std::future::ready(false).boxed()
    }
}

/// Options of the store.
#[derive(Debug, Clone)]
pub struct RestOptions {
    /// The REST address of the engine, for example `http://localhost:8080`.
    pub address: String,
    /// The largest document.
    pub max_bytes: usize,
    /// The time for one document.
    pub timeout: Duration,
}

impl RestOptions {
    /// Usual limits for this address.
    pub fn new(address: impl Into<String>) -> Self {
        Self { address: address.into(), max_bytes: 25_000_000, timeout: Duration::from_secs(60) }
    }
}

/// The store behind the REST interface.
#[derive(Debug, Clone)]
pub struct RestStore {
    client: Client,
    address: Url,
    max_bytes: usize,
    timeout: Duration,
    authorize: Arc<dyn Authorize>,
}

#[derive(Deserialize)]
struct Link {
    url: String,
}

/// What the store says of a new document. Its own mark for a reference has had two names.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stored {
    store_id: Option<String>,
    document_id: String,
    content_hash: Option<String>,
    #[serde(default)]
    metadata: Value,
}

impl RestStore {
    /// Sends by this client, which must follow no redirects: they would carry the credentials away.
    pub fn new(client: Client, options: RestOptions, authorize: Arc<dyn Authorize>) -> Result<Self, Error> {
        let address =
            Url::parse(&options.address).map_err(|error| Error::BadUrl { reason: error.to_string() })?;
        if address.cannot_be_a_base() {
            return Err(Error::BadUrl { reason: "the REST address has no host".into() });
        }
        Ok(Self { client, address, max_bytes: options.max_bytes, timeout: options.timeout, authorize })
    }

    /// The URL of all documents, or of one and what is below it.
    fn url(&self, below: &[&str]) -> Url {
        let mut url = self.address.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(["v2", "documents"]).extend(below);
        }
        url
    }

    /// The URL of a document, with what its reference says of it.
    fn url_of<'a>(&self, document: &'a Reference, below: &[&str]) -> Result<(Url, &'a str), Error> {
        let Reference::Stored { store_id, document_id, content_hash, .. } = document else {
            return Err(Error::no_reference("the document", "it is not one of the engine's store".into()));
        };
        // The engine's paths end there, whatever an identifier looks like.
        if matches!(document_id.as_str(), "." | "..") {
            return Err(Error::no_reference("the document", format!("its documentId is {document_id:?}")));
        }
        let mut url = self.url(&[&[document_id.as_str()], below].concat());
        for (key, value) in [("storeId", store_id), ("contentHash", content_hash)] {
            if let Some(value) = value {
                url.query_pairs_mut().append_pair(key, value);
            }
        }
        Ok((url, document_id))
    }

    /// Sends a request, and once more if it was refused with credentials in whose place there are new ones.
    async fn send(&self, request: impl Fn() -> Result<RequestBuilder, Error>) -> Result<Response, Error> {
        let mut is_repeated = false;
        loop {
            let authorization = self.authorize.authorization().await.map_err(|reason| {
                Error::Unreachable { reason: format!("there are no credentials for it: {reason}") }
            })?;
            let mut request = request()?.timeout(self.timeout);
            if let Some(header) = &authorization {
                request = request.header(AUTHORIZATION, header.clone());
            }
            let response = request.send().await.map_err(|error| body::unreachable(&error))?;
            match &authorization {
                Some(header) if response.status() == StatusCode::UNAUTHORIZED && !is_repeated => {
                    is_repeated = true;
                    if !self.authorize.refused(header).await {
                        return Ok(response);
                    }
                }
                Some(_) | None => return Ok(response),
            }
        }
    }

    /// The answer of a request about a document that is there.
    async fn ask(&self, document_id: &str, request: impl Fn() -> RequestBuilder) -> Result<Response, Error> {
        let response = self.send(|| Ok(request())).await?;
        if !response.status().is_success() {
            let status = response.status().as_u16();
            return Err(Error::StoreStatus { status, document_id: document_id.to_owned() });
        }
        Ok(response)
    }
}

impl Store for RestStore {
    fn fetch<'a>(
        &'a self,
        document: &'a Reference,
        share: &'a mut Share,
    ) -> BoxFuture<'a, Result<Bytes, Error>> {
        async move {
            let (url, document_id) = self.url_of(document, &[])?;
            share.reserve(self.max_bytes).await;
            let response = self.ask(document_id, || self.client.get(url.clone())).await?;
            body::read(response, self.max_bytes, share).await
        }
        .boxed()
    }

    fn link<'a>(
        &'a self,
        document: &'a Reference,
        time_to_live: Option<&'a str>,
    ) -> BoxFuture<'a, Result<String, Error>> {
        async move {
            let life = match time_to_live {
                None => LINK_LIFE,
                Some(text) => parse_duration(text).ok_or_else(|| Error::BadFunction {
                    function: "createLink".into(),
                    reason: format!(
                        "its second parameter is {text:?}, expected a duration, for example PT10M"
                    ),
                })?,
            };
            let (url, document_id) = self.url_of(document, &["links"])?;
            let life = u64::try_from(life.as_millis()).unwrap_or(u64::MAX);
            let request = || self.client.post(url.clone()).json(&json!({ "timeToLive": life }));
            let response = self.ask(document_id, request).await?;
            let link: Link = read_json(response, "link").await?;
            Ok(link.url)
        }
        .boxed()
    }

    fn create(&self, document: NewDocument) -> BoxFuture<'_, Result<Reference, Error>> {
        async move {
            if document.content.len() > self.max_bytes {
                return Err(Error::TooLarge { limit: self.max_bytes });
            }
            let url = self.url(&[]);
            let response =
                self.send(|| Ok(self.client.post(url.clone()).multipart(form(&document)?))).await?;
            if !response.status().is_success() {
                return Err(Error::NotStored { status: response.status().as_u16() });
            }
            let stored: Stored = read_json(response, "reference to a document").await?;
            Ok(Reference::Stored {
                store_id: stored.store_id,
                document_id: stored.document_id,
                content_hash: stored.content_hash,
                metadata: stored.metadata,
            })
        }
        .boxed()
    }
}

/// The parts of an upload: the file, and what is to be known of it.
fn form(document: &NewDocument) -> Result<Form, Error> {
    let NewDocument { name, content_type, content } = document;
    // A line end in the name would end the part's header, and what follows would be read as another.
    let file_name = name.replace(char::is_control, "_");
    let file =
        || Part::stream_with_length(content.clone(), content.len() as u64).file_name(file_name.clone());
    // A type that is none goes into the metadata only; the modeler may have reasons.
    let file = file().mime_str(content_type).unwrap_or_else(|_| file());
    let metadata = json!({ "fileName": name, "contentType": content_type }).to_string();
    let metadata =
        Part::text(metadata).mime_str("application/json").map_err(|error| body::unusable(&error))?;
    Ok(Form::new().part("file", file).part("metadata", metadata))
}

/// A small answer of the store.
async fn read_json<T: DeserializeOwned>(response: Response, what: &str) -> Result<T, Error> {
    let unreadable =
        |reason: String| Error::Unreachable { reason: format!("its answer is no {what}: {reason}") };
    let answer = body::read_small(response, MAX_ANSWER).await?;
    serde_json::from_slice(&answer).map_err(|error| unreadable(error.to_string()))
}

#[cfg(test)]
mod tests;
