//! What calls through connections share.

use std::sync::Arc;

use futures_util::FutureExt;

use crate::bedrock::{self, Clients, Ways};
use crate::connections::References;
use crate::huggingface;
use crate::telemetry::Telemetry;
use crate::upstreams::{self, Pools};

/// Secrets are read with the identity of this process.
pub(super) fn ways(clients: &Arc<Clients>, telemetry: &Telemetry) -> Result<Ways, huggingface::Error> {
    let huggingface = huggingface::Client::new(to_huggingface(clients.options()))?;
    let clients = Arc::clone(clients);
    let load_sdk = move || {
        let clients = Arc::clone(&clients);
        async move { clients.base().await.clone() }.boxed()
    };
    Ok(Ways {
        pools: Arc::new(Pools::new(upstreams::Options::default(), telemetry.clone())),
        references: Arc::new(References::new(load_sdk)),
        huggingface,
    })
}

/// What is set for Bedrock holds for Hugging Face, too.
pub fn to_huggingface(options: &bedrock::Options) -> huggingface::Options {
    let proxy = &options.proxy;
    huggingface::Options {
        proxy: huggingface::Proxy {
            https: proxy.https.clone(),
            http: proxy.http.clone(),
            no_proxy: proxy.no_proxy.clone(),
        },
        ca_pem: options.ca_pem.clone(),
        connect_timeout: options.connect_timeout,
        max_answer_bytes: options.max_answer_bytes,
        stream_idle: options.stream_idle,
    }
}
