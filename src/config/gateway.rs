//! From settings to the gateway client's options: addresses, TLS, authentication, tenants.

use std::time::Duration;

use super::proxy::Proxies;
use super::reader::Reader;
use super::setting::Setting;
use super::{Purpose, env};
use crate::zeebe::{Auth, ClientCertificate, OAuth, Options, Secret, Tls};

/// Where a local installation of Camunda has its identity provider; the Spring starter's default too.
const LOCAL_ISSUER: &str = "http://localhost:18080/auth/realms/camunda-platform";

/// What belongs to the engine but not to the gRPC client.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Engine {
    /// The REST address, if it is known. Documents and strict secrets need it.
    pub rest_address: Option<String>,
    /// The tenants whose jobs are taken; empty leaves it to the engine.
    pub tenant_ids: Vec<String>,
}

/// Reads everything about the engine.
pub(crate) fn read(reader: &mut Reader, proxies: &Proxies) -> (Options, Engine) {
    let mut options = Options::default();
    let cloud = Cloud::read(reader);
    let plain = reader.switch("gateway.plaintext").unwrap_or(false);
    match (reader.address("gateway.grpc-address", plain), &cloud) {
        (Some(address), _) => options.address = address,
        (None, Some(cloud)) => {
            options.address = cloud.grpc_address();
            reader.derive("gateway.grpc-address", &options.address, "the cluster");
        }
        (None, None) => {}
    }
    options.override_authority = reader.text("gateway.override-authority");
    options.physical_tenant = reader.text("gateway.physical-tenant-id");
    reader.duration("gateway.keep-alive", &mut options.keep_alive);
    reader.duration("gateway.request-timeout", &mut options.request_timeout);
    reader.duration("gateway.connect-timeout", &mut options.connect_timeout);
    reader.bytes("gateway.max-message-size", &mut options.max_message_size);
    options.tls = tls(reader);
    options.auth = auth(reader, cloud.as_ref());
    options.proxy = proxies.gateway.clone();
    (
        options,
        Engine { rest_address: rest_address(reader, cloud.as_ref(), plain), tenant_ids: tenant_ids(reader) },
    )
}

/// A cluster in Camunda's SaaS.
#[derive(Debug)]
struct Cloud {
    cluster_id: String,
    region: String,
    domain: String,
    port: u16,
}

impl Cloud {
    /// The cluster, if the mode or a cluster id says that there is one.
    fn read(reader: &mut Reader) -> Option<Self> {
        let mode = reader.parsed("gateway.mode", mode);
        let cluster_id = reader.text("gateway.cluster-id");
        let region = reader.text("gateway.region").unwrap_or_else(|| "bru-2".to_owned());
        let domain = reader.text("gateway.domain").unwrap_or_else(|| "camunda.io".to_owned());
        let mut port = 443;
        reader.port("gateway.cloud-port", &mut port);
        match (mode, cluster_id) {
            (Some(Mode::SelfManaged), _) | (None, None) => None,
            (Some(Mode::Saas), None) => {
                reader.mistake("gateway.cluster-id", "expected the cluster's id, because the mode is saas");
                None
            }
            (Some(Mode::Saas) | None, Some(cluster_id)) => {
                reader.derive("gateway.mode", "saas", "the cluster id");
                Some(Self { cluster_id, region, domain, port })
            }
        }
    }

    fn grpc_address(&self) -> String {
        format!("https://{}.{}.zeebe.{}:{}", self.cluster_id, self.region, self.domain, self.port)
    }

    fn rest_address(&self) -> String {
        format!("https://{}.zeebe.{}:{}/{}", self.region, self.domain, self.port, self.cluster_id)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    SelfManaged,
    Saas,
}

/// The modes of today, and what older starters called them.
fn mode(text: &str) -> Option<Mode> {
    match text.trim().to_ascii_lowercase().replace(['-', '_'], "").as_str() {
        "saas" | "cloud" => Some(Mode::Saas),
        "selfmanaged" | "address" | "simple" | "oidc" | "basic" => Some(Mode::SelfManaged),
        _ => None,
    }
}

fn rest_address(reader: &mut Reader, cloud: Option<&Cloud>, plain: bool) -> Option<String> {
    let written = reader.address("gateway.rest-address", plain);
    let derived = cloud.map(Cloud::rest_address).filter(|_| !reader.is_set("gateway.rest-address"));
    if let Some(address) = &derived {
        reader.derive("gateway.rest-address", address, "the cluster");
    }
    written.or(derived)
}

fn tenant_ids(reader: &mut Reader) -> Vec<String> {
    let tenant_id = reader.text("gateway.tenant-id");
    reader.list("worker.tenant-ids").unwrap_or_else(|| tenant_id.into_iter().collect())
}

fn tls(reader: &mut Reader) -> Option<Tls> {
    let ca_file = reader.file("gateway.ca-certificate-path");
    let chain_file = reader.file("gateway.client-certificate-path");
    let key_file = reader.file("gateway.client-key-path");
    if chain_file.is_some() != key_file.is_some() {
        let missing =
            if chain_file.is_some() { "gateway.client-key-path" } else { "gateway.client-certificate-path" };
        if !reader.is_set(missing) {
            reader.mistake(
                missing,
                "expected a file, because a client certificate and its key belong together",
            );
        }
    }
    let client_certificate =
        chain_file.zip(key_file).map(|(chain_file, key_file)| ClientCertificate { chain_file, key_file });
    (ca_file.is_some() || client_certificate.is_some()).then_some(Tls { ca_file, client_certificate })
}

fn auth(reader: &mut Reader, cloud: Option<&Cloud>) -> Auth {
    let client_id = reader.text("auth.client-id");
    let client_secret = reader.text("auth.client-secret");
    let username = reader.text("auth.username");
    let password = reader.text("auth.password");
    let oauth_tuning = OAuthTuning::read(reader);
    let is_oauth = client_id.is_some() || client_secret.is_some();
    let is_basic = username.is_some() || password.is_some();
    let method = match reader.choice("auth.method") {
        // The SaaS knows no other; the Spring starter overrules the setting as well.
        _ if cloud.is_some() => "oidc",
        Some(method) => method,
        None if is_oauth && is_basic => {
            reader.mistake(
                "auth.method",
                "expected oidc or basic, because a client id and a user name are both set",
            );
            return Auth::None;
        }
        None if is_oauth => "oidc",
        None if is_basic => "basic",
        None => "none",
    };
    reader.derive("auth.method", method, "what is set");
    match method {
        "basic" => Auth::Basic {
            username: required(reader, "auth.username", username, "basic authentication"),
            password: Secret::new(required(reader, "auth.password", password, "basic authentication")),
        },
        "oidc" => {
            let client_id = required(reader, "auth.client-id", client_id, "OAuth");
            let client_secret = required(reader, "auth.client-secret", client_secret, "OAuth");
            Auth::OAuth(Box::new(oauth_tuning.client(reader, cloud, client_id, client_secret)))
        }
        _ => Auth::None,
    }
}

fn required(reader: &mut Reader, key: &'static str, value: Option<String>, why: &str) -> String {
    let is_secret = env::setting(key).is_some_and(Setting::is_secret);
    if value.is_none() && !(is_secret && reader.purpose == Purpose::Questions) {
        reader.mistake(key, format!("expected a value, because {why} needs it"));
    }
    value.unwrap_or_default()
}

/// The settings of OAuth that are asked for whether it is used or not, so that their mistakes are found.
#[derive(Debug)]
struct OAuthTuning {
    token_url: Option<String>,
    issuer_url: Option<String>,
    well_known_url: Option<String>,
    template: OAuth,
}

impl OAuthTuning {
    fn read(reader: &mut Reader) -> Self {
        let mut template = OAuth {
            audience: reader.text("auth.audience"),
            scope: reader.text("auth.scope"),
            resource: reader.text("auth.resource"),
            ca_file: reader.file("auth.ca-certificate-path"),
            ..OAuth::default()
        };
        reader.duration("auth.connect-timeout", &mut template.connect_timeout);
        reader.duration("auth.read-timeout", &mut template.read_timeout);
        for (key, timeout) in
            [("auth.connect-timeout", template.connect_timeout), ("auth.read-timeout", template.read_timeout)]
        {
            if timeout == Duration::ZERO {
                reader.mistake(key, "expected more than no time at all");
            }
        }
        Self {
            token_url: reader.address("auth.token-url", false),
            issuer_url: reader.address("auth.issuer-url", false),
            well_known_url: reader.address("auth.well-known-configuration-url", false),
            template,
        }
    }

    fn client(
        self,
        reader: &mut Reader,
        cloud: Option<&Cloud>,
        client_id: String,
        client_secret: String,
    ) -> OAuth {
        let mut client = OAuth { client_id, client_secret: Secret::new(client_secret), ..self.template };
        let (audience, reason) = match cloud {
            Some(cloud) => (format!("zeebe.{}", cloud.domain), "the cluster"),
            None => ("zeebe-api".to_owned(), "the authentication method"),
        };
        if client.audience.is_none() {
            reader.derive("auth.audience", &audience, reason);
            client.audience = Some(audience);
        }
        if let Some(token_url) = self.token_url {
            client.token_url = token_url;
        } else if let Some(cloud) = cloud {
            client.token_url = format!("https://login.cloud.{}/oauth/token", cloud.domain);
            reader.derive("auth.token-url", &client.token_url, reason);
        } else {
            let well_known = self.well_known_url.unwrap_or_else(|| {
                let issuer = self.issuer_url.unwrap_or_else(|| LOCAL_ISSUER.to_owned());
                let well_known = format!("{issuer}/.well-known/openid-configuration");
                reader.derive("auth.well-known-configuration-url", &well_known, "the issuer");
                well_known
            });
            client.well_known_url = Some(well_known);
        }
        client
    }
}
