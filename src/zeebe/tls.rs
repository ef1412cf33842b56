//! TLS: whom we trust, and what we show.
//!
//! The files are read when the client is built, so that a wrong one stops the start, and again for each
//! connection, so that a renewed certificate is used without a restart.
//!
//! Every configuration names its cryptography (ring) itself; the process's default is neither used nor set.

use std::path::Path;
use std::sync::Arc;

use http::Uri;
use rustls::client::WantsClientCert;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ConfigBuilder, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tower::BoxError;

use super::address;
use super::error::OptionsError;
use super::options::Tls;

const HTTP_2: &[u8] = b"h2";

/// Speaks TLS to a gateway.
#[derive(Debug, Clone)]
pub(super) struct Handshake {
    tls: Tls,
    name: ServerName<'static>,
}

impl Handshake {
    /// `addressed` names the gateway as its certificate does.
    pub(super) fn new(tls: Tls, addressed: &Uri) -> Result<Self, OptionsError> {
        let domain = address::domain(addressed).to_owned();
        let name = ServerName::try_from(domain).map_err(|error| OptionsError::Tls {
            reason: format!("{addressed} has no host name: {error}"),
        })?;
        client_config(&tls)?;
        Ok(Self { tls, name })
    }

    pub(super) async fn perform(self, tcp: TcpStream) -> Result<TlsStream<TcpStream>, BoxError> {
        // The system's certificate authorities are a file of some hundred kilobytes.
        let config = tokio::task::spawn_blocking(move || client_config(&self.tls)).await??;
        let stream = TlsConnector::from(Arc::new(config)).connect(self.name, tcp).await?;
        let (_, session) = stream.get_ref();
        if session.alpn_protocol() != Some(HTTP_2) {
            return Err("the server does not speak HTTP/2, so it is no gateway".into());
        }
        Ok(stream)
    }
}

/// TLS for calls over HTTP. Certificate authorities of one's own are trusted beside those of the system.
pub(super) fn for_http_client(tls: &Tls, needed: bool) -> Result<ClientConfig, OptionsError> {
    let mut roots = system_roots();
    if let Some(path) = &tls.ca_file {
        add_file(&mut roots, path)?;
    }
    if needed && roots.is_empty() {
        return Err(no_roots());
    }
    with_client_certificate(builder(roots)?, tls)
}

fn client_config(tls: &Tls) -> Result<ClientConfig, OptionsError> {
    let mut roots = RootCertStore::empty();
    match &tls.ca_file {
        Some(path) => add_file(&mut roots, path)?,
        None => roots = system_roots(),
    }
    if roots.is_empty() {
        return Err(no_roots());
    }
    let mut config = with_client_certificate(builder(roots)?, tls)?;
    config.alpn_protocols.push(HTTP_2.to_owned());
    Ok(config)
}

fn with_client_certificate(
    builder: ConfigBuilder<ClientConfig, WantsClientCert>,
    tls: &Tls,
) -> Result<ClientConfig, OptionsError> {
    let Some(certificate) = &tls.client_certificate else { return Ok(builder.with_no_client_auth()) };
    let chain = certificates(&certificate.chain_file)?;
    let key = private_key(&certificate.key_file)?;
    builder.with_client_auth_cert(chain, key).map_err(unusable)
}

fn builder(roots: RootCertStore) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, OptionsError> {
    Ok(ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(unusable)?
        .with_root_certificates(roots))
}

fn unusable(error: rustls::Error) -> OptionsError {
    OptionsError::Tls { reason: error.to_string() }
}

fn system_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}

fn no_roots() -> OptionsError {
    let remedy = "the system has no certificate authorities; install them, name their file in SSL_CERT_FILE, \
                  or configure a CA file";
    OptionsError::Tls { reason: remedy.to_owned() }
}

fn add_file(roots: &mut RootCertStore, path: &Path) -> Result<(), OptionsError> {
    for certificate in certificates(path)? {
        roots.add(certificate).map_err(|error| pem_error(CERTIFICATES, path, error))?;
    }
    Ok(())
}

const CERTIFICATES: &str = "certificate file";
const PRIVATE_KEY: &str = "private key file";

/// There must be at least one.
fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, OptionsError> {
    let found: Vec<_> = CertificateDer::pem_slice_iter(&read(CERTIFICATES, path)?)
        .collect::<Result<_, _>>()
        .map_err(|error| pem_error(CERTIFICATES, path, error))?;
    if found.is_empty() { Err(pem_error(CERTIFICATES, path, "it holds no certificate")) } else { Ok(found) }
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, OptionsError> {
    PrivateKeyDer::from_pem_slice(&read(PRIVATE_KEY, path)?)
        .map_err(|error| pem_error(PRIVATE_KEY, path, error))
}

fn pem_error(what: &'static str, path: &Path, reason: impl ToString) -> OptionsError {
    OptionsError::Pem { what, path: path.to_owned(), reason: reason.to_string() }
}

fn read(what: &'static str, path: &Path) -> Result<Vec<u8>, OptionsError> {
    std::fs::read(path).map_err(|error| OptionsError::File {
        what,
        path: path.to_owned(),
        reason: error.to_string(),
    })
}
