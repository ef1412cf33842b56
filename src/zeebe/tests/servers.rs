//! What else lies on the way to a gateway: token endpoints, proxies, load balancers, and connections that
//! misbehave below gRPC.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::service::Routes;
use tonic::transport::{Server, ServerTlsConfig};

use crate::zeebe::{Auth, OAuth, Secret};

/// A token endpoint. Without other orders it gives `token-1`, `token-2` and so on, each for five minutes.
#[derive(Debug, Clone)]
pub(super) struct TokenEndpoint {
    pub(super) address: SocketAddr,
    state: Arc<TokenState>,
}

#[derive(Debug, Default)]
struct TokenState {
    forms: Mutex<Vec<HashMap<String, String>>>,
    orders: Mutex<VecDeque<Order>>,
    description: Mutex<String>,
    described: AtomicUsize,
    given: AtomicUsize,
}

/// What the token endpoint does with one request.
#[derive(Debug, Clone)]
pub(super) enum Order {
    Answer(StatusCode, String),
    Redirect(String),
    Hang,
}

impl TokenEndpoint {
    pub(super) async fn start() -> Self {
        Self::serve(Server::builder()).await
    }

    pub(super) async fn start_tls(tls: ServerTlsConfig) -> Self {
        Self::serve(Server::builder().tls_config(tls).unwrap()).await
    }

    async fn serve(server: Server) -> Self {
        let state: Arc<TokenState> = Arc::default();
        let router = axum::Router::new()
            .route("/oauth/token", post(give_token))
            .route("/.well-known/openid-configuration", get(describe))
            .with_state(state.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = server.accept_http1(true).add_routes(Routes::from(router));
        tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
        Self { address, state }
    }

    /// A client of this endpoint.
    pub(super) fn oauth(&self) -> OAuth {
        OAuth {
            client_id: "worker".to_owned(),
            client_secret: Secret::new("hunter2"),
            token_url: format!("http://{}/oauth/token", self.address),
            audience: Some("zeebe-api".to_owned()),
            ..OAuth::default()
        }
    }

    pub(super) fn auth(&self) -> Auth {
        Auth::OAuth(Box::new(self.oauth()))
    }

    /// The next request is answered so.
    pub(super) fn order(&self, order: Order) {
        self.state.orders.lock().unwrap().push_back(order);
    }

    pub(super) fn answer(&self, status: StatusCode, body: &str) {
        self.order(Order::Answer(status, body.to_owned()));
    }

    /// What the provider says of itself.
    pub(super) fn describe(&self, description: String) {
        *self.state.description.lock().unwrap() = description;
    }

    /// A client that has to find the endpoint.
    pub(super) fn searching(&self) -> Auth {
        let well_known_url = Some(format!("http://{}/.well-known/openid-configuration", self.address));
        Auth::OAuth(Box::new(OAuth { token_url: String::new(), well_known_url, ..self.oauth() }))
    }

    /// How often the description was read.
    pub(super) fn described(&self) -> usize {
        self.state.described.load(Ordering::SeqCst)
    }

    /// How often a token was asked for.
    pub(super) fn requests(&self) -> usize {
        self.state.forms.lock().unwrap().len()
    }

    /// What was sent with the last request.
    pub(super) fn form(&self) -> HashMap<String, String> {
        self.state.forms.lock().unwrap().last().unwrap().clone()
    }
}

async fn describe(State(state): State<Arc<TokenState>>) -> String {
    state.described.fetch_add(1, Ordering::SeqCst);
    state.description.lock().unwrap().clone()
}

async fn give_token(State(state): State<Arc<TokenState>>, form: String) -> Response {
    let url = reqwest::Url::parse(&format!("http://localhost/?{form}")).unwrap();
    let form = url.query_pairs().into_owned().collect();
    state.forms.lock().unwrap().push(form);
    let order = state.orders.lock().unwrap().pop_front();
    match order {
        Some(Order::Answer(status, body)) => (status, body).into_response(),
        Some(Order::Redirect(to)) => {
            (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, to)]).into_response()
        }
        Some(Order::Hang) => std::future::pending().await,
        None => {
            let number = state.given.fetch_add(1, Ordering::SeqCst) + 1;
            let body =
                format!(r#"{{"access_token":"token-{number}","token_type":"Bearer","expires_in":300}}"#);
            ([(header::CONTENT_TYPE, "application/json")], body).into_response()
        }
    }
}

/// A load balancer that has lost its gateway. It records under which authority it was addressed.
#[derive(Debug)]
pub(super) struct LoadBalancer {
    pub(super) address: SocketAddr,
    authorities: Arc<Mutex<Vec<String>>>,
}

impl LoadBalancer {
    /// Answers everything with this status and a page of HTML.
    pub(super) async fn start(status: StatusCode) -> Self {
        let authorities: Arc<Mutex<Vec<String>>> = Arc::default();
        let seen = authorities.clone();
        let page = move |request: axum::extract::Request| async move {
            seen.lock().unwrap().push(request.uri().authority().unwrap().to_string());
            (status, [(header::CONTENT_TYPE, "text/html")], "<html>somebody else</html>")
        };
        let routes = Routes::from(axum::Router::new().fallback(page));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = Server::builder().add_routes(routes);
        tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
        Self { address, authorities }
    }

    pub(super) fn authority(&self) -> String {
        self.authorities.lock().unwrap().last().unwrap().clone()
    }
}

/// An HTTP proxy that tunnels by CONNECT, wherever it is told to.
#[derive(Debug)]
pub(super) struct ConnectProxy {
    pub(super) address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
}

impl ConnectProxy {
    pub(super) async fn start() -> Self {
        Self::answering("200 Connection established").await
    }

    /// Refuses with another status than 200.
    pub(super) async fn answering(status: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let heads: Arc<Mutex<Vec<String>>> = Arc::default();
        let seen = heads.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(tunnel(client, status, seen.clone()));
            }
        });
        Self { address, heads }
    }

    /// The heads of the requests so far.
    pub(super) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

async fn tunnel(mut client: TcpStream, status: &str, heads: Arc<Mutex<Vec<String>>>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap();
    let target = head.split(' ').nth(1).unwrap().to_owned();
    heads.lock().unwrap().push(head);
    client.write_all(format!("HTTP/1.1 {status}\r\n\r\n").as_bytes()).await.unwrap();
    if status.starts_with("200") {
        let mut server = TcpStream::connect(target).await.unwrap();
        // It ends with an error when either side just goes away.
        drop(tokio::io::copy_bidirectional(&mut client, &mut server).await);
    }
}

/// A cable to a server that can be pulled, as a killed gateway pulls it.
#[derive(Debug)]
pub(super) struct Cable {
    pub(super) address: SocketAddr,
    pull: tokio::sync::watch::Sender<()>,
}

impl Cable {
    pub(super) async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (pull, pulled) = tokio::sync::watch::channel(());
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let mut pulled = pulled.clone();
                pulled.mark_unchanged();
                tokio::spawn(async move {
                    let mut server = TcpStream::connect(server).await.unwrap();
                    tokio::select! {
                        _ = tokio::io::copy_bidirectional(&mut client, &mut server) => (),
                        _ = pulled.changed() => (),
                    }
                });
            }
        });
        Self { address, pull }
    }

    /// Ends all connections; new ones work.
    pub(super) fn pull(&self) {
        self.pull.send(()).unwrap();
    }
}

/// A server that speaks HTTP/2 frames and no gRPC.
#[derive(Debug)]
pub(super) struct Frames {
    pub(super) address: SocketAddr,
    pings: Arc<AtomicUsize>,
}

const PREFACE: usize = 24;
const FRAME_HEADERS: u8 = 1;
const FRAME_SETTINGS: u8 = 4;
const FRAME_PING: u8 = 6;
const FRAME_GOAWAY: u8 = 7;

impl Frames {
    /// Takes requests and neither answers them nor any probe.
    pub(super) async fn silent() -> Self {
        Self::start(None).await
    }

    /// Ends each connection upon its first request with this error.
    pub(super) async fn going_away(reason: u32, text: &'static str) -> Self {
        let mut goaway = vec![0, 0, u8::try_from(8 + text.len()).unwrap(), FRAME_GOAWAY, 0, 0, 0, 0, 0];
        goaway.extend(i32::MAX.to_be_bytes());
        goaway.extend(reason.to_be_bytes());
        goaway.extend(text.as_bytes());
        Self::start(Some(goaway)).await
    }

    async fn start(goaway: Option<Vec<u8>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self { address: listener.local_addr().unwrap(), pings: Arc::default() };
        let pings = server.pings.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (goaway, pings) = (goaway.clone(), pings.clone());
                // It ends with an error when the client goes away.
                tokio::spawn(async move { drop(read_frames(client, goaway, &pings).await) });
            }
        });
        server
    }

    /// How many probes have come.
    pub(super) fn pings(&self) -> usize {
        self.pings.load(Ordering::SeqCst)
    }
}

async fn read_frames(
    mut client: TcpStream,
    goaway: Option<Vec<u8>>,
    pings: &AtomicUsize,
) -> std::io::Result<()> {
    client.read_exact(&mut [0; PREFACE]).await?;
    client.write_all(&[0, 0, 0, FRAME_SETTINGS, 0, 0, 0, 0, 0]).await?;
    loop {
        let mut head = [0; 9];
        client.read_exact(&mut head).await?;
        let length = usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
        client.read_exact(&mut vec![0; length]).await?;
        match (head[3], &goaway) {
            (FRAME_PING, _) => drop(pings.fetch_add(1, Ordering::SeqCst)),
            (FRAME_HEADERS, Some(goaway)) => {
                client.write_all(goaway).await?;
                client.shutdown().await?;
                // Closing with something unread would reset the connection, and the farewell with it.
                tokio::io::copy(&mut client, &mut tokio::io::sink()).await?;
                return Ok(());
            }
            (_, _) => (),
        }
    }
}
