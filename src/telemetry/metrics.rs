//! Every metric: its name, its description, its instrument. Camunda's names first, then ours.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Metric, Registry};

use super::connections::ConnectionMetrics;
use super::labels::{BoundedLabel, BoundedSeries};
use super::text;
use super::timer::Timers;
use crate::clock::Clock;

// --- Camunda's connector runtime. Counters get `_total` from the encoder. ---
const INVOCATIONS: &str = "camunda_connector_outbound_invocations";
const EXECUTION_TIME: &str = "camunda_connector_outbound_execution_time_seconds";
const LAST_COMPLETED: &str = "camunda_connector_outbound_last_completed";
const LAST_FAILED: &str = "camunda_connector_outbound_last_failed";
const MAX_EXECUTION_TIME: &str = "camunda_connector_outbound_max_execution_time";
const WORKER_JOB_ACTIVATED: &str = "camunda_client_worker_job_activated";
const WORKER_JOB_HANDLED: &str = "camunda_client_worker_job_handled";
const STREAM_RECREATED: &str = "camunda_client_worker_stream_inactivity_recreated";

// --- Ours. ---
const JOBS_IN_FLIGHT: &str = "bedrock_connector_jobs_in_flight";
const SLOTS: &str = "bedrock_connector_slots";
const JOB_SECONDS: &str = "bedrock_connector_job_seconds";
const JOBS_LOST: &str = "bedrock_connector_jobs_lost";
const JOBS_HANDED_BACK: &str = "bedrock_connector_jobs_handed_back";
const JOBS_PANICKED: &str = "bedrock_connector_jobs_panicked";
const JOBS_OVER_LIMIT: &str = "bedrock_connector_jobs_over_limit";
const COMMANDS: &str = "bedrock_connector_commands";
const COMMANDS_REPEATED: &str = "bedrock_connector_commands_repeated";
const REPORTS_REPLACED: &str = "bedrock_connector_reports_replaced";
const REPORTS_ABANDONED: &str = "bedrock_connector_reports_abandoned";
const LOCK_EXTENSIONS: &str = "bedrock_connector_lock_extensions";
const POLLS: &str = "bedrock_connector_polls";
const STREAM_OPEN: &str = "bedrock_connector_stream_open";
const STREAMS_ENDED: &str = "bedrock_connector_streams_ended";
const FEED_UP: &str = "bedrock_connector_feed_up";
const FEEDS_RESTARTED: &str = "bedrock_connector_feeds_restarted";
const MODEL_CALLS: &str = "bedrock_connector_model_calls";
const MODEL_SECONDS: &str = "bedrock_connector_model_seconds";
const FIRST_TOKEN_SECONDS: &str = "bedrock_connector_first_token_seconds";
const MODEL_THROTTLED: &str = "bedrock_connector_model_throttled";
const MODEL_WAITING: &str = "bedrock_connector_model_waiting";
const MODEL_WAIT_SECONDS: &str = "bedrock_connector_model_wait_seconds";
const MODEL_PACE: &str = "bedrock_connector_model_pace_per_minute";
const TOKENS: &str = "bedrock_connector_tokens";
const COST: &str = "bedrock_connector_cost";
const UNPRICED: &str = "bedrock_connector_unpriced_answers";
const BUDGET_REFUSED: &str = "bedrock_connector_budget_refused";
const ANSWERS_STORED: &str = "bedrock_connector_answers_stored";
const ANSWERS_REUSED: &str = "bedrock_connector_answers_reused";
const ANSWERS_CONTINUED: &str = "bedrock_connector_answers_continued";
const JOURNAL_UP: &str = "bedrock_connector_journal_up";
const JOURNAL_UNAVAILABLE: &str = "bedrock_connector_journal_unavailable";
const JOURNAL_FAILURES: &str = "bedrock_connector_journal_failures";
const JOURNALS_SET_ASIDE: &str = "bedrock_connector_journals_set_aside";
const ANSWERS_EVICTED: &str = "bedrock_connector_answers_evicted";
const SECRETS_REFUSED: &str = "bedrock_connector_secrets_refused";
const EXPRESSION_WARNINGS: &str = "bedrock_connector_expression_warnings";

/// Calls of models last from fractions of a second to many minutes.
const SECONDS_BUCKETS: [f64; 14] =
    [0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 320.0, 640.0];

/// How many different models and element templates get series of their own.
const MODEL_LIMIT: usize = 100;
const TEMPLATE_LIMIT: usize = 200;
const REGION_LIMIT: usize = 60;
const KIND_LIMIT: usize = 30;
/// Services name some dozen codes; whatever answers in their place may name any.
pub(super) const CODE_LIMIT: usize = 60;
/// How many different combinations of model, process and tenant do.
const PAYER_LIMIT: usize = 2_000;

pub(super) type Labels<const N: usize> = [(&'static str, String); N];
pub(super) type Counters<const N: usize> = Family<Labels<N>, Counter>;
pub(super) type Gauges<const N: usize> = Family<Labels<N>, Gauge>;
type Sums<const N: usize> = Family<Labels<N>, Counter<f64, AtomicU64>>;
type Histograms<const N: usize> = Family<Labels<N>, Histogram, fn() -> Histogram>;

/// The instruments of the process.
pub(super) struct Metrics {
    registry: Registry,
    pub(super) clock: Arc<dyn Clock>,
    /// Longest run of each job type in milliseconds, because a gauge cannot take a maximum.
    pub(super) longest: Mutex<BTreeMap<String, i64>>,
    pub(super) models: BoundedLabel,
    pub(super) regions: BoundedLabel,
    pub(super) templates: BoundedLabel,
    pub(super) kinds: BoundedLabel,
    pub(super) codes: BoundedLabel,
    pub(super) payers: BoundedSeries<3>,
    pub(super) refused_payers: BoundedSeries<2>,
    pub(super) connections: ConnectionMetrics,

    pub(super) invocations: Counters<4>,
    pub(super) execution_time: Timers,
    pub(super) last_completed: Gauges<1>,
    pub(super) last_failed: Gauges<1>,
    pub(super) max_execution_time: Gauges<1>,
    pub(super) worker_job_activated: Counters<1>,
    pub(super) worker_job_handled: Counters<1>,
    pub(super) stream_recreated: Counters<1>,

    pub(super) jobs_in_flight: Gauges<1>,
    pub(super) slots: Gauge,
    pub(super) job_seconds: Histograms<2>,
    pub(super) jobs_lost: Counters<3>,
    pub(super) jobs_handed_back: Counters<1>,
    pub(super) jobs_panicked: Counters<2>,
    pub(super) jobs_over_limit: Counters<1>,
    pub(super) commands: Counters<2>,
    pub(super) commands_repeated: Counters<2>,
    pub(super) reports_replaced: Counters<2>,
    pub(super) reports_abandoned: Counters<2>,
    pub(super) lock_extensions: Counters<2>,
    pub(super) polls: Counters<2>,
    pub(super) stream_open: Gauges<1>,
    pub(super) streams_ended: Counters<2>,
    pub(super) feed_up: Gauges<1>,
    pub(super) feeds_restarted: Counters<1>,
    pub(super) model_calls: Counters<3>,
    pub(super) model_seconds: Histograms<1>,
    pub(super) first_token_seconds: Histograms<1>,
    pub(super) model_throttled: Counters<2>,
    pub(super) model_waiting: Gauges<2>,
    pub(super) model_wait_seconds: Histograms<2>,
    pub(super) model_pace: Gauges<2>,
    pub(super) tokens: Counters<2>,
    pub(super) cost: Sums<4>,
    pub(super) unpriced: Counters<1>,
    pub(super) budget_refused: Counters<3>,
    pub(super) answers_stored: Counter,
    pub(super) answers_reused: Counter,
    pub(super) answers_continued: Counter,
    pub(super) journal_up: Gauge,
    pub(super) journal_unavailable: Counters<1>,
    pub(super) journal_failures: Counters<2>,
    pub(super) journals_set_aside: Counter,
    pub(super) answers_evicted: Counters<1>,
    pub(super) secrets_refused: Counter,
    pub(super) expression_warnings: Counters<2>,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Metrics {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        let mut registry = Registry::default();
        let page = &mut registry;
        Self {
            invocations: add(page, INVOCATIONS, "Jobs by element template and what became of them"),
            execution_time: Timers::default(),
            last_completed: add(
                page,
                LAST_COMPLETED,
                "When a job was last completed, in milliseconds since the epoch",
            ),
            last_failed: add(page, LAST_FAILED, "When a job last failed, in milliseconds since the epoch"),
            max_execution_time: add(page, MAX_EXECUTION_TIME, "The longest run of a job, in milliseconds"),
            worker_job_activated: add(page, WORKER_JOB_ACTIVATED, "Jobs received"),
            worker_job_handled: add(
                page,
                WORKER_JOB_HANDLED,
                "Jobs whose outcome the engine has acknowledged",
            ),
            stream_recreated: add(
                page,
                STREAM_RECREATED,
                "Streams replaced because they were silent while polls brought jobs",
            ),
            jobs_in_flight: add(page, JOBS_IN_FLIGHT, "Jobs between received and acknowledged"),
            slots: add(page, SLOTS, "How many jobs this worker takes at once"),
            job_seconds: add_histogram(page, JOB_SECONDS, "From received to acknowledged"),
            jobs_lost: add(
                page,
                JOBS_LOST,
                "Jobs that were no longer this worker's, by how far they had come",
            ),
            jobs_handed_back: add(
                page,
                JOBS_HANDED_BACK,
                "Jobs given back at shutdown with their retries kept",
            ),
            jobs_panicked: add(page, JOBS_PANICKED, "Attempts ended by a defect of this program"),
            jobs_over_limit: add(
                page,
                JOBS_OVER_LIMIT,
                "Attempts that took longer than the header jobTimeout allows",
            ),
            commands: add(page, COMMANDS, "Answers of the gateway to commands about jobs, by status code"),
            commands_repeated: add(
                page,
                COMMANDS_REPEATED,
                "Commands sent again, by the status code of the attempt before",
            ),
            reports_replaced: add(
                page,
                REPORTS_REPLACED,
                "Outcomes that the engine cannot take, reported as failures",
            ),
            reports_abandoned: add(page, REPORTS_ABANDONED, "Outcomes that could not be reported"),
            lock_extensions: add(page, LOCK_EXTENSIONS, "Extensions of job locks, by status code"),
            polls: add(page, POLLS, "Answers of the gateway to polls, by status code"),
            stream_open: add(page, STREAM_OPEN, "Whether a job stream is open"),
            streams_ended: add(page, STREAMS_ENDED, "Streams that have ended, by how"),
            feed_up: add(page, FEED_UP, "Whether the gateway gives jobs"),
            feeds_restarted: add(page, FEEDS_RESTARTED, "Feeds started anew after a defect of this program"),
            model_calls: add(page, MODEL_CALLS, "Calls of models, by status code"),
            model_seconds: add_histogram(page, MODEL_SECONDS, "How long calls of models took"),
            first_token_seconds: add_histogram(
                page,
                FIRST_TOKEN_SECONDS,
                "How long the first piece of streamed answers took",
            ),
            model_throttled: add(page, MODEL_THROTTLED, "Attempts that Bedrock throttled"),
            model_waiting: add(page, MODEL_WAITING, "Calls that wait for their turn"),
            model_wait_seconds: add_histogram(
                page,
                MODEL_WAIT_SECONDS,
                "How long calls waited for their turn",
            ),
            model_pace: add(
                page,
                MODEL_PACE,
                "Calls a minute that are let through while Bedrock throttles; absent when it does not",
            ),
            tokens: add(page, TOKENS, "Tokens used, by kind"),
            cost: add(page, COST, "What answers cost, in units of the currency"),
            unpriced: add(page, UNPRICED, "Answers of models without a price, where there are prices"),
            budget_refused: add(page, BUDGET_REFUSED, "Calls not made because of a budget"),
            answers_stored: add(page, ANSWERS_STORED, "Answers made durable"),
            answers_reused: add(page, ANSWERS_REUSED, "Stored answers taken in place of a new call"),
            answers_continued: add(
                page,
                ANSWERS_CONTINUED,
                "Answers that go on from what earlier attempts have paid",
            ),
            journal_up: add(page, JOURNAL_UP, "Whether answers are kept until the engine has them"),
            journal_unavailable: add(
                page,
                JOURNAL_UNAVAILABLE,
                "Times that the journal's storage went out of use, by reason",
            ),
            journal_failures: add(
                page,
                JOURNAL_FAILURES,
                "Answers that the journal could not keep, look up or drop",
            ),
            journals_set_aside: add(page, JOURNALS_SET_ASIDE, "Files of the journal that could not be used"),
            answers_evicted: add(page, ANSWERS_EVICTED, "Stored answers dropped to stay within a limit"),
            secrets_refused: add(page, SECRETS_REFUSED, "Secrets asked for where they may not be used"),
            expression_warnings: add(
                page,
                EXPRESSION_WARNINGS,
                "Failures inside expressions that became null",
            ),
            connections: ConnectionMetrics::register(page),
            longest: Mutex::default(),
            models: BoundedLabel::new(MODEL_LIMIT),
            regions: BoundedLabel::new(REGION_LIMIT),
            templates: BoundedLabel::new(TEMPLATE_LIMIT),
            kinds: BoundedLabel::new(KIND_LIMIT),
            codes: BoundedLabel::new(CODE_LIMIT),
            payers: BoundedSeries::new(PAYER_LIMIT),
            refused_payers: BoundedSeries::new(PAYER_LIMIT),
            clock,
            registry,
        }
    }

    pub(super) fn render(&self) -> String {
        let mut open_metrics = String::new();
        let mut page = match prometheus_client::encoding::text::encode(&mut open_metrics, &self.registry) {
            Ok(()) => text::classic(&open_metrics),
            // Writing to a String only fails when an instrument of ours does, and then the rest is still worth having.
            Err(fmt::Error) => text::classic(&open_metrics),
        };
        let timers = self.execution_time.render(EXECUTION_TIME, "How long jobs were worked on.", &mut page);
        timers.map_or_else(|fmt::Error| String::new(), |()| page)
    }

    /// Raises the longest run of a job type, and says what it is now.
    pub(super) fn raise_longest(&self, job_type: &str, millis: i64) -> i64 {
        let mut longest = self.longest.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = longest.entry(job_type.to_owned()).or_insert(0);
        *entry = millis.max(*entry);
        *entry
    }
}

pub(super) fn add<M: Metric + Clone + Default>(registry: &mut Registry, name: &str, help: &str) -> M {
    let metric = M::default();
    registry.register(name, help, metric.clone());
    metric
}

fn add_histogram<const N: usize>(registry: &mut Registry, name: &str, help: &str) -> Histograms<N>
where
    Histograms<N>: Metric,
{
    let metric = Histograms::new_with_constructor((|| Histogram::new(SECONDS_BUCKETS)) as fn() -> Histogram);
    registry.register(name, help, metric.clone());
    metric
}
