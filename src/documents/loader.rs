//! Gets the content of documents, wherever they are.

use std::fmt::Debug;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use serde_json::Value;

use super::budget::{Budget, Share};
use super::{Error, Kind, Reference};

/// A document with its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    pub name: Option<String>,
    pub content_type: Option<String>,
    pub content: Bytes,
}

impl Document {
    /// The format that Bedrock is to read it in; `path` names the document in messages.
    pub fn kind(&self, path: &str) -> Result<Kind, Error> {
        Kind::of(self.name.as_deref(), self.content_type.as_deref()).ok_or_else(|| Error::UnknownKind {
            path: path.to_owned(),
            name: self.name.clone(),
            content_type: self.content_type.clone(),
            expected: Kind::all(),
        })
    }
}

/// A document that is to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDocument {
    pub name: String,
    pub content_type: String,
    pub content: Bytes,
}

/// Gets documents from URLs.
pub trait Fetch: Debug + Send + Sync {
    /// The document behind a URL. Its bytes are taken from the share.
    fn fetch<'a>(
        &'a self,
        url: &'a str,
        name: Option<&'a str>,
        share: &'a mut Share,
    ) -> BoxFuture<'a, Result<Document, Error>>;
}

/// The document store of the engine.
pub trait Store: Debug + Send + Sync {
    /// The content of a stored document. Its bytes are taken from the share.
    fn fetch<'a>(
        &'a self,
        document: &'a Reference,
        share: &'a mut Share,
    ) -> BoxFuture<'a, Result<Bytes, Error>>;

    /// A link to a stored document that is valid for a time, given as an ISO-8601 duration.
    fn link<'a>(
        &'a self,
        document: &'a Reference,
        time_to_live: Option<&'a str>,
    ) -> BoxFuture<'a, Result<String, Error>>;

    /// Stores a document, and gives the reference to it.
    fn create(&self, document: NewDocument) -> BoxFuture<'_, Result<Reference, Error>>;
}

/// Gets documents of all sorts.
#[derive(Debug, Clone)]
pub struct Loader {
    fetch: Arc<dyn Fetch>,
    store: Option<Arc<dyn Store>>,
    budget: Budget,
}

impl Loader {
    /// Without a store, documents of the engine are an error that says what to configure.
    pub fn new(fetch: Arc<dyn Fetch>, store: Option<Arc<dyn Store>>, budget: Budget) -> Self {
        Self { fetch, store, budget }
    }

    /// Begins to load documents for one request.
    pub fn session(&self) -> Session<'_> {
        Session { loader: self, share: self.budget.share() }
    }

    /// Whether documents can be stored.
    pub(crate) fn has_store(&self) -> bool {
        self.store.is_some()
    }

    pub(crate) async fn create(&self, document: NewDocument) -> Result<Reference, Error> {
        self.store.as_ref().ok_or(Error::NoStoreForNew)?.create(document).await
    }

    fn store(&self, reference: &Reference) -> Result<&Arc<dyn Store>, Error> {
        self.store.as_ref().ok_or_else(|| Error::NoStore {
            document_id: match reference {
                Reference::Stored { document_id, .. } => document_id.clone(),
                Reference::External { .. } | Reference::Inline { .. } => String::new(),
            },
        })
    }
}

/// Loads the documents of one request. It lives as long as the request, because the documents are in it.
#[derive(Debug)]
pub struct Session<'a> {
    loader: &'a Loader,
    share: Share,
}

impl Session<'_> {
    /// The content of a document. An inline one is in memory anyway, so it is not counted.
    pub async fn load(&mut self, reference: &Reference) -> Result<Document, Error> {
        match reference {
            Reference::Inline { content, name, content_type } => Ok(Document {
                name: name.clone(),
                content_type: content_type.clone(),
                content: inline_content(content),
            }),
            Reference::External { url, name } => {
                self.loader.fetch.fetch(url, name.as_deref(), &mut self.share).await
            }
            Reference::Stored { metadata, .. } => Ok(Document {
                content: self.loader.store(reference)?.fetch(reference, &mut self.share).await?,
                name: entry(metadata, "fileName"),
                content_type: entry(metadata, "contentType"),
            }),
        }
    }

    pub(super) async fn link(
        &self,
        reference: &Reference,
        time_to_live: Option<&str>,
    ) -> Result<String, Error> {
        self.loader.store(reference)?.link(reference, time_to_live).await
    }
}

fn entry(metadata: &Value, key: &str) -> Option<String> {
    metadata.get(key).and_then(Value::as_str).map(str::to_owned)
}

/// A text is its own content; anything else is its compact JSON.
fn inline_content(content: &Value) -> Bytes {
    match content {
        Value::Null => Bytes::new(),
        Value::String(text) => text.clone().into(),
        other => other.to_string().into(),
    }
}
