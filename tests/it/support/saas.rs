//! Camunda's SaaS behind a proxy: whatever host a client wants, the tunnel ends at a TLS server of ours that speaks for
//! it. The client is told nothing but a proxy and a certificate authority.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// A proxy and the hosts behind it.
#[derive(Debug)]
pub(crate) struct Saas {
    address: SocketAddr,
    authority: tempfile::NamedTempFile,
    asked: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Saas {
    /// `hosts` are the hosts, as `name:port`, and what stands for them: a plain server, and the protocol in ALPN.
    pub(crate) async fn start(hosts: &[(&str, SocketAddr, &str)]) -> Self {
        let (issuer, authority) = authority();
        let hosts: BTreeMap<_, _> = hosts
            .iter()
            .map(|(host, server, protocol)| {
                ((*host).to_owned(), (*server, acceptor(host, protocol, &issuer)))
            })
            .collect();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (hosts, asked) = (Arc::new(hosts), Arc::<Mutex<Vec<String>>>::default());
        let recorded = Arc::clone(&asked);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                // A tunnel ends with its client; what went wrong shows there.
                tokio::spawn(tunnel(client, Arc::clone(&hosts), Arc::clone(&recorded)));
            }
        });
        Self { address, authority, asked, task }
    }

    pub(crate) fn proxy_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The certificate of the authority, as PEM.
    pub(crate) fn authority(&self) -> &Path {
        self.authority.path()
    }

    /// The hosts that clients wanted, in order.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("whole").clone()
    }
}

impl Drop for Saas {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn tunnel(
    client: TcpStream,
    hosts: Arc<BTreeMap<String, (SocketAddr, TlsAcceptor)>>,
    asked: Arc<Mutex<Vec<String>>>,
) -> Option<()> {
    let mut client = BufReader::new(client);
    let mut first = String::new();
    client.read_line(&mut first).await.ok()?;
    let host = first.strip_prefix("CONNECT ")?.split(' ').next()?.to_owned();
    let mut line = String::new();
    while client.read_line(&mut line).await.ok()? > 2 {
        line.clear();
    }
    asked.lock().expect("whole").push(host.clone());
    let Some((server, acceptor)) = hosts.get(&host) else {
        return client.write_all(b"HTTP/1.1 502 Bad Gateway\r\n\r\n").await.ok();
    };
    client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.ok()?;
    let mut inside = acceptor.accept(client).await.ok()?;
    let mut server = TcpStream::connect(server).await.ok()?;
    copy_bidirectional(&mut inside, &mut server).await.ok().map(drop)
}

/// An authority of this test alone.
type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> (Authority, tempfile::NamedTempFile) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key"));
    let authority = authority.expect("a certificate");
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), authority.pem()).expect("it can be written");
    (authority, file)
}

fn acceptor(host: &str, protocol: &str, issuer: &Authority) -> TlsAcceptor {
    let key = KeyPair::generate().expect("a key");
    let name = host.split(':').next().expect("a name").to_owned();
    let params = CertificateParams::new([name]).expect("a host name");
    let certificate = params.signed_by(&key, issuer).expect("a certificate");
    let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("protocol versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], private)
        .expect("certificate and key");
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    TlsAcceptor::from(Arc::new(config))
}
