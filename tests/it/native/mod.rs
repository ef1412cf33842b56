//! The native job type, from variables to the response, over real sockets to the emulator.

mod actions;
mod bodies;
mod conversation;
mod cost;
mod inputs;
mod notes;
mod pages;
mod streaming;
mod structured;

use std::sync::Arc;
use std::time::Duration;

use bedrock_connector::bedrock::{self, Clients, Flavour, Retries};
use bedrock_connector::connector::{Call, Connector as _, Error, Response, Scope};
use bedrock_connector::documents::{Budget, External, ExternalOptions, Loader, Store};
use bedrock_connector::emulator::bedrock::{Bedrock, Exchange, Options};
use bedrock_connector::telemetry::Telemetry;
use serde_json::{Value, json};

/// A model without structured output of its own, and one with.
const OLD_CLAUDE: &str = "anthropic.claude-3-haiku-20240307-v1:0";
const CLAUDE: &str = "eu.anthropic.claude-haiku-4-5-20251001-v1:0";
const NOVA: &str = "amazon.nova-lite-v1:0";

/// The emulator and the connector before it.
struct Bench {
    emulator: Bedrock,
    connector: bedrock::Bedrock,
}

impl Bench {
    async fn start() -> Self {
        Self::with(|_| {}, None).await
    }

    async fn of_flavour(flavour: Flavour) -> Self {
        Self::built(flavour, |_| {}, None).await
    }

    async fn with(set: impl FnOnce(&mut bedrock::Options), store: Option<Arc<dyn Store>>) -> Self {
        Self::built(Flavour::Native, set, store).await
    }

    async fn built(
        flavour: Flavour,
        set: impl FnOnce(&mut bedrock::Options),
        store: Option<Arc<dyn Store>>,
    ) -> Self {
        let emulator = Bedrock::start(Options::default()).await.expect("a Bedrock on a free port");
        let mut options = bedrock::Options {
            endpoint_url: Some(emulator.url()),
            throttle_patience: Duration::ZERO,
            retries: Retries {
                throttled_wait: Duration::from_millis(1),
                transient_wait: Duration::from_millis(1),
                longest_wait: Duration::from_millis(2),
                ..Retries::default()
            },
            ..bedrock::Options::default()
        };
        set(&mut options);
        let fetch = External::new(ExternalOptions::default()).expect("a client");
        let loader = Loader::new(Arc::new(fetch), store, Budget::new(10_000_000));
        let clients = Arc::new(Clients::new(options).expect("clients"));
        let connector = bedrock::Bedrock::new(flavour, clients, loader, Telemetry::no_op());
        Self { emulator, connector }
    }

    /// Runs a task.
    async fn run(&self, action: &str, data: Value) -> Result<Value, Error> {
        self.run_as(&Scope::default(), action, data).await
    }

    async fn run_as(&self, scope: &Scope, action: &str, data: Value) -> Result<Value, Error> {
        self.bind(scope, action, data)?.execute().await.map(|Response(value)| value)
    }

    fn bind(&self, scope: &Scope, action: &str, data: Value) -> Result<Box<dyn Call>, Error> {
        self.connector.bind(&variables(action, data), scope)
    }

    #[track_caller]
    fn expect(result: Result<Value, Error>) -> Value {
        result.unwrap_or_else(|error| panic!("{}: {}", error.code, error.message))
    }

    async fn converse(&self, data: Value) -> Value {
        Self::expect(self.run("converse", data).await)
    }

    fn asked(&self) -> Vec<Exchange> {
        self.emulator.exchanges().all()
    }

    /// The body of the only request.
    #[track_caller]
    fn body(&self) -> Value {
        let asked = self.asked();
        assert_eq!(asked.len(), 1, "{asked:?}");
        asked[0].body.clone()
    }
}

/// The variables of a task that signs in with keys.
fn variables(action: &str, data: Value) -> Value {
    json!({
        "authentication": {"type": "credentials", "accessKey": "AKID", "secretKey": "SK"},
        "configuration": {"region": "eu-central-1"},
        "action": action,
        "data": data,
    })
}

fn hello() -> Value {
    json!({"modelId": CLAUDE, "newMessage": "Hello"})
}

/// Data with more entries.
fn with(mut data: Value, more: &Value) -> Value {
    let more = more.as_object().expect("entries");
    data.as_object_mut().expect("entries").extend(more.clone());
    data
}
