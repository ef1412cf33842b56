//! People who do the user tasks of a diagram.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use bedrock_connector::zeebe::{Activation, Client};
use serde_json::Value;
use tokio::task::JoinHandle;

use super::Stage;

/// The job type of user tasks that are drawn without `zeebe:userTask`.
const USER_TASK: &str = "io.camunda.zeebe:userTask";

/// They stop working when they are dropped.
#[derive(Debug)]
pub(super) struct People(Option<JoinHandle<()>>);

impl Drop for People {
    fn drop(&mut self) {
        if let Some(work) = &self.0 {
            work.abort();
        }
    }
}

impl Stage {
    /// Gives results to elements, each time the next one of a list. The embedded gateway takes them as they are; on a
    /// real engine somebody completes the tasks.
    pub(super) fn people(&self, results: &BTreeMap<String, Value>) -> People {
        if let Some(gateway) = &self.gateway {
            results.iter().for_each(|(element, result)| gateway.set_result(element, result.clone()));
            return People(None);
        }
        let in_turn = results.iter().map(|(element, result)| match result {
            Value::Array(results) => (element.clone(), results.iter().cloned().collect()),
            result => (element.clone(), VecDeque::from([result.clone()])),
        });
        People((!results.is_empty()).then(|| tokio::spawn(work(self.client.clone(), in_turn.collect()))))
    }
}

async fn work(client: Client, mut results: BTreeMap<String, VecDeque<Value>>) {
    let activation = Activation {
        job_type: USER_TASK.to_owned(),
        worker: "people".to_owned(),
        lock: Duration::from_secs(30),
        max_jobs: 1,
        fetch_variables: Vec::new(),
        request_timeout: Some(Duration::from_secs(5)),
        tenant_ids: Vec::new(),
        with_lease: false,
    };
    loop {
        // An engine that is busy is asked again, and a task that could not be completed comes back.
        for task in client.activate_jobs(&activation).await.unwrap_or_default() {
            let Some(result) = results.get_mut(&task.element_id).and_then(VecDeque::pop_front) else {
                continue;
            };
            client.complete_job(task.key, result.to_string(), None).await.ok();
        }
    }
}
