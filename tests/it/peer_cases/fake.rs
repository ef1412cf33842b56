//! A worker that does what it is told: it shows that the stage and the comparison notice what they should.

use std::collections::BTreeMap;

use bedrock_connector::emulator::gateway::Delivery;
use bedrock_connector::proto;
use bedrock_connector::proto::gateway_client::GatewayClient;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tonic::transport::Channel;

use super::case::Case;
use super::seen;
use super::stage::{JOB_TYPE, Played, Stage};

/// Plays cases by doing for each what `script` says, which has the form of `seen`.
pub(crate) async fn play(
    cases: Vec<Case>,
    delivery: Delivery,
    script: impl Fn(&Case) -> Value,
) -> Vec<(Case, Played)> {
    let scripts: Vec<_> = cases.iter().map(script).collect();
    let stage = Stage::set(cases, delivery).await.expect("a stage");
    let worker = Worker {
        gateway: GatewayClient::connect(stage.gateway_url()).await.expect("the stage's gateway"),
        bedrock: stage.bedrock_url(),
    };
    let (keys, ()) = tokio::join!(stage.play(), worker.follow(&scripts, delivery));
    stage.played(&keys.expect("a command for each job"))
}

/// What the recorded runtime did, with some text where the recording leaves the wording open.
pub(crate) fn recorded(case: &Case) -> Value {
    let mut seen = seen::recorded(case);
    for pointer in &case.loose {
        let (parent, name) = pointer.rsplit_once('/').expect("a pointer below the root");
        if let Some(Value::Object(members)) = seen.pointer_mut(parent)
            && members.remove("has_message").is_some()
        {
            members.insert(name.to_owned(), json!("in other words"));
        }
    }
    seen
}

struct Worker {
    gateway: GatewayClient<Channel>,
    bedrock: String,
}

impl Worker {
    /// Keys grow with each job, so the jobs in the order of their keys are the cases in theirs.
    async fn follow(mut self, scripts: &[Value], delivery: Delivery) {
        let jobs = match delivery {
            Delivery::Poll => self.poll(scripts.len()).await,
            Delivery::Push => self.receive(scripts.len()).await,
        };
        for (key, script) in jobs.keys().zip(scripts) {
            for request in script["bedrock"].as_array().into_iter().flatten() {
                self.ask_bedrock(request).await;
            }
            for timeout in script["timeouts"].as_array().into_iter().flatten() {
                let timeout = timeout.as_i64().unwrap_or_default();
                let request = proto::UpdateJobTimeoutRequest { job_key: *key, timeout, ..Default::default() };
                self.gateway.update_job_timeout(request).await.expect("the lock is ours");
            }
            let later = script["more"].as_array().into_iter().flatten();
            for name in std::iter::once(&script["command"]).chain(later) {
                self.send(*key, name.as_str().unwrap_or_default(), script).await;
            }
        }
    }

    async fn poll(&mut self, count: usize) -> BTreeMap<i64, proto::ActivatedJob> {
        let mut jobs = BTreeMap::new();
        while jobs.len() < count {
            let request = proto::ActivateJobsRequest {
                r#type: JOB_TYPE.to_owned(),
                worker: "fake".to_owned(),
                timeout: 60_000,
                max_jobs_to_activate: 1_000,
                ..Default::default()
            };
            let mut batches = self.gateway.activate_jobs(request).await.expect("jobs").into_inner();
            while let Some(batch) = batches.message().await.expect("a batch") {
                jobs.extend(batch.jobs.into_iter().map(|job| (job.key, job)));
            }
        }
        jobs
    }

    async fn receive(&mut self, count: usize) -> BTreeMap<i64, proto::ActivatedJob> {
        let request = proto::StreamActivatedJobsRequest {
            r#type: JOB_TYPE.to_owned(),
            worker: "fake".to_owned(),
            timeout: 60_000,
            ..Default::default()
        };
        let mut stream = self.gateway.stream_activated_jobs(request).await.expect("a stream").into_inner();
        let mut jobs = BTreeMap::new();
        while jobs.len() < count {
            let job = stream.message().await.expect("an open stream").expect("a job");
            jobs.insert(job.key, job);
        }
        jobs
    }

    /// Whether a command is refused is the stage's decision, and part of some cases.
    async fn send(&mut self, key: i64, command: &str, script: &Value) {
        let text = |name: &str| script[name].as_str().unwrap_or_default().to_owned();
        let number = |name: &str| script[name].as_i64().unwrap_or_default();
        let variables = script["variables"].to_string();
        match command {
            "complete" => {
                let request = proto::CompleteJobRequest { job_key: key, variables, ..Default::default() };
                self.gateway.complete_job(request).await.map(drop)
            }
            "fail" => {
                let request = proto::FailJobRequest {
                    job_key: key,
                    retries: number("retries") as i32,
                    error_message: text("errorMessage"),
                    retry_back_off: number("retryBackOff"),
                    variables,
                    ..Default::default()
                };
                self.gateway.fail_job(request).await.map(drop)
            }
            "throw" => {
                let request = proto::ThrowErrorRequest {
                    job_key: key,
                    error_code: text("errorCode"),
                    error_message: text("errorMessage"),
                    variables,
                    ..Default::default()
                };
                self.gateway.throw_error(request).await.map(drop)
            }
            other => panic!("no command `{other}`"),
        }
        .ok();
    }

    /// Sends a request as its recording describes it; the answer, if any comes, is nobody's concern here.
    async fn ask_bedrock(&self, request: &Value) {
        let text = |name: &str| request[name].as_str().unwrap_or_default();
        let body = request["body"].to_string();
        let token = if request["sessionToken"] == true { "x-amz-security-token: t\r\n" } else { "" };
        let message = format!(
            "{} {} HTTP/1.1\r\nAuthorization: AWS4-HMAC-SHA256 Credential={}/20260101/{}/bedrock/aws4_request, \
             SignedHeaders=host, Signature=0\r\n{token}Content-Length: {}\r\n\r\n{body}",
            text("method"),
            text("path"),
            text("accessKey"),
            text("region"),
            body.len(),
        );
        let address = self.bedrock.trim_start_matches("http://");
        let mut connection = TcpStream::connect(address).await.expect("the stage's Bedrock");
        connection.write_all(message.as_bytes()).await.expect("a request is taken");
        connection.shutdown().await.ok();
        connection.read_to_end(&mut Vec::new()).await.ok();
    }
}
