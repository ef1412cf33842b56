//! The embedded gateway and Bedrock with the program as a worker between them, for tests that make raw jobs.

use std::time::Duration;

use axum::body::Body;
use bedrock_connector::bench::{Launch, WorkerProcess};
use bedrock_connector::emulator::bedrock::{self, Act, Bedrock, Canned, Step};
use bedrock_connector::emulator::gateway::{self, Command, Gateway};
use bedrock_connector::zeebe::JobKey;
use http::Request;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};

pub(crate) const JOB_TYPE: &str = "io.camunda:aws-bedrock:1";
pub(crate) const NATIVE_TYPE: &str = "bedrock-connector:1";
/// The prompt of [`good_input`].
pub(crate) const QUESTION: &str = "Where is my parcel?";

/// Nothing here takes more than a second or two; the rest is for a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) gateway: Gateway,
    pub(crate) bedrock: Bedrock,
    pub(crate) worker: WorkerProcess,
    log: tempfile::NamedTempFile,
}

/// An answer of the operator's port.
#[derive(Debug, PartialEq)]
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl Page {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

impl Stage {
    /// With a worker that is ready.
    pub(crate) async fn embedded(prepare: impl FnOnce(Launch) -> Launch) -> Self {
        let gateway = Gateway::start(gateway::Options::default()).await.expect("a gateway on a free port");
        let mut stage = Self::before(gateway, prepare).await;
        let ready = stage.worker.ready().await;
        ready.unwrap_or_else(|error| panic!("{error}\n{}", stage.log()));
        stage
    }

    /// With a worker that has just been started.
    pub(crate) async fn before(gateway: Gateway, prepare: impl FnOnce(Launch) -> Launch) -> Self {
        let bedrock = Bedrock::start(bedrock::Options::default()).await.expect("a Bedrock on a free port");
        Self::between(gateway, bedrock, prepare)
    }

    /// Kills the worker and starts another in its place, which is ready when this returns.
    pub(crate) async fn killed_and_restarted(self, prepare: impl FnOnce(Launch) -> Launch) -> Self {
        let Self { gateway, bedrock, worker, .. } = self;
        worker.kill().await.expect("it is killed");
        Self::again(gateway, bedrock, prepare).await
    }

    /// Starts another worker in the place of one that was told to stop and ends with this status.
    pub(crate) async fn ended_and_restarted(self, code: i32, prepare: impl FnOnce(Launch) -> Launch) -> Self {
        let Self { gateway, bedrock, worker, .. } = self;
        assert_eq!(worker.ended().await.expect("an end").code(), Some(code));
        Self::again(gateway, bedrock, prepare).await
    }

    async fn again(gateway: Gateway, bedrock: Bedrock, prepare: impl FnOnce(Launch) -> Launch) -> Self {
        let mut stage = Self::between(gateway, bedrock, prepare);
        let ready = stage.worker.ready().await;
        ready.unwrap_or_else(|error| panic!("{error}\n{}", stage.log()));
        stage
    }

    fn between(gateway: Gateway, bedrock: Bedrock, prepare: impl FnOnce(Launch) -> Launch) -> Self {
        let log = tempfile::NamedTempFile::new().expect("a file for the worker's log");
        let program = env!("CARGO_BIN_EXE_bedrock-connector");
        let launch = prepare(Launch::new(program, &gateway.url(), &bedrock.url()).log_to(log.path()));
        let worker = launch.start().expect("the worker starts");
        Self { gateway, bedrock, worker, log }
    }

    /// What the worker has logged so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.log.path()).unwrap_or_default()
    }

    /// Waits until no job is left to be ended.
    pub(crate) async fn all_end(&self, patience: Duration) {
        let ended = self.gateway.wait_for_unfinished_jobs(0, patience).await;
        ended.unwrap_or_else(|error| panic!("{error}\n{}", self.log()));
    }

    /// Waits for the command that ends an attempt at a job.
    pub(crate) async fn end_of_attempt(&self, key: JobKey) -> Command {
        let calls = self.gateway.received();
        let ended = calls.wait_for("the end of an attempt", |calls| {
            let mut of_job = calls.iter().map(|call| &call.command).filter(|of| of.job_key() == Some(key));
            of_job.rfind(|command| command.ends_attempt()).cloned()
        });
        ended.await.unwrap_or_else(|error| panic!("{error}\n{}", self.log()))
    }

    /// A page of the operator's port; none while nobody listens there.
    pub(crate) async fn get(&self, path: &str) -> Option<Page> {
        self.request(Request::get(self.worker.admin_url(path)?), "").await
    }

    pub(crate) async fn post(&self, path: &str, body: &'static str) -> Option<Page> {
        self.request(Request::post(self.worker.admin_url(path)?), body).await
    }

    async fn request(&self, request: http::request::Builder, body: &'static str) -> Option<Page> {
        let client = Client::builder(TokioExecutor::new()).build_http::<Body>();
        let answer = client.request(request.body(Body::from(body)).expect("a request")).await.ok()?;
        let status = answer.status().as_u16();
        let body = axum::body::to_bytes(Body::new(answer.into_body()), usize::MAX).await.ok()?;
        Some(Page { status, body: String::from_utf8(body.to_vec()).expect("a text") })
    }

    /// Waits until a page is as it is wanted.
    pub(crate) async fn page(&self, path: &str, wanted: impl Fn(&Page) -> bool) -> Page {
        let mut last = None;
        let found = async {
            loop {
                last = self.get(path).await;
                if let Some(page) = last.take_if(|page| wanted(page)) {
                    return page;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        match tokio::time::timeout(PATIENCE, found).await {
            Ok(page) => page,
            Err(_) => panic!("{path} stays {last:?}\n{}", self.log()),
        }
    }
}

/// The input of a Converse task that works.
pub(crate) fn good_input(model: &str) -> Value {
    json!({
        "authentication": {"type": "credentials", "accessKey": "AKIDTEST", "secretKey": "secret"},
        "configuration": {"region": "us-east-1"},
        "action": "converse",
        "data": {"modelId": model, "newMessage": QUESTION},
    })
}

/// An answer of Converse whose text has this length.
pub(crate) fn long_answer(length: usize) -> Step {
    let body = json!({
        "metrics": {"latencyMs": 1},
        "output": {"message": {"role": "assistant", "content": [{"text": "x".repeat(length)}]}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2},
    });
    Step::new(Act::Respond(Canned::json(200, body.to_string())))
}
