//! What a request for jobs must look like.

use std::time::Duration;

use super::engine::{Ask, Rejection};
use super::options::{DEFAULT_TENANT, Options};
use crate::proto::{self, TenantFilter};

/// How long an empty-handed poll waits; none answers at once.
pub(crate) fn wait(request_timeout_millis: i64, options: &Options) -> Option<Duration> {
    match u64::try_from(request_timeout_millis) {
        Ok(0) => Some(options.long_poll),
        Ok(millis) => Some(Duration::from_millis(millis)),
        Err(_) => None,
    }
}

/// The number of jobs that a poll wants.
pub(crate) fn max_jobs(request: &proto::ActivateJobsRequest) -> Result<usize, Rejection> {
    let found = request.max_jobs_to_activate;
    usize::try_from(found).ok().filter(|max| *max > 0).ok_or_else(|| Rejection::Argument {
        field: "maxJobsToActivate",
        found: found.to_string(),
        expected: "at least 1",
    })
}

pub(crate) fn ask_of_poll(request: proto::ActivateJobsRequest, options: &Options) -> Result<Ask, Rejection> {
    present("worker", &request.worker)?;
    let filter = request.tenant_filter();
    Ok(Ask {
        job_type: present("type", &request.r#type)?.into(),
        lock: lock(request.timeout)?,
        tenants: tenants(request.tenant_ids, filter, options)?,
        worker: request.worker,
        fetch_variables: request.fetch_variable,
        with_lease: request.with_lease,
    })
}

pub(crate) fn ask_of_stream(
    request: proto::StreamActivatedJobsRequest,
    options: &Options,
) -> Result<Ask, Rejection> {
    let filter = request.tenant_filter();
    Ok(Ask {
        job_type: present("type", &request.r#type)?.into(),
        lock: lock(request.timeout)?,
        tenants: tenants(request.tenant_ids, filter, options)?,
        worker: request.worker,
        fetch_variables: request.fetch_variable,
        with_lease: request.with_lease,
    })
}

/// A lock, which is at least a millisecond.
pub(crate) fn lock(millis: i64) -> Result<Duration, Rejection> {
    let positive = u64::try_from(millis).ok().filter(|millis| *millis > 0);
    positive.map(Duration::from_millis).ok_or_else(|| Rejection::Argument {
        field: "timeout",
        found: millis.to_string(),
        expected: "at least 1",
    })
}

fn present<'a>(field: &'static str, text: &'a str) -> Result<&'a str, Rejection> {
    if text.trim().is_empty() {
        return Err(Rejection::Argument { field, found: "blank".to_owned(), expected: "a name" });
    }
    Ok(text)
}

fn tenants(
    ids: Vec<String>,
    filter: TenantFilter,
    options: &Options,
) -> Result<Option<Vec<String>>, Rejection> {
    if options.tenants.is_none() {
        ids.iter().try_for_each(|id| tenant(id, options).map(drop))?;
        return Ok(None);
    }
    match filter {
        TenantFilter::Assigned => Ok(options.tenants.clone()),
        TenantFilter::Provided if ids.is_empty() => Err(Rejection::Argument {
            field: "tenantIds",
            found: "empty".to_owned(),
            expected: "at least one tenant, because multi tenancy is on",
        }),
        TenantFilter::Provided => {
            ids.iter().map(|id| tenant(id, options)).collect::<Result<_, _>>().map(Some)
        }
    }
}

/// The tenant of a request that names one.
pub(crate) fn tenant(id: &str, options: &Options) -> Result<String, Rejection> {
    let refused = |expected| Rejection::Argument { field: "tenantId", found: format!("`{id}`"), expected };
    match &options.tenants {
        None if id.is_empty() || id == DEFAULT_TENANT => Ok(DEFAULT_TENANT.to_owned()),
        None => Err(refused("none or `<default>`, because multi tenancy is off")),
        Some(_) if id.is_empty() => Err(refused("a tenant, because multi tenancy is on")),
        Some(_) if id != DEFAULT_TENANT && !well_formed(id) => {
            Err(refused("at most 31 letters, digits, dots, hyphens and underscores"))
        }
        Some(known) if known.iter().any(|tenant| tenant == id) => Ok(id.to_owned()),
        Some(_) => Err(Rejection::TenantDenied(id.to_owned())),
    }
}

fn well_formed(id: &str) -> bool {
    id.len() <= 31 && id.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
}
