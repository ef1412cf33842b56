//! The connector runtime's functions for error and result expressions.

use super::{Builtin, Signature, argument, refused};
use crate::feel::{
    eval::Evaluator,
    failure::Outcome,
    temporal::DayTimeDuration,
    value::{Entries, Kind, Value},
};

pub(super) const TABLE: &[Builtin] = &[
    Builtin {
        name: "bpmnError",
        doc: "Throws a BPMN error that an event of the process can catch.",
        signatures: &[
            Signature::connector(&["errorCode"], bpmn_error),
            Signature::connector(&["errorCode", "errorMessage"], bpmn_error),
            Signature::connector(&["errorCode", "errorMessage", "variables"], bpmn_error),
        ],
        examples: &[("bpmnError(\"CUT\", \"answer cut\").errorCode", "\"CUT\"")],
    },
    Builtin {
        name: "jobError",
        doc: "Fails the job, with variables, retries left and the time to wait.",
        signatures: &[
            Signature::connector(&["errorMessage"], job_error),
            Signature::connector(&["errorMessage", "variables"], job_error),
            Signature::connector(&["errorMessage", "variables", "retries"], job_error),
            Signature::connector(&["errorMessage", "variables", "retries", "retryBackoff"], job_error),
        ],
        examples: &[("jobError(\"no answer\", {}, 2).retries", "2")],
    },
    Builtin {
        name: "ignoreError",
        doc: "Completes the job in spite of the error, with variables.",
        signatures: &[
            Signature::connector(&["variables"], ignore_error),
            Signature::connector(&[], ignore_error),
        ],
        examples: &[("ignoreError({a: 1}).variables", "{a:1}")],
    },
    Builtin {
        name: "backoff",
        doc: "How long to wait before an attempt: growing by a factor from a least to a greatest delay, with jitter.",
        signatures: &[
            Signature::connector(&["attempt"], backoff),
            Signature::connector(&["attempt", "minDelay"], backoff),
            Signature::connector(&["attempt", "minDelay", "factor"], backoff),
            Signature::connector(&["attempt", "minDelay", "factor", "maxDelay"], backoff),
            Signature::connector(&["attempt", "minDelay", "factor", "maxDelay", "jitterFactor"], backoff),
        ],
        examples: &[("backoff(3, duration(\"PT1S\"), 2, duration(\"PT10S\"), 0)", "PT4S")],
    },
    Builtin {
        name: "createDocument",
        doc: "Marks a value that the connector is to store as a document.",
        signatures: &[Signature::connector(&["value"], create_document)],
        examples: &[("createDocument(\"text\").value", "\"text\"")],
    },
];

/// An argument of another kind than the function takes ends the evaluation.
fn expect(arguments: &[Value], place: usize, kind: Kind, name: &str) -> Outcome {
    match arguments.get(place) {
        Some(value) if value.kind() == kind => Ok(value.clone()),
        found => {
            let found = found.map_or_else(|| "nothing".to_owned(), crate::feel::eval::described);
            Err(argument(format!("the parameter `{name}` must be a {}, found {found}", kind.name())))
        }
    }
}

/// The same, with a default where the call has no such argument.
fn expect_or(arguments: &[Value], place: usize, kind: Kind, name: &str, default: Value) -> Outcome {
    if arguments.len() > place { expect(arguments, place, kind, name) } else { Ok(default) }
}

fn bpmn_error(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    let mut entries = Entries::from_iter([("errorType", Value::from("bpmnError"))]);
    let parameters =
        [("errorCode", Kind::String), ("errorMessage", Kind::String), ("variables", Kind::Context)];
    for (place, (name, kind)) in parameters.into_iter().enumerate().take(arguments.len()) {
        entries.insert(name, expect(arguments, place, kind, name)?);
    }
    Ok(entries.into())
}

fn job_error(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    let no_delay = Value::DayTimeDuration(DayTimeDuration::from_seconds(0));
    let entries = [
        ("errorType", Value::from("jobError")),
        ("errorMessage", expect(arguments, 0, Kind::String, "errorMessage")?),
        ("variables", expect_or(arguments, 1, Kind::Context, "variables", Entries::new().into())?),
        ("retries", expect_or(arguments, 2, Kind::Number, "retries", 0i64.into())?),
        ("retryBackoff", expect_or(arguments, 3, Kind::DayTimeDuration, "retryBackoff", no_delay)?),
    ];
    Ok(Entries::from_iter(entries).into())
}

fn ignore_error(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    let mut entries = Entries::from_iter([("errorType", Value::from("ignoreError"))]);
    if !arguments.is_empty() {
        entries.insert("variables", expect(arguments, 0, Kind::Context, "variables")?);
    }
    Ok(entries.into())
}

fn create_document(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    let [value] = arguments else { return refused(arguments) };
    let entries = [("connectorResultFunction", Value::from("createDocument:TAG")), ("value", value.clone())];
    Ok(Entries::from_iter(entries).into())
}

fn backoff(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    let Value::Number(attempt) = expect(arguments, 0, Kind::Number, "attempt")? else {
        return refused(arguments);
    };
    let attempt = attempt.int_value();
    let least = millis(arguments, 1, "minDelay", 50)?;
    let factor = double(arguments, 2, "factor", 1.6)?;
    let most = millis(arguments, 3, "maxDelay", 5000)?;
    let jitter = double(arguments, 4, "jitterFactor", 0.1)?;
    if attempt < 1 {
        return Err(argument(format!("`attempt` must be at least 1, found {attempt}")));
    }
    if factor <= 0.0 {
        return Err(argument(format!("`factor` must be greater than 0, found {factor}")));
    }
    if least > most {
        return Err(argument(format!(
            "`minDelay` must not exceed `maxDelay`, found {least} ms and {most} ms"
        )));
    }
    if jitter < 0.0 {
        return Err(argument(format!("`jitterFactor` must not be negative, found {jitter}")));
    }
    let grown = least as f64 * factor.powi(attempt - 1);
    let delay = grown.min(most as f64).max(least as f64);
    let spread = (fastrand::f64() * 2.0 - 1.0) * jitter * delay;
    let millis = (delay + spread).round().max(0.0) as i64;
    Ok(Value::DayTimeDuration(DayTimeDuration::from_millis(millis)))
}

fn millis(arguments: &[Value], place: usize, name: &str, default: i64) -> Outcome<i64> {
    let default = Value::DayTimeDuration(DayTimeDuration::from_millis(default));
    let value = expect_or(arguments, place, Kind::DayTimeDuration, name, default)?;
    let Value::DayTimeDuration(duration) = value else { return Ok(0) };
    duration.to_millis().map_err(argument)
}

fn double(arguments: &[Value], place: usize, name: &str, default: f64) -> Outcome<f64> {
    if arguments.len() <= place {
        return Ok(default);
    }
    let value = expect(arguments, place, Kind::Number, name)?;
    Ok(if let Value::Number(number) = value { number.to_f64() } else { default })
}
