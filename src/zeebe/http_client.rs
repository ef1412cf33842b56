//! Clients for calls over HTTP: they trust, show and go through what the gateway client does.

use super::error::{Error, OptionsError, chain};
use super::options::{Options, Proxy, Tls};
use super::{proxy, tls};

/// A client for the engine's REST interface at this address. It has no limit of time for a whole call, and no
/// credentials: those are in [`Client::authorization`](super::Client::authorization), because they change.
pub fn http_client(options: &Options, address: &str) -> Result<reqwest::Client, Error> {
    let tls = options.tls.clone().unwrap_or_default();
    let needs_tls = address.starts_with("https:");
    let builder = builder(&tls, &options.proxy, needs_tls)?;
    Ok(builder.connect_timeout(options.connect_timeout).build().map_err(unusable)?)
}

pub(super) fn builder(
    tls: &Tls,
    proxy: &Proxy,
    needs_tls: bool,
) -> Result<reqwest::ClientBuilder, OptionsError> {
    let mut builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls::for_http_client(tls, needs_tls)?)
        // A redirect would carry the secret to another place.
        .redirect(reqwest::redirect::Policy::none())
        // The environment is read in one place only, and that is not here.
        .no_proxy();
    for proxy in proxy::for_http_client(proxy)? {
        builder = builder.proxy(proxy);
    }
    Ok(builder)
}

pub(super) fn unusable(error: reqwest::Error) -> OptionsError {
    OptionsError::Tls { reason: chain(&error) }
}
