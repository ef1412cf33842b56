//! TLS: whom we trust, and what we show.

use std::path::Path;

use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tonic::transport::{Certificate, ClientTlsConfig, Identity};

use super::error::OptionsError;
use super::options::Tls;

/// Makes ring the cryptography of this process, unless something has been chosen before.
///
/// tonic and reqwest both ask rustls for the process's default and have none linked that they could fall back
/// on together, so one call here serves both. [`Client::new`](super::Client::new) makes it.
pub fn install_provider() {
    if CryptoProvider::get_default().is_none() {
        // An error means that another thread was faster, with the same choice.
        drop(ring::default_provider().install_default());
    }
}

/// What tonic is told. Files are read once, here, so that a wrong one stops the start.
pub(super) fn client_config(tls: &Tls, domain: &str) -> Result<ClientTlsConfig, OptionsError> {
    let mut config = ClientTlsConfig::new().domain_name(domain);
    config = match &tls.ca_file {
        Some(path) => config.ca_certificate(Certificate::from_pem(certificates(path)?)),
        None => config.with_native_roots(),
    };
    if let Some(certificate) = &tls.client_certificate {
        let chain = certificates(&certificate.chain_file)?;
        config = config.identity(Identity::from_pem(chain, private_key(&certificate.key_file)?));
    }
    Ok(config)
}

/// Reads a PEM file that must hold at least one certificate.
pub(super) fn certificates(path: &Path) -> Result<Vec<u8>, OptionsError> {
    const WHAT: &str = "certificate file";
    let pem = read(WHAT, path)?;
    let invalid = |reason: String| OptionsError::Pem { what: WHAT, path: path.to_owned(), reason };
    let found = CertificateDer::pem_slice_iter(&pem)
        .try_fold(0, |count, certificate| certificate.map(|_| count + 1))
        .map_err(|error| invalid(error.to_string()))?;
    if found == 0 { Err(invalid("it holds no certificate".to_owned())) } else { Ok(pem) }
}

fn private_key(path: &Path) -> Result<Vec<u8>, OptionsError> {
    const WHAT: &str = "private key file";
    let pem = read(WHAT, path)?;
    match PrivateKeyDer::from_pem_slice(&pem) {
        Ok(_) => Ok(pem),
        Err(error) => Err(OptionsError::Pem { what: WHAT, path: path.to_owned(), reason: error.to_string() }),
    }
}

fn read(what: &'static str, path: &Path) -> Result<Vec<u8>, OptionsError> {
    std::fs::read(path).map_err(|error| OptionsError::File {
        what,
        path: path.to_owned(),
        reason: error.to_string(),
    })
}
