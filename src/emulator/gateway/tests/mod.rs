//! The gateway, through the generated client over a real socket.

mod jobs;
mod processes;

use tonic::transport::Channel;
use tonic::{Code, Status};

use super::{Gateway, Options};
use crate::proto::gateway_client::GatewayClient;
use crate::proto::{ActivateJobsRequest, ActivatedJob};

type Client = GatewayClient<Channel>;

async fn start(options: Options) -> (Gateway, Client) {
    let gateway = Gateway::start(options).await.unwrap();
    let client = connect(&gateway).await;
    (gateway, client)
}

async fn connect(gateway: &Gateway) -> Client {
    GatewayClient::connect(gateway.url()).await.unwrap()
}

fn poll() -> ActivateJobsRequest {
    ActivateJobsRequest {
        r#type: "model".to_owned(),
        worker: "tester".to_owned(),
        timeout: 60_000,
        max_jobs_to_activate: 10,
        request_timeout: -1,
        ..Default::default()
    }
}

async fn activate(client: &mut Client, request: ActivateJobsRequest) -> Vec<ActivatedJob> {
    let mut batches = client.activate_jobs(request).await.unwrap().into_inner();
    let mut jobs = Vec::new();
    while let Some(batch) = batches.message().await.unwrap() {
        jobs.extend(batch.jobs);
    }
    jobs
}

fn code<T: std::fmt::Debug>(result: Result<T, Status>) -> Code {
    result.unwrap_err().code()
}
