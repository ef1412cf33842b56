use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::{Map, Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{ConnectorInfo, Error, Exhibits, Handle, Options, Phase, Probe, Status};

/// A part of readiness that the test switches.
#[derive(Debug)]
struct Switch {
    name: &'static str,
    up: AtomicBool,
    asked: AtomicUsize,
}

impl Switch {
    fn new(name: &'static str, up: bool) -> Arc<Self> {
        Arc::new(Self { name, up: AtomicBool::new(up), asked: AtomicUsize::new(0) })
    }
}

impl Probe for Switch {
    fn name(&self) -> &'static str {
        self.name
    }

    fn check(&self) -> BoxFuture<'_, Status> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let status = match self.up.load(Ordering::Relaxed) {
            true => Status::Up(Map::from_iter([("brokers".to_owned(), json!(3))])),
            false => Status::Down("the gateway does not answer".to_owned()),
        };
        async move { status }.boxed()
    }
}

struct Served {
    address: SocketAddr,
    handle: Handle,
    shutdown: CancellationToken,
    service: JoinHandle<()>,
}

impl Served {
    async fn new(exhibits: Exhibits) -> Self {
        let options = Options { address: Ipv4Addr::LOCALHOST.into(), port: 0 };
        let (service, handle) = options.build(exhibits).await.unwrap();
        let shutdown = CancellationToken::new();
        let address = service.local_address();
        let service = tokio::spawn(service.run(shutdown.clone()));
        Self { address, handle, shutdown, service }
    }

    async fn with_probes(probes: Vec<Arc<dyn Probe>>) -> Self {
        Self::new(Exhibits { probes, ..Exhibits::default() }).await
    }

    async fn get(&self, path: &str) -> (u16, String) {
        self.request(&format!("GET {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n")).await
    }

    async fn get_json(&self, path: &str) -> (u16, Value) {
        let (code, body) = self.get(path).await;
        (code, serde_json::from_str(&body).unwrap())
    }

    async fn request(&self, request: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }
}

#[tokio::test]
async fn readiness_follows_every_probe_and_liveness_none() {
    let gateway = Switch::new("zeebeClient", true);
    let credentials = Switch::new("credentials", false);
    let served = Served::with_probes(vec![gateway.clone(), credentials.clone()]).await;
    let (code, body) = served.get_json("/actuator/health/readiness").await;
    assert_eq!(code, 503);
    assert_eq!(
        body,
        json!({ "status": "DOWN", "components": {
            "zeebeClient": { "status": "UP", "details": { "brokers": 3 } },
            "credentials": { "status": "DOWN", "details": { "error": "the gateway does not answer" } },
        }})
    );
    assert_eq!(served.get("/actuator/health/liveness").await, (200, r#"{"status":"UP"}"#.to_owned()));
}

#[tokio::test]
async fn health_is_up_when_all_probes_are_and_names_its_groups() {
    let served = Served::with_probes(vec![Switch::new("zeebeClient", true)]).await;
    let (code, body) = served.get_json("/actuator/health").await;
    assert_eq!((code, &body["status"]), (200, &json!("UP")));
    assert_eq!(body["groups"], json!(["liveness", "readiness", "startup"]));
}

#[tokio::test]
async fn startup_is_down_until_the_process_runs() {
    let served = Served::with_probes(vec![]).await;
    assert_eq!(served.get_json("/actuator/health/startup").await, (503, json!({ "status": "DOWN" })));
    served.handle.enter(Phase::Running);
    assert_eq!(served.get_json("/actuator/health/startup").await, (200, json!({ "status": "UP" })));
}

#[tokio::test]
async fn a_draining_process_is_live_and_started_but_not_ready() {
    let served = Served::with_probes(vec![Switch::new("zeebeClient", true)]).await;
    served.handle.enter(Phase::Draining);
    assert_eq!(
        served.get_json("/actuator/health/readiness").await,
        (503, json!({ "status": "OUT_OF_SERVICE" }))
    );
    assert_eq!(served.get("/actuator/health/liveness").await.0, 200);
    assert_eq!(served.get("/actuator/health/startup").await.0, 200);
}

#[tokio::test]
async fn requests_at_the_same_time_share_one_round_of_probes() {
    let gateway = Switch::new("zeebeClient", true);
    let served = Served::with_probes(vec![gateway.clone()]).await;
    let requests = (0..20).map(|_| served.get("/actuator/health/readiness"));
    let answers = futures_util::future::join_all(requests).await;
    assert!(answers.iter().all(|(code, _)| *code == 200));
    assert!(gateway.asked.load(Ordering::Relaxed) < 20, "each request probed the gateway");
}

/// A part that never answers.
#[derive(Debug)]
struct Silent;

impl Probe for Silent {
    fn name(&self) -> &'static str {
        "zeebeClient"
    }

    fn check(&self) -> BoxFuture<'_, Status> {
        std::future::pending().boxed()
    }
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_does_not_answer_is_down() {
    let health = super::Health::new(vec![Arc::new(Silent)]);
    let answer = health.ready().await;
    assert!(!answer.up);
    assert_eq!(answer.body["components"]["zeebeClient"]["details"]["error"], json!("no answer within 5 s"));
}

#[tokio::test]
async fn metrics_are_served_as_a_page_as_names_and_one_by_one() {
    let page = "# HELP jobs_total Jobs.\n# TYPE jobs_total counter\njobs_total{type=\"a\"} 2\njobs_total{type=\"b c\"} 3\nslots 7\n";
    let exhibits =
        Exhibits { metrics: Some((Arc::new(|| page.to_owned()), "text/plain")), ..Exhibits::default() };
    let served = Served::new(exhibits).await;
    assert_eq!(served.get("/actuator/prometheus").await, (200, page.to_owned()));
    assert_eq!(served.get_json("/actuator/metrics").await.1, json!({ "names": ["jobs_total", "slots"] }));
    let (code, body) = served.get_json("/actuator/metrics/jobs").await;
    assert_eq!((code, &body["measurements"][0]["value"]), (200, &json!(5.0)));
    assert_eq!(served.get("/actuator/metrics/unknown").await.0, 404);
}

#[tokio::test]
async fn the_connectors_are_listed() {
    let connectors = vec![ConnectorInfo {
        name: "AWS BedRock".to_owned(),
        job_type: "io.camunda:aws-bedrock:1".to_owned(),
        input_variables: vec!["data".to_owned()],
    }];
    let served = Served::new(Exhibits { connectors, ..Exhibits::default() }).await;
    let (code, body) = served.get_json("/outbound").await;
    let expected =
        json!([{ "name": "AWS BedRock", "type": "io.camunda:aws-bedrock:1", "inputVariables": ["data"] }]);
    assert_eq!((code, body), (200, expected));
}

#[tokio::test]
async fn other_paths_are_not_found() {
    let served = Served::with_probes(vec![]).await;
    assert_eq!(served.get("/actuator/env").await.0, 404);
}

#[tokio::test]
async fn a_port_in_use_is_named_with_the_setting() {
    let served = Served::with_probes(vec![]).await;
    let options = Options { address: served.address.ip(), port: served.address.port() };
    let error = options.build(Exhibits::default()).await.unwrap_err();
    let Error::Bind { address, .. } = &error;
    assert_eq!(*address, served.address);
    assert!(error.to_string().contains("SERVER_PORT"), "{error}");
}

#[tokio::test]
async fn shutdown_ends_the_service_though_an_idle_connection_is_open() {
    let served = Served::with_probes(vec![]).await;
    let _idle = TcpStream::connect(served.address).await.unwrap();
    assert_eq!(served.get("/actuator/health/liveness").await.0, 200);
    served.shutdown.cancel();
    served.service.await.unwrap();
}
