//! What calls through connections share.

use std::sync::Arc;

use futures_util::FutureExt;

use crate::bedrock::{Clients, Ways};
use crate::connections::References;
use crate::telemetry::Telemetry;
use crate::upstreams::{self, Pools};

/// Secrets are read with the identity of this process.
pub(super) fn ways(clients: &Arc<Clients>, telemetry: &Telemetry) -> Ways {
    let clients = Arc::clone(clients);
    let load_sdk = move || {
        let clients = Arc::clone(&clients);
        async move { clients.base().await.clone() }.boxed()
    };
    Ways {
        pools: Arc::new(Pools::new(upstreams::Options::default(), telemetry.clone())),
        references: Arc::new(References::new(load_sdk)),
    }
}
