//! Identities and the providers of their credentials.
//!
//! An identity is the key of everything that is kept for it: there is one provider for it, and one place in the SDK's
//! cache, however many clients, regions and jobs use it. So a role is assumed once, and again shortly before its
//! credentials run out.

use std::path::Path;

use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::web_identity_token::{StaticConfiguration, WebIdentityTokenCredentialsProvider};
use aws_config::{Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sts::error::{ErrorMetadata, ProvideErrorMetadata};
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_sdk_sts::operation::assume_role_with_web_identity::AssumeRoleWithWebIdentityError;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::Error;
use super::clients::Clients;
use super::options::DefaultIdentity;
use super::remembered::Refusal;
use super::send::{causes, chain};
use super::target::Identity;
use crate::connections::{Authentication, References, RoleSession};
use crate::secrets::Secret;

/// The name under which AWS logs the use of a role when the configuration gives none.
const SESSION_NAME: &str = "bedrock-connector";

impl Clients {
    /// The provider of an identity's credentials; none for the chain, which the SDK's configuration has already, and for
    /// API keys, which are no credentials.
    pub(super) fn provider<'a>(
        &'a self,
        identity: &'a Identity,
    ) -> BoxFuture<'a, Result<Option<SharedCredentialsProvider>, Error>> {
        async move {
            let base = self.base().await;
            Ok(match identity {
                Identity::ApiKey(_) => None,
                Identity::Default => match &self.options().default_identity {
                    // Tasks to which it is refused come no further than reading. What comes here is a connection's.
                    DefaultIdentity::Chain | DefaultIdentity::Refused => None,
                    DefaultIdentity::Static { access_key, secret_key, session_token } => {
                        Some(keys(access_key, secret_key, session_token.as_ref()))
                    }
                },
                Identity::Keys { access_key, secret_key, session_token } => {
                    Some(keys(access_key, secret_key, session_token.as_ref()))
                }
                Identity::Profile(name) => Some(SharedCredentialsProvider::new(
                    ProfileFileCredentialsProvider::builder()
                        .configure(&provider_config(base))
                        .profile_name(name)
                        .build(),
                )),
                Identity::WebToken { role, token_file } => Some(web_identity(base, role, token_file)),
                Identity::AssumeRole { role, external_id, base: own } => {
                    let own = self.provider(own).await?;
                    Some(assumed(base, role, external_id.as_ref(), own).await)
                }
            })
        }
        .boxed()
    }
}

fn keys(access_key: &str, secret_key: &Secret, session_token: Option<&Secret>) -> SharedCredentialsProvider {
    let session_token = session_token.map(|token| token.expose().to_owned());
    SharedCredentialsProvider::new(Credentials::new(
        access_key,
        secret_key.expose(),
        session_token,
        None,
        "bedrock-connector",
    ))
}

/// What providers that are not built from an SDK configuration take from it.
fn provider_config(base: &SdkConfig) -> ProviderConfig {
    let mut config = ProviderConfig::without_region().with_region(base.region().cloned());
    if let Some(http) = base.http_client() {
        config = config.with_http_client(http);
    }
    config
}

fn web_identity(base: &SdkConfig, role: &RoleSession, token_file: &Path) -> SharedCredentialsProvider {
    let provider = WebIdentityTokenCredentialsProvider::builder()
        .configure(&provider_config(base))
        .static_configuration(StaticConfiguration {
            web_identity_token_file: token_file.to_owned(),
            role_arn: role.role_arn.clone(),
            session_name: session_name(role),
        })
        .build();
    SharedCredentialsProvider::new(provider)
}

/// STS is asked in the region of the installation, which is where the network lets it be asked.
async fn assumed(
    base: &SdkConfig,
    role: &RoleSession,
    external_id: Option<&Secret>,
    own: Option<SharedCredentialsProvider>,
) -> SharedCredentialsProvider {
    let mut builder =
        AssumeRoleProvider::builder(&role.role_arn).session_name(session_name(role)).configure(base);
    if let Some(external_id) = external_id {
        builder = builder.external_id(external_id.expose());
    }
    if let Some(region) = base.region() {
        builder = builder.region(Region::clone(region));
    }
    SharedCredentialsProvider::new(match own {
        Some(own) => builder.build_from_provider(own).await,
        None => builder.build().await,
    })
}

fn session_name(role: &RoleSession) -> String {
    role.session_name.clone().unwrap_or_else(|| SESSION_NAME.to_owned())
}

/// What STS says when nothing will be different the next time.
const REFUSALS: &[&str] = &[
    "AccessDenied",
    "AccessDeniedException",
    "IDPRejectedClaim",
    "InvalidClientTokenId",
    "InvalidIdentityToken",
    "RegionDisabledException",
    "SignatureDoesNotMatch",
    "ValidationError",
];

/// What is wrong with the credentials, if an error is about these.
pub(super) fn failure(error: &(dyn std::error::Error + 'static)) -> Option<Error> {
    if !causes(error).any(|cause| cause.is::<CredentialsError>()) {
        return None;
    }
    Some(match refusal(error) {
        Some(Refusal { code, message }) => Error::Refused { code, message },
        None => Error::Credentials { reason: chain(error) },
    })
}

/// What STS has refused, now or a moment ago.
pub(super) fn refusal(error: &(dyn std::error::Error + 'static)) -> Option<Refusal> {
    if let Some(remembered) = causes(error).find_map(|cause| cause.downcast_ref::<Refusal>()) {
        return Some(remembered.clone());
    }
    let said = causes(error).find_map(said_by_sts)?;
    let code = said.code().filter(|code| REFUSALS.contains(code))?.to_owned();
    Some(Refusal { code, message: said.message().unwrap_or("no further text").to_owned() })
}

fn said_by_sts<'a>(cause: &'a (dyn std::error::Error + 'static)) -> Option<&'a ErrorMetadata> {
    let by_role = cause.downcast_ref::<AssumeRoleError>().map(ProvideErrorMetadata::meta);
    by_role.or_else(|| cause.downcast_ref::<AssumeRoleWithWebIdentityError>().map(ProvideErrorMetadata::meta))
}

/// The identity of a connection, with its secrets read from where they lie.
pub(super) fn of<'a>(
    authentication: &'a Authentication,
    references: &'a References,
) -> BoxFuture<'a, Result<Identity, Error>> {
    async move {
        let read = |reference| async move {
            let secret = references.read(reference).await;
            secret.map_err(|error| Error::Credentials { reason: error.to_string() })
        };
        Ok(match authentication {
            Authentication::OwnRole => Identity::Default,
            Authentication::Keys { access_key, secret_key, session_token } => Identity::Keys {
                access_key: read(access_key).await?.expose().to_owned(),
                secret_key: read(secret_key).await?,
                session_token: match session_token {
                    Some(token) => Some(read(token).await?),
                    None => None,
                },
            },
            Authentication::ApiKey(key) => Identity::ApiKey(read(key).await?),
            Authentication::Profile(name) => Identity::Profile(name.clone()),
            Authentication::WebIdentity { role, token_file } => {
                Identity::WebToken { role: role.clone(), token_file: token_file.clone() }
            }
            Authentication::AssumeRole { role, external_id, base } => Identity::AssumeRole {
                role: role.clone(),
                external_id: match external_id {
                    Some(id) => Some(read(id).await?),
                    None => None,
                },
                base: Box::new(of(base, references).await?),
            },
        })
    }
    .boxed()
}
