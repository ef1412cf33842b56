//! A worker in the place of Camunda's runtime, with nothing but what the runtime was given.

use std::net::SocketAddr;
use std::sync::Arc;

use bedrock_connector::bench::Launch;
use bedrock_connector::emulator::gateway::{Command, Gateway, NewJob, Options};
use serde_json::json;

use crate::scenarios::{Stage, Task};
use crate::support::http::{Answer, Reply, Request, Server};
use crate::support::saas::Saas;
use crate::support::stage::{self, JOB_TYPE, good_input};

/// The hybrid element template lets the modeler choose the job type, and the operator gives it to the runtime.
#[tokio::test]
async fn the_job_type_can_be_another_one() {
    let stage = Stage::embedded_with(&[("CONNECTOR_AWS_BEDROCK_TYPE", "acme:bedrock:1")]).await;
    let task = Task::new("hybrid").job_type("acme:bedrock:1").input("Hello?", "data.newMessage");
    let process = task.deploy(&stage).await;
    let variables = stage.run(&process, json!({})).await;
    assert_eq!(variables["answer"].as_array().map(Vec::len), Some(2), "{variables}");
}

/// Before 8.9 the runtime took every variable for a secret, and its operators gave them no prefix.
#[tokio::test]
async fn secrets_without_a_prefix_are_used_where_the_operator_says_so() {
    let stage = Stage::embedded_with(&[
        ("CAMUNDA_CONNECTOR_SECRETPROVIDER_ENVIRONMENT_PREFIX", ""),
        ("AWS_ACCESS_KEY", "AKIDBARE"),
        ("AWS_SECRET_KEY", "bare-secret"),
    ])
    .await;
    let process = Task::new("bare").input("Hello?", "data.newMessage").deploy(&stage).await;
    stage.run(&process, json!({})).await;
    let exchange = stage.bedrock.exchanges().all().pop().expect("a call was made");
    assert_eq!(exchange.identity.key(), Some("AKIDBARE"));
}

/// Gives a token to the client `connectors` for an audience.
async fn token_server(audience: &'static str) -> Server {
    let handler = move |request: Request| {
        let form = String::from_utf8_lossy(&request.body).into_owned();
        let in_header = request.header("authorization") == Some("Basic Y29ubmVjdG9yczpoaWRkZW4=");
        let in_form = ["client_id=connectors", "client_secret=hidden"].iter().all(|part| form.contains(part));
        let is_known = (in_header || in_form) && form.contains(&format!("audience={audience}"));
        let body = json!({"access_token": "granted", "token_type": "Bearer", "expires_in": 3600}).to_string();
        Reply::Answer(Answer {
            status: if is_known { 200 } else { 401 },
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: if is_known { body.into() } else { Vec::new() },
        })
    };
    Server::start(Arc::new(handler)).await.expect("a port")
}

/// A gateway that answers nobody without that token.
async fn guarded_gateway() -> Gateway {
    let gateway = Gateway::start(Options::default()).await.expect("a gateway on a free port");
    gateway.require_authorization(Some(vec!["Bearer granted".to_owned()]));
    gateway
}

/// Sets the variables of an environment, as `NAME=value` lines, and nothing for the gateway but what they say.
fn environment(launch: Launch, lines: &str) -> Launch {
    let variables = lines.lines().map(str::trim).filter_map(|line| line.split_once('='));
    variables
        .fold(launch.env("CAMUNDA_CLIENT_GRPCADDRESS", ""), |launch, (name, value)| launch.env(name, value))
}

/// A worker in this environment gets ready and completes a job.
async fn works_in(gateway: Gateway, lines: &str) -> stage::Stage {
    let mut stage = stage::Stage::before(gateway, |launch| environment(launch, lines)).await;
    stage.worker.ready().await.unwrap_or_else(|error| panic!("{error}\n{}", stage.log()));
    let key = stage.gateway.create_job(NewJob::new(JOB_TYPE).variables(good_input("m")));
    let command = stage.end_of_attempt(key).await;
    assert!(matches!(command, Command::CompleteJob(_)), "{command:?}\n{}", stage.log());
    stage
}

/// As the page of Camunda 8.8 about its connector runtime has it, with what its chart and its compose file add.
#[tokio::test]
async fn the_documented_environment_of_a_self_managed_engine_starts_this_worker() {
    let gateway = guarded_gateway().await;
    let tokens = token_server("orchestration-api").await;
    let lines = format!(
        "CAMUNDA_CLIENT_MODE=self-managed
         CAMUNDA_CLIENT_GRPCADDRESS={}
         CAMUNDA_CLIENT_RESTADDRESS=http://127.0.0.1:8080
         CAMUNDA_CLIENT_AUTH_METHOD=oidc
         CAMUNDA_CLIENT_AUTH_CLIENTID=connectors
         CAMUNDA_CLIENT_AUTH_CLIENTSECRET=hidden
         CAMUNDA_CLIENT_AUTH_TOKENURL={}/auth/realms/camunda-platform/protocol/openid-connect/token
         CAMUNDA_CLIENT_AUTH_AUDIENCE=orchestration-api
         CAMUNDA_CLIENT_AUTH_SCOPE=orchestration-api
         CAMUNDA_CLIENT_EXECUTIONTHREADS=20
         CAMUNDA_CLIENT_WORKER_DEFAULTS_MAXJOBSACTIVE=20
         CAMUNDA_CONNECTOR_POLLING_INTERVAL=10000
         CAMUNDA_CONNECTOR_SECRETRESOLVER_SECRETFILTER_MODE=LAX
         CONNECTOR_INBOUND_DISABLED=io.camunda:webhook:1
         LOGGING_LEVEL_IO_CAMUNDA_CONNECTOR=INFO
         CONNECTORS_LOG_APPENDER=stackdriver
         MANAGEMENT_ENDPOINTS_WEB_EXPOSURE_INCLUDE=health,prometheus
         JAVA_OPTS=-Xmx512m",
        gateway.url(),
        tokens.url()
    );
    let stage = works_in(gateway, &lines).await;
    let log = stage.log();
    assert!(log.contains("CAMUNDA_CLIENT_EXECUTIONTHREADS has no effect"), "{log}");
    assert!(!log.contains("hidden") && !log.contains("granted"), "{log}");
}

/// As its page for 8.5 has it, with the names of the Java client of that time.
#[tokio::test]
async fn an_older_documented_environment_starts_this_worker() {
    let gateway = guarded_gateway().await;
    let tokens = token_server("zeebe-api").await;
    let lines = format!(
        "ZEEBE_CLIENT_BROKER_GATEWAY-ADDRESS={}
         ZEEBE_CLIENT_SECURITY_PLAINTEXT=true
         ZEEBE_CLIENT_ID=connectors
         ZEEBE_CLIENT_SECRET=hidden
         ZEEBE_CLIENT_CONFIG_PATH=/tmp/zeebe_auth_cache
         ZEEBE_TOKEN_AUDIENCE=zeebe-api
         ZEEBE_AUTHORIZATION_SERVER_URL={}/auth/realms/camunda-platform/protocol/openid-connect/token
         CAMUNDA_OPERATE_CLIENT_URL=http://operate:8080
         management.endpoint.health.probes.enabled=true",
        gateway.address(),
        tokens.url()
    );
    works_in(gateway, &lines).await;
}

/// As its page has it for SaaS. The proxy and the authority stand for the way to Camunda's hosts.
#[tokio::test]
async fn the_documented_environment_of_saas_starts_this_worker() {
    let gateway = guarded_gateway().await;
    let tokens = token_server("zeebe.camunda.io").await;
    let token_address: SocketAddr = tokens.url().trim_start_matches("http://").parse().expect("an address");
    let hosts = ["login.cloud.camunda.io:443", "abc.dsm-1.zeebe.camunda.io:443"];
    let saas =
        Saas::start(&[(hosts[0], token_address, "http/1.1"), (hosts[1], gateway.address(), "h2")]).await;
    let authority = saas.authority().display();
    let lines = format!(
        "CAMUNDA_CLIENT_MODE=saas
         CAMUNDA_CLIENT_AUTH_CLIENTID=connectors
         CAMUNDA_CLIENT_AUTH_CLIENTSECRET=hidden
         CAMUNDA_CLIENT_CLOUD_REGION=dsm-1
         CAMUNDA_CLIENT_CLOUD_CLUSTERID=abc
         HTTPS_PROXY={}
         CAMUNDA_CLIENT_CACERTIFICATEPATH={authority}
         BEDROCK_CONNECTOR_AUTH_CA_CERTIFICATE_PATH={authority}",
        saas.proxy_url()
    );
    works_in(gateway, &lines).await;
    let asked = saas.asked();
    assert!(hosts.iter().all(|host| asked.iter().any(|asked| asked == host)), "{asked:?}");
    assert!(asked.iter().all(|asked| hosts.contains(&asked.as_str())), "{asked:?}");
}
