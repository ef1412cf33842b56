//! One client of the SDK per identity, region and endpoint, over one pool of connections.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::config::retry::RetryConfig;
use aws_sdk_bedrockruntime::config::timeout::TimeoutConfig;
use aws_sdk_bedrockruntime::config::{IdentityCache, StalledStreamProtectionConfig, Token};
use aws_smithy_http_client::pool;
use aws_smithy_runtime_api::client::auth::AuthSchemeId;
use aws_smithy_runtime_api::client::identity::SharedIdentityCache;
use tokio::sync::OnceCell;
use tokio::time::Instant;

use super::Error;
use super::limit::AnswerLimit;
use super::options::{DefaultIdentity, Options};
use super::remembered::Remembering;
use super::target::{Identity, Target};
use crate::clock::{Clock as _, SystemClock};
use crate::pace::Pacer;

/// How many identities have their credentials kept. Those of connections are as many as are configured.
const MAX_IDENTITIES: usize = 1_000;

/// For how long at most credentials that were found are believed to be there.
const LOOK_AGAIN: Duration = Duration::from_secs(300);

/// Whether the identity of this process can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DefaultIdentityState {
    /// Its credentials are there.
    Resolved,
    /// There is none, so jobs bring their own keys.
    Absent,
}

/// The clients of this process.
#[derive(Debug)]
pub struct Clients {
    http: pool::Client,
    options: Options,
    /// What the environment says, read at the first call.
    base: OnceCell<SdkConfig>,
    /// Until when the chain's credentials are known to be there.
    chain_until: Mutex<Option<Instant>>,
    kept: Mutex<Kept>,
    /// One for each identity that has to ask somebody for its credentials.
    providers: tokio::sync::Mutex<HashMap<Identity, SharedCredentialsProvider>>,
    /// What these have got, until it runs out.
    credentials: SharedIdentityCache,
    /// One lane for each model that an identity calls in a region.
    pacer: Pacer<(Target, String)>,
}

/// A bounded store; the client that was used least recently goes first.
#[derive(Debug, Default)]
struct Kept {
    clients: HashMap<Target, (Client, u64)>,
    uses: u64,
}

impl Clients {
    /// Builds the pool of connections. Nothing is sent, and no credentials are looked for yet.
    pub fn new(options: Options) -> Result<Self, Error> {
        Ok(Self {
            http: super::http::client(&options)?,
            pacer: Pacer::new(options.max_clients),
            options,
            base: OnceCell::new(),
            chain_until: Mutex::default(),
            kept: Mutex::default(),
            providers: tokio::sync::Mutex::default(),
            credentials: IdentityCache::lazy().max_partitions(MAX_IDENTITIES).build(),
        })
    }

    /// The options that the clients were built with.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Whose turn it is.
    pub(super) fn pacer(&self) -> &Pacer<(Target, String)> {
        &self.pacer
    }

    /// Looks whether the identity of this process resolves. What was found counts for a while, because probes ask every few
    /// seconds, and each time the SDK would ask whoever gives the credentials.
    pub async fn default_identity(&self) -> Result<DefaultIdentityState, Error> {
        match self.options.default_identity {
            DefaultIdentity::Refused => return Ok(DefaultIdentityState::Absent),
            DefaultIdentity::Static { .. } => return Ok(DefaultIdentityState::Resolved),
            DefaultIdentity::Chain => {}
        }
        if self.chain_until().is_some_and(|until| Instant::now() < until) {
            return Ok(DefaultIdentityState::Resolved);
        }
        let Some(provider) = self.base().await.credentials_provider() else {
            return Ok(DefaultIdentityState::Absent);
        };
        match provider.provide_credentials().await {
            Ok(credentials) => {
                let left = credentials.expiry().and_then(|end| end.duration_since(SystemClock.now()).ok());
                *self.chain_until() = Some(Instant::now() + LOOK_AGAIN.min(left.unwrap_or(LOOK_AGAIN)));
                Ok(DefaultIdentityState::Resolved)
            }
            Err(aws_credential_types::provider::error::CredentialsError::CredentialsNotLoaded(_)) => {
                Ok(DefaultIdentityState::Absent)
            }
            Err(error) => Err(super::identity::failure(&error)
                .unwrap_or_else(|| Error::Credentials { reason: super::send::chain(&error) })),
        }
    }

    fn chain_until(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.chain_until.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// The client for a target.
    pub(super) async fn get(&self, target: &Target) -> Result<Client, Error> {
        if let Some(client) = self.kept().get(target) {
            return Ok(client);
        }
        // Boxed, because it is rare and large: it reads the whole environment of the SDK, and each call would carry
        // the room for it while it waits for its model.
        let client = Box::pin(self.build(target)).await?;
        self.kept().put(target.clone(), client.clone(), self.options.max_clients);
        Ok(client)
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        // The store is whole after every step, so a panic elsewhere leaves nothing broken behind.
        self.kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    async fn build(&self, target: &Target) -> Result<Client, Error> {
        let base = self.base().await;
        let timeouts = TimeoutConfig::builder().connect_timeout(self.options.connect_timeout).build();
        let mut config = aws_sdk_bedrockruntime::config::Builder::from(base)
            .region(Region::new(target.region.clone()))
            .retry_config(RetryConfig::disabled())
            .timeout_config(timeouts)
            // It would cut an answer that pauses for some seconds; the limit of a call is ours.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .interceptor(AnswerLimit { max_bytes: self.options.max_answer_bytes });
        if let Some(endpoint) = target.endpoint.as_ref().or(self.options.endpoint_url.as_ref()) {
            config = config.endpoint_url(endpoint);
        }
        config = match &target.identity {
            Identity::ApiKey(key) => config
                .bearer_token(Token::new(key.expose(), None))
                .auth_scheme_preference([AuthSchemeId::new("httpBearerAuth")]),
            // Keys need no keeping, and a shared cache would grow with every task that brings some.
            Identity::Keys { .. } | Identity::Default => match self.provider(&target.identity).await? {
                Some(keys) => signing(config, keys).identity_cache(IdentityCache::no_cache()),
                None => config,
            },
            Identity::Profile(_) | Identity::AssumeRole { .. } | Identity::WebToken { .. } => {
                match self.kept_provider(&target.identity).await? {
                    Some(provider) => signing(config, provider).identity_cache(self.credentials.clone()),
                    None => config,
                }
            }
        };
        Ok(Client::from_conf(config.build()))
    }

    /// The one provider of an identity. Two would each ask for credentials of their own.
    pub(super) async fn kept_provider(
        &self,
        identity: &Identity,
    ) -> Result<Option<SharedCredentialsProvider>, Error> {
        let mut providers = self.providers.lock().await;
        if let Some(provider) = providers.get(identity) {
            return Ok(Some(provider.clone()));
        }
        let provider = self.provider(identity).await?.map(Remembering::new);
        let provider = provider.map(SharedCredentialsProvider::new);
        if let Some(provider) = &provider {
            if providers.len() >= MAX_IDENTITIES {
                // More than are configured: secrets have changed often. What is in use comes back at its next client.
                providers.clear();
            }
            providers.insert(identity.clone(), provider.clone());
        }
        Ok(provider)
    }

    /// The environment as the SDK reads it. A region is given, because looking for one may ask the network.
    pub async fn base(&self) -> &SdkConfig {
        self.base
            .get_or_init(|| async {
                let region = self.options.default_region.clone().unwrap_or_else(|| "us-east-1".to_owned());
                aws_config::defaults(BehaviorVersion::latest())
                    .http_client(self.http.clone())
                    .region(Region::new(region))
                    .load()
                    .await
            })
            .await
    }
}

/// Signs with these credentials: a bearer token in the environment is the process's, not that of this identity.
fn signing(
    mut config: aws_sdk_bedrockruntime::config::Builder,
    provider: SharedCredentialsProvider,
) -> aws_sdk_bedrockruntime::config::Builder {
    // `credentials_provider` would wrap it as a new one, with a place of its own in the cache.
    config.set_credentials_provider(Some(provider));
    config.auth_scheme_preference([AuthSchemeId::new("sigv4")])
}

impl Kept {
    fn get(&mut self, target: &Target) -> Option<Client> {
        self.uses += 1;
        let (client, last_use) = self.clients.get_mut(target)?;
        *last_use = self.uses;
        Some(client.clone())
    }

    fn put(&mut self, target: Target, client: Client, max: usize) {
        while self.clients.len() >= max.max(1) {
            let oldest = self
                .clients
                .iter()
                .min_by_key(|(_, (_, last_use))| *last_use)
                .map(|(target, _)| target.clone());
            let Some(oldest) = oldest else { break };
            self.clients.remove(&oldest);
        }
        self.clients.insert(target, (client, self.uses));
    }
}
