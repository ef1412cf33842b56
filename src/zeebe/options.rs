//! What an operator can say about the way to the gateway.

use std::path::PathBuf;
use std::time::Duration;

use super::backoff::BackoffOptions;
use crate::secret::Secret;

/// The settings of a [`Client`](super::Client).
#[derive(Debug, Clone)]
pub struct Options {
    /// `host:port`, or a URL with the scheme `http`, `https`, `grpc` or `grpcs`. The scheme decides about TLS;
    /// without one, TLS is spoken when `tls` is set. Without a port: 26500, or 443 with TLS.
    pub address: String,
    /// How the gateway's certificate is verified and what is shown to it. `None` on an `https` address means
    /// the certificate authorities of the system and no client certificate.
    pub tls: Option<Tls>,
    /// The name under which the gateway is addressed and its certificate is verified, when it is reached by
    /// another one (`ZEEBE_OVERRIDE_AUTHORITY`).
    pub override_authority: Option<String>,
    /// Who we are.
    pub auth: Auth,
    /// The proxies on the way; none by default.
    pub proxy: Proxy,
    /// The time without traffic after which a connection in use is probed; zero switches probes off. It doubles
    /// for the life of the process whenever the gateway complains of too many pings.
    pub keep_alive: Duration,
    /// How long the answer to a probe may take before the connection counts as dead.
    pub keep_alive_timeout: Duration,
    /// How long connecting may take: TCP, proxy and TLS together.
    pub connect_timeout: Duration,
    /// How long a command may take.
    pub request_timeout: Duration,
    /// What is added to the length of a long poll before the client gives it up by itself.
    pub poll_grace: Duration,
    /// The largest message taken from the gateway, in bytes.
    pub max_message_size: usize,
    /// The largest message sent to the gateway, in bytes. A gateway cuts off a larger one by a reset that looks
    /// like a passing fault, so it is refused here, where the reason is known.
    pub max_request_size: usize,
    /// How many bytes of pushed jobs may wait unread in a job stream. They are locked but nobody works on them,
    /// so the window is small: on a real engine, some twenty jobs of 2 KB, with the gateway's own buffer. A job
    /// larger than the window still arrives, in more round trips.
    pub stream_window: u32,
    /// The pace at which a failing token endpoint is asked again.
    pub token_back_off: BackoffOptions,
    /// The physical tenant of an engine that has several (8.10 and later).
    pub physical_tenant: Option<String>,
    /// How we introduce ourselves in the gateway's access log.
    pub user_agent: String,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            address: "http://localhost:26500".to_owned(),
            tls: None,
            override_authority: None,
            auth: Auth::None,
            proxy: Proxy::default(),
            keep_alive: Duration::from_secs(45),
            keep_alive_timeout: Duration::from_secs(20),
            connect_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(10),
            poll_grace: Duration::from_secs(5),
            max_message_size: 5 * 1024 * 1024,
            max_request_size: 4 * 1024 * 1024,
            stream_window: 16 * 1024,
            token_back_off: BackoffOptions {
                min: Duration::from_secs(1),
                max: Duration::from_secs(60),
                factor: 2.0,
                jitter: 0.1,
            },
            physical_tenant: None,
            user_agent: concat!("bedrock-connector/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

impl Options {
    /// A cluster of Camunda's SaaS, found by its id and region.
    pub fn saas(
        cluster_id: &str,
        region: &str,
        client_id: impl Into<String>,
        client_secret: impl Into<String>,
    ) -> Self {
        Self {
            address: format!("https://{cluster_id}.{region}.zeebe.camunda.io:443"),
            auth: Auth::OAuth(Box::new(OAuth {
                client_id: client_id.into(),
                client_secret: Secret::new(client_secret),
                token_url: "https://login.cloud.camunda.io/oauth/token".to_owned(),
                audience: Some("zeebe.camunda.io".to_owned()),
                ..OAuth::default()
            })),
            ..Self::default()
        }
    }
}

/// How TLS is spoken. All files are PEM.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tls {
    /// The certificate authorities to trust, instead of those of the system.
    pub ca_file: Option<PathBuf>,
    /// What we show to a gateway that asks for a client certificate.
    pub client_certificate: Option<ClientCertificate>,
}

/// A certificate chain and its private key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCertificate {
    pub chain_file: PathBuf,
    pub key_file: PathBuf,
}

/// How we authenticate.
#[derive(Debug, Clone, Default)]
pub enum Auth {
    #[default]
    None,
    Basic {
        username: String,
        password: Secret,
    },
    /// OAuth 2.0 client credentials.
    OAuth(Box<OAuth>),
}

/// An OAuth 2.0 client and the endpoint that gives it tokens.
#[derive(Debug, Clone)]
pub struct OAuth {
    pub client_id: String,
    pub client_secret: Secret,
    /// Where tokens are given; empty when it is to be found out from `well_known_url`.
    pub token_url: String,
    /// The provider's description of itself (`…/.well-known/openid-configuration`), which names the token
    /// endpoint. Read when the first token is needed.
    pub well_known_url: Option<String>,
    pub audience: Option<String>,
    pub scope: Option<String>,
    pub resource: Option<String>,
    pub connect_timeout: Duration,
    /// How long the whole answer of the token endpoint may take.
    pub read_timeout: Duration,
    /// Certificate authorities (PEM) to trust beside those of the system.
    pub ca_file: Option<PathBuf>,
}

impl Default for OAuth {
    fn default() -> Self {
        Self {
            client_id: String::new(),
            client_secret: Secret::new(""),
            token_url: String::new(),
            well_known_url: None,
            audience: None,
            scope: None,
            resource: None,
            connect_timeout: Duration::from_secs(5),
            read_timeout: Duration::from_secs(5),
            ca_file: None,
        }
    }
}

/// Proxies, as the variables `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` name them.
///
/// gRPC is always tunnelled by CONNECT. A plaintext gateway is most often inside the cluster, so leave `http`
/// unset unless the operator asked for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxy {
    /// The way to addresses that speak TLS, for example `http://user:password@proxy:3128`.
    pub https: Option<Secret>,
    /// The way to plaintext addresses.
    pub http: Option<Secret>,
    /// Hosts, domains and networks that are reached without a proxy, separated by commas.
    pub no_proxy: String,
}
