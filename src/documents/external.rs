//! Fetches documents from URLs that anyone may have written, so it goes nowhere but to public addresses.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderMap, LOCATION};
use reqwest::{Client, Response, Url};

use super::loader::{Document, Fetch};
use super::{Error, body};

/// Limits of fetching.
#[derive(Debug, Clone)]
pub struct Options {
    /// Hosts that may be reached although their addresses are not public.
    pub allowed_hosts: BTreeSet<String>,
    /// The largest document.
    pub max_bytes: usize,
    /// The time for one document, redirects included.
    pub timeout: Duration,
    /// How many redirects are followed; each address is checked anew.
    pub max_redirects: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            allowed_hosts: BTreeSet::new(),
            max_bytes: 25_000_000,
            timeout: Duration::from_secs(60),
            max_redirects: 5,
        }
    }
}

/// Fetches external documents.
#[derive(Debug, Clone)]
pub struct External {
    client: Client,
    options: Arc<Options>,
}

impl External {
    /// Builds the HTTP client. It keeps no cookies and follows no redirects by itself.
    pub fn new(options: Options) -> Result<Self, reqwest::Error> {
        // Another part of the process may have installed it already, which is as good.
        rustls::crypto::ring::default_provider().install_default().ok();
        let options = Arc::new(options);
        let client = Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .connect_timeout(Duration::from_secs(10))
            .dns_resolver(GuardedResolver { options: Arc::clone(&options) })
            .build()?;
        Ok(Self { client, options })
    }

    async fn fetch_within_limits(&self, url: &str, name: Option<&str>) -> Result<Document, Error> {
        let mut url = Url::parse(url).map_err(|error| Error::BadUrl { reason: error.to_string() })?;
        for _ in 0..=self.options.max_redirects {
            self.check(&url)?;
            let response = self.client.get(url.clone()).send().await.map_err(|error| unreachable(&error))?;
            let status = response.status();
            if status.is_redirection() {
                url = redirected(&url, response.headers())?;
            } else if status.is_success() {
                return self.read(response, name).await;
            } else {
                return Err(Error::Status { status: status.as_u16() });
            }
        }
        Err(Error::BadUrl { reason: format!("it redirects more than {} times", self.options.max_redirects) })
    }

    /// Refuses schemes and literal addresses here; names are looked at when they are resolved.
    fn check(&self, url: &Url) -> Result<(), Error> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Error::BadUrl {
                reason: format!("its scheme is {:?}, expected http or https", url.scheme()),
            });
        }
        let host = url.host_str().unwrap_or_default();
        let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        match literal {
            Ok(address) if !self.options.allowed_hosts.contains(host) => {
                refuse_private(host, address).map(|_| ())
            }
            _ => Ok(()),
        }
    }

    async fn read(&self, response: Response, name: Option<&str>) -> Result<Document, Error> {
        let header =
            |key| response.headers().get(key).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let content_type = header(CONTENT_TYPE);
        let disposition = header(CONTENT_DISPOSITION);
        let last_segment =
            response.url().path_segments().and_then(|mut parts| parts.next_back()).map(str::to_owned);
        let name =
            name.map(str::to_owned).or_else(|| disposition.as_deref().and_then(file_name)).or(last_segment);
        let content = body::read(response, self.options.max_bytes).await?;
        Ok(Document { name, content_type, content })
    }
}

impl Fetch for External {
    fn fetch<'a>(&'a self, url: &'a str, name: Option<&'a str>) -> BoxFuture<'a, Result<Document, Error>> {
        async move {
            let limit = self.options.timeout;
            tokio::time::timeout(limit, self.fetch_within_limits(url, name))
                .await
                .unwrap_or_else(|_| Err(Error::Unreachable { reason: format!("not done after {limit:?}") }))
        }
        .boxed()
    }
}

fn redirected(from: &Url, headers: &HeaderMap) -> Result<Url, Error> {
    let location = headers.get(LOCATION).and_then(|value| value.to_str().ok());
    let location = location.ok_or_else(|| Error::BadUrl { reason: "it redirects to nowhere".into() })?;
    from.join(location)
        .map_err(|error| Error::BadUrl { reason: format!("it redirects to a bad one: {error}") })
}

/// The file name of `attachment; filename="a.pdf"`.
fn file_name(disposition: &str) -> Option<String> {
    disposition.split(';').find_map(|part| {
        let (key, value) = part.trim().split_once('=')?;
        let value = value.trim().trim_matches('"');
        (key.trim().eq_ignore_ascii_case("filename") && !value.is_empty()).then(|| value.to_owned())
    })
}

/// A refusal of ours, or why there is no answer.
fn unreachable(error: &reqwest::Error) -> Error {
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        if let Some(Forbidden { host, address }) = error.downcast_ref() {
            return Error::Forbidden { host: host.clone(), address: *address };
        }
        cause = error.source();
    }
    body::unreachable(error)
}

/// Carries the refusal through the HTTP client.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the address {address} of {host} is not public")]
struct Forbidden {
    host: String,
    address: IpAddr,
}

/// Resolves names, and gives back nothing when one of the addresses is not public.
#[derive(Debug)]
struct GuardedResolver {
    options: Arc<Options>,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let options = Arc::clone(&self.options);
        Box::pin(async move {
            let host = name.as_str().to_owned();
            let addresses: Vec<_> = tokio::net::lookup_host((host.as_str(), 0)).await?.collect();
            if !options.allowed_hosts.contains(&host) {
                for address in &addresses {
                    if !is_public(address.ip()) {
                        return Err(Forbidden { host, address: address.ip() }.into());
                    }
                }
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

fn refuse_private(host: &str, address: IpAddr) -> Result<IpAddr, Error> {
    if is_public(address) { Ok(address) } else { Err(Error::Forbidden { host: host.to_owned(), address }) }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let reserved = match a {
        0 | 240..=255 => true,
        100 => (64..128).contains(&b),
        192 => b == 0 && (c == 0 || c == 2) || b == 88 && c == 99,
        198 => b == 18 || b == 19 || b == 51 && c == 100,
        203 => b == 0 && c == 113,
        _ => false,
    };
    !(reserved
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast())
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(inner) = embedded_v4(address) {
        return is_public_v4(inner);
    }
    // Only 2000::/3 is given out for the public network; 2001:db8::/32 is for documentation, 2001::/32 tunnels.
    let [first, second, ..] = address.segments();
    first & 0xe000 == 0x2000 && !(first == 0x2001 && (second == 0x0db8 || second == 0))
}

/// The IPv4 address that an IPv6 address stands for: mapped, translated (64:ff9b::/96) or 6to4 (2002::/16).
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let join = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match (a, b, c, d, e, f) {
        (0, 0, 0, 0, 0, 0xffff) | (0x64, 0xff9b, 0, 0, 0, 0) => Some(join(g, h)),
        (0x2002, ..) => Some(join(b, c)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::http::StatusCode;
    use axum::response::Redirect;
    use axum::routing::get;

    use super::*;

    #[test]
    fn only_public_addresses_are_public() {
        for address in ["8.8.8.8", "1.1.1.1", "172.32.0.1", "100.63.0.1", "2606:4700::1111", "::ffff:8.8.8.8"]
        {
            assert!(is_public(address.parse().expect("address")), "{address}");
        }
        for address in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "255.255.255.255",
            "224.0.0.1",
            "198.18.0.1",
            "192.0.0.1",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "fd00:ec2::254",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::a00:1",
            "2002:7f00:1::",
            "2001:db8::1",
            "::127.0.0.1",
            "fec0::1",
        ] {
            assert!(!is_public(address.parse().expect("address")), "{address}");
        }
    }

    /// A server of documents on a port of its own.
    async fn serve() -> u16 {
        let app = Router::new()
            .route("/a.txt", get(|| async { ([("content-type", "text/plain")], "hello") }))
            .route(
                "/named",
                get(|| async { ([("content-disposition", "attachment; filename=\"b.pdf\"")], "x") }),
            )
            .route("/moved", get(|| async { Redirect::temporary("/a.txt") }))
            .route("/loop", get(|| async { Redirect::temporary("/loop") }))
            .route("/away", get(|| async { Redirect::temporary("http://127.0.0.2:1/") }))
            .route("/broken", get(|| async { StatusCode::INTERNAL_SERVER_ERROR }));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        tokio::spawn(async move { axum::serve(listener, app).await });
        port
    }

    fn external(allowed: &[&str], max_bytes: usize) -> External {
        let allowed_hosts = allowed.iter().map(|host| (*host).to_owned()).collect();
        External::new(Options { allowed_hosts, max_bytes, ..Options::default() }).expect("a client")
    }

    #[tokio::test]
    async fn an_allowed_host_is_fetched_with_its_names_and_redirects() {
        let port = serve().await;
        let external = external(&["127.0.0.1"], 100);
        let fetch = |path: &str| {
            let (external, url) = (external.clone(), format!("http://127.0.0.1:{port}/{path}"));
            async move { external.fetch(&url, None).await }
        };
        let document = fetch("a.txt").await.expect("a document");
        assert_eq!(document.content, "hello");
        assert_eq!(document.content_type.as_deref(), Some("text/plain"));
        assert_eq!(document.name.as_deref(), Some("a.txt"));
        assert_eq!(fetch("named").await.expect("a document").name.as_deref(), Some("b.pdf"));
        assert_eq!(fetch("moved").await.expect("a document").content, "hello");
        assert!(matches!(fetch("loop").await, Err(Error::BadUrl { .. })));
        assert!(matches!(fetch("broken").await, Err(Error::Status { status: 500 })));
        assert!(matches!(fetch("nope").await, Err(Error::Status { status: 404 })));
        assert!(matches!(fetch("away").await, Err(Error::Forbidden { .. })), "a redirect is checked anew");
    }

    #[tokio::test]
    async fn a_private_host_is_refused_by_address_and_by_name() {
        let port = serve().await;
        let external = external(&[], 100);
        for host in ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1"] {
            let result = external.fetch(&format!("http://{host}:{port}/a.txt"), None).await;
            assert!(matches!(result, Err(Error::Forbidden { .. })), "{host}: {result:?}");
        }
    }

    #[tokio::test]
    async fn a_large_document_is_refused() {
        let port = serve().await;
        let result = external(&["127.0.0.1"], 4).fetch(&format!("http://127.0.0.1:{port}/a.txt"), None).await;
        assert!(matches!(result, Err(Error::TooLarge { limit: 4 })));
    }

    #[tokio::test]
    async fn other_schemes_are_refused() {
        for url in ["ftp://example.com/a", "file:///etc/passwd", "", "a.pdf"] {
            let result = external(&[], 4).fetch(url, None).await;
            assert!(matches!(result, Err(Error::BadUrl { .. })), "{url}");
        }
    }

    #[tokio::test]
    async fn a_closed_port_is_unreachable() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        drop(listener);
        let result =
            external(&["127.0.0.1"], 4).fetch(&format!("http://127.0.0.1:{port}/?token=t"), None).await;
        let Err(error @ Error::Unreachable { .. }) = result else { panic!("{result:?}") };
        assert!(!error.to_string().contains("token"), "{error}");
    }
}
