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
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum AwsLayout {
    /// One secret, by its name or ARN, holds a JSON object with the names and values of all.
    Object(String),
    /// Each is a secret of its own, named by this prefix and its name.
    Each(String),
    /// There is one, by its name or ARN, and its text is the value whatever it is called.
    Whole(String),
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
            AwsLayout::Whole(id) => Ok(self.held(id.clone()).await?.as_deref().and_then(text)),
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
            AwsLayout::Whole(id) => format!("create the secret {id} in {PLACE}"),
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

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use aws_credential_types::Credentials;
    use aws_credential_types::provider::SharedCredentialsProvider;
    use axum::Router;
    use axum::extract::State;
    use axum::http::{HeaderMap, StatusCode};
    use axum::routing::post;
    use serde_json::json;

    use super::*;
    use crate::bedrock::Clients;

    /// A Secrets Manager that holds these secrets, by id. It notes the ids that were asked for.
    #[derive(Debug)]
    struct Manager {
        secrets: Mutex<Value>,
        asked: Mutex<Vec<String>>,
    }

    async fn answer(
        State(manager): State<Arc<Manager>>,
        headers: HeaderMap,
        body: String,
    ) -> (StatusCode, String) {
        let header = |name: &str| headers.get(name).unwrap().to_str().unwrap().to_owned();
        assert_eq!(header("x-amz-target"), "secretsmanager.GetSecretValue");
        assert!(
            header("authorization").contains("AKIDTEST/") && header("authorization").contains("/eu-west-3/")
        );
        let body: Value = serde_json::from_str(&body).unwrap();
        let id = body["SecretId"].as_str().unwrap().to_owned();
        let found = manager.secrets.lock().unwrap().get(&id).cloned();
        manager.asked.lock().unwrap().push(id);
        let refusal =
            |code: &str| (StatusCode::BAD_REQUEST, json!({"__type": code, "message": "no"}).to_string());
        match found {
            None => refusal("ResourceNotFoundException"),
            Some(Value::Null) => refusal("AccessDeniedException"),
            Some(secret) => (StatusCode::OK, secret.to_string()),
        }
    }

    async fn manager(secrets: Value, layout: AwsLayout, naming: Naming) -> (Arc<Manager>, AwsSecrets) {
        let manager = Arc::new(Manager { secrets: Mutex::new(secrets), asked: Mutex::default() });
        let router = Router::new().route("/", post(answer)).with_state(Arc::clone(&manager));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint_url = Some(format!("http://{}", listener.local_addr().unwrap()));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let clients = Clients::new(crate::bedrock::Options::default()).unwrap();
        let keys = Credentials::new("AKIDTEST", "secret", None, None, "a test");
        let base = clients.base().await.clone().into_builder();
        let base = base.credentials_provider(SharedCredentialsProvider::new(keys)).build();
        let options =
            AwsOptions { layout, naming, region: "eu-west-3".into(), endpoint_url, keep: AwsOptions::KEEP };
        (manager, AwsSecrets::new(options, &base))
    }

    async fn get(secrets: &AwsSecrets, name: &str) -> Result<Option<String>, SourceError> {
        let scope = Scope { tenant_id: "acme".into(), ..Scope::default() };
        Ok(secrets.get(name, &scope).await?.map(|secret| secret.expose().to_owned()))
    }

    #[tokio::test]
    async fn one_secret_holds_all_names_and_is_asked_for_once() {
        let all = r#"{"KEY": "the-hidden-one", "NUMBER": 7.10, "NOTHING": null}"#;
        let held = json!({"prod/camunda": {"SecretString": all}});
        let (manager, secrets) =
            manager(held, AwsLayout::Object("prod/camunda".into()), Naming::default()).await;
        for (name, expected) in
            [("KEY", Some("the-hidden-one")), ("NUMBER", Some("7.10")), ("NOTHING", None), ("OTHER", None)]
        {
            assert_eq!(get(&secrets, name).await, Ok(expected.map(str::to_owned)), "{name}");
        }
        assert_eq!(*manager.asked.lock().unwrap(), ["prod/camunda"]);
        assert!(!format!("{secrets:?}").contains("the-hidden-one"));
    }

    #[tokio::test]
    async fn each_secret_has_its_own_with_the_prefix_and_the_tenant() {
        let held = json!({"camunda/acme_KEY": {"SecretString": "value"}});
        let naming = Naming { by_tenant: true, by_process: false };
        let (manager, secrets) = manager(held, AwsLayout::Each("camunda/".into()), naming).await;
        for _ in 0..2 {
            assert_eq!(get(&secrets, "KEY").await, Ok(Some("value".to_owned())));
            assert_eq!(get(&secrets, "OTHER").await, Ok(None));
            assert_eq!(get(&secrets, "no such:name").await, Ok(None));
        }
        assert_eq!(*manager.asked.lock().unwrap(), ["camunda/acme_KEY", "camunda/acme_OTHER"]);
    }

    #[tokio::test]
    async fn a_refusal_is_a_failure_that_is_asked_again() {
        let (manager, secrets) =
            manager(json!({"KEY": null}), AwsLayout::Each(String::new()), Naming::default()).await;
        let error = get(&secrets, "KEY").await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "the secrets cannot be read from AWS Secrets Manager: the secret \"KEY\": AccessDeniedException: no"
        );
        *manager.secrets.lock().unwrap() = json!({"KEY": {"SecretString": "value"}});
        assert_eq!(get(&secrets, "KEY").await, Ok(Some("value".to_owned())));
    }

    #[tokio::test]
    async fn what_is_no_object_of_names_is_a_failure_that_does_not_quote_it() {
        for (held, reason) in [
            (json!({"id": {"SecretString": "hidden"}}), "is no JSON object"),
            (json!({"id": {"SecretString": "[\"hidden\"]"}}), "is no JSON object"),
            (json!({"id": {"SecretBinary": "aGlkZGVu"}}), "holds bytes, expected a text"),
            (json!({}), "does not exist"),
        ] {
            let (_manager, secrets) = manager(held, AwsLayout::Object("id".into()), Naming::default()).await;
            assert_eq!(
                get(&secrets, "KEY").await.unwrap_err().reason,
                format!("the secret \"id\": {reason}")
            );
        }
    }
}
