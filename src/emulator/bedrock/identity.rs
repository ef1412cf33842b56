//! Who asks. Signatures are read, not verified.

use http::HeaderMap;

/// The identity that a request carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    SigV4 { access_key: String, region: String, service: String, session_token: Option<String> },
    ApiKey(String),
    Missing,
}

impl Identity {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let Some(authorization) = text("authorization") else { return Self::Missing };
        if let Some(key) = authorization.strip_prefix("Bearer ") {
            return Self::ApiKey(key.to_owned());
        }
        let credential = authorization.strip_prefix("AWS4-HMAC-SHA256 ").and_then(|fields| {
            let credential = |field: &'_ str| field.trim().strip_prefix("Credential=").map(str::to_owned);
            fields.split(',').find_map(credential)
        });
        // Credential=ACCESS_KEY/date/region/service/aws4_request; an access key may hold slashes of its own.
        let Some(credential) = credential else { return Self::Missing };
        let mut parts = credential.rsplitn(5, '/').skip(1);
        let (service, region) = (parts.next(), parts.next());
        let (Some(service), Some(region), Some(access_key)) = (service, region, parts.nth(1)) else {
            return Self::Missing;
        };
        Self::SigV4 {
            access_key: access_key.to_owned(),
            region: region.to_owned(),
            service: service.to_owned(),
            session_token: text("x-amz-security-token").map(str::to_owned),
        }
    }

    /// The access key or the API key.
    pub fn key(&self) -> Option<&str> {
        match self {
            Self::SigV4 { access_key, .. } => Some(access_key),
            Self::ApiKey(key) => Some(key),
            Self::Missing => None,
        }
    }

    /// The region that the request was signed for.
    pub fn region(&self) -> Option<&str> {
        match self {
            Self::SigV4 { region, .. } => Some(region),
            Self::ApiKey(_) | Self::Missing => None,
        }
    }
}
