//! TLS: the gateway's certificate and ours.

use std::fs;
use std::path::PathBuf;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tempfile::TempDir;
use tonic::transport::{Certificate, Identity, ServerTlsConfig};

use super::soon;
use super::stub::Stub;
use crate::zeebe::{Client, ClientCertificate, Error, FeedVerdict, Options, Tls};

/// A certificate authority of our own, and files with what it signed.
pub(super) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: TempDir,
}

impl Authority {
    pub(super) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        Self { issuer, folder: tempfile::tempdir().unwrap() }
    }

    /// A certificate and its key, for a server or a client of this name.
    fn sign(&self, name: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        (params.signed_by(&key, &self.issuer).unwrap().pem(), key.serialize_pem())
    }

    pub(super) fn server(&self, name: &str) -> ServerTlsConfig {
        let (chain, key) = self.sign(name);
        ServerTlsConfig::new().identity(Identity::from_pem(chain, key))
    }

    /// A server that lets in only clients with a certificate of this authority.
    fn strict_server(&self, name: &str) -> ServerTlsConfig {
        self.server(name).client_ca_root(Certificate::from_pem(self.issuer.pem()))
    }

    pub(super) fn ca_file(&self) -> PathBuf {
        self.file("ca.pem", &self.issuer.pem())
    }

    /// Trusts this authority and shows no certificate.
    pub(super) fn trusted(&self) -> Tls {
        Tls { ca_file: Some(self.ca_file()), client_certificate: None }
    }

    fn with_client_certificate(&self) -> Tls {
        let (chain, key) = self.sign("worker");
        let client_certificate = Some(ClientCertificate {
            chain_file: self.file("worker.pem", &chain),
            key_file: self.file("worker.key", &key),
        });
        Tls { client_certificate, ..self.trusted() }
    }

    fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, content).unwrap();
        path
    }
}

fn client(stub: &Stub, tls: Tls) -> Client {
    let address = format!("https://localhost:{}", stub.address.port());
    Client::new(&Options { address, tls: Some(tls), ..Options::default() }).unwrap()
}

#[tokio::test]
async fn a_gateway_is_trusted_by_a_certificate_authority_of_ones_own() {
    let authority = Authority::new();
    let stub = Stub::start_tls(authority.server("localhost")).await;
    let topology = soon(client(&stub, authority.trusted()).topology()).await.unwrap();
    assert_eq!(topology.gateway_version, "8.9.1");
}

#[tokio::test]
async fn tls_is_spoken_to_an_address_without_scheme_when_it_is_configured() {
    let authority = Authority::new();
    let stub = Stub::start_tls(authority.server("localhost")).await;
    let address = format!("localhost:{}", stub.address.port());
    let options = Options { address, tls: Some(authority.trusted()), ..Options::default() };
    soon(Client::new(&options).unwrap().topology()).await.unwrap();
}

#[tokio::test]
async fn a_gateway_of_another_authority_is_not_spoken_to() {
    let stub = Stub::start_tls(Authority::new().server("localhost")).await;
    let error = soon(client(&stub, Authority::new().trusted()).topology()).await.unwrap_err();
    assert!(error.to_string().contains("certificate"), "the reason is told: {error}");
    assert_eq!(error.feed_verdict(), FeedVerdict::Reconnect);
    assert_eq!(stub.calls(), 0);
}

#[tokio::test]
async fn a_gateway_of_another_name_is_not_spoken_to_unless_the_authority_is_overridden() {
    let authority = Authority::new();
    let stub = Stub::start_tls(authority.server("zeebe.example.com")).await;
    let error = soon(client(&stub, authority.trusted()).topology()).await.unwrap_err();
    assert!(error.to_string().contains("certificate"), "{error}");

    let options = Options {
        address: format!("https://localhost:{}", stub.address.port()),
        tls: Some(authority.trusted()),
        override_authority: Some("zeebe.example.com".to_owned()),
        ..Options::default()
    };
    soon(Client::new(&options).unwrap().topology()).await.unwrap();
}

#[tokio::test]
async fn a_client_certificate_is_shown_to_a_gateway_that_asks() {
    let authority = Authority::new();
    let stub = Stub::start_tls(authority.strict_server("localhost")).await;
    let error = soon(client(&stub, authority.trusted()).topology()).await.unwrap_err();
    assert!(matches!(error, Error::Unanswered { .. }), "{error:?}");
    soon(client(&stub, authority.with_client_certificate()).topology()).await.unwrap();
}

#[tokio::test]
async fn renewed_certificates_are_used_without_a_restart() {
    let (old, new) = (Authority::new(), Authority::new());
    let stub = Stub::start_tls(new.strict_server("localhost")).await;
    let client = client(&stub, old.with_client_certificate());
    let error = soon(client.topology()).await.unwrap_err();
    assert!(error.to_string().contains("certificate"), "{error}");

    new.with_client_certificate();
    for file in ["ca.pem", "worker.pem", "worker.key"] {
        fs::copy(new.folder.path().join(file), old.folder.path().join(file)).unwrap();
    }
    soon(client.topology()).await.unwrap();
}

#[tokio::test]
async fn a_wrong_file_stops_the_start_and_is_named() {
    let authority = Authority::new();
    let address = "https://localhost:1".to_owned();
    let check = |tls: Tls, expected: &str| {
        let options = Options { address: address.clone(), tls: Some(tls), ..Options::default() };
        let error = Client::new(&options).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(error.code(), "OPTIONS_INVALID");
    };
    let missing = authority.folder.path().join("missing.pem");
    check(Tls { ca_file: Some(missing.clone()), client_certificate: None }, "missing.pem: No such file");
    let text = authority.file("text.pem", "not a certificate");
    check(Tls { ca_file: Some(text.clone()), client_certificate: None }, "it holds no certificate");

    let good = authority.with_client_certificate();
    let certificate = good.client_certificate.clone().unwrap();
    let with = |certificate| Tls { client_certificate: Some(certificate), ..good.clone() };
    check(
        with(ClientCertificate { key_file: text, ..certificate.clone() }),
        "text.pem is no private key file",
    );
    check(
        with(ClientCertificate { key_file: missing, ..certificate.clone() }),
        "cannot read private key file",
    );
    let (_, other_key) = authority.sign("somebody");
    let key_file = authority.file("other.key", &other_key);
    check(with(ClientCertificate { key_file, ..certificate }), "TLS cannot be set up");
}
