//! Whom a role trusts.

use super::request::Request;

/// A role that may be assumed. Whatever is not asked for here is not looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    arn: String,
    external_id: Option<String>,
    access_keys: Option<Vec<String>>,
    web_token: Option<String>,
}

impl Role {
    /// A role that trusts everybody who signs.
    pub fn new(arn: impl Into<String>) -> Self {
        Self { arn: arn.into(), external_id: None, access_keys: None, web_token: None }
    }

    /// Only with this external id.
    #[must_use]
    pub fn external_id(mut self, id: impl Into<String>) -> Self {
        self.external_id = Some(id.into());
        self
    }

    /// Only whoever signs with one of these access keys.
    #[must_use]
    pub fn access_keys<const N: usize>(mut self, keys: [&str; N]) -> Self {
        self.access_keys = Some(keys.map(str::to_owned).to_vec());
        self
    }

    /// Only whoever brings this token of a cluster, and no signature.
    #[must_use]
    pub fn web_token(mut self, token: impl Into<String>) -> Self {
        self.web_token = Some(token.into());
        self
    }

    pub(crate) fn arn(&self) -> &str {
        &self.arn
    }

    pub(crate) fn trusts_signer(&self, request: &Request) -> bool {
        let is_among = |keys: &Vec<String>| {
            request.identity.key().is_some_and(|key| keys.iter().any(|known| known == key))
        };
        self.web_token.is_none()
            && self.access_keys.as_ref().is_none_or(is_among)
            && self.external_id.as_deref().is_none_or(|id| request.parameter("ExternalId") == Some(id))
    }

    pub(crate) fn trusts_token(&self, request: &Request) -> bool {
        self.web_token.is_some() && request.parameter("WebIdentityToken") == self.web_token.as_deref()
    }
}
