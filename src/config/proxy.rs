//! Proxies: which there are, and which way goes through them.
//!
//! `HTTPS_PROXY` and `NO_PROXY` hold for everything. `HTTP_PROXY` does not hold for the gateway, because a plain
//! gateway is a neighbour in the cluster and Java clients reach it directly; a proxy set by our own name does.
//! `CONNECTOR_HTTPS_PROXY_HOST` and its companions hold for what connectors do, and not for the gateway.

use super::reader::Reader;
use crate::secret::Secret;
use crate::{bedrock, zeebe};

/// The proxies by what is reached through them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxies {
    /// For the gateway and its token server.
    pub gateway: zeebe::Proxy,
    /// For Bedrock, AWS's other services, and documents.
    pub outbound: bedrock::Proxy,
}

/// Reads the settings and the peer's variables.
pub(crate) fn read(reader: &mut Reader, variables: &[(String, String)]) -> Proxies {
    let https = reader.parsed("proxy.https", proxy_url);
    let http = reader.parsed("proxy.http", proxy_url);
    let no_proxy = reader.text("proxy.none-for").unwrap_or_default();
    let own_http = http.clone().filter(|_| !reader.is_from_variable("proxy.http", "HTTP_PROXY"));
    let connector = Connector::read(variables);
    let outbound_no_proxy = [no_proxy.as_str(), connector.no_proxy.as_str()].join(",");
    Proxies {
        outbound: bedrock::Proxy {
            https: https.clone().or(connector.https).map(Secret::from),
            http: http.or(connector.http).map(Secret::from),
            no_proxy: outbound_no_proxy.trim_matches(',').to_owned(),
        },
        gateway: zeebe::Proxy { https: https.map(Secret::from), http: own_http.map(Secret::from), no_proxy },
    }
}

/// A URL with a host; without a scheme it is http, as curl has it. Not `http::Uri` alone: user and password may
/// hold characters that it refuses in an authority.
fn proxy_url(text: &str) -> Option<String> {
    let text = text.trim();
    let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
    let (_, host) = rest.rsplit_once('@').unwrap_or(("", rest));
    let address: http::Uri = format!("{scheme}://{host}").parse().ok()?;
    let known = matches!(scheme, "http" | "https");
    (known && address.host().is_some_and(|host| !host.is_empty())).then(|| format!("{scheme}://{rest}"))
}

/// The proxy variables of Camunda's connectors.
#[derive(Debug, Default)]
struct Connector {
    https: Option<String>,
    http: Option<String>,
    no_proxy: String,
}

impl Connector {
    fn read(variables: &[(String, String)]) -> Self {
        let get = |name: String| {
            let found =
                variables.iter().find(|(variable, value)| *variable == name && !value.trim().is_empty());
            found.map(|(_, value)| value.trim().to_owned())
        };
        let proxy = |protocol: &str, default_port: &str| {
            let part = |name: &str| get(format!("CONNECTOR_{protocol}_PROXY_{name}"));
            let host = part("HOST")?;
            let scheme = part("SCHEME").unwrap_or_else(|| "http".to_owned());
            let port = part("PORT").unwrap_or_else(|| default_port.to_owned());
            let login = match (part("USER"), part("PASSWORD")) {
                (Some(user), Some(password)) => format!("{}:{}@", encoded(&user), encoded(&password)),
                (Some(user), None) => format!("{}@", encoded(&user)),
                (None, _) => String::new(),
            };
            Some(format!("{scheme}://{login}{host}:{port}"))
        };
        Self {
            https: proxy("HTTPS", "443"),
            http: proxy("HTTP", "80"),
            no_proxy: get("CONNECTOR_HTTP_NON_PROXY_HOSTS".to_owned())
                .map_or_else(String::new, |hosts| no_proxy(&hosts)),
        }
    }
}

/// Java separates hosts by `|` and writes `*.example.com` where others write `.example.com`.
fn no_proxy(hosts: &str) -> String {
    let hosts: Vec<&str> = hosts.split(['|', ',']).map(|host| host.trim().trim_start_matches('*')).collect();
    hosts.into_iter().filter(|host| !host.is_empty()).collect::<Vec<_>>().join(",")
}

/// Percent-encodes what would end the user's name or password in a URL.
fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(&byte);
    text.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
