//! The places that a call may go to: the one that its task names, or the upstreams of a connection's model.

use std::sync::Arc;

use super::connector::Parts;
use super::retry::Kind;
use super::target::Target;
use super::{Error, identity};
use crate::connections::{Granted, References};
use crate::upstreams::{Lease, Pool, Pools, Round, Verdict};

/// What calls through connections share.
#[derive(Debug)]
pub struct Ways {
    pub pools: Arc<Pools>,
    pub references: Arc<References>,
}

/// The places of a call.
#[derive(Debug)]
pub(super) enum Route {
    /// What the task itself says.
    Own(Target),
    /// The upstreams of the model that it was granted.
    Granted { ways: Arc<Ways>, pool: Arc<Pool>, granted: Granted },
}

/// One attempt's place.
#[derive(Debug)]
pub(super) struct Stop {
    pub(super) target: Target,
    lease: Option<Lease>,
}

/// One round through the places, each at most once.
#[derive(Debug)]
pub(super) struct Stops<'a> {
    route: &'a Route,
    /// None: the one place of the task's own.
    round: Option<Round>,
}

impl Route {
    pub(super) fn granted(ways: Arc<Ways>, granted: Granted) -> Self {
        let pool = ways.pools.of(&granted);
        Self::Granted { ways, pool, granted }
    }

    /// What tells this route from another one. Upstreams are no part of it: whichever answered, it is the answer.
    pub(super) fn marks(&self) -> [&str; 3] {
        match self {
            Self::Own(target) => ["", &target.region, target.endpoint.as_deref().unwrap_or_default()],
            Self::Granted { granted, .. } => ["connection", &granted.connection.name, &granted.model.id],
        }
    }

    pub(super) fn round(&self) -> Stops<'_> {
        let round = match self {
            Self::Own(_) => None,
            Self::Granted { pool, .. } => Some(pool.round()),
        };
        Stops { route: self, round }
    }

    /// The name of the connection, for the response.
    pub(super) fn connection(&self) -> Option<&str> {
        match self {
            Self::Own(_) => None,
            Self::Granted { granted, .. } => Some(&granted.connection.name),
        }
    }
}

impl Stops<'_> {
    /// The next place of this round; the first one is always there.
    pub(super) async fn next(&mut self, parts: &Parts) -> Result<Stop, Error> {
        match (self.route, &mut self.round) {
            (Route::Granted { ways, .. }, Some(round)) => {
                let Some(lease) = round.offer() else { return Err(no_upstream()) };
                let upstream = lease.upstream();
                let target = Target {
                    identity: identity::of(&upstream.authentication, &ways.references).await?,
                    region: upstream
                        .region
                        .clone()
                        .or_else(|| parts.clients.options().default_region.clone())
                        .unwrap_or_default(),
                    endpoint: upstream.endpoint.clone(),
                };
                Ok(Stop { target, lease: Some(lease) })
            }
            (Route::Own(target), _) => Ok(Stop { target: target.clone(), lease: None }),
            (Route::Granted { .. }, None) => Err(no_upstream()),
        }
    }

    /// Whether another place is left in this round.
    pub(super) fn has_next(&self) -> bool {
        self.round.as_ref().is_some_and(Round::has_next)
    }
}

impl Stop {
    /// The model's id at this place.
    pub(super) fn model_id<'a>(&'a self, own: &'a str) -> &'a str {
        self.lease.as_ref().map_or(own, |lease| &lease.upstream().model_id)
    }

    /// The name of the upstream, for the response.
    pub(super) fn upstream(&self) -> Option<String> {
        self.lease.as_ref().map(|lease| lease.upstream().name.clone())
    }

    /// Says what became of the attempt.
    pub(super) fn end<T>(self, result: &Result<T, Error>) {
        let Some(lease) = self.lease else { return };
        match result {
            Ok(_) => lease.end(Verdict::Served, "OK"),
            Err(error) => lease.end(verdict(error), &error.code()),
        }
    }
}

/// An error that is the task's own says that the upstream works.
fn verdict(error: &Error) -> Verdict {
    match (Kind::of(error), error) {
        (Kind::Throttled, _) => Verdict::Throttled,
        (Kind::Transient, _) => Verdict::Failed,
        (Kind::Final, Error::Credentials { .. } | Error::Document(_) | Error::Request { .. }) => {
            Verdict::Unknown
        }
        (Kind::Final, _) => Verdict::Served,
    }
}

/// Cannot happen: every model has an upstream, and a round is only asked while one is left.
fn no_upstream() -> Error {
    Error::Request {
        reason: "the model has no upstream; report this to the operator of the connector".into(),
    }
}
