//! Secrets in AWS Secrets Manager, with the credentials of this process.

use std::sync::Arc;
use std::time::Duration;

use aws_config::{Region, SdkConfig};
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::Builder;
use aws_sdk_secretsmanager::config::retry::RetryConfig;
use aws_sdk_secretsmanager::config::timeout::TimeoutConfig;
use aws_sdk_secretsmanager::error::ProvideErrorMetadata;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::{Map, Value};

use super::cache::Cache;
use super::source::Naming;
use super::{Scope, Secret, SecretProvider, SourceError};

const PLACE: &str = "AWS Secrets Manager";

/// How many secrets are kept. Names come from process models; whoever could make up more would only make them slower.
const MAX_KEPT: usize = 1_000;

/// How long one request may take, its repetitions included. A job waits for it.
const REQUEST_LIMIT: Duration = Duration::from_secs(15);

/// The longest name that AWS takes.
const MAX_NAME: usize = 512;

/// How secrets lie in Secrets Manager.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AwsLayout {
    /// One secret, by its name or ARN, holds a JSON object with the names and values of all.
    Object(String),
    /// Each is a secret of its own, named by this prefix and its name.
    Each(String),
}

/// Where and how Secrets Manager is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsOptions {
    pub layout: AwsLayout,
    pub naming: Naming,
    pub region: String,
    /// None: AWS's own for the region.
    pub endpoint_url: Option<String>,
    /// How long a value is used before it is asked for again. A changed value counts after this time.
    pub keep: Duration,
}

impl AwsOptions {
    /// How long values are kept when nothing is said.
    pub const KEEP: Duration = Duration::from_secs(300);
}

/// Secrets in AWS Secrets Manager.
#[derive(Debug)]
pub struct AwsSecrets {
    client: Client,
    layout: AwsLayout,
    naming: Naming,
    /// By the id of the secret in Secrets Manager.
    kept: Cache<String, Holding>,
}

/// What a secret of Secrets Manager holds; none when it is not there.
type Holding = Option<Arc<Value>>;

impl AwsSecrets {
    /// Takes credentials and connections from the configuration of the SDK. Nothing is asked yet.
    pub fn new(options: AwsOptions, base: &SdkConfig) -> Self {
        let mut config = Builder::from(base)
            .region(Region::new(options.region))
            .retry_config(RetryConfig::standard())
            .timeout_config(TimeoutConfig::builder().operation_timeout(REQUEST_LIMIT).build());
        if let Some(endpoint_url) = options.endpoint_url {
            config = config.endpoint_url(endpoint_url);
        }
        Self {
            client: Client::from_conf(config.build()),
            layout: options.layout,
            naming: options.naming,
            kept: Cache::new(MAX_KEPT, options.keep),
        }
    }

    async fn find(&self, name: &str, scope: &Scope) -> Result<Option<Secret>, SourceError> {
        let name = self.naming.full_name(name, scope);
        match &self.layout {
            AwsLayout::Object(id) => {
                let holding = self.held(id.clone()).await?;
                let Some(Value::Object(entries)) = holding.as_deref() else {
                    let found = if holding.is_some() { "is no JSON object" } else { "does not exist" };
                    return Err(failed(id, found));
                };
                Ok(entries.get(&name).and_then(text))
            }
            AwsLayout::Each(prefix) => {
                let id = format!("{prefix}{name}");
                if !is_name(&id) {
                    return Ok(None);
                }
                Ok(self.held(id).await?.as_deref().and_then(text))
            }
        }
    }

    async fn held(&self, id: String) -> Result<Holding, SourceError> {
        let fetch = || fetch(self.client.clone(), id.clone(), matches!(self.layout, AwsLayout::Object(_)));
        self.kept.get(&id, fetch).await
    }
}

impl SecretProvider for AwsSecrets {
    fn get<'a>(
        &'a self,
        name: &'a str,
        scope: &'a Scope,
    ) -> BoxFuture<'a, Result<Option<Secret>, SourceError>> {
        self.find(name, scope).boxed()
    }

    fn remedy(&self, name: &str, scope: &Scope) -> String {
        let name = self.naming.full_name(name, scope);
        match &self.layout {
            AwsLayout::Object(id) => format!("add the key {name} to the secret {id} in {PLACE}"),
            AwsLayout::Each(prefix) => format!("create the secret {prefix}{name} in {PLACE}"),
        }
    }
}

async fn fetch(client: Client, id: String, is_object: bool) -> Result<Holding, SourceError> {
    let answer = match client.get_secret_value().secret_id(&id).send().await {
        Ok(answer) => answer,
        Err(error) => {
            let error = error.into_service_error();
            if error.is_resource_not_found_exception() {
                return Ok(None);
            }
            return Err(failed(&id, &reason(&error)));
        }
    };
    let Some(text) = answer.secret_string else {
        return Err(failed(&id, "holds bytes, expected a text"));
    };
    let value = match is_object {
        // The parser's message could quote the text.
        true => serde_json::from_str::<Map<String, Value>>(&text)
            .map(Value::Object)
            .map_err(|_| failed(&id, "is no JSON object"))?,
        false => Value::String(text),
    };
    Ok(Some(Arc::new(value)))
}

/// AWS's code and text, or what broke on the way there.
fn reason(error: &(impl ProvideErrorMetadata + std::error::Error)) -> String {
    if let Some(code) = error.code() {
        return format!("{code}: {}", error.message().unwrap_or("without a text"));
    }
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

fn failed(id: &str, reason: &str) -> SourceError {
    SourceError::new(PLACE, format!("the secret {id:?}: {reason}"))
}

/// Names as Secrets Manager has them; others cannot exist, and asking for them would be an error and not an absence.
fn is_name(name: &str) -> bool {
    name.len() <= MAX_NAME && name.chars().all(|c| c.is_ascii_alphanumeric() || "/_+=.@-".contains(c))
}

fn text(value: &Value) -> Option<Secret> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(Secret::from(text.as_str())),
        other @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            Some(Secret::from(other.to_string()))
        }
    }
}
