//! The configuration: the options of every component, built once at the start from defaults, one TOML file, the
//! environment and flags, in that order.
//!
//! - `env` is the one list of settings with all their names; everything else here follows it.
//! - `layers` lays the sources over each other, `reader` takes typed values out and collects mistakes.
//! - Reading is pure: the environment stands behind a trait, and all mistakes are reported together.

mod bedrock;
mod budget;
mod connections;
mod dump;
pub mod env;
mod environment;
mod gateway;
mod journal;
mod layers;
mod log;
mod mistake;
mod notice;
pub mod parse;
mod prices;
mod proxy;
mod reader;
mod secrets;
mod setting;
mod table;
mod templates;
mod worker;

#[cfg(test)]
mod tests;

use std::hash::{Hash as _, Hasher as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub use self::environment::{Environment, FixedEnvironment, ProcessEnvironment};
pub use self::gateway::Engine;
pub use self::journal::{JournalConfig, JournalPlace};
use self::layers::{Layer, Tables};
pub use self::mistake::{Mistake, Mistakes};
pub use self::proxy::Proxies;
use self::reader::{Reader, Resolved};
pub use self::secrets::{SecretsConfig, SecretsMode};
pub use self::setting::{Form, Name, Section, Setting};
pub use self::worker::JobTypes;
use crate::connections::{Directory, InlineCredentials};
use crate::cost::{Budgets, Prices};
use crate::{admin, documents, telemetry, zeebe};

/// The variable that names the file; the flag `--config` wins over it.
pub const FILE_VARIABLE: &str = "BEDROCK_CONNECTOR_CONFIG";

/// What the command line said about settings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Flags {
    /// The file of `--config`.
    pub file: Option<PathBuf>,
    /// Keys of settings and their texts.
    pub settings: Vec<(&'static str, String)>,
}

/// What a configuration is read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To call others: the secrets and files that it names have to be there.
    Calls,
    /// To answer questions about itself, perhaps where neither its secrets nor its files are.
    Questions,
}

/// How a changed file is noticed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReloadConfig {
    /// The file, if there is one.
    pub file: Option<PathBuf>,
    /// Nothing: only when somebody says so.
    pub check_every: Option<Duration>,
    /// The mark of what was read from it.
    pub read: Option<FileMark>,
}

/// Tells one content of a file from another one, without holding it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileMark(u64);

impl FileMark {
    /// The mark of a content.
    pub fn of(content: &[u8]) -> Self {
        let mut hasher = std::hash::DefaultHasher::new();
        content.hash(&mut hasher);
        Self(hasher.finish())
    }
}

/// The options of every component.
#[derive(Debug, Clone)]
pub struct Config {
    pub gateway: zeebe::Options,
    pub engine: Engine,
    pub proxies: Proxies,
    pub worker: crate::worker::Options,
    pub job_types: JobTypes,
    pub bedrock: crate::bedrock::Options,
    /// What the file names as `[[connections]]`.
    pub connections: Arc<Directory>,
    pub inline_credentials: InlineCredentials,
    /// What the file names as `[[prices]]`.
    pub prices: Prices,
    pub budgets: Budgets,
    pub reload: ReloadConfig,
    pub documents: documents::ExternalOptions,
    /// What all documents together may take.
    pub documents_memory_bytes: usize,
    pub journal: JournalConfig,
    pub secrets: SecretsConfig,
    pub admin: admin::Options,
    pub log: telemetry::Options,
    pub templates: crate::template::Options,
    /// Sentences for the log: settings without effect, names that are probably misspelt.
    pub notices: Vec<String>,
    resolved: Resolved,
}

impl Config {
    /// Reads all sources. The file named by the flags or the environment is read from disk here.
    pub fn load(environment: &dyn Environment, flags: &Flags) -> Result<Self, Mistakes> {
        Self::load_for(Purpose::Calls, environment, flags)
    }

    /// Reads all sources, and of secrets and files no more than where they lie. Nobody can be called with it; a desk or a
    /// pipeline that has none of them can ask it what it allows.
    pub fn load_without_secrets(environment: &dyn Environment, flags: &Flags) -> Result<Self, Mistakes> {
        Self::load_for(Purpose::Questions, environment, flags)
    }

    fn load_for(purpose: Purpose, environment: &dyn Environment, flags: &Flags) -> Result<Self, Mistakes> {
        let variables = environment.variables();
        let mut mistakes = Vec::new();
        let file = flags.file.clone().or_else(|| {
            let named = variables.iter().find(|(name, value)| name == FILE_VARIABLE && !value.is_empty());
            named.map(|(_, path)| PathBuf::from(path))
        });
        let (mut layers, mut tables, mut read) = (Vec::new(), Tables::default(), None);
        if let Some(path) = &file {
            match std::fs::read_to_string(path) {
                Ok(text) => {
                    let (layer, lists) = Layer::file(path, &text, &mut mistakes);
                    layers.push(layer);
                    tables = lists;
                    read = Some(FileMark::of(text.as_bytes()));
                }
                Err(error) => mistakes.push(Mistake::new(
                    path.display().to_string(),
                    None,
                    format!("the configuration file cannot be read: {error}"),
                )),
            }
        }
        layers.push(Layer::environment(&variables));
        layers.push(Layer::flags(&flags.settings));
        let written = layers::merged(layers, &mut mistakes);
        let mut reader = Reader::new(written, purpose, mistakes);
        let reload = reload(&mut reader, file, read);
        Self::from_reader(&mut reader, &variables, reload, &tables)
    }

    /// The resolved configuration as TOML, each value with where it came from, secrets hidden.
    pub fn dump(&self) -> String {
        let (connections, prices) = (connections::toml(&self.connections), prices::toml(&self.prices));
        format!("{}{connections}{prices}", dump::toml(&self.resolved))
    }

    /// The settings that are not as they were, by their keys. Those that can change while the program runs are left out,
    /// and of secrets it is only seen whether they are set.
    pub fn changed_since(&self, before: &Self) -> Vec<&'static str> {
        const AT_ONCE: &[&str] = &["access.inline-credentials"];
        let items =
            |config: &Self, key: &str| config.resolved.written.get(key).map(|written| written.items.shown());
        let keys = env::settings().map(|setting| setting.key).filter(|key| !AT_ONCE.contains(key));
        keys.filter(|key| items(self, key) != items(before, key)).collect()
    }

    fn from_reader(
        reader: &mut Reader,
        variables: &[(String, String)],
        reload: ReloadConfig,
        tables: &Tables,
    ) -> Result<Self, Mistakes> {
        notice::refuse(reader, variables);
        let proxies = proxy::read(reader, variables);
        let (gateway, engine) = gateway::read(reader, &proxies);
        let bedrock = self::bedrock::read(reader, &proxies, variables);
        let has_rest_address = engine.rest_address.is_some();
        let secrets = secrets::read(reader, variables, has_rest_address, bedrock.default_region.as_deref());
        let (worker, job_types) = self::worker::read(reader, &engine, variables);
        let region = bedrock.default_region.as_deref();
        let file = reload.file.as_deref();
        let connections = connections::from(reader, variables, file, tables.connections.as_ref(), region);
        let prices = prices::from(reader, file, tables.prices.as_ref());
        let budgets = budget::read(reader, &prices, &connections);
        let inline_credentials = connections::inline_credentials(reader, &connections);
        let templates =
            self::templates::read(reader, &job_types, &bedrock, (&connections, inline_credentials));
        let mut notices = notice::notices(reader, variables, &job_types, &proxies);
        notices.extend(connections::notices(&connections, inline_credentials, &bedrock));
        let mut config = Self {
            worker,
            bedrock,
            documents: self::bedrock::read_documents(reader, &proxies),
            documents_memory_bytes: self::bedrock::read_documents_memory(reader),
            journal: self::journal::read(reader, variables),
            gateway,
            engine,
            secrets,
            admin: admin_options(reader),
            log: log::read(reader),
            templates,
            notices,
            inline_credentials,
            prices,
            budgets,
            reload,
            connections: Arc::new(connections),
            job_types,
            proxies,
            resolved: Resolved::default(),
        };
        let mistakes = std::mem::take(&mut reader.mistakes);
        if !mistakes.is_empty() {
            return Err(Mistakes(mistakes));
        }
        config.resolved = std::mem::take(&mut reader.resolved).without_secrets();
        Ok(config)
    }
}

fn reload(reader: &mut Reader, file: Option<PathBuf>, read: Option<FileMark>) -> ReloadConfig {
    let mut every = Duration::from_secs(5);
    reader.duration("reload.check-every", &mut every);
    ReloadConfig { file, check_every: (!every.is_zero()).then_some(every), read }
}

fn admin_options(reader: &mut Reader) -> admin::Options {
    let mut options = admin::Options::default();
    reader.port("admin.port", &mut options.port);
    if let Some(address) = reader.parsed("admin.address", |text| text.trim().parse().ok()) {
        options.address = address;
    }
    options
}
