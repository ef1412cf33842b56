//! The one pool of connections to AWS.

use aws_smithy_http_client::pool::{Client, ConnectionPool};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};

use super::Error;
use super::options::{Options, Proxy};

/// Middle boxes forget connections that are silent for some minutes, and models think for longer.
const KEEP_ALIVE: std::time::Duration = std::time::Duration::from_secs(30);

/// Builds the HTTP client that all clients of AWS share.
pub(super) fn client(options: &Options) -> Result<Client, Error> {
    let mut trust = TrustStore::default();
    if let Some(pem) = &options.ca_pem {
        trust = trust.with_pem_certificate(pem.clone());
    }
    let tls = TlsContext::builder().with_trust_store(trust).build().map_err(|error| unusable(&error))?;
    let pool = ConnectionPool::builder()
        .tcp_keepalive(KEEP_ALIVE)
        .proxy_config(proxy(&options.proxy)?)
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .tls_context(tls)
        .build_https()
        .map_err(|error| unusable(&error))?;
    Client::new(&pool).map_err(|error| unusable(&error))
}

fn proxy(proxy: &Proxy) -> Result<ProxyConfig, Error> {
    // The text of the error may quote the URL, and with it a password.
    let wrong = |_| Error::Request { reason: "the URL of the proxy is no URL".into() };
    let config = match (&proxy.https, &proxy.http) {
        (Some(url), _) => ProxyConfig::https(url.expose()).map_err(wrong)?,
        (None, Some(url)) => ProxyConfig::http(url.expose()).map_err(wrong)?,
        (None, None) => return Ok(ProxyConfig::disabled()),
    };
    Ok(if proxy.no_proxy.is_empty() { config } else { config.no_proxy(&proxy.no_proxy) })
}

fn unusable(error: &dyn std::error::Error) -> Error {
    Error::Request { reason: format!("the HTTP client cannot be built: {error}") }
}
