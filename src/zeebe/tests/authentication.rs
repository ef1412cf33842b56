//! Credentials on calls, and how the token endpoint is treated.

use std::time::Duration;

use axum::http::StatusCode;
use futures_util::future::join_all;

use super::servers::{ConnectProxy, Order, TokenEndpoint};
use super::stub::Stub;
use super::trust::Authority;
use super::{soon, subscription};
use crate::zeebe::{
    Auth, Client, CommandVerdict, Error, FeedVerdict, JobKey, OAuth, Options, Proxy, Secret, TokenError,
};

fn client(stub: &Stub, auth: Auth) -> Client {
    Client::new(&Options { auth, ..stub.options() }).unwrap()
}

/// Lets time pass between calls, in which nothing is under way.
async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

#[tokio::test]
async fn without_credentials_no_header_is_sent() {
    let stub = Stub::start().await;
    let client = stub.client();
    soon(client.topology()).await.unwrap();
    assert_eq!(stub.header("authorization"), None);
    assert!(client.authorization().await.unwrap().is_none());
}

#[tokio::test]
async fn basic_credentials_go_with_each_call_and_are_not_printed() {
    let stub = Stub::start().await;
    stub.expect_authorization("Basic d29ya2VyOmh1bnRlcjI=");
    let auth = Auth::Basic { username: "worker".to_owned(), password: Secret::new("hunter2") };
    let client = client(&stub, auth.clone());
    soon(client.topology()).await.unwrap();
    let authorization = client.authorization().await.unwrap().unwrap();
    assert_eq!(authorization.header(), "Basic d29ya2VyOmh1bnRlcjI=");
    for printed in [format!("{auth:?}"), format!("{client:?}"), format!("{authorization:?}")] {
        assert!(!printed.contains("hunter2") && !printed.contains("d29y"), "{printed}");
    }
}

#[tokio::test]
async fn refused_basic_credentials_are_not_tried_twice() {
    let stub = Stub::start().await;
    stub.expect_authorization("Basic other");
    let auth = Auth::Basic { username: "worker".to_owned(), password: Secret::new("hunter2") };
    let error = soon(client(&stub, auth).topology()).await.unwrap_err();
    assert_eq!(error.code(), "UNAUTHENTICATED");
    assert_eq!(stub.calls(), 1);
}

#[tokio::test]
async fn a_token_is_asked_for_once_and_used_by_all() {
    let stub = Stub::start().await;
    let endpoint = TokenEndpoint::start().await;
    stub.expect_authorization("Bearer token-1");
    let oauth =
        OAuth { scope: Some("a b".to_owned()), resource: Some("urn:r".to_owned()), ..endpoint.oauth() };
    let client = client(&stub, Auth::OAuth(Box::new(oauth)));
    let together = join_all((0..20).map(|_| client.topology()));
    for outcome in soon(together).await {
        outcome.unwrap();
    }
    soon(client.complete_job(JobKey(1), "{}", None)).await.unwrap();
    assert_eq!(endpoint.requests(), 1);
    let form = endpoint.form();
    let sent = |name: &str| form.get(name).map(String::as_str);
    assert_eq!(sent("grant_type"), Some("client_credentials"));
    assert_eq!((sent("client_id"), sent("client_secret")), (Some("worker"), Some("hunter2")));
    assert_eq!(
        (sent("audience"), sent("scope"), sent("resource")),
        (Some("zeebe-api"), Some("a b"), Some("urn:r"))
    );
    assert_eq!(client.authorization().await.unwrap().unwrap().header(), "Bearer token-1");
}

#[tokio::test]
async fn a_token_is_renewed_before_its_end() {
    let stub = Stub::start().await;
    let endpoint = TokenEndpoint::start().await;
    let client = client(&stub, endpoint.auth());
    soon(client.topology()).await.unwrap();
    pass(Duration::from_secs(230)).await;
    soon(client.topology()).await.unwrap();
    assert_eq!((stub.header("authorization").as_deref(), endpoint.requests()), (Some("Bearer token-1"), 1));
    pass(Duration::from_secs(20)).await;
    soon(client.topology()).await.unwrap();
    assert_eq!((stub.header("authorization").as_deref(), endpoint.requests()), (Some("Bearer token-2"), 2));
}

#[tokio::test]
async fn a_good_token_is_used_to_its_end_while_it_cannot_be_renewed() {
    let stub = Stub::start().await;
    let endpoint = TokenEndpoint::start().await;
    let client = client(&stub, endpoint.auth());
    soon(client.topology()).await.unwrap();
    for _ in 0..10 {
        endpoint.answer(StatusCode::SERVICE_UNAVAILABLE, "");
    }
    pass(Duration::from_secs(250)).await;
    for _ in 0..5 {
        soon(client.topology()).await.unwrap();
    }
    assert_eq!(stub.header("authorization").as_deref(), Some("Bearer token-1"));
    assert_eq!(endpoint.requests(), 2, "one failed renewal, and a pause after it");
    pass(Duration::from_secs(60)).await;
    let error = soon(client.topology()).await.unwrap_err();
    assert_eq!(error.code(), "TOKEN_REFUSED");
}

#[tokio::test]
async fn a_refused_token_is_replaced_and_the_call_repeated() {
    let stub = Stub::start().await;
    let endpoint = TokenEndpoint::start().await;
    let client = client(&stub, endpoint.auth());
    soon(client.topology()).await.unwrap();
    stub.expect_authorization("Bearer token-2");
    let together = join_all((0..10).map(|_| client.topology()));
    for outcome in soon(together).await {
        outcome.unwrap();
    }
    assert_eq!(endpoint.requests(), 2);
}

/// A gateway that refuses every token must not make us hammer the token endpoint.
#[tokio::test]
async fn the_token_endpoint_is_left_alone_when_its_tokens_are_refused() {
    let stub = Stub::start().await;
    let endpoint = TokenEndpoint::start().await;
    stub.expect_authorization("Bearer of-somebody-else");
    let client = client(&stub, endpoint.auth());
    for _ in 0..20 {
        let error = soon(client.topology()).await.unwrap_err();
        assert_eq!(error.feed_verdict(), FeedVerdict::Unauthenticated);
        assert_eq!(error.command_verdict(), CommandVerdict::RefreshTokenAndRepeat);
    }
    assert_eq!(endpoint.requests(), 2, "the token and one replacement");
    assert_eq!(stub.calls(), 21);
    let mut asked = Vec::new();
    for _ in 0..60 {
        pass(Duration::from_secs(1)).await;
        soon(client.topology()).await.unwrap_err();
        asked.push(endpoint.requests());
    }
    let total = *asked.last().unwrap();
    assert!((5..=9).contains(&total), "in a minute, with growing pauses: {asked:?}");

    stub.expect_authorization(&format!("Bearer token-{total}"));
    soon(client.topology()).await.expect("the last token stays in use, so a gateway's recovery is noticed");
}

/// The same holds when the endpoint itself fails.
#[tokio::test]
async fn a_failing_token_endpoint_is_asked_at_a_growing_pace() {
    let stub = Stub::start().await;
    let endpoint = TokenEndpoint::start().await;
    for _ in 0..4 {
        endpoint.answer(StatusCode::SERVICE_UNAVAILABLE, "down");
    }
    let client = client(&stub, endpoint.auth());
    let together = join_all((0..20).map(|_| client.topology()));
    for outcome in soon(together).await {
        let error = outcome.unwrap_err();
        assert_eq!(error.to_string(), "the token endpoint at 127.0.0.1 refused the client with status 503");
        assert_eq!(error.feed_verdict(), FeedVerdict::Unauthenticated);
        assert_eq!(error.command_verdict(), CommandVerdict::RefreshTokenAndRepeat);
    }
    assert_eq!(endpoint.requests(), 1);
    assert_eq!(stub.calls(), 0, "nothing is asked of the gateway without a token");
    let mut until_well = 0;
    while soon(client.topology()).await.is_err() {
        pass(Duration::from_secs(1)).await;
        until_well += 1;
    }
    assert_eq!(endpoint.requests(), 5);
    assert!((14..=20).contains(&until_well), "1 + 2 + 4 + 8 seconds with jitter, not {until_well}");
}

#[tokio::test]
async fn a_caller_who_gives_up_does_not_open_the_gate_for_the_next() {
    let stub = Stub::start().await;
    let endpoint = TokenEndpoint::start().await;
    endpoint.order(Order::Hang);
    let client = client(&stub, endpoint.auth());
    let waiting = tokio::spawn({
        let client = client.clone();
        async move { client.topology().await }
    });
    super::until(|| endpoint.requests() == 1).await;
    waiting.abort();
    waiting.await.unwrap_err();
    let error = soon(client.topology()).await.unwrap_err();
    assert!(error.to_string().contains("given up before it was answered"), "{error}");
    assert_eq!(endpoint.requests(), 1);
    pass(Duration::from_secs(2)).await;
    soon(client.topology()).await.unwrap();
}

#[tokio::test]
async fn a_token_endpoint_that_hangs_is_given_up() {
    let stub = Stub::start().await;
    let endpoint = TokenEndpoint::start().await;
    endpoint.order(Order::Hang);
    let oauth = OAuth { read_timeout: Duration::from_millis(50), ..endpoint.oauth() };
    let error = soon(client(&stub, Auth::OAuth(Box::new(oauth))).topology()).await.unwrap_err();
    assert!(matches!(error, Error::Token(TokenError::Unreachable { .. })), "{error:?}");
    assert!(error.to_string().starts_with("the token endpoint at 127.0.0.1 gave no answer"), "{error}");
}

/// The endpoint may echo what it was sent. Status, host and the standard's error code are all that is shown.
#[tokio::test]
async fn an_error_of_the_token_endpoint_never_shows_the_secret() {
    let stub = Stub::start().await;
    let huge = format!(r#"{{"access_token":"{}"}}"#, "hunter2".repeat(10_000));
    for (status, body, expected) in [
        (
            401,
            r#"{"error":"invalid_client","error_description":"hunter2"}"#,
            "with status 401 (invalid_client)",
        ),
        (400, r#"{"error":"no client with hunter2"}"#, "with status 400"),
        (500, "hunter2", "with status 500"),
        (200, "hunter2", "no JSON object with an access_token"),
        (200, r#"{"access_token":""}"#, "no JSON object with an access_token"),
        (200, r#"{"access_token":"hunter2\n"}"#, "no JSON object with an access_token"),
        (200, &huge, "it is far too long"),
    ] {
        let endpoint = TokenEndpoint::start().await;
        endpoint.answer(StatusCode::from_u16(status).unwrap(), body);
        let error = soon(client(&stub, endpoint.auth()).topology()).await.unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
    }
}

#[tokio::test]
async fn credentials_do_not_follow_a_redirect() {
    let stub = Stub::start().await;
    let endpoint = TokenEndpoint::start().await;
    let elsewhere = TokenEndpoint::start().await;
    endpoint.order(Order::Redirect(elsewhere.oauth().token_url));
    let error = soon(client(&stub, endpoint.auth()).topology()).await.unwrap_err();
    assert!(error.to_string().contains("with status 307"), "{error}");
    assert_eq!(elsewhere.requests(), 0);
}

#[tokio::test]
async fn a_lifetime_may_be_missing_or_written_as_text() {
    let stub = Stub::start().await;
    for (body, lifetime) in [
        (r#"{"access_token":"first"}"#, 300),
        (r#"{"access_token":"first","expires_in":"1000"}"#, 1000),
        (r#"{"access_token":"first","expires_in":18446744073709551615}"#, 24 * 60 * 60),
    ] {
        let endpoint = TokenEndpoint::start().await;
        endpoint.answer(StatusCode::OK, body);
        let client = client(&stub, endpoint.auth());
        soon(client.topology()).await.unwrap();
        pass(Duration::from_secs(lifetime - 65)).await;
        soon(client.topology()).await.unwrap();
        assert_eq!(endpoint.requests(), 1, "{body}");
        pass(Duration::from_secs(10)).await;
        soon(client.topology()).await.unwrap();
        assert_eq!(endpoint.requests(), 2, "{body}");
    }
}

#[tokio::test]
async fn a_token_without_a_lifetime_worth_the_name_is_not_asked_for_with_each_call() {
    let stub = Stub::start().await;
    let endpoint = TokenEndpoint::start().await;
    endpoint.answer(StatusCode::OK, r#"{"access_token":"first","expires_in":0}"#);
    let client = client(&stub, endpoint.auth());
    for _ in 0..5 {
        soon(client.topology()).await.unwrap();
    }
    assert_eq!(endpoint.requests(), 1);
}

#[tokio::test]
async fn the_token_endpoint_is_found_by_the_providers_description() {
    let stub = Stub::start().await;
    let endpoint = TokenEndpoint::start().await;
    endpoint.describe(format!(r#"{{"issuer":"x","token_endpoint":"{}"}}"#, endpoint.oauth().token_url));
    let client = client(&stub, endpoint.searching());
    soon(client.topology()).await.unwrap();
    pass(Duration::from_secs(250)).await;
    soon(client.topology()).await.unwrap();
    assert_eq!(stub.header("authorization").as_deref(), Some("Bearer token-2"));
    assert_eq!(endpoint.described(), 1, "it does not move");
}

#[tokio::test]
async fn a_description_without_a_usable_endpoint_is_told() {
    let stub = Stub::start().await;
    for description in ["<html>", "{}", r#"{"token_endpoint":"ftp://x/"}"#, r#"{"token_endpoint":"/token"}"#]
    {
        let endpoint = TokenEndpoint::start().await;
        endpoint.describe(description.to_owned());
        let error = soon(client(&stub, endpoint.searching()).topology()).await.unwrap_err();
        assert_eq!(error.code(), "TOKEN_MALFORMED");
        assert!(error.to_string().contains("no JSON object with a usable token_endpoint"), "{error}");
    }
}

#[tokio::test]
async fn a_stream_that_is_refused_replaces_the_token_for_its_successor() {
    let stub = Stub::start().await;
    let endpoint = TokenEndpoint::start().await;
    stub.expect_authorization("Bearer token-2");
    let client = client(&stub, endpoint.auth());
    let mut stream = soon(client.stream_jobs(&subscription())).await.unwrap();
    let error = soon(stream.next()).await.unwrap_err();
    assert_eq!(error.feed_verdict(), FeedVerdict::Unauthenticated);
    soon(client.topology()).await.unwrap();
    assert_eq!(stub.header("authorization").as_deref(), Some("Bearer token-2"));
}

#[tokio::test]
async fn rest_calls_share_the_token_and_report_its_refusal() {
    let stub = Stub::start().await;
    let endpoint = TokenEndpoint::start().await;
    let client = client(&stub, endpoint.auth());
    let first = soon(client.authorization()).await.unwrap().unwrap();
    assert_eq!(first.header(), "Bearer token-1");
    assert!(soon(client.authorization_refused(&first)).await);
    assert!(soon(client.authorization_refused(&first)).await, "it has a successor already");
    let second = soon(client.authorization()).await.unwrap().unwrap();
    assert_eq!(second.header(), "Bearer token-2");
    assert!(!soon(client.authorization_refused(&second)).await, "too soon");
    assert_eq!(endpoint.requests(), 2);
}

#[tokio::test]
async fn the_token_endpoint_is_trusted_by_an_additional_certificate_authority() {
    let stub = Stub::start().await;
    let authority = Authority::new();
    let endpoint = TokenEndpoint::start_tls(authority.server("localhost")).await;
    let token_url = format!("https://localhost:{}/oauth/token", endpoint.address.port());
    let trusting = OAuth { token_url, ca_file: Some(authority.ca_file()), ..endpoint.oauth() };
    let another = Authority::new();
    let untrusting = OAuth { ca_file: Some(another.ca_file()), ..trusting.clone() };
    let error = soon(client(&stub, Auth::OAuth(Box::new(untrusting))).topology()).await.unwrap_err();
    assert!(error.to_string().contains("certificate"), "the reason is told: {error}");
    soon(client(&stub, Auth::OAuth(Box::new(trusting))).topology()).await.unwrap();
}

#[tokio::test]
async fn the_token_endpoint_is_reached_through_the_same_proxy() {
    let stub = Stub::start().await;
    let authority = Authority::new();
    let endpoint = TokenEndpoint::start_tls(authority.server("localhost")).await;
    let proxy = ConnectProxy::start().await;
    let oauth = OAuth {
        token_url: format!("https://localhost:{}/oauth/token", endpoint.address.port()),
        ca_file: Some(authority.ca_file()),
        ..endpoint.oauth()
    };
    let options = Options {
        auth: Auth::OAuth(Box::new(oauth)),
        proxy: Proxy { https: Some(Secret::new(proxy.address.to_string())), ..Proxy::default() },
        ..stub.options()
    };
    soon(Client::new(&options).unwrap().topology()).await.unwrap();
    assert_eq!(proxy.heads().len(), 1, "the plaintext gateway was reached directly");
    assert_eq!(endpoint.requests(), 1);
}

#[tokio::test]
async fn a_token_url_is_checked_at_the_start() {
    for token_url in ["", "login.example.com/token", "ftp://login.example.com"] {
        let auth = Auth::OAuth(Box::new(OAuth { token_url: token_url.to_owned(), ..OAuth::default() }));
        let error = Client::new(&Options { auth, ..Options::default() }).unwrap_err();
        assert!(error.to_string().contains("expected http(s)://host/path"), "{error}");
    }
}

#[tokio::test]
async fn a_saas_cluster_is_found_by_its_id_and_region() {
    let options = Options::saas("c-1", "bru-2", "worker", "hunter2");
    assert_eq!(options.address, "https://c-1.bru-2.zeebe.camunda.io:443");
    let Auth::OAuth(oauth) = &options.auth else { panic!("{:?}", options.auth) };
    assert_eq!(oauth.token_url, "https://login.cloud.camunda.io/oauth/token");
    assert_eq!((oauth.audience.as_deref(), oauth.client_id.as_str()), (Some("zeebe.camunda.io"), "worker"));
    assert!(!format!("{options:?}").contains("hunter2"));
}
