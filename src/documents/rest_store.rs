//! The engine's document store, over its REST interface.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use reqwest::{Certificate, Client, RequestBuilder, Url};
use serde::Deserialize;
use serde_json::json;

use super::{Error, Reference, Store, body};
use crate::connector::parse_duration;

/// Links are valid for this long when nothing is said.
const LINK_LIFE: Duration = Duration::from_secs(3600);

/// Gives the credentials for the engine. They are those of the gateway client.
pub trait Authorize: Debug + Send + Sync {
    /// The `authorization` header, or none. The error says why there is none although one is needed.
    fn authorization(&self) -> BoxFuture<'_, Result<Option<HeaderValue>, String>>;
}

/// For an engine without authorization.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoAuthorization;

impl Authorize for NoAuthorization {
    fn authorization(&self) -> BoxFuture<'_, Result<Option<HeaderValue>, String>> {
        std::future::ready(Ok(None)).boxed()
    }
}

/// Options of the store.
#[derive(Debug, Clone)]
pub struct RestOptions {
    /// The REST address of the engine, for example `http://localhost:8080`.
    pub address: String,
    /// Certificates, as PEM, that are trusted besides those of the machine.
    pub ca_pem: Option<Vec<u8>>,
    /// The largest document.
    pub max_bytes: usize,
    /// The time for one document.
    pub timeout: Duration,
}

impl RestOptions {
    /// Usual limits for this address.
    pub fn new(address: impl Into<String>) -> Self {
        Self {
            address: address.into(),
            ca_pem: None,
            max_bytes: 25_000_000,
            timeout: Duration::from_secs(60),
        }
    }
}

/// The store behind the REST interface.
#[derive(Debug, Clone)]
pub struct RestStore {
    client: Client,
    address: Url,
    max_bytes: usize,
    authorize: Arc<dyn Authorize>,
}

#[derive(Deserialize)]
struct Link {
    url: String,
}

impl RestStore {
    /// Builds the HTTP client; nothing is sent yet.
    pub fn new(options: RestOptions, authorize: Arc<dyn Authorize>) -> Result<Self, Error> {
        // Another part of the process may have installed it already, which is as good.
        rustls::crypto::ring::default_provider().install_default().ok();
        let address =
            Url::parse(&options.address).map_err(|error| Error::BadUrl { reason: error.to_string() })?;
        if address.cannot_be_a_base() {
            return Err(Error::BadUrl { reason: "the REST address has no host".into() });
        }
        let mut client = Client::builder().no_proxy().timeout(options.timeout);
        if let Some(pem) = &options.ca_pem {
            for certificate in Certificate::from_pem_bundle(pem).map_err(|error| body::unreachable(&error))? {
                client = client.add_root_certificate(certificate);
            }
        }
        let client = client.build().map_err(|error| body::unreachable(&error))?;
        Ok(Self { client, address, max_bytes: options.max_bytes, authorize })
    }

    /// The URL of a document, or of something below it.
    fn url(&self, document: &Reference, below: &[&str]) -> Result<(Url, String), Error> {
        let Reference::Stored { store_id, document_id, content_hash, .. } = document else {
            return Err(Error::no_reference("the document", "it is not one of the engine's store".into()));
        };
        let mut url = self.address.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(["v2", "documents", document_id]).extend(below);
        }
        {
            let mut query = url.query_pairs_mut();
            for (key, value) in [("storeId", store_id), ("contentHash", content_hash)] {
                if let Some(value) = value {
                    query.append_pair(key, value);
                }
            }
        }
        Ok((url, document_id.clone()))
    }

    async fn send(&self, request: RequestBuilder, document_id: String) -> Result<Bytes, Error> {
        let authorization =
            self.authorize.authorization().await.map_err(|reason| Error::Unreachable { reason })?;
        let request = match authorization {
            Some(value) => request.header(AUTHORIZATION, value),
            None => request,
        };
        let response = request.send().await.map_err(|error| body::unreachable(&error))?;
        if !response.status().is_success() {
            return Err(Error::StoreStatus { status: response.status().as_u16(), document_id });
        }
        body::read(response, self.max_bytes).await
    }
}

impl Store for RestStore {
    fn fetch<'a>(&'a self, document: &'a Reference) -> BoxFuture<'a, Result<Bytes, Error>> {
        async move {
            let (url, document_id) = self.url(document, &[])?;
            self.send(self.client.get(url), document_id).await
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
            let (url, document_id) = self.url(document, &["links"])?;
            let life = u64::try_from(life.as_millis()).unwrap_or(u64::MAX);
            let request = self.client.post(url).json(&json!({ "timeToLive": life }));
            let answer = self.send(request, document_id).await?;
            let link: Link = serde_json::from_slice(&answer)
                .map_err(|error| Error::Unreachable { reason: format!("its answer is no link: {error}") })?;
            Ok(link.url)
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::extract::{Path, RawQuery};
    use axum::http::{HeaderMap, StatusCode};
    use axum::routing::{get, post};
    use serde_json::Value;

    use super::*;

    #[derive(Debug)]
    struct Bearer;

    impl Authorize for Bearer {
        fn authorization(&self) -> BoxFuture<'_, Result<Option<HeaderValue>, String>> {
            std::future::ready(Ok(Some(HeaderValue::from_static("Bearer t")))).boxed()
        }
    }

    /// An engine with the document `d 1`, which shows its authorization and its query.
    async fn store(max_bytes: usize) -> RestStore {
        let content = async |Path(id): Path<String>, RawQuery(query): RawQuery, headers: HeaderMap| {
            if id != "d 1" {
                return Err(StatusCode::NOT_FOUND);
            }
            let authorization = headers.get("authorization").and_then(|value| value.to_str().ok());
            Ok(format!("{authorization:?} {query:?}"))
        };
        let link = async |Path(id): Path<String>, body: String| {
            let body: Value = serde_json::from_str(&body).expect("JSON");
            (
                StatusCode::CREATED,
                json!({"url": format!("https://files/{id}?{}", body["timeToLive"])}).to_string(),
            )
        };
        let app = Router::new()
            .route("/engine/v2/documents/{id}", get(content))
            .route("/engine/v2/documents/{id}/links", post(link));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}/engine/", listener.local_addr().expect("an address"));
        tokio::spawn(async move { axum::serve(listener, app).await });
        RestStore::new(RestOptions { max_bytes, ..RestOptions::new(address) }, Arc::new(Bearer))
            .expect("a store")
    }

    fn document(id: &str, content_hash: Option<&str>) -> Reference {
        Reference::Stored {
            store_id: Some("in-memory".into()),
            document_id: id.into(),
            content_hash: content_hash.map(str::to_owned),
            metadata: Value::Null,
        }
    }

    #[tokio::test]
    async fn a_document_is_fetched_with_its_hash_and_our_credentials() {
        let store = store(1000).await;
        assert_eq!(
            store.fetch(&document("d 1", Some("a&b"))).await.expect("a document"),
            r#"Some("Bearer t") Some("storeId=in-memory&contentHash=a%26b")"#
        );
        assert_eq!(
            store.fetch(&document("d 1", None)).await.expect("a document"),
            r#"Some("Bearer t") Some("storeId=in-memory")"#
        );
    }

    #[tokio::test]
    async fn a_document_that_is_gone_is_told_by_its_id() {
        let error = store(1000).await.fetch(&document("other", None)).await.expect_err("gone");
        assert_eq!(error.to_string(), "the document store answers with status 404 for document \"other\"");
    }

    #[tokio::test]
    async fn a_large_document_is_refused() {
        let result = store(3).await.fetch(&document("d 1", None)).await;
        assert!(matches!(result, Err(Error::TooLarge { limit: 3 })));
    }

    #[tokio::test]
    async fn a_link_has_its_time() {
        let store = store(1000).await;
        let link = store.link(&document("d", None), Some("PT10M")).await.expect("a link");
        assert_eq!(link, "https://files/d?600000");
        assert_eq!(store.link(&document("d", None), None).await.expect("a link"), "https://files/d?3600000");
        let refused = store.link(&document("d", None), Some("soon")).await;
        assert!(matches!(refused, Err(Error::BadFunction { .. })));
    }
}
