//! What stands around the worker while the cases are played: an engine that hands out their jobs, a Bedrock that
//! gives the recorded answers, and a web server for documents that is the document store as well.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bedrock_connector::emulator::NotSeen;
use bedrock_connector::emulator::gateway::{
    self, Command, Delivery, Event, Fault, Gateway, NewJob, Reaction, Rpc,
};
use bedrock_connector::zeebe::JobKey;
use serde_json::{Value, json};
use tonic::Code;

use super::case::{self, Answer, Case, File, id_in};
use crate::support::http::{self, Reply, Request, Server};

pub(crate) const JOB_TYPE: &str = "io.camunda:aws-bedrock:1";

/// What a worker did with one case.
#[derive(Debug, Clone)]
pub(crate) struct Played {
    /// The commands for its job, in order.
    pub(crate) commands: Vec<Command>,
    /// The requests to Bedrock, in order.
    pub(crate) requests: Vec<Request>,
    /// Where the documents of the stage were.
    pub(crate) files_url: String,
}

/// The engine, Bedrock and the documents for a number of cases.
#[derive(Debug)]
pub(crate) struct Stage {
    cases: Vec<Case>,
    delivery: Delivery,
    gateway: Gateway,
    bedrock: Server,
    files: Server,
    asked: Asked,
}

/// The requests that Bedrock has got, by case.
type Asked = Arc<Mutex<HashMap<String, Vec<Request>>>>;

impl Stage {
    pub(crate) async fn set(cases: Vec<Case>, delivery: Delivery) -> std::io::Result<Self> {
        let gateway = Gateway::start(gateway::Options {
            // All jobs may be under way at once, and nothing that happens to them is missed.
            stream_buffer: cases.len(),
            event_buffer: cases.len() * 16,
            ..Default::default()
        })
        .await?;
        if delivery == Delivery::Poll {
            gateway.inject(Fault::on(Rpc::StreamActivatedJobs, Reaction::Refuse(Code::Unimplemented)));
        }
        let asked = Asked::default();
        let bedrock = Server::start(bedrock(&cases, Arc::clone(&asked))).await?;
        let files = Server::start(files(&cases)).await?;
        Ok(Self { cases, delivery, gateway, bedrock, files, asked })
    }

    pub(crate) fn gateway_url(&self) -> String {
        self.gateway.url()
    }

    pub(crate) fn bedrock_url(&self) -> String {
        self.bedrock.url()
    }

    /// The address of documents and of the engine's REST interface.
    pub(crate) fn files_url(&self) -> String {
        self.files.url()
    }

    /// Makes the jobs of all cases once somebody is there to take them, and waits until each of them has got its
    /// first command. Who gets one may not be done with it: a refused command may be sent again.
    pub(crate) async fn play(&self) -> Result<Vec<JobKey>, NotSeen> {
        match self.delivery {
            Delivery::Poll => {
                let polled = |command: &Command| matches!(command, Command::ActivateJobs(_));
                let calls = self.gateway.received();
                calls
                    .wait_for("a poll", |calls| calls.iter().find(|call| polled(&call.command)).map(drop))
                    .await?;
            }
            Delivery::Push => self.gateway.wait_for_streams(1).await?,
        }
        let mut events = self.gateway.events();
        let keys: Vec<_> = self.cases.iter().map(|case| self.create_job(case)).collect();
        self.wait_for_commands(keys.len()).await?;
        let otherwise =
            |event: &Event| matches!(event, Event::JobActivated { by, .. } if *by != self.delivery);
        let stray = std::iter::from_fn(|| events.try_recv().ok()).filter(otherwise).count();
        assert_eq!(stray, 0, "jobs that were not handed out by {:?}", self.delivery);
        Ok(keys)
    }

    async fn wait_for_commands(&self, wanted: usize) -> Result<(), NotSeen> {
        let mut ended = 0;
        // Patience starts again with each job that ends.
        while ended < wanted {
            let what = format!("a command for each of {wanted} jobs, of which {ended} have one");
            let more = |jobs: usize| (jobs > ended).then_some(jobs);
            let calls = self.gateway.received();
            ended = calls
                .wait_for(&what, |calls| {
                    let ends = calls.iter().filter(|call| call.command.ends_attempt());
                    let mut jobs: Vec<_> =
                        ends.filter_map(|call| call.command.job_key()).map(|key| key.0).collect();
                    jobs.sort_unstable();
                    jobs.dedup();
                    more(jobs.len())
                })
                .await?;
        }
        Ok(())
    }

    fn create_job(&self, case: &Case) -> JobKey {
        let job = NewJob::new(JOB_TYPE)
            .variables(case.job.variables_with_files_at(&self.files_url()))
            .headers(case.job.headers.clone())
            .retries(case.job.retries)
            .once();
        let key = self.gateway.create_job(job);
        for code in &case.refuse {
            self.gateway.inject(Fault::on_end_of_attempt(Reaction::Refuse(grpc_code(code))).job(key).next(1));
        }
        key
    }

    /// What became of the jobs, to be asked when the worker has ended. The order is that of the cases.
    pub(crate) fn played(self, keys: &[JobKey]) -> Vec<(Case, Played)> {
        let files_url = self.files_url();
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let played = |(case, key): (Case, &JobKey)| {
            let commands = self.gateway.received_for(*key).into_iter().map(|call| call.command).collect();
            let requests = asked.get(&case.id).cloned().unwrap_or_default();
            (case, Played { commands, requests, files_url: files_url.clone() })
        };
        self.cases.into_iter().zip(keys).map(played).collect()
    }
}

/// Answers each request as its case was answered; the case is known by its id in the path.
fn bedrock(cases: &[Case], asked: Asked) -> http::Handler {
    let cases: HashMap<_, _> = cases.iter().map(|case| (case.id.clone(), case.clone())).collect();
    Arc::new(move |request| {
        let Some((id, case)) = id_in(&request.target).and_then(|id| cases.get_key_value(id)) else {
            return not_found(&request);
        };
        let number = {
            let mut asked = asked.lock().unwrap_or_else(PoisonError::into_inner);
            let requests = asked.entry(id.clone()).or_default();
            requests.push(request.clone());
            requests.len() - 1
        };
        reply(case.answer_to(number))
    })
}

fn reply(answer: Answer) -> Reply {
    let body = answer.body.into_bytes();
    match answer.fault {
        Some(case::Fault::Reset) => Reply::Reset,
        Some(case::Fault::Truncate) => Reply::Truncated(body),
        None => {
            let content_type = answer.content_type.unwrap_or_else(|| "application/json".to_owned());
            let mut headers = vec![("Content-Type".to_owned(), content_type)];
            headers.extend(answer.error_type.map(|code| ("x-amzn-ErrorType".to_owned(), code)));
            let status = u16::try_from(answer.status).expect("an answer has a status");
            Reply::Answer(http::Answer { status, headers, body })
        }
    }
}

fn files(cases: &[Case]) -> http::Handler {
    let files: BTreeMap<_, _> = cases.iter().flat_map(|case| case.files.clone()).collect();
    Arc::new(move |request| match files.get(request.path()) {
        Some(file) => file_reply(file, &request),
        None => not_found(&request),
    })
}

fn file_reply(file: &File, request: &Request) -> Reply {
    let base = format!("http://{}", request.header("host").unwrap_or_default());
    let mut headers: Vec<_> =
        file.content_type.iter().map(|of| ("Content-Type".to_owned(), of.clone())).collect();
    for (name, value) in &file.headers {
        headers.push((name.clone(), value.replace(case::FILES, &base)));
    }
    let body = BASE64_STANDARD.decode(&file.base64).expect("a recorded file is base64");
    Reply::Answer(http::Answer { status: file.status, headers, body })
}

fn not_found(request: &Request) -> Reply {
    let body: Value = json!({"message": format!("nothing is recorded for {}", request.target)});
    let headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
    Reply::Answer(http::Answer { status: 404, headers, body: body.to_string().into_bytes() })
}

fn grpc_code(name: &str) -> Code {
    match name {
        "UNAVAILABLE" => Code::Unavailable,
        "RESOURCE_EXHAUSTED" => Code::ResourceExhausted,
        "NOT_FOUND" => Code::NotFound,
        "FAILED_PRECONDITION" => Code::FailedPrecondition,
        "INTERNAL" => Code::Internal,
        "UNAUTHENTICATED" => Code::Unauthenticated,
        other => panic!("no case has been recorded with {other}; add it here"),
    }
}
