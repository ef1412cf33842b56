//! The credentials that were given out.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use crate::clock::{Clock as _, SystemClock};
use crate::emulator::bedrock::Identity;

/// Credentials, who they are, and how long they count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    pub access_key: String,
    pub secret_key: String,
    pub token: String,
    pub account: String,
    /// The role as it is assumed.
    pub arn: String,
    pub from: Instant,
    pub until: Instant,
    /// The end as the client is told.
    pub(crate) expiration: String,
}

impl Session {
    /// Credentials of a role, under the name of a session.
    pub(crate) fn new(number: usize, role_arn: &str, name: &str, life: Duration) -> Self {
        let (account, role) = parts(role_arn);
        let from = Instant::now();
        let end = SystemClock.now() + life;
        Self {
            access_key: format!("ASIAEMULATED{number:08}"),
            secret_key: format!("secret-of-session-{number}"),
            token: format!("token-of-session-{number}"),
            arn: format!("arn:aws:sts::{account}:assumed-role/{role}/{name}"),
            account: account.to_owned(),
            from,
            until: from + life,
            expiration: Timestamp::try_from(end).map(|end| end.to_string()).unwrap_or_default(),
        }
    }

    /// Whether a request is signed with these.
    pub(crate) fn signs(&self, identity: &Identity) -> bool {
        identity.key() == Some(&self.access_key)
    }
}

/// The account and the name in the ARN of a role, whose path is left out.
fn parts(role_arn: &str) -> (&str, &str) {
    let account = role_arn.split(':').nth(4).unwrap_or_default();
    (account, role_arn.rsplit('/').next().unwrap_or_default())
}
