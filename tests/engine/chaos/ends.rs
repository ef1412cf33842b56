//! Which instances have come past the model, seen by working on the task behind it.

use std::collections::BTreeMap;
use std::time::Duration;

use bedrock_connector::zeebe::{self, ActivatedJob, Activation, Client};
use futures_util::future::join_all;
use serde_json::Value;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

/// The variables of the instances that came to their end, by their number.
type Ended = BTreeMap<usize, Value>;

/// Works on the tasks of one type until it is dropped.
#[derive(Debug)]
pub(crate) struct Ends {
    ended: watch::Receiver<Ended>,
    work: JoinHandle<()>,
}

impl Ends {
    pub(crate) fn watch(client: &Client, job_type: String) -> Self {
        let (sender, ended) = watch::channel(Ended::new());
        let client = client.clone();
        let work = tokio::spawn(async move {
            loop {
                match client.activate_jobs(&activation(&job_type)).await {
                    Ok(jobs) => {
                        let told = join_all(jobs.iter().map(|job| complete(&client, job))).await;
                        sender.send_modify(|ended| ended.extend(told));
                    }
                    // The broker may be away: that is what some scenarios are about.
                    Err(_) => sleep(Duration::from_millis(100)).await,
                }
            }
        });
        Self { ended, work }
    }

    pub(crate) fn count(&self) -> usize {
        self.ended.borrow().len()
    }

    pub(crate) fn all(&self) -> Ended {
        self.ended.borrow().clone()
    }

    /// Waits until so many have come to their end; says whether they did.
    pub(crate) async fn reached(&self, count: usize, patience: Duration) -> bool {
        let mut ended = self.ended.clone();
        let enough = timeout(patience, ended.wait_for(|ended| ended.len() >= count)).await;
        matches!(enough, Ok(Ok(_)))
    }
}

impl Drop for Ends {
    fn drop(&mut self) {
        self.work.abort();
    }
}

fn activation(job_type: &str) -> Activation {
    Activation {
        job_type: job_type.to_owned(),
        worker: "chaos".to_owned(),
        lock: Duration::from_secs(60),
        max_jobs: 200,
        fetch_variables: vec!["number".to_owned(), "answer".to_owned()],
        request_timeout: Some(Duration::from_secs(2)),
        tenant_ids: Vec::new(),
        with_lease: false,
    }
}

/// Completes a task; the engine may be busy or away, and may have heard an attempt whose answer was lost.
async fn complete(client: &Client, job: &ActivatedJob) -> (usize, Value) {
    while let Err(error) = client.complete_job(job.key, "", None).await {
        if error.command_verdict() == zeebe::CommandVerdict::Gone {
            break;
        }
        sleep(Duration::from_millis(50)).await;
    }
    let variables: Value = serde_json::from_str(&job.variables).expect("variables are JSON");
    let number = variables["number"].as_u64().expect("an instance has a number");
    (usize::try_from(number).expect("a small number"), variables)
}
