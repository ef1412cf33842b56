//! From settings to where secrets come from and where they may be used.

use std::collections::BTreeSet;
use std::fmt;

use super::reader::Reader;
use crate::secrets::{EnvironmentOptions, EnvironmentSecrets};

/// Where placeholders for secrets are resolved. Strict mode needs the engine's REST interface, so it is only named
/// here and put together where that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SecretsMode {
    #[default]
    Fields,
    Strict,
    Peer,
}

/// The secrets' part of the configuration.
#[derive(Clone, Default)]
pub struct SecretsConfig {
    pub mode: SecretsMode,
    /// Names that may be used anywhere.
    pub allowed_names: BTreeSet<String>,
    environment: EnvironmentOptions,
    variables: Vec<(String, String)>,
}

impl SecretsConfig {
    /// The secrets that the environment holds.
    pub fn environment(&self) -> EnvironmentSecrets {
        EnvironmentSecrets::new(self.environment.clone(), self.variables.iter().cloned())
    }
}

impl fmt::Debug for SecretsConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretsConfig")
            .field("mode", &self.mode)
            .field("allowed_names", &self.allowed_names)
            .field("environment", &self.environment)
            .finish_non_exhaustive()
    }
}

pub(crate) fn read(
    reader: &mut Reader,
    variables: &[(String, String)],
    has_rest_address: bool,
) -> SecretsConfig {
    let mode = match reader.choice("secrets.mode") {
        Some("strict") => SecretsMode::Strict,
        Some("peer") => SecretsMode::Peer,
        _ => SecretsMode::Fields,
    };
    if mode == SecretsMode::Strict && !has_rest_address && !reader.is_set("gateway.rest-address") {
        reader.mistake(
            "gateway.rest-address",
            "expected an address, because strict secrets read the process model there",
        );
    }
    let mut environment = EnvironmentOptions::default();
    if let Some(prefix) = reader.text("secrets.prefix") {
        environment.prefix = prefix;
    }
    environment.by_tenant = reader.switch("secrets.tenant-aware").unwrap_or(environment.by_tenant);
    environment.by_process = reader.switch("secrets.process-aware").unwrap_or(environment.by_process);
    let allowed_names = reader.list("secrets.allowed-names").unwrap_or_default().into_iter().collect();
    SecretsConfig { mode, allowed_names, environment, variables: variables.to_vec() }
}
