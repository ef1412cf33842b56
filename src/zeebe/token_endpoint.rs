//! One request to an OAuth 2.0 token endpoint (RFC 6749, section 4.4), which may have to be found first
//! (RFC 8414).

use std::time::Duration;

use reqwest::Url;
use serde::Deserialize;
use tokio::sync::OnceCell;

use super::error::{OptionsError, TokenError, chain};
use super::http_client::{builder, unusable};
use super::options::{OAuth, Proxy, Tls};
use crate::secret::Secret;

/// No token answer is anywhere near this long.
const MAX_ANSWER: usize = 64 * 1024;
/// When the endpoint does not say how long a token lives.
const ASSUMED_LIFETIME: Duration = Duration::from_secs(300);
const NO_TOKEN: &str = "no JSON object with an access_token";
/// A token that is said to live shorter is used this long nevertheless, or each call would ask for one. If it
/// is refused, that is another matter.
const MIN_LIFETIME: Duration = Duration::from_secs(10);
/// Longer promises than a day are not relied on.
const MAX_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// Where tokens come from, and what is sent there.
#[derive(Debug)]
pub(super) struct TokenEndpoint {
    http: reqwest::Client,
    place: Place,
    form: Vec<(&'static str, Secret)>,
}

#[derive(Debug)]
enum Place {
    Known(Url),
    /// The provider's description of itself, and what it said.
    Described {
        by: Url,
        found: OnceCell<Url>,
    },
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

#[derive(Deserialize)]
struct ErrorAnswer {
    error: String,
}

#[derive(Deserialize)]
struct Description {
    token_endpoint: String,
}

impl TokenEndpoint {
    pub(super) fn new(client: &OAuth, proxy: &Proxy) -> Result<Self, OptionsError> {
        let place = Place::new(client)?;
        let mut form = vec![
            ("grant_type", Secret::new("client_credentials")),
            ("client_id", Secret::new(&client.client_id)),
            ("client_secret", client.client_secret.clone()),
        ];
        let more = [("audience", &client.audience), ("scope", &client.scope), ("resource", &client.resource)];
        form.extend(more.into_iter().filter_map(|(name, value)| Some((name, Secret::new(value.as_ref()?)))));
        let needs_tls = place.configured().scheme() == "https";
        Ok(Self { http: http_client(client, proxy, needs_tls)?, place, form })
    }

    /// Asks for a token.
    pub(super) async fn ask(&self) -> Result<Answer, TokenError> {
        let url = self.url().await?;
        let form: Vec<_> = self.form.iter().map(|(name, value)| (*name, value.expose())).collect();
        let body = fetch(url, self.http.post(url.clone()).form(&form)).await?;
        let answer: TokenAnswer = serde_json::from_slice(&body).map_err(|_| malformed(url, NO_TOKEN))?;
        if answer.access_token.is_empty() {
            return Err(malformed(url, NO_TOKEN));
        }
        // Some endpoints write the number as a string.
        let seconds = answer.expires_in.and_then(|it| it.as_u64().or_else(|| it.as_str()?.parse().ok()));
        let lifetime = seconds.map_or(ASSUMED_LIFETIME, Duration::from_secs);
        Ok(Answer { access_token: answer.access_token, lifetime: lifetime.clamp(MIN_LIFETIME, MAX_LIFETIME) })
    }

    /// What callers hear after one of them gave up waiting.
    pub(super) fn abandoned(&self) -> TokenError {
        let text = "the last request was given up before it was answered".to_owned();
        TokenError::Unreachable { host: host(self.place.configured()), text }
    }

    /// The token cannot be sent in a header.
    pub(super) fn unusable(&self) -> TokenError {
        malformed(self.place.configured(), NO_TOKEN)
    }

    async fn url(&self) -> Result<&Url, TokenError> {
        match &self.place {
            Place::Known(url) => Ok(url),
            Place::Described { by, found } => found.get_or_try_init(|| self.discover(by)).await,
        }
    }

    async fn discover(&self, by: &Url) -> Result<Url, TokenError> {
        let body = fetch(by, self.http.get(by.clone())).await?;
        let described: Option<Description> = serde_json::from_slice(&body).ok();
        let url = described.and_then(|it| http_url(&it.token_endpoint));
        // The secret must not go out in the clear because a description says so.
        url.filter(|url| url.scheme() == "https" || by.scheme() == "http")
            .ok_or_else(|| malformed(by, "no JSON object with a usable token_endpoint"))
    }
}

impl Place {
    fn new(client: &OAuth) -> Result<Self, OptionsError> {
        let invalid = |url: &String| OptionsError::TokenUrl { url: url.clone() };
        match &client.well_known_url {
            Some(url) if client.token_url.is_empty() => {
                let by = http_url(url).ok_or_else(|| invalid(url))?;
                Ok(Self::Described { by, found: OnceCell::new() })
            }
            Some(_) | None => {
                http_url(&client.token_url).map(Self::Known).ok_or_else(|| invalid(&client.token_url))
            }
        }
    }

    fn configured(&self) -> &Url {
        match self {
            Self::Known(url) => url,
            Self::Described { by, .. } => by,
        }
    }
}

/// The body of a successful answer.
async fn fetch(url: &Url, request: reqwest::RequestBuilder) -> Result<Vec<u8>, TokenError> {
    let unreachable = |error: reqwest::Error| TokenError::Unreachable {
        host: host(url),
        text: chain(&error.without_url()),
    };
    let mut response = request.header("accept", "application/json").send().await.map_err(unreachable)?;
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_ANSWER {
            return Err(malformed(url, "it is far too long"));
        }
    }
    if response.status().is_success() {
        return Ok(body);
    }
    let reason = serde_json::from_slice(&body).ok().and_then(reason);
    Err(TokenError::Refused { host: host(url), status: response.status().as_u16(), reason })
}

fn http_url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(url)
}

/// All that messages say of a URL.
fn host(url: &Url) -> String {
    url.host_str().unwrap_or_default().to_owned()
}

fn malformed(url: &Url, text: &'static str) -> TokenError {
    TokenError::Malformed { host: host(url), text }
}

/// The error code of RFC 6749. Anything else may be an echo of what was sent, so it is left out.
fn reason(answer: ErrorAnswer) -> Option<String> {
    let is_code = answer.error.len() <= 40
        && answer.error.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_');
    is_code.then_some(answer.error)
}

fn http_client(client: &OAuth, proxy: &Proxy, needs_tls: bool) -> Result<reqwest::Client, OptionsError> {
    let tls = Tls { ca_file: client.ca_file.clone(), client_certificate: None };
    builder(&tls, proxy, needs_tls)?
        .connect_timeout(client.connect_timeout)
        .timeout(client.read_timeout)
        // Tokens are asked for every few minutes; a connection kept for that is most often a dead one.
        .pool_max_idle_per_host(0)
        .build()
        .map_err(unusable)
}
