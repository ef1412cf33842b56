//! Builds every component from the configuration and owns the order of start and shutdown.
//!
//! Start: connectors, then the operator's port, so that probes have an answer, then the worker. Stop: no new
//! jobs, running ones finish or are given back, the journal is closed, and the operator's port closes last.

mod connections;
mod journal;
mod probes;
mod reload;

use std::fmt::{self, Debug};
use std::net::SocketAddr;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::HeaderValue;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub use self::connections::to_huggingface;
use self::probes::{CredentialsProbe, GatewayProbe};
use self::reload::Load;
pub use self::reload::Reloader;
use crate::admin::{self, ConnectorInfo, Exhibits, Loggers, Phase};
use crate::bedrock::{self, Bedrock, Clients, Flavour, Ways};
use crate::clock::SystemClock;
use crate::config::{Config, Mistakes, SecretsConfig, SecretsMode};
use crate::connections::{Gate, Handle, Provider};
use crate::connector::{self, Connector, Registry, Runtime};
use crate::cost::Meter;
use crate::documents::{self, Authorize, RestOptions, RestStore, Store};
use crate::huggingface;
use crate::journal::Journal;
use crate::secrets::{self, AwsSecrets, DeployedModels, FolderSecrets, ProcessSource, SecretProvider};
use crate::telemetry::{self, LogFilter, Telemetry};
use crate::worker::{self, Drained};
use crate::zeebe::{self, ProcessDefinitionKey};

/// Why the program cannot start. All of these are for the operator to mend.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    #[error("the gateway cannot be addressed")]
    Gateway(#[from] zeebe::Error),
    #[error("strict secrets cannot read process models")]
    Models(#[from] zeebe::RestError),
    #[error("the connector to Bedrock cannot be built")]
    Bedrock(#[from] bedrock::Error),
    #[error("the way to Hugging Face cannot be built")]
    HuggingFace(#[from] huggingface::Error),
    #[error("documents cannot be fetched")]
    Documents(#[from] documents::Error),
    #[error(transparent)]
    Admin(#[from] admin::Error),
    #[error("the worker's options are wrong: {}", list(.0))]
    Worker(Vec<worker::OptionsError>),
}

fn list(errors: &[worker::OptionsError]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// What is put around each connector before it is served.
type Around = Box<dyn Fn(Arc<dyn Connector>) -> Arc<dyn Connector> + Send>;

/// The program before its start.
pub struct App {
    /// On the heap, because the start moves it.
    config: Box<Config>,
    telemetry: Telemetry,
    /// None: those of the configuration.
    secret_providers: Option<Vec<Arc<dyn SecretProvider>>>,
    around: Around,
    loggers: Option<Arc<dyn Loggers>>,
    /// None: the configuration never changes.
    load: Option<Load>,
}

impl Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("config", &self.config).finish_non_exhaustive()
    }
}

impl App {
    /// The program as it is configured.
    pub fn new(config: Config, telemetry: Telemetry) -> Self {
        let around: Around = Box::new(|connector| connector);
        Self {
            config: Box::new(config),
            telemetry,
            secret_providers: None,
            around,
            loggers: None,
            load: None,
        }
    }

    /// Takes the secrets from elsewhere than the configuration says.
    #[must_use]
    pub fn secrets_from(mut self, providers: Vec<Arc<dyn SecretProvider>>) -> Self {
        self.secret_providers = Some(providers);
        self
    }

    /// Puts something around each connector, to listen to what passes through it.
    #[must_use]
    pub fn around_connectors(
        mut self,
        around: impl Fn(Arc<dyn Connector>) -> Arc<dyn Connector> + Send + 'static,
    ) -> Self {
        self.around = Box::new(around);
        self
    }

    /// Lets the operator change what is logged.
    #[must_use]
    pub fn log_filter(mut self, filter: LogFilter) -> Self {
        self.loggers = Some(Arc::new(filter));
        self
    }

    /// Reads the configuration again with this, when its file has changed or somebody says so.
    #[must_use]
    pub fn reload_with(
        mut self,
        load: impl Fn() -> Result<Config, Mistakes> + Send + Sync + 'static,
    ) -> Self {
        self.load = Some(Arc::new(load));
        self
    }

    /// Starts everything. It does not wait for the gateway: an engine that is away is waited for while the
    /// process is live and not ready.
    pub async fn start(self) -> Result<Running, Error> {
        let client = zeebe::Client::new(&self.config.gateway)?;
        let clients = Arc::new(Clients::new(self.config.bedrock.clone())?);
        // Boxed, because it is large: it may read the whole environment of the SDK.
        let secrets = Box::pin(self.secrets(&client, &clients)).await?;
        let meter =
            Meter::new(self.config.prices.clone(), self.config.budgets.clone(), self.telemetry.clone());
        let meter = Arc::new(meter);
        let in_force = Handle::new(Arc::clone(&self.config.connections), self.config.inline_credentials);
        let ways = Arc::new(self::connections::ways(&clients, &self.telemetry)?);
        let runtime = self.runtime(secrets, &client, &clients, &in_force, &meter, &ways)?;
        let (at_start, pools) = (Config::clone(&self.config), Arc::clone(&ways.pools));
        let reloader = Reloader::new(at_start, self.load, in_force, meter, pools, self.telemetry.clone());
        let reloader = Arc::new(reloader);
        let connectors = exhibited(runtime.registry());
        let journal = self::journal::open(&self.config, &client, &self.telemetry).await;
        let options = self.config.worker.clone();
        let worker = options
            .build(client.clone(), runtime, journal.clone(), self.telemetry.clone(), Arc::new(SystemClock))
            .map_err(Error::Worker)?;

        let telemetry = self.telemetry.clone();
        let exhibits = Exhibits {
            probes: vec![
                Arc::new(GatewayProbe {
                    client,
                    address: self.config.gateway.address.clone(),
                    worker: worker.handle(),
                }),
                Arc::new(CredentialsProbe(clients)),
                Arc::clone(&reloader) as _,
            ],
            metrics: Some((Arc::new(move || telemetry.render()), telemetry::CONTENT_TYPE)),
            loggers: self.loggers,
            connectors,
        };
        let (service, health) = self.config.admin.build(exhibits).await?;
        let admin_address = service.local_address();
        let (stop_worker, stop_admin) = (CancellationToken::new(), CancellationToken::new());
        let admin = tokio::spawn(service.run(stop_admin.clone()));
        let worker = tokio::spawn(worker.run(stop_worker.clone()));
        let watch = tokio::spawn(Arc::clone(&reloader).watch(self.config.reload.clone()));
        health.enter(Phase::Running);
        Ok(Running {
            admin_address,
            health,
            stop_worker,
            worker,
            journal,
            stop_admin,
            admin,
            reloader,
            watch,
        })
    }

    async fn secrets(&self, client: &zeebe::Client, clients: &Clients) -> Result<secrets::Resolver, Error> {
        let config = &self.config.secrets;
        let mode = match config.mode {
            SecretsMode::Fields => secrets::Mode::Fields,
            SecretsMode::Peer => secrets::Mode::Peer,
            SecretsMode::Strict => {
                let address = self.config.engine.rest_address.as_deref().unwrap_or_default();
                let rest = zeebe::Rest::new(client.clone(), &self.config.gateway, address)?;
                secrets::Mode::Strict(Arc::new(DeployedModels::new(Arc::new(EngineModels(rest)))))
            }
        };
        let options = secrets::Options { mode, allowed_names: config.allowed_names.clone() };
        let providers = match &self.secret_providers {
            Some(providers) => providers.clone(),
            None => configured_providers(config, clients).await,
        };
        Ok(secrets::Resolver::new(providers, options))
    }

    fn runtime(
        &self,
        secrets: secrets::Resolver,
        client: &zeebe::Client,
        clients: &Arc<Clients>,
        in_force: &Handle,
        meter: &Arc<Meter>,
        ways: &Arc<Ways>,
    ) -> Result<Runtime, Error> {
        let fetch = documents::External::new(self.config.documents.clone())?;
        let budget = documents::Budget::new(self.config.documents_memory_bytes);
        let loader = documents::Loader::new(Arc::new(fetch), self.document_store(client)?, budget);
        let mut registry = Registry::default();
        let job_types = &self.config.job_types;
        for (flavour, job_type) in
            [(Flavour::Compat, &job_types.compat), (Flavour::Native, &job_types.native)]
        {
            let Some(job_type) = job_type else { continue };
            let connector =
                Bedrock::new(flavour, Arc::clone(clients), loader.clone(), self.telemetry.clone());
            let connector = Arc::new(connector.with_ways(Arc::clone(ways)).with_meter(Arc::clone(meter)));
            let gate = Gate::new(in_force.clone(), Arc::clone(&connector) as _, self.telemetry.clone());
            // Hugging Face is asked in the same words, by another way.
            let gate = gate.with(Provider::Bedrock, Arc::clone(&connector) as _);
            let gate = gate.with(Provider::HuggingFace, connector);
            registry = registry.with(job_type, (self.around)(Arc::new(gate)));
        }
        let runtime = Runtime::new(registry, Arc::new(secrets), connector::Options::default());
        Ok(runtime.with_telemetry(self.telemetry.clone()).with_documents(Arc::new(loader)))
    }

    /// The engine's own documents, where its REST address is known.
    fn document_store(&self, client: &zeebe::Client) -> Result<Option<Arc<dyn Store>>, Error> {
        let Some(address) = &self.config.engine.rest_address else { return Ok(None) };
        let http = zeebe::http_client(&self.config.gateway, address)?;
        let options = RestOptions {
            max_bytes: self.config.documents.max_bytes,
            timeout: self.config.documents.timeout,
            ..RestOptions::new(address)
        };
        let authorize = Arc::new(EngineAuthorization(client.clone()));
        Ok(Some(Arc::new(RestStore::new(http, options, authorize)?)))
    }
}

/// The environment first, because that is where Camunda's runtime looks.
async fn configured_providers(config: &SecretsConfig, clients: &Clients) -> Vec<Arc<dyn SecretProvider>> {
    let mut providers: Vec<Arc<dyn SecretProvider>> = Vec::new();
    if let Some(environment) = config.environment() {
        providers.push(Arc::new(environment));
    }
    if let Some(options) = &config.folder {
        providers.push(Arc::new(FolderSecrets::new(options.clone())));
    }
    if let Some(options) = &config.aws {
        providers.push(Arc::new(AwsSecrets::new(options.clone(), clients.base().await)));
    }
    providers
}

/// The models of processes, as the engine shows them.
#[derive(Debug)]
struct EngineModels(zeebe::Rest);

impl ProcessSource for EngineModels {
    fn xml(&self, process_definition_key: i64) -> BoxFuture<'static, Result<String, String>> {
        let rest = self.0.clone();
        async move {
            let xml = rest.process_xml(ProcessDefinitionKey(process_definition_key)).await;
            xml.map_err(|error| error.to_string())
        }
        .boxed()
    }
}

/// The engine's REST interface takes the credentials of its gateway.
#[derive(Debug)]
struct EngineAuthorization(zeebe::Client);

impl Authorize for EngineAuthorization {
    fn authorization(&self) -> BoxFuture<'_, Result<Option<HeaderValue>, String>> {
        async {
            let authorization = self.0.authorization().await.map_err(|error| error.to_string())?;
            Ok(authorization.map(|authorization| authorization.header().clone()))
        }
        .boxed()
    }

    fn refused<'a>(&'a self, header: &'a HeaderValue) -> BoxFuture<'a, bool> {
        async move {
            match self.0.authorization().await {
                Ok(Some(now)) if now.header() == header => self.0.authorization_refused(&now).await,
                Ok(now) => now.is_some(),
                Err(_) => false,
            }
        }
        .boxed()
    }
}

fn exhibited(registry: &Registry) -> Vec<ConnectorInfo> {
    let info = |(job_type, connector): (&Arc<str>, &Arc<dyn Connector>)| ConnectorInfo {
        name: connector.name().to_owned(),
        job_type: job_type.to_string(),
        input_variables: connector.input_variables().iter().map(|name| (*name).to_owned()).collect(),
    };
    registry.iter().map(info).collect()
}

/// The program while it runs. Dropping it stops the tasks at once.
#[derive(Debug)]
pub struct Running {
    admin_address: SocketAddr,
    health: admin::Handle,
    stop_worker: CancellationToken,
    worker: JoinHandle<Drained>,
    journal: Journal,
    stop_admin: CancellationToken,
    admin: JoinHandle<()>,
    reloader: Arc<Reloader>,
    watch: JoinHandle<()>,
}

impl Running {
    /// Where health and metrics are.
    pub fn admin_address(&self) -> SocketAddr {
        self.admin_address
    }

    /// Puts a changed configuration in force.
    pub fn reloader(&self) -> Arc<Reloader> {
        Arc::clone(&self.reloader)
    }

    /// Returns when the worker has ended, which it only does when it is told to or has a defect.
    pub async fn ended(&mut self) -> Drained {
        (&mut self.worker).await.unwrap_or_default()
    }

    /// Stops in order: no new jobs, running ones finish or are given back within the grace period.
    pub async fn stop(mut self) -> Drained {
        self.health.enter(Phase::Draining);
        self.stop_worker.cancel();
        let drained = self.ended().await;
        self.journal.close().await;
        self.stop_admin.cancel();
        (&mut self.admin).await.ok();
        drained
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.watch.abort();
        self.worker.abort();
        self.admin.abort();
    }
}

impl Loggers for LogFilter {
    fn filter(&self) -> String {
        self.shown()
    }

    fn set_filter(&self, filter: &str) -> Result<(), String> {
        self.set(filter).map_err(|error| error.to_string())
    }
}
