//! OAuth 2.0 client credentials: one cached token, and a token endpoint that is never hammered.
//!
//! - A token is renewed a minute before its end, or in the last fifth of a short life, by one caller; the others
//!   go on with the old one, and so does that one if the endpoint fails.
//! - When there is no usable token, callers wait for the one who asks (single flight).
//! - After a failure, the endpoint is left alone for a growing pause, in which callers get the same error.
//! - When a server refuses a token, it is replaced at once the first time. If that one is refused as well, the
//!   next replacement waits, again for a growing pause, and until then the refused token stays in use: it costs
//!   the token endpoint nothing, and heals by itself if the server was at fault.
//!
//! The state is marked before the endpoint is asked, so an abandoned call counts as a failed one.

use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use super::auth::Authorization;
use super::backoff::Backoff;
use super::error::{OptionsError, TokenError};
use super::options::{OAuth, Options};
use super::token_endpoint::TokenEndpoint;

/// A token this long before its end is renewed, unless its whole life is short.
const RENEWAL_MARGIN: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(super) struct TokenSource {
    endpoint: TokenEndpoint,
    token: RwLock<Option<Token>>,
    /// Held by the one who asks the endpoint.
    pace: Mutex<Pace>,
    /// A token that was refused after living this long was fine before, so its refusal starts a new story.
    proven_after: Duration,
}

#[derive(Debug, Clone)]
struct Token {
    authorization: Authorization,
    obtained_at: Instant,
    renew_at: Instant,
    expires_at: Instant,
}

/// When the endpoint may be asked again.
#[derive(Debug)]
struct Pace {
    failures: Backoff,
    failure: Option<(TokenError, Instant)>,
    refusals: Backoff,
    replace_at: Option<Instant>,
    generation: u64,
}

impl TokenSource {
    pub(super) fn new(client: &OAuth, options: &Options) -> Result<Self, OptionsError> {
        Ok(Self {
            endpoint: TokenEndpoint::new(client, &options.proxy)?,
            token: RwLock::new(None),
            pace: Mutex::new(Pace {
                failures: Backoff::new(options.token_back_off),
                failure: None,
                refusals: Backoff::new(options.token_back_off),
                replace_at: None,
                generation: 0,
            }),
            proven_after: options.token_back_off.max.saturating_mul(2),
        })
    }

    /// The token to send now.
    pub(super) async fn authorization(&self) -> Result<Authorization, TokenError> {
        let now = Instant::now();
        match self.current() {
            Some(token) if now < token.renew_at => Ok(token.authorization),
            Some(token) if now < token.expires_at => Ok(self.renewed(token).await),
            Some(_) | None => self.obtained().await,
        }
    }

    /// Replaces a refused token, if it is time. Says whether there is another one than the refused.
    pub(super) async fn refused(&self, refused: &Authorization) -> bool {
        let mut pace = self.pace.lock().await;
        let now = Instant::now();
        if let Some(token) = self.current() {
            if token.authorization.generation() != refused.generation() {
                return true;
            }
            if now.duration_since(token.obtained_at) >= self.proven_after {
                pace.refusals.reset();
                pace.replace_at = None;
            }
        }
        if pace.replace_at.is_some_and(|at| now < at) {
            return false;
        }
        pace.replace_at = Some(now + pace.refusals.next_delay());
        self.ask(&mut pace).await.is_ok()
    }

    /// Renews a token that is still good. Whoever comes second, or fails, goes on with it.
    async fn renewed(&self, token: Token) -> Authorization {
        let Ok(mut pace) = self.pace.try_lock() else { return token.authorization };
        self.ask(&mut pace).await.unwrap_or(token.authorization)
    }

    async fn obtained(&self) -> Result<Authorization, TokenError> {
        let mut pace = self.pace.lock().await;
        match self.current() {
            Some(token) if Instant::now() < token.expires_at => Ok(token.authorization),
            Some(_) | None => self.ask(&mut pace).await,
        }
    }

    async fn ask(&self, pace: &mut Pace) -> Result<Authorization, TokenError> {
        let now = Instant::now();
        if let Some((error, until)) = &pace.failure
            && now < *until
        {
            return Err(error.clone());
        }
        let until = now + pace.failures.next_delay();
        pace.failure = Some((self.endpoint.abandoned(), until));
        match self.endpoint.ask().await {
            Ok(answer) => {
                pace.failures.reset();
                pace.failure = None;
                pace.generation += 1;
                self.keep(&answer.access_token, answer.lifetime, pace.generation)
            }
            Err(error) => {
                pace.failure = Some((error.clone(), Instant::now() + (until - now)));
                Err(error)
            }
        }
    }

    fn keep(
        &self,
        access_token: &str,
        lifetime: Duration,
        generation: u64,
    ) -> Result<Authorization, TokenError> {
        let authorization =
            Authorization::new("Bearer", access_token, generation).ok_or_else(|| self.endpoint.unusable())?;
        let now = Instant::now();
        let token = Token {
            authorization: authorization.clone(),
            obtained_at: now,
            renew_at: now + lifetime - RENEWAL_MARGIN.min(lifetime / 5),
            expires_at: now + lifetime,
        };
        *self.token.write().unwrap_or_else(PoisonError::into_inner) = Some(token);
        Ok(authorization)
    }

    fn current(&self) -> Option<Token> {
        self.token.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
