//! What the operator can set.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use crate::pace::Quota;
use crate::secrets::Secret;

/// Options of the connector.
#[derive(Debug, Clone)]
pub struct Options {
    /// The endpoint of all calls whose task names none. Without it, AWS's own for the region, or the one of
    /// `AWS_ENDPOINT_URL_BEDROCK_RUNTIME`.
    pub endpoint_url: Option<String>,
    /// Hosts that a task may name as its endpoint, besides those of Bedrock.
    pub allowed_endpoint_hosts: BTreeSet<String>,
    /// The region of tasks that name none. Without it, such tasks are refused.
    pub default_region: Option<String>,
    /// What a task gets that asks for the default credentials.
    pub default_identity: DefaultIdentity,
    /// The token by which tasks may assume roles as a web identity: that of the pod, for example.
    pub web_identity_token_file: Option<PathBuf>,
    pub proxy: Proxy,
    /// Certificates, as PEM, that are trusted besides those of the machine.
    pub ca_pem: Option<Vec<u8>>,
    /// How long a connection may take to stand.
    pub connect_timeout: Duration,
    /// How long one call may take, retries included. Models may think for most of an hour.
    pub call_limit: Duration,
    /// The largest answer that is read; beyond it the call fails.
    pub max_answer_bytes: usize,
    /// For how long calls wait for their turns while none at all is granted. Nothing: a throttled call fails
    /// after four attempts.
    pub throttle_patience: Duration,
    /// What may be asked of models in a minute.
    pub quotas: Quotas,
    /// How often and how fast a call is sent again.
    pub retries: Retries,
    /// Whether tasks of the native type ask for streams. The modeler sees the same answer either way.
    pub streaming: bool,
    /// How long a stream may be silent.
    pub stream_idle: Duration,
    /// How many clients, one per identity, region and endpoint, are kept.
    pub max_clients: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            endpoint_url: None,
            allowed_endpoint_hosts: BTreeSet::new(),
            default_region: None,
            default_identity: DefaultIdentity::Chain,
            web_identity_token_file: None,
            proxy: Proxy::default(),
            ca_pem: None,
            connect_timeout: Duration::from_secs(10),
            call_limit: Duration::from_secs(3600),
            max_answer_bytes: 64_000_000,
            throttle_patience: Duration::from_secs(300),
            quotas: Quotas::default(),
            retries: Retries::default(),
            streaming: true,
            stream_idle: Duration::from_secs(300),
            max_clients: 256,
        }
    }
}

/// What this process may ask of models in a minute, beside what Bedrock grants.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Quotas {
    /// Of each model that is not named.
    pub others: Quota,
    /// Of single models, by the id that tasks use.
    pub models: BTreeMap<String, Quota>,
}

impl Quotas {
    /// The quota of one model.
    pub fn of(&self, model_id: &str) -> Quota {
        let named = self.models.get(model_id).copied().unwrap_or_default();
        Quota {
            requests_per_minute: named.requests_per_minute.or(self.others.requests_per_minute),
            tokens_per_minute: named.tokens_per_minute.or(self.others.tokens_per_minute),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// How often and how fast a call is sent again. The defaults are those of the AWS SDK for Java.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retries {
    /// How often a call is sent before patience is asked.
    pub attempts: u32,
    /// The first wait of a throttled call, at most; the next ones double.
    pub throttled_wait: Duration,
    /// The first wait after a failure that is over soon, at most; the next ones double.
    pub transient_wait: Duration,
    /// No wait is longer.
    pub longest_wait: Duration,
}

impl Default for Retries {
    fn default() -> Self {
        Self {
            attempts: 4,
            throttled_wait: Duration::from_millis(500),
            transient_wait: Duration::from_millis(100),
            longest_wait: Duration::from_secs(20),
        }
    }
}

/// The identity behind `defaultCredentialsChain`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum DefaultIdentity {
    /// What AWS's chain finds: environment, profiles, web identity, container, instance.
    #[default]
    Chain,
    /// These keys.
    Static { access_key: String, secret_key: Secret, session_token: Option<Secret> },
    /// What the chain finds, and for connections alone: every task must bring its own keys.
    Refused,
}

/// HTTP proxies; their URLs may hold a password.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxy {
    /// For `https` endpoints, which is all of AWS's.
    pub https: Option<Secret>,
    /// For `http` endpoints. Used only without a proxy for `https`.
    pub http: Option<Secret>,
    /// Hosts that are reached directly, separated by commas.
    pub no_proxy: String,
}
