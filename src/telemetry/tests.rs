//! One event, one log line, and its metrics.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use tracing_subscriber::fmt::writer::BoxMakeWriter;

use super::subscriber::subscriber;
use super::*;
use crate::clock::FixedClock;

const JOB: JobTag<'static> = JobTag {
    key: 7,
    job_type: "io.camunda:aws-bedrock:1",
    tenant: "<default>",
    process_instance_key: 70,
    template_id: "some.template",
    template_version: "4",
};

fn telemetry() -> Telemetry {
    Telemetry::new(Arc::new(FixedClock(UNIX_EPOCH + Duration::from_millis(1_234_567))))
}

fn every_event() -> Vec<Event<'static>> {
    let (job, job_type, code, message) = (JOB, "t", "UNAVAILABLE", "why");
    let (took, delay, wait) = (Duration::from_millis(1500), Duration::from_secs(1), Duration::from_secs(1));
    vec![
        Event::WorkerStarted { slots: 3, job_types: "t" },
        Event::DrainStarted { in_flight: 1, grace: delay },
        Event::Drained { finished: 1, handed_back: 0, abandoned: 0, took },
        Event::JobReceived { job, source: JobSource::Poll },
        Event::JobConcluded { job, action: Action::Completed, retries: 3, message, took },
        Event::JobConcluded { job, action: Action::Failed, retries: 0, message, took },
        Event::JobConcluded { job, action: Action::Failed, retries: 2, message, took },
        Event::JobConcluded { job, action: Action::BpmnError, retries: 2, message, took },
        Event::JobAcknowledged { job, action: Action::Completed, took },
        Event::JobAcknowledged { job, action: Action::Failed, took },
        Event::JobLost { job, phase: Phase::Working, because: LostBecause::Gone, message },
        Event::JobLimitReached { job, limit: took },
        Event::JobPanicked { job, phase: Phase::Working },
        Event::JobHandedBack { job, retries: 3 },
        Event::CommandAnswered { job, command: CommandKind::Complete, code: "OK", took },
        Event::CommandRepeated { job, command: CommandKind::Complete, code, message, delay },
        Event::ReportReplaced { job, command: CommandKind::Complete, code, message },
        Event::ReportAbandoned { job, command: CommandKind::Fail, code, message },
        Event::LockExtended { job, lock: took },
        Event::LockNotExtended { job, code, message },
        Event::LockNotExtendable { job, code, message },
        Event::Polled { job_type, asked: 5, got: 1 },
        Event::PollRepeated { job_type, code, message, delay },
        Event::StreamOpened { job_type },
        Event::StreamEnded { job_type, end: StreamEnd::Silent, code, message, delay },
        Event::StreamEnded { job_type, end: StreamEnd::Aged, code, message, delay },
        Event::StreamRepeated { job_type, code, message, delay },
        Event::StreamUnavailable { job_type, message },
        Event::FeedLost { job_type, problem: FeedProblem::Unavailable, code, message },
        Event::FeedLost { job_type, problem: FeedProblem::Busy, code, message },
        Event::FeedLost { job_type, problem: FeedProblem::Unauthenticated, code, message },
        Event::FeedLost { job_type, problem: FeedProblem::Denied, code, message },
        Event::FeedLost { job_type, problem: FeedProblem::Misconfigured, code, message },
        Event::FeedRestored { job_type },
        Event::FeedRestarted { job_type, message },
        Event::ModelCalled {
            model: "m",
            region: "eu-central-1",
            action: "converse",
            code: "OK",
            attempts: 1,
            took,
        },
        Event::FirstToken { model: "m", wait },
        Event::ModelThrottled { model: "m", region: "eu-central-1", wait },
        Event::TurnTaken { model: "m", region: "eu-central-1", waited: wait },
        Event::PaceChanged { model: "m", region: "eu-central-1", before: None, per_minute: Some(90.0) },
        Event::TokensUsed { model: "m", input: 10, output: 20, cache_read: 1, cache_write: 2 },
        Event::CostIncurred { model: "m", process: "p", tenant: "t", currency: "USD", amount: 0.25 },
        Event::AnswerUnpriced { model: "m" },
        Event::BudgetRefused {
            budget: "tenant_day",
            tenant: "t",
            process: "p",
            process_instance_key: 7,
            message,
        },
        Event::AnswerStored { job_key: 7, bytes: 100 },
        Event::AnswerReused { job_key: 7 },
        Event::AnswerContinued { job_key: 7 },
        Event::AnswerNotStored { job_key: 7, reason: "secret", message },
        Event::AnswerNotLookedUp { job_key: 7, reason: "away", message },
        Event::AnswerNotDropped { job_key: 7, reason: "full", message },
        Event::JournalOpened { place: "/data/answers.redb", entries: 1, bytes: 2 },
        Event::JournalUnavailable { reason: "full", message },
        Event::JournalRestored { place: "/data/answers.redb" },
        Event::JournalOff { chosen: false, message },
        Event::JournalSetAside { moved_to: "/data/answers.redb.unusable-1", message },
        Event::AnswersEvicted { count: 3, because: "size" },
        Event::SecretRefused { name: "KEY", reason: "not allowed here" },
        Event::ExpressionWarning { job_key: 7, which: "result", kind: "NO_VARIABLE_FOUND", message },
    ]
    .into_iter()
    .chain(every_event_of_connections().map(Event::Connection))
    .collect()
}

fn every_event_of_connections() -> impl Iterator<Item = ConnectionEvent<'static>> {
    let (connection, model, upstream, code) = ("sales", "nova", "frankfurt", "ThrottlingException");
    let events = [
        ConnectionEvent::Refused {
            connection: Some(connection),
            model: None,
            tenant: "acme",
            process: "order",
            process_instance_key: 8,
            element: "Ask",
            template: Some("com.example.ask"),
            code: "ACCESS_REFUSED",
        },
        ConnectionEvent::UpstreamCalled { connection, model, upstream, code },
        ConnectionEvent::UpstreamOpened { connection, model, upstream, code },
        ConnectionEvent::UpstreamClosed { connection, model, upstream },
        ConnectionEvent::UpstreamRetired { connection, model, upstream: "dublin" },
        ConnectionEvent::Reloaded { connections: 2, restart_needed: "" },
        ConnectionEvent::Reloaded { connections: 2, restart_needed: "worker.lock" },
        ConnectionEvent::NotReloaded { mistakes: "1 mistake in the configuration" },
    ];
    events.into_iter()
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn logged(format: Format, filter: &str, work: impl FnOnce(&Telemetry)) -> String {
    let lines = Lines::default();
    let options = Options { format, filter: filter.into(), ..Options::default() };
    let sink = lines.clone();
    let (subscriber, _) = subscriber(&options, BoxMakeWriter::new(move || sink.clone()), false).unwrap();
    tracing::subscriber::with_default(subscriber, || work(&telemetry()));
    let text = lines.0.lock().unwrap().clone();
    String::from_utf8(text).unwrap()
}

#[test]
fn the_filter_can_be_changed_while_the_process_runs() {
    let lines = Lines::default();
    let sink = lines.clone();
    let writer = BoxMakeWriter::new(move || sink.clone());
    let (subscriber, filter) = subscriber(&Options::default(), writer, false).unwrap();
    tracing::subscriber::with_default(subscriber, || {
        tracing::debug!("before");
        filter.set("debug").unwrap();
        tracing::debug!("between");
        assert_eq!(filter.shown(), "debug");
        assert!(filter.set("no=such=filter").is_err());
        assert_eq!(filter.shown(), "debug", "a mistake changes nothing");
        filter.set("off").unwrap();
        tracing::error!("after");
    });
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    let texts =
        ["before", "What is logged is changed", "between", "after"].map(|what| text.matches(what).count());
    assert_eq!(texts, [0, 2, 1, 0], "{text}");
}

/// One line each of a library, of ours and of the audit, at the levels in question.
fn speak() {
    tracing::trace!(target: "aws_smithy_runtime::client::orchestrator", "a whole request");
    tracing::trace!(target: "bedrock_connector_like", "a whole request");
    tracing::debug!(target: "aws_smithy_runtime::client::orchestrator", "the library's");
    tracing::trace!(target: "bedrock_connector::worker", "our own");
    tracing::warn!(target: "bedrock_connector::audit", "who was refused");
}

#[test]
fn no_filter_makes_a_library_show_whole_requests() {
    let asked = ["trace", "aws_smithy_runtime=trace,bedrock_connector=trace,bedrock_connector_like=trace"];
    for filter in asked {
        let text = logged(Format::Json, filter, |_| speak());
        let found = ["a whole request", "the library's", "our own"].map(|what| text.matches(what).count());
        assert_eq!(found, [0, 1, 1], "{filter}: {text}");
    }
    let lines = Lines::default();
    let sink = lines.clone();
    let writer = BoxMakeWriter::new(move || sink.clone());
    let (subscriber, filter) = subscriber(&Options::default(), writer, false).unwrap();
    tracing::subscriber::with_default(subscriber, || {
        filter.set("trace").unwrap();
        speak();
        let of_library = tracing::enabled!(target: "aws_smithy_runtime", tracing::Level::TRACE);
        assert!(!of_library, "{}", filter.shown());
    });
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert!(!text.contains("a whole request") && text.contains("our own"), "{text}");
}

#[test]
fn the_audit_cannot_be_switched_off_while_the_process_runs() {
    for asked in ["off", "error", "off,bedrock_connector::audit=off"] {
        let lines = Lines::default();
        let sink = lines.clone();
        let writer = BoxMakeWriter::new(move || sink.clone());
        let (subscriber, filter) = subscriber(&Options::default(), writer, false).unwrap();
        tracing::subscriber::with_default(subscriber, || {
            filter.set(asked).unwrap();
            speak();
        });
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        let found = ["who was refused", "the library's"].map(|what| text.matches(what).count());
        assert_eq!(found, [1, 0], "{asked}: {text}");
    }
}

#[test]
fn each_event_is_exactly_one_log_line() {
    for event in every_event() {
        let text = logged(Format::Json, "trace", |telemetry| telemetry.emit(event));
        assert_eq!(text.lines().count(), 1, "{event:?} wrote {text:?}");
    }
}

#[test]
fn each_event_but_those_of_state_alone_moves_a_metric() {
    // What these say is told by other metrics already: in-flight jobs, hand-backs, a journal that is not up.
    let silent = ["DrainStarted", "Drained", "JournalOff"];
    for event in every_event() {
        let telemetry = telemetry();
        // One event takes away what this one has told.
        let (connection, model, upstream) = ("sales", "nova", "dublin");
        let opened = ConnectionEvent::UpstreamOpened { connection, model, upstream, code: "x" };
        telemetry.emit(Event::Connection(opened));
        let before = telemetry.render();
        telemetry.emit(event);
        let name = format!("{event:?}");
        let moved = before != telemetry.render();
        assert_eq!(moved, !silent.iter().any(|silent| name.starts_with(silent)), "{name}");
    }
}

#[test]
fn received_and_completing_read_as_in_camundas_runtime() {
    let text = logged(Format::Text, "info", |telemetry| {
        telemetry.emit(Event::JobReceived { job: JOB, source: JobSource::Stream });
        let took = Duration::from_secs(1);
        telemetry.emit(Event::JobConcluded {
            job: JOB,
            action: Action::Completed,
            retries: 3,
            message: "",
            took,
        });
    });
    assert!(
        text.contains("INFO")
            && text.contains("Received job: 7 of type: io.camunda:aws-bedrock:1 for tenant: <default>")
    );
    assert!(text.contains("Completing job: 7 for tenant: <default>"));
}

#[test]
fn stackdriver_lines_carry_severity_message_and_the_fields_of_their_spans() {
    let text = logged(Format::Stackdriver, "info", |telemetry| {
        let span = tracing::info_span!("job", job_type = "t", process_instance_key = 70);
        span.in_scope(|| {
            telemetry.emit(Event::LockNotExtendable { job: JOB, code: "UNIMPLEMENTED", message: "no" })
        });
    });
    let line: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(line["severity"], "WARNING");
    assert_eq!(line["job_key"], 7);
    assert_eq!(line["process_instance_key"], 70);
    assert_eq!(line["code"], "UNIMPLEMENTED");
    assert!(line["message"].as_str().unwrap().contains("does not extend this lock"));
    assert!(line["time"].is_string());
}

#[test]
fn a_bad_filter_is_refused_with_its_text() {
    let options = Options { filter: "bedrock=loud".into(), ..Options::default() };
    assert!(options.check().unwrap_err().to_string().contains("\"bedrock=loud\""));
}

#[test]
fn codes_from_outside_have_a_bound() {
    let telemetry = telemetry();
    for number in 0..500 {
        let code = format!("Code{number}");
        let took = Duration::from_secs(1);
        telemetry.emit(Event::ModelCalled {
            model: "m",
            region: "eu-central-1",
            action: "converse",
            code: &code,
            attempts: 1,
            took,
        });
        telemetry.emit(Event::Connection(ConnectionEvent::UpstreamCalled {
            connection: "sales",
            model: "nova",
            upstream: "frankfurt",
            code: &code,
        }));
    }
    let page = telemetry.render();
    for metric in ["bedrock_connector_model_calls_total{", "bedrock_connector_upstream_calls_total{"] {
        let series: Vec<_> = page.lines().filter(|line| line.starts_with(metric)).collect();
        assert!(series.len() <= 61, "{} series of {metric}", series.len());
        assert!(series.iter().any(|line| line.contains("code=\"other\"")), "{series:?}");
    }
}

#[test]
fn camundas_metrics_have_their_names_labels_and_units() {
    let telemetry = telemetry();
    let took = Duration::from_millis(1500);
    telemetry.emit(Event::JobReceived { job: JOB, source: JobSource::Poll });
    telemetry.emit(Event::JobConcluded {
        job: JOB,
        action: Action::Completed,
        retries: 3,
        message: "",
        took,
    });
    telemetry.emit(Event::JobAcknowledged { job: JOB, action: Action::Completed, took });
    telemetry.emit(Event::JobAcknowledged { job: JOB, action: Action::BpmnError, took });
    telemetry.emit(Event::JobAcknowledged { job: JOB, action: Action::Failed, took });
    let page = telemetry.render();
    let template =
        r#"type="io.camunda:aws-bedrock:1",elementTemplateId="some.template",elementTemplateVersion="4""#;
    for line in [
        format!("camunda_connector_outbound_invocations_total{{{template},action=\"activated\"}} 1"),
        format!("camunda_connector_outbound_invocations_total{{{template},action=\"completed\"}} 1"),
        format!("camunda_connector_outbound_invocations_total{{{template},action=\"bpmn-error\"}} 1"),
        format!("camunda_connector_outbound_invocations_total{{{template},action=\"failed\"}} 1"),
        "# TYPE camunda_connector_outbound_invocations_total counter".into(),
        "# TYPE camunda_connector_outbound_execution_time_seconds summary".into(),
        format!("camunda_connector_outbound_execution_time_seconds_count{{{template}}} 1"),
        format!("camunda_connector_outbound_execution_time_seconds_sum{{{template}}} 1.5"),
        format!("camunda_connector_outbound_execution_time_seconds_max{{{template}}} 1.5"),
        r#"camunda_connector_outbound_last_completed{type="io.camunda:aws-bedrock:1"} 1234567"#.into(),
        r#"camunda_connector_outbound_last_failed{type="io.camunda:aws-bedrock:1"} 1234567"#.into(),
        r#"camunda_connector_outbound_max_execution_time{type="io.camunda:aws-bedrock:1"} 1500"#.into(),
        r#"camunda_client_worker_job_activated_total{type="io.camunda:aws-bedrock:1"} 1"#.into(),
        r#"camunda_client_worker_job_handled_total{type="io.camunda:aws-bedrock:1"} 3"#.into(),
    ] {
        assert!(page.lines().any(|found| found == line), "no line {line} in\n{page}");
    }
}

#[test]
fn the_whole_page_of_metrics() {
    let telemetry = telemetry();
    let _job = telemetry.in_flight("t");
    for event in every_event() {
        telemetry.emit(event);
    }
    let page = telemetry.render();
    // The order of series is the hash map's, and the buckets say nothing new.
    let mut lines: Vec<_> = page.lines().filter(|line| !line.contains("_bucket{")).collect();
    lines.sort_by_key(|line| line.trim_start_matches("# HELP ").trim_start_matches("# TYPE "));
    insta::assert_snapshot!(lines.join("\n"));
}

/// The names in a column of the tables of `docs/metrics.md`.
fn documented() -> Vec<&'static str> {
    let page = include_str!("../../docs/metrics.md");
    let rows = page.lines().filter(|line| line.starts_with("| "));
    let names = rows.flat_map(|row| row.split('|')).filter_map(|cell| {
        cell.trim()
            .strip_prefix('`')?
            .strip_suffix('`')
            .filter(|name| ["camunda_", "bedrock_connector_"].iter().any(|start| name.starts_with(start)))
    });
    names.collect()
}

#[test]
fn the_documentation_has_every_metric_once_and_no_other() {
    let telemetry = telemetry();
    let _guards = (telemetry.in_flight("t"), telemetry.waiting("m", "r"));
    for event in every_event() {
        telemetry.emit(event);
    }
    let page = telemetry.render();
    let types = page.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next());
    let mut served: Vec<_> = types.collect();
    let mut documented = documented();
    served.sort_unstable();
    documented.sort_unstable();
    assert_eq!(documented, served);
    // A metric that no event moves is on no page, and would be missed above.
    let declared = include_str!("metrics.rs").lines().filter_map(|line| {
        line.strip_prefix("const ")?.split_once(": &str = \"").map(|(_, name)| name.trim_end_matches("\";"))
    });
    for name in declared {
        assert!(served.iter().any(|served| served.starts_with(name)), "nothing moves {name}");
    }
}
