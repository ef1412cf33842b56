//! The way to a URL: straight to addresses that were looked at, or through the operator's proxy.
//!
//! A proxy resolves names by itself, so what stands behind a name cannot be made sure of here. It is used only where
//! the operator says so; literal addresses, and names that mean private ones here, are refused all the same.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, ClientBuilder, Url};

use super::address::is_public;
use super::external::Options;
use super::{Error, body, tls};
use crate::secrets::Secret;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Proxies for documents; their URLs may hold a password.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxy {
    pub https: Option<Secret>,
    pub http: Option<Secret>,
    /// Hosts that are reached directly, separated by commas.
    pub no_proxy: String,
}

/// The clients for both ways.
#[derive(Debug, Clone)]
pub(super) struct Ways {
    options: Arc<Options>,
    guard: GuardedResolver,
    direct: Client,
    proxied: Option<Arc<Proxied>>,
}

#[derive(Debug)]
struct Proxied {
    matcher: Matcher,
    client: Client,
}

impl Ways {
    pub(super) fn new(options: &Arc<Options>, resolver: Arc<dyn Resolve>) -> Result<Self, Error> {
        let guard = GuardedResolver { resolver, options: Arc::clone(options) };
        let direct = client()?.no_proxy().dns_resolver(guard.clone());
        let direct = direct.build().map_err(|error| body::unusable(&error))?;
        let proxied = proxied(&options.proxy)?.map(Arc::new);
        Ok(Self { options: Arc::clone(options), guard, direct, proxied })
    }

    /// Refuses schemes and literal addresses here; names are looked at when they are resolved.
    pub(super) async fn to(&self, url: &Url) -> Result<&Client, Error> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Error::BadUrl {
                reason: format!("its scheme is {:?}, expected http or https", url.scheme()),
            });
        }
        let host = url.host_str().unwrap_or_default();
        let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        match literal {
            Ok(address) if !self.options.allows(host, address) => {
                return Err(Error::Forbidden { host: host.to_owned(), address });
            }
            _ => {}
        }
        match (&self.proxied, url.as_str().parse::<Uri>()) {
            (Some(proxied), Ok(uri)) if proxied.matcher.intercept(&uri).is_some() => {
                if literal.is_err() {
                    self.refuse_private_name(host).await?;
                }
                Ok(&proxied.client)
            }
            _ => Ok(&self.direct),
        }
    }

    /// Behind a proxy, names of the outside often mean nothing here; that is no reason to refuse them.
    async fn refuse_private_name(&self, host: &str) -> Result<(), Error> {
        let Ok(name) = host.parse() else { return Ok(()) };
        match self.guard.resolve(name).await.err().and_then(|error| error.downcast::<Forbidden>().ok()) {
            Some(refusal) => Err(refusal.to_error()),
            None => Ok(()),
        }
    }
}

fn client() -> Result<ClientBuilder, Error> {
    Ok(Client::builder()
        .tls_backend_preconfigured(tls::config()?)
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .connect_timeout(CONNECT_TIMEOUT))
}

fn proxied(proxy: &Proxy) -> Result<Option<Proxied>, Error> {
    if proxy.https.is_none() && proxy.http.is_none() {
        return Ok(None);
    }
    let (mut matcher, mut builder) = (Matcher::builder().no(&proxy.no_proxy), client()?);
    let unusable = |error| body::unusable(&error);
    if let Some(url) = &proxy.https {
        matcher = matcher.https(url.expose());
        builder = builder.proxy(reqwest::Proxy::https(url.expose()).map_err(unusable)?);
    }
    if let Some(url) = &proxy.http {
        matcher = matcher.http(url.expose());
        builder = builder.proxy(reqwest::Proxy::http(url.expose()).map_err(unusable)?);
    }
    Ok(Some(Proxied { matcher: matcher.build(), client: builder.build().map_err(unusable)? }))
}

/// Carries the refusal through the HTTP client.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the address {address} of {host} is not public")]
pub(super) struct Forbidden {
    host: String,
    address: IpAddr,
}

impl Forbidden {
    fn to_error(&self) -> Error {
        Error::Forbidden { host: self.host.clone(), address: self.address }
    }
}

/// A refusal of ours, or why there is no answer.
pub(super) fn unreachable(error: &reqwest::Error) -> Error {
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        if let Some(refusal) = error.downcast_ref::<Forbidden>() {
            return refusal.to_error();
        }
        cause = error.source();
    }
    body::unreachable(error)
}

/// Asks the system for addresses.
#[derive(Debug)]
pub(super) struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let addresses: Vec<_> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// Resolves names, and gives back nothing when one of the addresses is not public. The client connects to these
/// very addresses, so a name cannot mean something else a moment later.
#[derive(Clone)]
struct GuardedResolver {
    resolver: Arc<dyn Resolve>,
    options: Arc<Options>,
}

impl std::fmt::Debug for GuardedResolver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GuardedResolver").field("options", &self.options).finish_non_exhaustive()
    }
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let options = Arc::clone(&self.options);
        let host = name.as_str().to_owned();
        let resolving = self.resolver.resolve(name);
        Box::pin(async move {
            let addresses: Vec<_> = resolving.await?.collect();
            match addresses.iter().find(|address| !options.allows(&host, address.ip())) {
                Some(address) => Err(Forbidden { host, address: address.ip() }.into()),
                None => Ok(Box::new(addresses.into_iter()) as Addrs),
            }
        })
    }
}

impl Options {
    fn allows(&self, host: &str, address: IpAddr) -> bool {
        is_public(address) || self.allowed_hosts.contains(host)
    }
}
