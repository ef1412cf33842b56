//! Probes, proxies, and under which name the gateway is addressed.

use std::time::Duration;

use axum::http::StatusCode;
use futures_util::future::join_all;

use super::servers::{ConnectProxy, Frames, LoadBalancer};
use super::soon;
use super::stub::Stub;
use super::trust::Authority;
use crate::zeebe::{Client, CommandVerdict, Error, FeedVerdict, Options, Proxy, Secret};

const ENHANCE_YOUR_CALM: u32 = 11;
const NO_ERROR: u32 = 0;

/// A gateway that dies without a word is noticed by the probes, not after hours.
#[tokio::test]
async fn a_silent_connection_is_found_dead() {
    let server = Frames::silent().await;
    let options = Options {
        address: server.address.to_string(),
        keep_alive: Duration::from_millis(50),
        keep_alive_timeout: Duration::from_millis(50),
        request_timeout: Duration::from_secs(3600),
        ..Options::default()
    };
    let error = soon(Client::new(&options).unwrap().topology()).await.unwrap_err();
    assert!(matches!(error, Error::Unanswered { .. }), "{error:?}");
    assert_eq!(error.feed_verdict(), FeedVerdict::Reconnect, "{error}");
    assert!(server.pings() >= 1);
}

#[tokio::test]
async fn probes_can_be_switched_off() {
    let server = Frames::silent().await;
    let options = Options {
        address: server.address.to_string(),
        keep_alive: Duration::ZERO,
        keep_alive_timeout: Duration::from_millis(10),
        request_timeout: Duration::from_millis(200),
        ..Options::default()
    };
    let error = soon(Client::new(&options).unwrap().topology()).await.unwrap_err();
    assert!(matches!(error, Error::TimedOut { .. }), "{error:?}");
    assert_eq!(server.pings(), 0);
}

/// All calls on one connection hear the complaint; the interval doubles once for it.
#[tokio::test]
async fn too_many_pings_double_the_interval_of_probes() {
    let server = Frames::going_away(ENHANCE_YOUR_CALM, "too_many_pings").await;
    let options = Options { address: server.address.to_string(), ..Options::default() };
    let client = Client::new(&options).unwrap();
    assert_eq!(client.keep_alive(), Duration::from_secs(45));
    let calls = join_all((0..5).map(|_| client.topology()));
    for outcome in soon(calls).await {
        let error = outcome.unwrap_err();
        assert_eq!(error.command_verdict(), CommandVerdict::Repeat, "{error}");
    }
    assert_eq!(client.keep_alive(), Duration::from_secs(90));
    soon(client.topology()).await.unwrap_err();
    assert_eq!(client.keep_alive(), Duration::from_secs(180));
}

#[tokio::test]
async fn an_ordinary_farewell_changes_no_interval() {
    let server = Frames::going_away(NO_ERROR, "maintenance").await;
    let options = Options { address: server.address.to_string(), ..Options::default() };
    let client = Client::new(&options).unwrap();
    let error = soon(client.topology()).await.unwrap_err();
    assert_eq!(error.command_verdict(), CommandVerdict::Repeat, "{error}");
    assert_eq!(client.keep_alive(), Duration::from_secs(45));
}

#[tokio::test]
async fn the_authority_can_be_overridden() {
    let balancer = LoadBalancer::start(StatusCode::BAD_GATEWAY).await;
    let address = balancer.address.to_string();
    let plain = Options { address: address.clone(), ..Options::default() };
    soon(Client::new(&plain).unwrap().topology()).await.unwrap_err();
    assert_eq!(balancer.authority(), address);
    let override_authority = Some("zeebe.example.com".to_owned());
    let overridden = Options { override_authority, ..plain };
    soon(Client::new(&overridden).unwrap().topology()).await.unwrap_err();
    assert_eq!(balancer.authority(), "zeebe.example.com");
}

#[tokio::test]
async fn the_gateway_is_reached_through_a_proxy_by_connect() {
    let authority = Authority::new();
    let stub = Stub::start_tls(authority.server("localhost")).await;
    let proxy = ConnectProxy::start().await;
    let options = Options {
        address: format!("https://localhost:{}", stub.address.port()),
        tls: Some(authority.trusted()),
        proxy: Proxy {
            https: Some(Secret::new(format!("http://me:hunter2@{}", proxy.address))),
            ..Proxy::default()
        },
        ..Options::default()
    };
    soon(Client::new(&options).unwrap().topology()).await.unwrap();
    let heads = proxy.heads();
    let [head] = heads.as_slice() else { panic!("one tunnel expected: {heads:?}") };
    assert!(head.starts_with(&format!("CONNECT localhost:{} HTTP/1.1", stub.address.port())), "{head}");
    assert!(head.contains("Proxy-Authorization: Basic bWU6aHVudGVyMg=="), "{head}");
    assert!(!format!("{options:?}").contains("hunter2"));
}

#[tokio::test]
async fn an_exception_goes_around_the_proxy() {
    let authority = Authority::new();
    let stub = Stub::start_tls(authority.server("localhost")).await;
    let proxy = ConnectProxy::start().await;
    let options = Options {
        address: format!("https://localhost:{}", stub.address.port()),
        tls: Some(authority.trusted()),
        proxy: Proxy {
            https: Some(Secret::new(format!("http://{}", proxy.address))),
            no_proxy: "example.com, localhost".to_owned(),
            ..Proxy::default()
        },
        ..Options::default()
    };
    soon(Client::new(&options).unwrap().topology()).await.unwrap();
    assert_eq!(proxy.heads(), Vec::<String>::new());
}

#[tokio::test]
async fn a_proxy_that_wants_a_password_is_told_from_a_dead_gateway() {
    let proxy = ConnectProxy::answering("407 Proxy Authentication Required").await;
    let options = Options {
        address: "http://zeebe.example.com:26500".to_owned(),
        proxy: Proxy { http: Some(Secret::new(proxy.address.to_string())), ..Proxy::default() },
        ..Options::default()
    };
    let error = soon(Client::new(&options).unwrap().topology()).await.unwrap_err();
    assert!(error.to_string().contains("proxy authorization required"), "{error}");
    assert_eq!(error.feed_verdict(), FeedVerdict::Reconnect);
}
