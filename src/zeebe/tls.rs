//! TLS: whom we trust, and what we show.
//!
//! The files are read when the client is built, so that a wrong one stops the start, and again for each
//! connection, so that a renewed certificate is used without a restart.

use std::path::Path;
use std::sync::Arc;

use http::Uri;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tower::BoxError;

use super::address;
use super::error::OptionsError;
use super::options::Tls;

const HTTP_2: &[u8] = b"h2";

/// Makes ring the cryptography of this process, unless something has been chosen before.
///
/// The connections to the gateway name ring themselves. This is for reqwest, which takes the process's choice
/// and has none of its own linked. [`Client::new`](super::Client::new) calls it.
pub fn install_provider() {
    if CryptoProvider::get_default().is_none() {
        // An error means that another thread was faster, with the same choice.
        drop(ring::default_provider().install_default());
    }
}

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

fn client_config(tls: &Tls) -> Result<ClientConfig, OptionsError> {
    let unusable = |error: rustls::Error| OptionsError::Tls { reason: error.to_string() };
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(unusable)?
        .with_root_certificates(trusted(tls.ca_file.as_deref())?);
    let mut config = match &tls.client_certificate {
        None => builder.with_no_client_auth(),
        Some(certificate) => {
            let (_, chain) = certificates(&certificate.chain_file)?;
            let key = private_key(&certificate.key_file)?;
            builder.with_client_auth_cert(chain, key).map_err(unusable)?
        }
    };
    config.alpn_protocols.push(HTTP_2.to_owned());
    Ok(config)
}

fn trusted(ca_file: Option<&Path>) -> Result<RootCertStore, OptionsError> {
    let mut roots = RootCertStore::empty();
    let Some(path) = ca_file else {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            let reason = "the system has no certificate authorities; install them, name their file in \
                          SSL_CERT_FILE, or configure a CA file"
                .to_owned();
            return Err(OptionsError::Tls { reason });
        }
        return Ok(roots);
    };
    for certificate in certificates(path)?.1 {
        roots.add(certificate).map_err(|error| OptionsError::Pem {
            what: CERTIFICATES,
            path: path.to_owned(),
            reason: error.to_string(),
        })?;
    }
    Ok(roots)
}

const CERTIFICATES: &str = "certificate file";
const PRIVATE_KEY: &str = "private key file";

/// Reads a PEM file that must hold at least one certificate.
pub(super) fn certificates(path: &Path) -> Result<(Vec<u8>, Vec<CertificateDer<'static>>), OptionsError> {
    let pem = read(CERTIFICATES, path)?;
    let invalid = |reason: String| OptionsError::Pem { what: CERTIFICATES, path: path.to_owned(), reason };
    let found: Vec<_> = CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<_, _>>()
        .map_err(|error| invalid(error.to_string()))?;
    if found.is_empty() { Err(invalid("it holds no certificate".to_owned())) } else { Ok((pem, found)) }
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, OptionsError> {
    let pem = read(PRIVATE_KEY, path)?;
    PrivateKeyDer::from_pem_slice(&pem).map_err(|error| OptionsError::Pem {
        what: PRIVATE_KEY,
        path: path.to_owned(),
        reason: error.to_string(),
    })
}

fn read(what: &'static str, path: &Path) -> Result<Vec<u8>, OptionsError> {
    std::fs::read(path).map_err(|error| OptionsError::File {
        what,
        path: path.to_owned(),
        reason: error.to_string(),
    })
}
