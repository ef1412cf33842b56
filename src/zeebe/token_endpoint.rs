//! One request to an OAuth 2.0 token endpoint (RFC 6749, section 4.4).

use std::time::Duration;

use reqwest::Url;
use serde::Deserialize;
use tokio::sync::OnceCell;

use super::error::{OptionsError, TokenError, chain};
use super::options::{OAuth, Proxy};
use super::secret::Secret;
use super::{proxy, tls};

/// No token answer is anywhere near this long.
const MAX_ANSWER: usize = 64 * 1024;
/// When the endpoint does not say how long a token lives.
const ASSUMED_LIFETIME: Duration = Duration::from_secs(300);
/// Longer promises than a day are not relied on.
const MAX_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// Where tokens come from, and what is sent there.
#[derive(Debug)]
pub(super) struct TokenEndpoint {
    http: reqwest::Client,
    /// Known from the start, or from the issuer's page once that has been read.
    url: OnceCell<Url>,
    /// What is asked first: the issuer's page, or the endpoint itself.
    first_url: Url,
    /// All that messages say of the URL.
    host: String,
    form: Vec<(&'static str, Secret)>,
}

/// A token and how long it is good.
pub(super) struct Answer {
    pub(super) access_token: String,
    pub(super) lifetime: Duration,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    expires_in: Option<serde_json::Value>,
}

/// The one member of the issuer's page that matters here.
#[derive(Deserialize)]
struct IssuerPage {
    token_endpoint: String,
}

#[derive(Deserialize)]
struct ErrorAnswer {
    error: String,
}

impl TokenEndpoint {
    pub(super) fn new(client: &OAuth, proxy: &Proxy) -> Result<Self, OptionsError> {
        let discovered = client.well_known_url.as_ref().filter(|_| client.token_url.is_empty());
        let text = discovered.unwrap_or(&client.token_url);
        let first_url = http_url(text).ok_or_else(|| OptionsError::TokenUrl { url: text.clone() })?;
        let host = first_url.host_str().unwrap_or_default().to_owned();
        let url =
            if discovered.is_some() { OnceCell::new() } else { OnceCell::new_with(Some(first_url.clone())) };
        let mut form = vec![
            ("grant_type", Secret::new("client_credentials")),
            ("client_id", Secret::new(&client.client_id)),
            ("client_secret", client.client_secret.clone()),
        ];
        let more = [("audience", &client.audience), ("scope", &client.scope), ("resource", &client.resource)];
        form.extend(more.into_iter().filter_map(|(name, value)| Some((name, Secret::new(value.as_ref()?)))));
        Ok(Self { http: http_client(client, proxy)?, url, first_url, host, form })
    }

    /// Asks for a token.
    pub(super) async fn ask(&self) -> Result<Answer, TokenError> {
        let form: Vec<_> = self.form.iter().map(|(name, value)| (*name, value.expose())).collect();
        let url = self.url.get_or_try_init(|| self.discover()).await?;
        let body = self.send(self.http.post(url.clone()).form(&form)).await?;
        self.read(&body)
    }

    /// Reads from the issuer's page where tokens are given out.
    async fn discover(&self) -> Result<Url, TokenError> {
        let body = self.send(self.http.get(self.first_url.clone())).await?;
        let page: Option<IssuerPage> = serde_json::from_slice(&body).ok();
        page.and_then(|page| http_url(&page.token_endpoint)).ok_or_else(|| {
            let text = "no JSON object with a token_endpoint";
            TokenError::Malformed { host: self.host.clone(), text }
        })
    }

    /// The body of an answer that is not an error.
    async fn send(&self, request: reqwest::RequestBuilder) -> Result<Vec<u8>, TokenError> {
        let request = request.header("accept", "application/json");
        let mut response = request.send().await.map_err(|error| self.unreachable(error))?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.unreachable(error))? {
            body.extend_from_slice(&chunk);
            if body.len() > MAX_ANSWER {
                return Err(self.malformed());
            }
        }
        if response.status().is_success() {
            return Ok(body);
        }
        let reason = serde_json::from_slice(&body).ok().and_then(reason);
        Err(TokenError::Refused { host: self.host.clone(), status: response.status().as_u16(), reason })
    }

    /// What callers hear after one of them gave up waiting.
    pub(super) fn abandoned(&self) -> TokenError {
        let text = "the last request was given up before it was answered".to_owned();
        TokenError::Unreachable { host: self.host.clone(), text }
    }

    pub(super) fn malformed(&self) -> TokenError {
        let text = "no JSON object with an access_token";
        TokenError::Malformed { host: self.host.clone(), text }
    }

    fn read(&self, body: &[u8]) -> Result<Answer, TokenError> {
        let answer: TokenAnswer = serde_json::from_slice(body).map_err(|_| self.malformed())?;
        if answer.access_token.is_empty() {
            return Err(self.malformed());
        }
        // Some endpoints write the number as a string.
        let seconds = answer.expires_in.and_then(|it| it.as_u64().or_else(|| it.as_str()?.parse().ok()));
        let lifetime = seconds.map_or(ASSUMED_LIFETIME, Duration::from_secs).min(MAX_LIFETIME);
        Ok(Answer { access_token: answer.access_token, lifetime })
    }

    fn unreachable(&self, error: reqwest::Error) -> TokenError {
        TokenError::Unreachable { host: self.host.clone(), text: chain(&error.without_url()) }
    }
}

fn http_url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.host_str().is_some()).then_some(url)
}

/// The error code of RFC 6749. Anything else may be an echo of what was sent, so it is left out.
fn reason(answer: ErrorAnswer) -> Option<String> {
    let is_code = answer.error.len() <= 40
        && answer.error.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_');
    is_code.then_some(answer.error)
}

fn http_client(client: &OAuth, proxy: &Proxy) -> Result<reqwest::Client, OptionsError> {
    tls::install_provider();
    let unusable = |error: reqwest::Error| OptionsError::Tls { reason: chain(&error) };
    let mut builder = reqwest::Client::builder()
        .connect_timeout(client.connect_timeout)
        .timeout(client.read_timeout)
        // Tokens are asked for every few minutes; a connection kept for that is most often a dead one.
        .pool_max_idle_per_host(0)
        // A redirect would carry the secret to another place.
        .redirect(reqwest::redirect::Policy::none())
        // The environment is read in one place only, and that is not here.
        .no_proxy();
    for proxy in proxy::for_http_client(proxy)? {
        builder = builder.proxy(proxy);
    }
    if let Some(path) = &client.ca_file {
        let (pem, _) = tls::certificates(path)?;
        builder = builder.tls_certs_merge(reqwest::Certificate::from_pem_bundle(&pem).map_err(unusable)?);
    }
    builder.build().map_err(unusable)
}
