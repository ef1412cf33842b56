//! The way to a server on the network: TLS that is verified, and passwords that are not shown.

use std::fs;
use std::sync::Arc;

use bedrock_connector::journal::postgres::{Address, Options, Postgres};
use bedrock_connector::journal::{Host, Store as _};

use super::desk::Desk;
use super::server::Server;

/// What is said when a journal is opened at an address.
async fn opened(url: &str) -> Vec<String> {
    let desk = Desk::new();
    let address = Address::parse(url).unwrap();
    let journal = Postgres::open(Options::new(address), Arc::clone(&desk) as Arc<dyn Host>).await;
    journal.close().await;
    desk.told()
}

/// A server with a certificate for `localhost`, its port, and the file of whoever issued the certificate.
async fn with_certificate() -> (Server, u16, tempfile::NamedTempFile) {
    let issued = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let authority = tempfile::NamedTempFile::new().unwrap();
    fs::write(authority.path(), issued.cert.pem()).unwrap();
    let (server, port) =
        Server::on_the_network(Some((&issued.cert.pem(), &issued.signing_key.serialize_pem()))).await;
    server.client().await.batch_execute("ALTER ROLE tester PASSWORD 'right'").await.unwrap();
    (server, port, authority)
}

#[tokio::test]
async fn a_server_is_verified_and_its_password_checked() {
    let (_server, port, authority) = with_certificate().await;
    let authority = authority.path().display();
    let at = |user: &str, host: &str, rest: &str| {
        format!("postgres://{user}@{host}:{port}/postgres?sslmode=verify-full{rest}")
    };
    let trusted = format!("&sslrootcert={authority}");
    assert_eq!(opened(&at("tester:right", "localhost", &trusted)).await, ["opened with 0"]);
    assert_eq!(opened(&at("tester:wrong", "localhost", &trusted)).await, ["unavailable: refused"]);
    assert_eq!(
        opened(&at("tester:right", "127.0.0.1", &trusted)).await,
        ["unavailable: unreachable"],
        "another name"
    );
    assert_eq!(
        opened(&at("tester:right", "localhost", "")).await,
        ["unavailable: unreachable"],
        "not the system's"
    );
    let nowhere = "&sslrootcert=/nowhere/ca.pem";
    assert_eq!(opened(&at("tester:right", "localhost", nowhere)).await, ["unavailable: refused"]);
}

#[tokio::test]
async fn a_server_without_tls_is_not_spoken_to_in_the_clear() {
    let (server, port) = Server::on_the_network(None).await;
    server.client().await.batch_execute("ALTER ROLE tester PASSWORD 'right'").await.unwrap();
    let url = format!("postgres://tester:right@localhost:{port}/postgres");
    assert_eq!(opened(&format!("{url}?sslmode=require")).await, ["unavailable: unreachable"]);
    assert_eq!(opened(&format!("{url}?sslmode=disable")).await, ["opened with 0"]);
}
