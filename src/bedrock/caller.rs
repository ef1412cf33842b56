//! Who this process is at AWS.

use std::time::Duration;

use aws_sdk_sts::config::timeout::TimeoutConfig;
use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};

use super::Error;
use super::clients::Clients;
use super::target::Identity;

/// The answer is for a person who waits.
const PATIENCE: Duration = Duration::from_secs(10);

/// An identity at AWS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub account: String,
    /// The user or the assumed role.
    pub arn: String,
}

/// Why the identity is not known.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallerError {
    /// The credentials are wrong, have run out, or may not ask.
    #[error("AWS refuses the credentials: {code}: {message}")]
    Refused { code: String, message: String },
    /// STS cannot be reached, which says nothing of Bedrock.
    #[error("STS cannot be reached: {reason}")]
    Unreachable { reason: String },
    /// There are no credentials to ask with.
    #[error(transparent)]
    Credentials(#[from] Error),
}

impl Clients {
    /// Asks STS whose credentials those of this process are.
    pub async fn caller(&self) -> Result<Caller, CallerError> {
        self.caller_of(&Identity::Default).await
    }

    /// Asks STS whose credentials those of an identity are.
    pub(super) async fn caller_of(&self, identity: &Identity) -> Result<Caller, CallerError> {
        let timeouts = TimeoutConfig::builder().operation_timeout(PATIENCE).build();
        let mut config = aws_sdk_sts::config::Builder::from(self.base().await).timeout_config(timeouts);
        if let Some(credentials) = self.provider(identity).await? {
            config = config.credentials_provider(credentials);
        }
        let client = aws_sdk_sts::Client::from_conf(config.build());
        match client.get_caller_identity().send().await {
            Ok(identity) => Ok(Caller {
                account: identity.account().unwrap_or_default().to_owned(),
                arn: identity.arn().unwrap_or_default().to_owned(),
            }),
            Err(SdkError::ServiceError(error)) => Err(CallerError::Refused {
                code: error.err().code().unwrap_or("unknown").to_owned(),
                message: error.err().message().unwrap_or_default().to_owned(),
            }),
            Err(error) => Err(match super::identity::failure(&error) {
                Some(failure) => CallerError::Credentials(failure),
                None => CallerError::Unreachable { reason: super::send::chain(&error) },
            }),
        }
    }
}
