//! The client against small servers over real sockets.

mod authentication;
mod calls;
mod connection;
mod feed;
mod rest;
mod servers;
mod stub;
mod trust;

use std::time::Duration;

use crate::zeebe::{Activation, Subscription};

/// Longer than anything here takes; a test that waits this long has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// Waits for something that has to happen.
async fn soon<T>(event: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, event).await.expect("this should have happened by now")
}

/// Waits until a condition holds.
async fn until(condition: impl Fn() -> bool) {
    soon(async {
        while !condition() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

fn poll() -> Activation {
    Activation {
        job_type: "io.camunda:aws-bedrock:1".to_owned(),
        worker: "test".to_owned(),
        lock: Duration::from_secs(60),
        max_jobs: 32,
        fetch_variables: vec!["data".to_owned()],
        request_timeout: Some(Duration::from_secs(10)),
        tenant_ids: vec!["blue".to_owned()],
        with_lease: true,
    }
}

fn subscription() -> Subscription {
    Subscription {
        job_type: "io.camunda:aws-bedrock:1".to_owned(),
        worker: "test".to_owned(),
        lock: Duration::from_secs(60),
        fetch_variables: vec!["data".to_owned()],
        tenant_ids: vec!["blue".to_owned()],
        with_lease: true,
    }
}
