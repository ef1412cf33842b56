//! Fetches documents from URLs that anyone may have written, so it goes nowhere but to public addresses.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use reqwest::dns::Resolve;
use reqwest::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderMap, LOCATION};
use reqwest::{Response, Url};

use super::budget::Share;
use super::loader::{Document, Fetch};
use super::way::{Proxy, SystemResolver, Ways};
use super::{Error, body, way};

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
    /// The proxies to go through. A proxy resolves names by itself, so it must not lead to private networks.
    pub proxy: Proxy,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            allowed_hosts: BTreeSet::new(),
            max_bytes: 25_000_000,
            timeout: Duration::from_secs(60),
            max_redirects: 5,
            proxy: Proxy::default(),
        }
    }
}

/// Fetches external documents.
#[derive(Debug, Clone)]
pub struct External {
    ways: Ways,
    options: Arc<Options>,
}

impl External {
    /// Builds the HTTP clients. They keep no cookies and follow no redirects by themselves.
    pub fn new(options: Options) -> Result<Self, Error> {
        Self::resolving(options, Arc::new(SystemResolver))
    }

    /// The same, with another way from names to addresses.
    fn resolving(options: Options, resolver: Arc<dyn Resolve>) -> Result<Self, Error> {
        let options = Arc::new(options);
        Ok(Self { ways: Ways::new(&options, resolver)?, options })
    }

    async fn fetch_within_limits(
        &self,
        url: &str,
        name: Option<&str>,
        share: &mut Share,
    ) -> Result<Document, Error> {
        let mut url = Url::parse(url).map_err(|error| Error::BadUrl { reason: error.to_string() })?;
        for _ in 0..=self.options.max_redirects {
            let client = self.ways.to(&url).await?;
            let response = client.get(url.clone()).send().await.map_err(|error| way::unreachable(&error))?;
            let status = response.status();
            if status.is_redirection() {
                url = redirected(&url, response.headers())?;
            } else if status.is_success() {
                return self.read(response, name, share).await;
            } else {
                return Err(Error::Status { status: status.as_u16() });
            }
        }
        Err(Error::BadUrl { reason: format!("it redirects more than {} times", self.options.max_redirects) })
    }

    async fn read(
        &self,
        response: Response,
        name: Option<&str>,
        share: &mut Share,
    ) -> Result<Document, Error> {
        let header =
            |key| response.headers().get(key).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let content_type = header(CONTENT_TYPE);
        let disposition = header(CONTENT_DISPOSITION);
        let last_segment =
            response.url().path_segments().and_then(|mut parts| parts.next_back()).map(str::to_owned);
        let name =
            name.map(str::to_owned).or_else(|| disposition.as_deref().and_then(file_name)).or(last_segment);
        let content = body::read(response, self.options.max_bytes, share).await?;
        Ok(Document { name, content_type, content })
    }
}

impl Fetch for External {
    fn fetch<'a>(
        &'a self,
        url: &'a str,
        name: Option<&'a str>,
        share: &'a mut Share,
    ) -> BoxFuture<'a, Result<Document, Error>> {
        async move {
            // Waiting for room is not the server's fault, so it does not count.
            share.reserve(self.options.max_bytes).await;
            let limit = self.options.timeout;
            tokio::time::timeout(limit, self.fetch_within_limits(url, name, share))
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

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, SocketAddr};

    use axum::Router;
    use axum::http::{Request, StatusCode};
    use axum::response::Redirect;
    use axum::routing::get;
    use reqwest::dns::{Addrs, Name, Resolving};

    use super::*;
    use crate::documents::Budget;

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
            .route("/to-name", get(|| async { Redirect::temporary("http://inside.example/") }))
            .route("/to-file", get(|| async { Redirect::temporary("file:///etc/passwd") }))
            .route("/broken", get(|| async { StatusCode::INTERNAL_SERVER_ERROR }));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        tokio::spawn(async move { axum::serve(listener, app).await });
        port
    }

    /// What the names of the tests stand for.
    struct Names;

    impl Resolve for Names {
        fn resolve(&self, name: Name) -> Resolving {
            let addresses: &[&str] = match name.as_str() {
                "inside.example" => &["10.0.0.7"],
                "meta.example" => &["169.254.169.254"],
                "here.example" => &["127.0.0.1"],
                "mapped.example" => &["::ffff:127.0.0.1"],
                "unique.example" => &["fd00::1"],
                "mixed.example" => &["203.0.114.1", "192.168.0.1"],
                _ => &[],
            };
            let addresses: Vec<SocketAddr> = addresses
                .iter()
                .map(|address| (address.parse::<IpAddr>().expect("an address"), 0).into())
                .collect();
            Box::pin(std::future::ready(Ok(Box::new(addresses.into_iter()) as Addrs)))
        }
    }

    fn external(allowed: &[&str], max_bytes: usize) -> External {
        let allowed_hosts = allowed.iter().map(|host| (*host).to_owned()).collect();
        let options = Options { allowed_hosts, max_bytes, ..Options::default() };
        External::resolving(options, Arc::new(Names)).expect("a client")
    }

    async fn fetch(external: &External, url: &str) -> Result<Document, Error> {
        external.fetch(url, None, &mut Budget::new(1_000_000).share()).await
    }

    #[tokio::test]
    async fn an_allowed_host_is_fetched_with_its_names_and_redirects() {
        let port = serve().await;
        let external = external(&["127.0.0.1"], 100);
        let external = &external;
        let fetch = async |path: &str| fetch(external, &format!("http://127.0.0.1:{port}/{path}")).await;
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
    async fn an_address_that_is_not_public_is_refused_in_every_spelling() {
        let port = serve().await;
        let external = external(&[], 100);
        for host in [
            "127.0.0.1",
            "127.1",
            "127.0.0.1.",
            "2130706433",
            "0x7f.1",
            "0x7f000001",
            "0177.0.0.1",
            "017700000001",
            "127.0.0.0x1",
            "%31%32%37.0.0.1",
            "\u{ff11}27.0.0.1",
            "0.0.0.0",
            "0",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.0.1",
            "169.254.169.254",
            "100.100.100.200",
            "[::1]",
            "[::]",
            "[fe80::1]",
            "[fd00:ec2::254]",
            "[::ffff:127.0.0.1]",
            "[::ffff:a9fe:a9fe]",
            "[::127.0.0.1]",
            "[64:ff9b::7f00:1]",
            "[2002:7f00:1::]",
            "user@127.0.0.1",
            "8.8.8.8@127.0.0.1",
        ] {
            let result = fetch(&external, &format!("http://{host}:{port}/a.txt")).await;
            assert!(matches!(result, Err(Error::Forbidden { .. })), "{host}: {result:?}");
        }
    }

    #[tokio::test]
    async fn a_name_for_an_address_that_is_not_public_is_refused() {
        let port = serve().await;
        let external = external(&[], 100);
        for host in ["inside", "meta", "here", "mapped", "unique", "mixed"] {
            let result = fetch(&external, &format!("http://{host}.example:{port}/a.txt")).await;
            assert!(matches!(result, Err(Error::Forbidden { .. })), "{host}: {result:?}");
        }
        let result = fetch(&external, &format!("http://nobody.example:{port}/a.txt")).await;
        assert!(matches!(result, Err(Error::Unreachable { .. })), "{result:?}");
    }

    #[tokio::test]
    async fn the_systems_own_names_are_refused_too() {
        let external = External::new(Options::default()).expect("a client");
        let result = fetch(&external, &format!("http://localhost:{}/a.txt", serve().await)).await;
        assert!(matches!(result, Err(Error::Forbidden { .. })), "{result:?}");
    }

    #[tokio::test]
    async fn a_name_may_be_allowed() {
        let port = serve().await;
        let external = external(&["here.example"], 100);
        let document = fetch(&external, &format!("http://here.example:{port}/a.txt")).await;
        assert_eq!(document.expect("a document").content, "hello");
        for elsewhere in ["to-name", "away", "to-file"] {
            let result = fetch(&external, &format!("http://here.example:{port}/{elsewhere}")).await;
            assert!(matches!(result, Err(Error::Forbidden { .. } | Error::BadUrl { .. })), "{result:?}");
        }
    }

    /// Goes through a proxy of plain HTTP, which says what it was asked for.
    async fn proxied(no_proxy: &str) -> External {
        let app = Router::new()
            .fallback(async |request: Request<axum::body::Body>| format!("proxied {}", request.uri()));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(async move { axum::serve(listener, app).await });
        let proxy = Proxy { http: Some(url.into()), no_proxy: no_proxy.into(), ..Proxy::default() };
        External::resolving(Options { proxy, ..Options::default() }, Arc::new(Names)).expect("a client")
    }

    #[tokio::test]
    async fn a_proxy_is_asked_for_names_that_mean_nothing_here() {
        let external = proxied("direct.example").await;
        let document = fetch(&external, "http://nobody.example/a.txt").await.expect("a document");
        assert_eq!(document.content, "proxied http://nobody.example/a.txt");
        let direct = fetch(&external, "http://direct.example/a.txt").await;
        assert!(matches!(direct, Err(Error::Unreachable { .. })), "{direct:?}");
    }

    #[tokio::test]
    async fn a_proxy_is_not_asked_for_what_is_private_here() {
        let external = proxied("").await;
        for host in ["127.0.0.1", "2130706433", "169.254.169.254", "[::1]", "inside.example", "mixed.example"]
        {
            let result = fetch(&external, &format!("http://{host}/a.txt")).await;
            assert!(matches!(result, Err(Error::Forbidden { .. })), "{host}: {result:?}");
        }
    }

    #[tokio::test]
    async fn a_large_document_is_refused() {
        let port = serve().await;
        let result = fetch(&external(&["127.0.0.1"], 4), &format!("http://127.0.0.1:{port}/a.txt")).await;
        assert!(matches!(result, Err(Error::TooLarge { limit: 4 })));
    }

    #[tokio::test]
    async fn other_schemes_are_refused() {
        for url in ["ftp://example.com/a", "file:///etc/passwd", "", "a.pdf"] {
            let result = fetch(&external(&[], 4), url).await;
            assert!(matches!(result, Err(Error::BadUrl { .. })), "{url}");
        }
    }

    #[tokio::test]
    async fn a_closed_port_is_unreachable() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        drop(listener);
        let result = fetch(&external(&["127.0.0.1"], 4), &format!("http://127.0.0.1:{port}/?token=t")).await;
        let Err(error @ Error::Unreachable { .. }) = result else { panic!("{result:?}") };
        assert!(!error.to_string().contains("token"), "{error}");
    }
}
