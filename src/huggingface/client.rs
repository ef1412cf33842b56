//! One call.

use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use reqwest::Response;
use reqwest::header::{HeaderName, RETRY_AFTER};
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;

use super::stream::Limits;
use super::{Error, Hosting, Proxy, chat, generation, stream};
use crate::connections::Task;
use crate::secrets::Secret;

/// Who pays, where it is not the owner of the token.
const BILL_TO: HeaderName = HeaderName::from_static("x-hf-bill-to");

/// An error says no more than this.
const MAX_ERROR_BYTES: usize = 64 * 1024;

/// Options of the client.
#[derive(Debug, Clone)]
pub struct Options {
    pub proxy: Proxy,
    /// Certificates, as PEM, that are trusted besides those of the machine.
    pub ca_pem: Option<Vec<u8>>,
    pub connect_timeout: Duration,
    pub max_answer_bytes: usize,
    pub stream_idle: Duration,
}

/// Sends to Hugging Face. Clones share their connections.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    options: Arc<Options>,
}

/// What is asked of a model.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    pub hosting: &'a Hosting,
    pub token: &'a Secret,
    pub model: &'a str,
    pub wish: Wish<'a>,
}

/// A body, in which language.
#[derive(Debug, Clone, Copy)]
pub enum Wish<'a> {
    /// That of Converse, and so is the answer; as a stream on the way, if it may be.
    Converse { body: &'a [u8], streams: bool },
    /// That of the model's task.
    Plain { body: &'a [u8] },
}

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Answered {
    pub value: Value,
    pub request_id: Option<String>,
}

impl Client {
    /// Builds the pool of connections. Nothing is sent yet.
    pub fn new(options: Options) -> Result<Self, Error> {
        let unusable = |error: reqwest::Error| Error::Client { reason: cause(&error) };
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls(options.ca_pem.as_deref())?)
            // A redirect would carry the token to another place.
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("bedrock-connector/", env!("CARGO_PKG_VERSION")))
            .tcp_keepalive(Duration::from_secs(30))
            .connect_timeout(options.connect_timeout)
            // The environment is read in one place only, and that is not here.
            .no_proxy();
        let no_proxy = || reqwest::NoProxy::from_string(&options.proxy.no_proxy);
        if let Some(url) = &options.proxy.https {
            builder =
                builder.proxy(reqwest::Proxy::https(url.expose()).map_err(unusable)?.no_proxy(no_proxy()));
        }
        if let Some(url) = &options.proxy.http {
            builder =
                builder.proxy(reqwest::Proxy::http(url.expose()).map_err(unusable)?.no_proxy(no_proxy()));
        }
        Ok(Self { http: builder.build().map_err(unusable)?, options: Arc::new(options) })
    }

    /// Asks once. `began` hears of the first piece of a stream.
    pub async fn ask(&self, request: Request<'_>, began: impl FnOnce() + Send) -> Result<Answered, Error> {
        let Request { hosting, model, .. } = request;
        let (body, streams) = match request.wish {
            Wish::Plain { body } => (body.to_vec(), false),
            Wish::Converse { body, streams } => match hosting.task {
                Task::Chat => (chat::body(model, body, streams)?.to_string().into_bytes(), streams),
                Task::TextGeneration => (generation::body(body)?.to_string().into_bytes(), false),
                Task::FeatureExtraction => return Err(no_conversation(model)),
            },
        };
        let response = self.send(request, body).await?;
        let request_id = header(&response, "x-request-id");
        let value = if streams {
            let limits =
                Limits { idle: self.options.stream_idle, max_bytes: self.options.max_answer_bytes, model };
            chat::answer(stream::read(response, limits, began).await?, model)?
        } else {
            let value = self.read(response, model).await?;
            match (request.wish, hosting.task) {
                (Wish::Converse { .. }, Task::Chat) => chat::answer(value, model)?,
                (Wish::Converse { .. }, Task::TextGeneration) => generation::answer(value, model)?,
                (Wish::Converse { .. }, Task::FeatureExtraction) | (Wish::Plain { .. }, _) => value,
            }
        };
        Ok(Answered { value, request_id })
    }

    /// Answers with status 200 only.
    async fn send(&self, request: Request<'_>, body: Vec<u8>) -> Result<Response, Error> {
        let Request { hosting, token, model, .. } = request;
        let mut post = self
            .http
            .post(hosting.url(model))
            .bearer_auth(token.expose())
            .header(reqwest::header::CONTENT_TYPE, "application/json");
        if let Some(namespace) = &hosting.bill_to {
            post = post.header(BILL_TO, namespace);
        }
        succeeded(post.body(body).send().await).await
    }

    /// Looks at an address of Hugging Face, where nothing is paid for.
    pub(super) async fn get(&self, url: &str, token: &Secret) -> Result<Value, Error> {
        let response = succeeded(self.http.get(url).bearer_auth(token.expose()).send().await).await?;
        self.read(response, url).await
    }

    async fn read(&self, response: Response, model: &str) -> Result<Value, Error> {
        let limit = self.options.max_answer_bytes;
        // From here on it may have been paid, so what breaks off is not asked for again.
        let unreadable = |reason: String| Error::Unreadable { model: model.to_owned(), reason };
        let body = limited(response, limit).await.map_err(|error| unreadable(cause(&error)))?;
        let body = body.ok_or_else(|| Error::TooLarge { model: model.to_owned(), limit })?;
        serde_json::from_slice(&body).map_err(|error| unreadable(error.to_string()))
    }
}

/// The answer, if its status is a good one.
async fn succeeded(response: reqwest::Result<Response>) -> Result<Response, Error> {
    let response = response.map_err(|error| unanswered(&error))?;
    if response.status().is_success() {
        return Ok(response);
    }
    let status = response.status().as_u16();
    let request_id = header(&response, "x-request-id");
    let seconds = header(&response, RETRY_AFTER.as_str()).and_then(|text| text.trim().parse().ok());
    let body = limited(response, MAX_ERROR_BYTES).await.ok().flatten().unwrap_or_default();
    Err(Error::of(status, &body, request_id, seconds.map(Duration::from_secs)))
}

fn tls(ca_pem: Option<&[u8]>) -> Result<ClientConfig, Error> {
    let unusable = |error: &dyn std::error::Error| Error::Client { reason: error.to_string() };
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    for certificate in CertificateDer::pem_slice_iter(ca_pem.unwrap_or_default()) {
        roots.add(certificate.map_err(|error| unusable(&error))?).map_err(|error| unusable(&error))?;
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable(&error))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

fn no_conversation(model: &str) -> Error {
    Error::Unsupported {
        reason: format!(
            "the task of the model {model:?} is feature-extraction, which holds no conversation; take the action embed, \
             or another model"
        ),
    }
}

fn header(response: &Response, name: &str) -> Option<String> {
    response.headers().get(name)?.to_str().ok().map(str::to_owned)
}

/// None: the body is larger than the limit.
async fn limited(mut response: Response, limit: usize) -> reqwest::Result<Option<BytesMut>> {
    let mut content = BytesMut::new();
    while let Some(chunk) = response.chunk().await? {
        if content.len() + chunk.len() > limit {
            return Ok(None);
        }
        content.extend_from_slice(&chunk);
    }
    Ok(Some(content))
}

fn unanswered(error: &reqwest::Error) -> Error {
    Error::Connection { reason: cause(error) }
}

/// The innermost cause; the outer ones repeat the address.
pub(super) fn cause(error: &dyn std::error::Error) -> String {
    let mut reason = error.to_string();
    let mut inner = error.source();
    while let Some(error) = inner {
        reason = error.to_string();
        inner = error.source();
    }
    reason
}
