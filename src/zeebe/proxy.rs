//! The first hop: straight to the gateway, or through a proxy by CONNECT.

use std::time::Duration;

use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower::util::BoxCloneSyncService;
use tower::{BoxError, ServiceExt};

use super::error::OptionsError;
use super::options::Proxy;
use crate::secret::Secret;

/// Opens the TCP connection on which TLS and HTTP/2 are spoken.
#[derive(Debug, Clone)]
pub(super) struct Tcp(BoxCloneSyncService<Uri, TokioIo<TcpStream>, BoxError>);

impl Tcp {
    /// Decides about the proxy once: it hangs on the gateway's address only.
    pub(super) fn new(proxy: &Proxy, gateway: &Uri, connect_timeout: Duration) -> Result<Self, OptionsError> {
        let mut direct = HttpConnector::new();
        direct.set_nodelay(true);
        direct.set_connect_timeout(Some(connect_timeout));
        Ok(Self(match intercept(proxy, gateway)? {
            Some(intercept) => {
                let mut tunnel = Tunnel::new(intercept.uri().clone(), direct);
                if let Some(authorization) = intercept.basic_auth() {
                    tunnel = tunnel.with_auth(authorization.clone());
                }
                BoxCloneSyncService::new(tunnel.map_err(BoxError::from))
            }
            None => BoxCloneSyncService::new(direct.map_err(BoxError::from)),
        }))
    }

    pub(super) async fn connect(self, gateway: Uri) -> Result<TcpStream, BoxError> {
        self.0.oneshot(gateway).await.map(TokioIo::into_inner)
    }
}

/// The same proxies for calls over HTTP, for example to the token endpoint.
pub(super) fn for_http_client(proxy: &Proxy) -> Result<Vec<reqwest::Proxy>, OptionsError> {
    let mut proxies = Vec::new();
    if let Some(url) = validated("https", proxy.https.as_ref())? {
        proxies.push(reqwest::Proxy::https(url).map_err(|_| unreadable("https"))?);
    }
    if let Some(url) = validated("http", proxy.http.as_ref())? {
        proxies.push(reqwest::Proxy::http(url).map_err(|_| unreadable("http"))?);
    }
    let exceptions = || reqwest::NoProxy::from_string(&proxy.no_proxy);
    Ok(proxies.into_iter().map(|proxy| proxy.no_proxy(exceptions())).collect())
}

fn intercept(proxy: &Proxy, gateway: &Uri) -> Result<Option<Intercept>, OptionsError> {
    let mut matcher = Matcher::builder().no(&proxy.no_proxy);
    if let Some(url) = validated("https", proxy.https.as_ref())? {
        matcher = matcher.https(url);
    }
    if let Some(url) = validated("http", proxy.http.as_ref())? {
        matcher = matcher.http(url);
    }
    Ok(matcher.build().intercept(gateway))
}

/// The matcher takes what it cannot read for no proxy at all, which would quietly go around it.
fn validated<'a>(which: &'static str, url: Option<&'a Secret>) -> Result<Option<&'a str>, OptionsError> {
    let Some(url) = url.map(Secret::expose).filter(|url| !url.is_empty()) else { return Ok(None) };
    let uri: Uri = url.parse().map_err(|_| unreadable(which))?;
    match (uri.host(), uri.scheme_str()) {
        (Some(host), None | Some("http")) if !host.is_empty() => Ok(Some(url)),
        (_, None | Some("http")) => Err(unreadable(which)),
        (_, Some(_)) => Err(OptionsError::Proxy { which, reason: "only the scheme http is supported" }),
    }
}

fn unreadable(which: &'static str) -> OptionsError {
    OptionsError::Proxy { which, reason: "it is no address" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy(https: &str, no_proxy: &str) -> Proxy {
        Proxy { https: Some(Secret::new(https)), http: None, no_proxy: no_proxy.to_owned() }
    }

    fn way(proxy: &Proxy, gateway: &'static str) -> Option<String> {
        intercept(proxy, &Uri::from_static(gateway)).unwrap().map(|found| found.uri().to_string())
    }

    #[test]
    fn exceptions_and_plaintext_gateways_are_reached_directly() {
        let some = proxy("http://proxy:3128", "localhost,.cluster.local,10.0.0.0/8");
        assert_eq!(way(&some, "https://zeebe.example.com:443").as_deref(), Some("http://proxy:3128/"));
        assert_eq!(way(&some, "https://zeebe.cluster.local:443"), None);
        assert_eq!(way(&some, "https://10.1.2.3:443"), None);
        assert_eq!(way(&some, "http://zeebe:26500"), None);
        assert_eq!(way(&Proxy::default(), "https://zeebe.example.com:443"), None);
        assert_eq!(way(&proxy("", ""), "https://zeebe.example.com:443"), None);
    }

    #[test]
    fn a_proxy_without_scheme_is_an_http_proxy() {
        let some = proxy("proxy:3128", "");
        assert_eq!(way(&some, "https://zeebe.example.com:443").as_deref(), Some("http://proxy:3128/"));
    }

    #[test]
    fn a_wrong_proxy_is_an_error_that_does_not_show_its_password() {
        for (url, expected) in [
            ("socks5://me:hunter2@proxy:1080", "only the scheme http is supported"),
            ("https://me:hunter2@proxy", "only the scheme http is supported"),
            ("http://me:hunter2@proxy:nine nine", "it is no address"),
        ] {
            let error =
                intercept(&proxy(url, ""), &Uri::from_static("https://zeebe:1")).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
