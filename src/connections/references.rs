//! Reads what references name.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_config::SdkConfig;
use futures_util::future::BoxFuture;
use tokio::sync::OnceCell;
use tokio::time::Instant;

use super::Reference;
use crate::secret::Secret;
use crate::secrets::{AwsLayout, AwsOptions, AwsSecrets, Naming, Scope, SecretProvider, SourceError};

/// How long the content of a file is used before it is read again.
const KEEP_FILE: Duration = Duration::from_secs(60);

/// Gives the SDK's view of the environment, which is dear to load.
type LoadSdk = dyn Fn() -> BoxFuture<'static, SdkConfig> + Send + Sync;

/// Reads secrets from where they lie, and keeps them for a while. What is kept is bounded by the configuration, which
/// alone names places.
pub struct References {
    load_sdk: Box<LoadSdk>,
    sdk: OnceCell<SdkConfig>,
    files: Mutex<HashMap<Box<Path>, (Instant, Secret)>>,
    aws: Mutex<HashMap<(AwsLayout, String), Arc<AwsSecrets>>>,
}

impl fmt::Debug for References {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("References").finish_non_exhaustive()
    }
}

impl References {
    /// With the SDK as it is loaded when a secret of AWS is wanted first.
    pub fn new(load_sdk: impl Fn() -> BoxFuture<'static, SdkConfig> + Send + Sync + 'static) -> Self {
        Self {
            load_sdk: Box::new(load_sdk),
            sdk: OnceCell::new(),
            files: Mutex::default(),
            aws: Mutex::default(),
        }
    }

    /// The secret behind a reference.
    pub async fn read(&self, reference: &Reference) -> Result<Secret, SourceError> {
        match reference {
            Reference::Environment { variable, value } => value.clone().ok_or_else(|| {
                let place = format!("the variable {variable}");
                SourceError::new(place, "the configuration was read without its secrets".to_owned())
            }),
            Reference::Text(text) => Ok(Secret::from(text.as_str())),
            Reference::File(path) => self.file(path).await,
            Reference::AwsSecret { id, key, region } => self.aws(id, key.as_deref(), region.as_deref()).await,
        }
    }

    async fn file(&self, path: &Path) -> Result<Secret, SourceError> {
        if let Some((_, kept)) = lock(&self.files).get(path).filter(|(at, _)| at.elapsed() < KEEP_FILE) {
            return Ok(kept.clone());
        }
        let failed = |reason: String| SourceError::new(format!("the file {}", path.display()), reason);
        let text = tokio::fs::read_to_string(path).await.map_err(|error| failed(error.to_string()))?;
        if text.trim().is_empty() {
            return Err(failed("it is empty".to_owned()));
        }
        let secret = Secret::from(text.trim());
        lock(&self.files).insert(path.into(), (Instant::now(), secret.clone()));
        Ok(secret)
    }

    async fn aws(&self, id: &str, key: Option<&str>, region: Option<&str>) -> Result<Secret, SourceError> {
        let sdk = self.sdk.get_or_init(|| (self.load_sdk)()).await;
        let own = sdk.region().map(|region| region.as_ref().to_owned());
        let region = region.map(str::to_owned).or(own).unwrap_or_else(|| "us-east-1".to_owned());
        let layout = match key {
            Some(_) => AwsLayout::Object(id.to_owned()),
            None => AwsLayout::Whole(id.to_owned()),
        };
        let source = {
            let mut sources = lock(&self.aws);
            let source = sources.entry((layout.clone(), region.clone())).or_insert_with(|| {
                let naming = Naming { by_tenant: false, by_process: false };
                let options =
                    AwsOptions { layout, naming, region, endpoint_url: None, keep: AwsOptions::KEEP };
                Arc::new(AwsSecrets::new(options, sdk))
            });
            Arc::clone(source)
        };
        let found = source.get(key.unwrap_or(id), &Scope::default()).await?;
        found.ok_or_else(|| {
            let what =
                key.map_or_else(|| "it does not exist".to_owned(), |key| format!("it has no member {key:?}"));
            SourceError::new(format!("the secret {id:?} of AWS Secrets Manager"), what)
        })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is inside is whole after every step, so a panic elsewhere leaves nothing broken behind.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use aws_config::BehaviorVersion;

    use super::*;

    fn references() -> References {
        References::new(|| {
            Box::pin(async { SdkConfig::builder().behavior_version(BehaviorVersion::latest()).build() })
        })
    }

    async fn read(references: &References, reference: &Reference) -> Result<String, String> {
        let secret = references.read(reference).await;
        secret.map(|secret| secret.expose().to_owned()).map_err(|error| error.to_string())
    }

    #[tokio::test(start_paused = true)]
    async fn a_file_that_is_swapped_counts_after_a_while() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let swap = |text: &str| {
            let beside = folder.path().join("key.new");
            std::fs::write(&beside, text).unwrap();
            std::fs::rename(&beside, &path).unwrap();
        };
        let (references, reference) = (references(), Reference::File(path.clone()));
        let place = format!("the secrets cannot be read from the file {}", path.display());
        swap("first\n");
        assert_eq!(read(&references, &reference).await, Ok("first".to_owned()));
        swap("second\n");
        assert_eq!(read(&references, &reference).await, Ok("first".to_owned()), "it is kept for a while");
        tokio::time::advance(KEEP_FILE).await;
        assert_eq!(read(&references, &reference).await, Ok("second".to_owned()));

        swap(" \n");
        tokio::time::advance(KEEP_FILE).await;
        assert_eq!(read(&references, &reference).await, Err(format!("{place}: it is empty")));
        std::fs::remove_file(&path).unwrap();
        let gone = read(&references, &reference).await.unwrap_err();
        assert!(gone.starts_with(&place) && gone.contains("No such file"), "{gone}");
        swap("third");
        assert_eq!(read(&references, &reference).await, Ok("third".to_owned()), "a failure is not kept");
    }

    #[tokio::test]
    async fn a_variable_is_what_it_was_at_the_start() {
        let reference = |value: Option<&str>| Reference::Environment {
            variable: "KEY".to_owned(),
            value: value.map(Secret::from),
        };
        assert_eq!(read(&references(), &reference(Some("hidden"))).await, Ok("hidden".to_owned()));
        let expected = "the secrets cannot be read from the variable KEY: the configuration was read without its secrets";
        assert_eq!(read(&references(), &reference(None)).await, Err(expected.to_owned()));
    }
}
