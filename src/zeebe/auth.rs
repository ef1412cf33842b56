//! Who we are, as the `authorization` header says it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use tonic::metadata::{Ascii, MetadataValue};

use super::error::{Error, OptionsError};
use super::oauth::TokenSource;
use super::options::{Auth, Options};

/// Credentials in the form that is sent. The same are good for the gateway's REST interface.
#[derive(Debug, Clone)]
pub struct Authorization {
    header: HeaderValue,
    metadata: MetadataValue<Ascii>,
    /// Which token it is, so that a refusal can be told from a refusal of its successor.
    generation: u64,
}

impl Authorization {
    /// `None` if the credentials cannot be sent in a header.
    pub(super) fn new(scheme: &str, credentials: &str, generation: u64) -> Option<Self> {
        let text = format!("{scheme} {credentials}");
        let mut metadata: MetadataValue<Ascii> = text.parse().ok()?;
        let mut header = HeaderValue::try_from(text).ok()?;
        metadata.set_sensitive(true);
        header.set_sensitive(true);
        Some(Self { header, metadata, generation })
    }

    /// The value of the `authorization` header. It is marked as sensitive.
    pub fn header(&self) -> &HeaderValue {
        &self.header
    }

    pub(super) fn metadata(&self) -> MetadataValue<Ascii> {
        self.metadata.clone()
    }

    pub(super) fn generation(&self) -> u64 {
        self.generation
    }
}

/// Gives out [`Authorization`]s.
#[derive(Debug)]
pub(super) enum Authorizer {
    None,
    Basic(Box<Authorization>),
    OAuth(Box<TokenSource>),
}

impl Authorizer {
    pub(super) fn new(options: &Options) -> Result<Self, OptionsError> {
        Ok(match &options.auth {
            Auth::None => Self::None,
            Auth::Basic { username, password } => {
                let pair = STANDARD.encode(format!("{username}:{}", password.expose()));
                let authorization = Authorization::new("Basic", &pair, 0)
                    .ok_or(OptionsError::Header { what: "the user name with its password" })?;
                Self::Basic(Box::new(authorization))
            }
            Auth::OAuth(client) => Self::OAuth(Box::new(TokenSource::new(client, options)?)),
        })
    }

    pub(super) async fn authorization(&self) -> Result<Option<Authorization>, Error> {
        match self {
            Self::None => Ok(None),
            Self::Basic(authorization) => Ok(Some(authorization.as_ref().clone())),
            Self::OAuth(source) => Ok(Some(source.authorization().await?)),
        }
    }

    /// Hears that a server refused the credentials, and says whether there are better ones now.
    pub(super) async fn refused(&self, refused: &Authorization) -> bool {
        match self {
            Self::None | Self::Basic(_) => false,
            Self::OAuth(source) => source.refused(refused).await,
        }
    }
}
