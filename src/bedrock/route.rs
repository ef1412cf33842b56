//! The places that a call may go to: the one that its task names, or the upstreams of a connection's model.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::connector::Parts;
use super::retry::{ACCESS_DENIED, Kind};
use super::target::Target;
use super::turns::Turns;
use super::{Error, identity};
use crate::connections::{Granted, Hosted, References, Task, Upstream};
use crate::cost::Price;
use crate::huggingface::{self, Hosting};
use crate::pace::Lane;
use crate::upstreams::{Lease, Pool, Pools, Round, Verdict};

/// What calls through connections share.
#[derive(Debug)]
pub struct Ways {
    pub pools: Arc<Pools>,
    pub references: Arc<References>,
    pub huggingface: huggingface::Client,
}

/// The places of a call.
#[derive(Debug)]
pub(super) enum Route {
    /// What the task itself says.
    Own(Target),
    /// The upstreams of the model that it was granted.
    Granted { ways: Arc<Ways>, pool: Arc<Pool>, granted: Granted },
}

/// A route, for remembering things about it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Place {
    Own(Target),
    Connection(String),
}

/// One attempt's place.
#[derive(Debug)]
pub(super) struct Stop {
    pub(super) target: Target,
    lease: Option<Lease>,
    /// The lanes of the places that are left, where it would have to wait as well.
    pub(super) others: Vec<Lane>,
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

    pub(super) fn place(&self) -> Place {
        match self {
            Self::Own(target) => Place::Own(target.clone()),
            Self::Granted { granted, .. } => Place::Connection(granted.connection.name.clone()),
        }
    }

    /// What the model takes, where its connection says that.
    pub(super) fn price(&self) -> Option<&Price> {
        match self {
            Self::Own(_) => None,
            Self::Granted { granted, .. } => granted.model.price.as_ref(),
        }
    }

    pub(super) fn round(&self) -> Stops<'_> {
        let round = match self {
            Self::Own(_) => None,
            Self::Granted { pool, .. } => Some(pool.round()),
        };
        Stops { route: self, round }
    }

    /// Whether the model is at Hugging Face, and for which task.
    pub(super) fn hosted_task(&self) -> Option<Task> {
        match self {
            Self::Own(_) => None,
            Self::Granted { granted, .. } => granted.model.hosted.as_ref().map(|hosted| hosted.task),
        }
    }

    /// The client for Hugging Face.
    pub(super) fn huggingface(&self) -> Option<&huggingface::Client> {
        match self {
            Self::Own(_) => None,
            Self::Granted { ways, .. } => Some(&ways.huggingface),
        }
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
    /// The next place of this round; the first one is always there. A place where calls wait for their turn comes after
    /// those where they do not, and the shortest wait first; none where one that has refused the call already in this round
    /// would let it in before all that are left. One whose identity cannot be had is passed over: an error says that no
    /// other was left.
    pub(super) async fn next(
        &mut self,
        parts: &Parts,
        model_id: &str,
        turns: &Turns<'_>,
    ) -> Result<Option<Stop>, Error> {
        let (ways, granted, round) = match (self.route, &mut self.round) {
            (Route::Own(target), _) => return Ok(Some(Stop::at(target.clone(), None))),
            (Route::Granted { .. }, None) => return Err(no_upstream()),
            (Route::Granted { ways, granted, .. }, Some(round)) => (ways, granted, round),
        };
        let mut slow: Vec<(Stop, Lane)> = Vec::new();
        let (mut found, mut denied) = (None, None);
        // An upstream is offered only while none is found: what is offered counts as tried.
        while found.is_none() {
            let Some(lease) = round.offer() else { break };
            let target = match target(lease.upstream(), granted, ways, parts).await {
                Ok(target) => target,
                Err(error) => {
                    lease.end(verdict(&error), &error.code());
                    denied = Some(error);
                    continue;
                }
            };
            let stop = Stop::at(target, Some(lease));
            match turns.slow_lane(&stop.target, stop.model_id(model_id), &stop.target.region) {
                Some(lane) => slow.push((stop, lane)),
                None => found = Some(stop),
            }
        }
        let shortest = shortest(&slow, turns).filter(|_| found.is_none());
        let goes_back = shortest.is_some_and(|(_, wait)| turns.is_sooner_where_refused(wait));
        if let Some((at, _)) = shortest.filter(|_| !goes_back) {
            found = Some(slow.remove(at).0);
        }
        let mut others = Vec::new();
        for (stop, lane) in slow {
            let Some(lease) = stop.lease else { continue };
            if !lease.is_left_alone() {
                others.push(lane);
            }
            round.put_back(lease);
        }
        match found {
            Some(stop) => Ok(Some(Stop { others, ..stop })),
            None if goes_back => Ok(None),
            None => Err(denied.unwrap_or_else(no_upstream)),
        }
    }

    /// Takes back a place where no attempt was made after all.
    pub(super) fn put_back(&mut self, stop: Stop) {
        if let (Some(round), Some(lease)) = (&mut self.round, stop.lease) {
            round.put_back(lease);
        }
    }

    /// Whether another place is left in this round.
    pub(super) fn has_next(&self) -> bool {
        self.round.as_ref().is_some_and(Round::has_next)
    }
}

impl Stop {
    fn at(target: Target, lease: Option<Lease>) -> Self {
        Self { target, lease, others: Vec::new() }
    }

    /// The model's id at this place.
    pub(super) fn model_id<'a>(&'a self, own: &'a str) -> &'a str {
        self.lease.as_ref().map_or(own, |lease| &lease.upstream().model_id)
    }

    fn is_left_alone(&self) -> bool {
        self.lease.as_ref().is_some_and(Lease::is_left_alone)
    }

    /// The name of the upstream, for the response.
    pub(super) fn upstream(&self) -> Option<String> {
        self.lease.as_ref().map(|lease| lease.upstream().name.clone())
    }

    /// Says that the attempt is made now, and when the call's limit ends it, if that says something of the place.
    pub(super) fn begin(&mut self, ends: Option<Instant>) {
        if let Some(lease) = &mut self.lease {
            lease.begin(ends);
        }
    }

    /// Says what became of the attempt.
    pub(super) fn end<T>(self, result: &Result<T, Error>) {
        let Some(lease) = self.lease else { return };
        match result {
            Ok(_) => lease.end(Verdict::Served, "OK"),
            Err(error) => match verdict(error) {
                // No attempt was made, so there is none to tell of.
                Verdict::Unused => drop(lease),
                verdict => lease.end(verdict, &error.code()),
            },
        }
    }
}

/// Which of the places where the call would wait lets it in first, and after how long. Among equals it is the one that was
/// offered first, and one that is left alone because it fails comes last.
fn shortest(slow: &[(Stop, Lane)], turns: &Turns<'_>) -> Option<(usize, Duration)> {
    let waits = slow.iter().map(|(_, lane)| turns.expected_wait(lane)).enumerate();
    waits.zip(slow).min_by_key(|((_, wait), (stop, _))| (stop.is_left_alone(), *wait)).map(|(wait, _)| wait)
}

async fn target(upstream: &Upstream, granted: &Granted, ways: &Ways, parts: &Parts) -> Result<Target, Error> {
    let identity = identity::of(&upstream.authentication, &ways.references).await?;
    let endpoint = upstream.endpoint.clone();
    if let Some(Hosted { task, .. }) = &granted.model.hosted {
        let connection = &granted.connection;
        let hosting = Hosting {
            task: *task,
            // What is not the connection's own way to all models is a way to this one.
            is_dedicated: endpoint.is_some() && endpoint != connection.endpoint,
            endpoint,
            bill_to: connection.namespace.clone(),
        };
        // Hugging Face has no regions.
        return Ok(Target { identity, region: String::new(), endpoint: None, hosting: Some(hosting) });
    }
    let region = upstream.region.clone().or_else(|| parts.clients.options().default_region.clone());
    Ok(Target { identity, region: region.unwrap_or_default(), endpoint, hosting: None })
}

/// An error that is the task's own says that the upstream works.
fn verdict(error: &Error) -> Verdict {
    match (Kind::of(error), error) {
        (Kind::Throttled, _) => Verdict::Throttled,
        (Kind::NoTurn, _) => Verdict::Unused,
        (Kind::Transient | Kind::Cut, _) => Verdict::Failed,
        (Kind::Denied, Error::Service { code, .. }) if code == ACCESS_DENIED => Verdict::Served,
        (Kind::Denied, Error::HuggingFace(huggingface::Error::Service { status: 403, .. })) => {
            Verdict::Served
        }
        (Kind::Denied, _) => Verdict::Failed,
        // Nothing of it can be used, and all of it may be paid, so it is not asked for elsewhere.
        (
            Kind::Final,
            Error::StreamSilent { .. }
            | Error::Unreadable { .. }
            | Error::HuggingFace(
                huggingface::Error::StreamSilent { .. } | huggingface::Error::Unreadable { .. },
            ),
        ) => Verdict::Failed,
        (
            Kind::Final,
            Error::Document(_)
            | Error::Request { .. }
            | Error::HuggingFace(huggingface::Error::Unsupported { .. } | huggingface::Error::Client { .. }),
        ) => Verdict::Unknown,
        (Kind::Final, _) => Verdict::Served,
    }
}

/// Cannot happen: every model has an upstream, and a round is only asked while one is left.
fn no_upstream() -> Error {
    Error::Request {
        reason: "the model has no upstream; report this to the operator of the connector".into(),
    }
}
