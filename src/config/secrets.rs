//! From settings to where secrets come from and where they may be used.

use std::collections::BTreeSet;
use std::fmt;

use super::reader::Reader;
use super::{env, parse};
use crate::secrets::{AwsLayout, AwsOptions, EnvironmentOptions, EnvironmentSecrets, FolderOptions, Naming};

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
    /// Mounted secrets, if there are any.
    pub folder: Option<FolderOptions>,
    /// AWS Secrets Manager, if it is to be asked.
    pub aws: Option<AwsOptions>,
    environment: Option<EnvironmentOptions>,
    variables: Vec<(String, String)>,
}

impl SecretsConfig {
    /// The secrets that the environment holds, if it is to be looked at.
    pub fn environment(&self) -> Option<EnvironmentSecrets> {
        let options = self.environment.clone()?;
        Some(EnvironmentSecrets::new(options, self.variables.iter().cloned()))
    }
}

impl fmt::Debug for SecretsConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretsConfig")
            .field("mode", &self.mode)
            .field("allowed_names", &self.allowed_names)
            .field("environment", &self.environment)
            .field("folder", &self.folder)
            .field("aws", &self.aws)
            .finish_non_exhaustive()
    }
}

pub(crate) fn read(
    reader: &mut Reader,
    variables: &[(String, String)],
    has_rest_address: bool,
    bedrock_region: Option<&str>,
) -> SecretsConfig {
    let mode = reader.parsed("secrets.mode", mode).unwrap_or_default();
    if mode == SecretsMode::Strict && !has_rest_address && !reader.is_set("gateway.rest-address") {
        reader.mistake(
            "gateway.rest-address",
            "expected an address, because strict secrets read the process model there",
        );
    }
    let mut environment = EnvironmentOptions::default();
    let uses_environment = reader.switch("secrets.environment").unwrap_or(true);
    match reader.text("secrets.prefix") {
        Some(prefix) => environment.prefix = prefix,
        None if is_emptied("secrets.prefix", variables) => environment.prefix.clear(),
        None => {}
    }
    environment.naming = Naming {
        by_tenant: reader.switch("secrets.tenant-aware").unwrap_or_default(),
        by_process: reader.switch("secrets.process-aware").unwrap_or_default(),
    };
    let naming = environment.naming.clone();
    SecretsConfig {
        mode,
        allowed_names: reader.list("secrets.allowed-names").unwrap_or_default().into_iter().collect(),
        folder: reader
            .folder("secrets.folder")
            .map(|folder| FolderOptions { folder, naming: naming.clone() }),
        aws: read_aws(reader, naming, bedrock_region),
        environment: uses_environment.then_some(environment),
        variables: variables.to_vec(),
    }
}

/// Our words, and those of the peer's filter: both of its weaker modes let names through that the model does not write,
/// which here only the credentials need.
fn mode(text: &str) -> Option<SecretsMode> {
    match text.trim().to_ascii_lowercase().as_str() {
        "strict" => Some(SecretsMode::Strict),
        "peer" => Some(SecretsMode::Peer),
        "fields" | "lax" | "disabled" => Some(SecretsMode::Fields),
        _ => None,
    }
}

/// Elsewhere an empty variable counts as absent; the peer documents an empty prefix as its way to older behaviour.
fn is_emptied(key: &str, variables: &[(String, String)]) -> bool {
    let is_name = |variable: &str| {
        env::setting(key).is_some_and(|setting| setting.names().any(|name| name.matches(variable)))
    };
    variables.iter().any(|(variable, value)| value.trim().is_empty() && is_name(variable))
}

fn read_aws(reader: &mut Reader, naming: Naming, bedrock_region: Option<&str>) -> Option<AwsOptions> {
    let (object, prefix) = (reader.text("secrets.aws-secret"), reader.text("secrets.aws-prefix"));
    let region = reader.parsed("secrets.aws-region", parse::region);
    let endpoint_url = reader.address("secrets.aws-endpoint", false);
    let mut keep = AwsOptions::KEEP;
    reader.duration("secrets.aws-keep", &mut keep);
    let layout = match (object, prefix) {
        (None, None) => return None,
        (Some(id), None) => AwsLayout::Object(id),
        (None, Some(prefix)) => AwsLayout::Each(prefix),
        (Some(_), Some(_)) => {
            reader.mistake("secrets.aws-prefix", "expected either one secret for all or a prefix, not both");
            return None;
        }
    };
    let Some(region) = region.or_else(|| bedrock_region.map(str::to_owned)) else {
        if !reader.is_set("secrets.aws-region") {
            reader.mistake("secrets.aws-region", "expected a region, because AWS_REGION is not set either");
        }
        return None;
    };
    Some(AwsOptions { layout, naming, region, endpoint_url, keep })
}
