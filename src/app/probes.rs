//! What readiness depends on.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::{Map, Value};

use crate::admin::{Probe, Status};
use crate::bedrock::{Clients, DefaultIdentityState};
use crate::{worker, zeebe};

/// Ready when the engine has a healthy partition and gives us jobs.
#[derive(Debug)]
pub(super) struct GatewayProbe {
    pub(super) client: zeebe::Client,
    pub(super) address: String,
    pub(super) worker: worker::Handle,
}

impl Probe for GatewayProbe {
    fn name(&self) -> &'static str {
        "zeebeClient"
    }

    fn check(&self) -> BoxFuture<'_, Status> {
        async {
            match self.client.topology().await {
                Err(error) => {
                    Status::Down(format!("{error}; BEDROCK_CONNECTOR_GRPC_ADDRESS is {}", self.address))
                }
                Ok(topology) if !topology.is_ready() => {
                    Status::Down("the engine has no broker with a healthy partition".to_owned())
                }
                Ok(topology) => match self.refused() {
                    Some(problem) => Status::Down(problem),
                    None => {
                        let version = Value::from(topology.gateway_version);
                        Status::Up(Map::from_iter([("gatewayVersion".to_owned(), version)]))
                    }
                },
            }
        }
        .boxed()
    }
}

impl GatewayProbe {
    /// A topology can be read by many who may not have our jobs, so what the feeds hear counts too.
    fn refused(&self) -> Option<String> {
        self.worker.feeds().into_iter().find_map(|(job_type, feed)| {
            let problem = feed.problem?;
            Some(format!("jobs of type {job_type}: {} {}", problem.code, problem.message))
        })
    }
}

/// Ready when the process's own credentials resolve, unless every task brings its own.
#[derive(Debug)]
pub(super) struct CredentialsProbe(pub(super) Arc<Clients>);

impl Probe for CredentialsProbe {
    fn name(&self) -> &'static str {
        "awsCredentials"
    }

    fn check(&self) -> BoxFuture<'_, Status> {
        async {
            match self.0.default_identity().await {
                Ok(DefaultIdentityState::Resolved) => Status::Up(Map::new()),
                Ok(DefaultIdentityState::Absent) => {
                    let note = Value::from("none of this process; every task brings its own");
                    Status::Up(Map::from_iter([("credentials".to_owned(), note)]))
                }
                Err(error) => Status::Down(error.to_string()),
            }
        }
        .boxed()
    }
}
