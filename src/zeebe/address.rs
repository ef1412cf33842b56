//! From what an operator writes as the gateway's address to the URL that is dialled.

use http::Uri;
use http::uri::{Authority, PathAndQuery, Scheme};

use super::error::OptionsError;

const PLAINTEXT_PORT: u16 = 26500;
const TLS_PORT: u16 = 443;

/// Reads an address. Without a scheme, `tls_wanted` decides about TLS.
pub(super) fn parse(address: &str, tls_wanted: bool) -> Result<Uri, OptionsError> {
    let invalid =
        |reason: &str| OptionsError::Address { address: address.to_owned(), reason: reason.to_owned() };
    let (scheme, rest) = match address.trim().split_once("://") {
        Some(("http" | "grpc", rest)) => (Scheme::HTTP, rest),
        Some(("https" | "grpcs", rest)) => (Scheme::HTTPS, rest),
        Some((other, _)) => return Err(invalid(&format!("unknown scheme {other:?}"))),
        None if tls_wanted => (Scheme::HTTPS, address.trim()),
        None => (Scheme::HTTP, address.trim()),
    };
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    if rest.contains(['/', '?', '#']) {
        return Err(invalid("a gateway has no path"));
    }
    if let Some((_, address)) = rest.rsplit_once('@') {
        // What stands before the @ may be a password, so it is not shown.
        let reason = "credentials belong into the authentication settings".to_owned();
        return Err(OptionsError::Address { address: address.to_owned(), reason });
    }
    let authority: Authority = rest.parse().map_err(|_| invalid("it names no host"))?;
    let host = authority.host();
    if host.is_empty() {
        return Err(invalid("it names no host"));
    }
    let port = match (rest.strip_prefix(host), authority.port_u16()) {
        (Some(""), _) if scheme == Scheme::HTTPS => TLS_PORT,
        (Some(""), _) => PLAINTEXT_PORT,
        (_, Some(port)) if port > 0 => port,
        (_, _) => return Err(invalid("the port is no number from 1 to 65535")),
    };
    Uri::builder()
        .scheme(scheme)
        .authority(format!("{host}:{port}"))
        .path_and_query(PathAndQuery::from_static("/"))
        .build()
        .map_err(|error| invalid(&error.to_string()))
}

/// The URL under which the gateway is addressed when its authority is overridden.
pub(super) fn with_authority(uri: &Uri, authority: &str) -> Result<Uri, OptionsError> {
    let invalid = || OptionsError::Authority { authority: authority.to_owned() };
    let parsed: Authority = authority.trim().parse().map_err(|_| invalid())?;
    if parsed.host().is_empty() || parsed.as_str().contains('@') {
        return Err(invalid());
    }
    let mut parts = uri.clone().into_parts();
    parts.authority = Some(parsed);
    Uri::from_parts(parts).map_err(|_| invalid())
}

/// The same place, spoken to in another way.
pub(super) fn with_scheme(uri: Uri, scheme: Scheme) -> Result<Uri, OptionsError> {
    let address = uri.to_string();
    let mut parts = uri.into_parts();
    parts.scheme = Some(scheme);
    Uri::from_parts(parts).map_err(|error| OptionsError::Address { address, reason: error.to_string() })
}

/// The host without the brackets of an IPv6 address, as certificates are checked against it.
pub(super) fn domain(uri: &Uri) -> &str {
    let host = uri.host().unwrap_or_default();
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(address: &str, tls_wanted: bool, expected: &str) {
        let found = match parse(address, tls_wanted) {
            Ok(uri) => uri.to_string(),
            Err(error) => error.to_string(),
        };
        assert!(found.contains(expected), "{address}: {found}");
    }

    #[test]
    fn the_scheme_decides_about_tls_and_the_port_has_a_default() {
        check("zeebe:26500", false, "http://zeebe:26500/");
        check("zeebe:26500", true, "https://zeebe:26500/");
        check("zeebe", false, "http://zeebe:26500/");
        check("zeebe", true, "https://zeebe:443/");
        check("http://zeebe:9", true, "http://zeebe:9/");
        check("https://zeebe", false, "https://zeebe:443/");
        check("grpcs://c.bru-2.zeebe.camunda.io:443", false, "https://c.bru-2.zeebe.camunda.io:443/");
        check(" grpc://zeebe/ ", false, "http://zeebe:26500/");
        check("[::1]:26500", false, "http://[::1]:26500/");
        check("[::1]", true, "https://[::1]:443/");
    }

    #[test]
    fn a_wrong_address_is_told_with_what_is_expected() {
        check("", false, "it names no host");
        check("http://", false, "it names no host");
        check("ftp://zeebe:21", false, "unknown scheme \"ftp\"");
        check("http://zeebe:26500/api", false, "a gateway has no path");
        check("zeebe:port", false, "invalid");
        check("zeebe:70000", false, "the port is no number from 1 to 65535");
        check("zeebe:0", false, "the port is no number from 1 to 65535");
        check("me:word@zeebe:1", false, "gateway address \"zeebe:1\" is invalid: credentials belong into");
        check("a b:26500", false, "expected host:port or http(s)://host:port");
    }

    #[test]
    fn an_overridden_authority_keeps_the_scheme() {
        let uri = parse("10.0.0.1:26500", true).unwrap();
        assert_eq!(
            with_authority(&uri, "zeebe.example.com").unwrap().to_string(),
            "https://zeebe.example.com/"
        );
        assert!(with_authority(&uri, "a b").is_err());
        assert!(with_authority(&uri, "").is_err());
    }

    #[test]
    fn certificates_are_checked_without_brackets() {
        assert_eq!(domain(&parse("[::1]:1", true).unwrap()), "::1");
        assert_eq!(domain(&parse("zeebe", true).unwrap()), "zeebe");
    }
}
