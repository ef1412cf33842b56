//! From settings to the worker's options and the job types to serve.

use std::collections::BTreeMap;
use std::time::Duration;

use super::gateway::Engine;
use super::parse;
use super::reader::Reader;
use super::setting::{Form, Name};
use crate::worker::{Options, OptionsError};

/// The job types to serve; `None` means that it is switched off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobTypes {
    /// Answered as Camunda's Bedrock connector answers.
    pub compat: Option<String>,
    /// Answered with the whole response.
    pub native: Option<String>,
}

impl JobTypes {
    /// Those that are served.
    pub fn served(&self) -> impl Iterator<Item = &str> {
        [&self.compat, &self.native].into_iter().flatten().map(String::as_str)
    }
}

pub(crate) fn read(
    reader: &mut Reader,
    engine: &Engine,
    variables: &[(String, String)],
) -> (Options, JobTypes) {
    let job_types = job_types(reader);
    let mut options = Options {
        worker_name: reader.text("worker.name"),
        tenant_ids: engine.tenant_ids.clone(),
        locks: locks(reader, &job_types, variables),
        ..Options::default()
    };
    reader.count("worker.max-jobs-active", &mut options.max_jobs_active);
    reader.duration("worker.lock", &mut options.lock);
    reader.duration("worker.grace", &mut options.grace);
    reader.duration("worker.poll-timeout", &mut options.long_poll);
    reader.duration("worker.stream-timeout", &mut options.stream_max_age);
    options.stream = reader.switch("worker.stream").unwrap_or(options.stream);
    options.with_lease = reader.switch("worker.lease").unwrap_or(options.with_lease);
    check(reader, &options, &job_types, variables);
    (options, job_types)
}

/// Turns what the worker has against its options into mistakes at the settings that they came from.
fn check(reader: &mut Reader, options: &Options, job_types: &JobTypes, variables: &[(String, String)]) {
    for error in options.check(job_types.served()) {
        match &error {
            OptionsError::NoSlots => reader.mistake("worker.max-jobs-active", "expected 1 or more"),
            OptionsError::LockTooShort { job_type, .. } => match overridden_lock(variables, job_type) {
                Some((variable, text)) => reader.mistake_in_variable(variable, text, "expected 1 s or more"),
                None => reader.mistake("worker.lock", "expected 1 s or more"),
            },
            // Said already, with the settings that switched the types off; and locks are read for served types only.
            OptionsError::NoJobTypes | OptionsError::UnknownJobType { .. } => {}
        }
    }
    if options.stream_max_age.is_zero() {
        reader.mistake("worker.stream-timeout", "expected more than no time at all");
    }
    reader.mistakes.dedup();
}

fn job_types(reader: &mut Reader) -> JobTypes {
    let or_default = |written: Option<String>, default: &str| written.unwrap_or_else(|| default.to_owned());
    let compat = or_default(reader.text("worker.compat-type"), "io.camunda:aws-bedrock:1");
    let native = or_default(reader.text("worker.native-type"), "bedrock-connector:1");
    if compat == native {
        reader.mistake(
            "worker.native-type",
            format!("expected another job type than the compatible one, {compat}"),
        );
    }
    let enabled = reader.list("worker.enabled-types");
    let disabled = reader.list("worker.disabled-types");
    if enabled.is_some() && disabled.is_some() {
        reader.mistake(
            "worker.enabled-types",
            "expected either the types to serve or those not to serve, not both",
        );
    }
    let is_served = |job_type: &String| match (&enabled, &disabled) {
        (Some(enabled), _) => enabled.contains(job_type),
        (None, Some(disabled)) => !disabled.contains(job_type),
        (None, None) => true,
    };
    let (compat, native) = (Some(compat).filter(is_served), Some(native).filter(is_served));
    if compat.is_none() && native.is_none() {
        let key = if enabled.is_some() { "worker.enabled-types" } else { "worker.disabled-types" };
        reader.mistake(
            key,
            "expected at least one of our job types to be served, because there would be nothing to do",
        );
    }
    JobTypes { compat, native }
}

/// Locks of single job types, from the peer's overrides. The key of an override is the job type, of which a variable
/// keeps only letters and digits.
fn locks(
    reader: &mut Reader,
    job_types: &JobTypes,
    variables: &[(String, String)],
) -> BTreeMap<String, Duration> {
    let mut locks = BTreeMap::new();
    for job_type in job_types.served() {
        let Some((variable, text)) = overridden_lock(variables, job_type) else { continue };
        match parse::duration(text) {
            Some(lock) => {
                locks.insert(job_type.to_owned(), lock);
            }
            None => reader.mistake_in_variable(variable, text, &Form::Duration.expected()),
        }
    }
    locks
}

/// The variable that sets the lock of one job type, and its text.
pub(crate) fn overridden_lock<'a>(
    variables: &'a [(String, String)],
    job_type: &str,
) -> Option<(&'a str, &'a str)> {
    const PREFIXES: &[&str] = &[
        "camunda.client.worker.override.",
        "camunda.client.zeebe.override.",
        "zeebe.client.worker.override.",
    ];
    PREFIXES.iter().find_map(|prefix| {
        let wanted = Name::letters_and_digits(&format!("{prefix}{job_type}timeout"));
        let found = variables.iter().find(|(variable, value)| {
            Name::letters_and_digits(variable) == wanted && !value.trim().is_empty()
        });
        found.map(|(variable, value)| (variable.as_str(), value.as_str()))
    })
}
