//! Refusals of STS, remembered for a short time: a role that is denied costs one question, not one for each job that
//! wants it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use tokio::time::Instant;

use super::identity;

/// Long enough for the jobs that come together, and short enough for whoever has just mended the role.
const REMEMBERED: Duration = Duration::from_secs(5);

/// What STS says when nothing will be different the next time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub(super) struct Refusal {
    pub(super) code: String,
    pub(super) message: String,
}

/// A provider whose refusals count for a while. Other failures are asked about again at once.
#[derive(Debug)]
pub(super) struct Remembering {
    provider: SharedCredentialsProvider,
    last: Mutex<Option<(Instant, Refusal)>>,
}

impl Remembering {
    pub(super) fn new(provider: SharedCredentialsProvider) -> Self {
        Self { provider, last: Mutex::default() }
    }

    fn last(&self) -> MutexGuard<'_, Option<(Instant, Refusal)>> {
        // It is written in one step, so a panic elsewhere leaves nothing broken behind.
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remembered(&self) -> Option<Refusal> {
        let last = self.last();
        let (_, refusal) = last.as_ref().filter(|(at, _)| at.elapsed() < REMEMBERED)?;
        Some(refusal.clone())
    }

    async fn provide(&self) -> Result<Credentials, CredentialsError> {
        if let Some(refusal) = self.remembered() {
            return Err(CredentialsError::provider_error(refusal));
        }
        let provided = self.provider.provide_credentials().await;
        if let Some(refusal) = provided.as_ref().err().and_then(|error| identity::refusal(error)) {
            *self.last() = Some((Instant::now(), refusal));
        }
        provided
    }
}

impl ProvideCredentials for Remembering {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.provide())
    }
}

#[cfg(test)]
mod unit {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::bedrock::Error;

    /// Gives what it is told to, and counts.
    #[derive(Debug)]
    struct Scripted {
        asked: Arc<AtomicUsize>,
        give: fn() -> Result<Credentials, CredentialsError>,
    }

    impl ProvideCredentials for Scripted {
        fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            self.asked.fetch_add(1, Ordering::Relaxed);
            future::ProvideCredentials::ready((self.give)())
        }
    }

    fn remembering(give: fn() -> Result<Credentials, CredentialsError>) -> (Remembering, Arc<AtomicUsize>) {
        let asked = Arc::new(AtomicUsize::new(0));
        let provider = SharedCredentialsProvider::new(Scripted { asked: Arc::clone(&asked), give });
        (Remembering::new(provider), asked)
    }

    fn denied() -> Result<Credentials, CredentialsError> {
        let refusal = Refusal { code: "AccessDenied".into(), message: "not for you".into() };
        Err(CredentialsError::provider_error(refusal))
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_counts_for_a_while_and_is_told_as_it_was() {
        let (provider, asked) = remembering(denied);
        for _ in 0..100 {
            let error = provider.provide().await.expect_err("denied");
            let failure = identity::failure(&error).expect("about credentials");
            assert!(matches!(failure, Error::Refused { code, .. } if code == "AccessDenied"));
        }
        assert_eq!(asked.load(Ordering::Relaxed), 1);
        tokio::time::advance(REMEMBERED).await;
        provider.provide().await.expect_err("still denied");
        assert_eq!(asked.load(Ordering::Relaxed), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn what_may_be_over_the_next_moment_is_asked_again() {
        let (provider, asked) = remembering(|| Err(CredentialsError::provider_error("away")));
        for _ in 0..3 {
            provider.provide().await.expect_err("away");
        }
        assert_eq!(asked.load(Ordering::Relaxed), 3);
    }
}
