//! Which event moves which metric.

use std::time::Duration;

use super::events::{Action, Event, JobTag, StreamEnd};
use super::metrics::{Labels, Metrics};

impl Metrics {
    pub(super) fn record(&self, event: &Event<'_>) {
        self.record_job(event);
        self.record_command(event);
        self.record_feed(event);
        self.record_model(event);
        if let Event::Connection(event) = event {
            self.connections.record(event);
        }
        self.record_journal(event);
    }

    fn record_job(&self, event: &Event<'_>) {
        match *event {
            Event::WorkerStarted { slots, .. } => {
                self.slots.set(i64::try_from(slots).unwrap_or(i64::MAX));
            }
            Event::JobReceived { job, .. } => {
                self.invocations.get_or_create(&self.invocation(job, "activated")).inc();
                self.worker_job_activated.get_or_create(&[of_type(job)]).inc();
            }
            Event::JobConcluded { job, took, .. } => self.record_execution(job, took),
            Event::JobAcknowledged { job, action, took } => self.record_acknowledged(job, action, took),
            Event::JobLost { job, phase, because, .. } => {
                let labels =
                    [of_type(job), ("phase", text(phase.as_str())), ("because", text(because.as_str()))];
                self.jobs_lost.get_or_create(&labels).inc();
            }
            Event::JobLimitReached { job, .. } => {
                self.jobs_over_limit.get_or_create(&[of_type(job)]).inc();
            }
            Event::JobPanicked { job, phase } => {
                self.jobs_panicked.get_or_create(&[of_type(job), ("phase", text(phase.as_str()))]).inc();
            }
            Event::JobHandedBack { job, .. } => {
                self.jobs_handed_back.get_or_create(&[of_type(job)]).inc();
            }
            _ => {}
        }
    }

    fn record_execution(&self, job: JobTag<'_>, took: Duration) {
        let [job_type, id, version, _] = self.invocation(job, "");
        self.execution_time.observe(vec![job_type, id, version], took);
        let longest = self.raise_longest(job.job_type, i64::try_from(took.as_millis()).unwrap_or(i64::MAX));
        self.max_execution_time.get_or_create(&[of_type(job)]).set(longest);
    }

    fn record_acknowledged(&self, job: JobTag<'_>, action: Action, took: Duration) {
        self.invocations.get_or_create(&self.invocation(job, action.as_str())).inc();
        self.worker_job_handled.get_or_create(&[of_type(job)]).inc();
        self.job_seconds
            .get_or_create(&[of_type(job), ("action", text(action.as_str()))])
            .observe(took.as_secs_f64());
        match action {
            Action::Completed => {
                self.last_completed.get_or_create(&[of_type(job)]).set(self.clock.epoch_millis())
            }
            Action::Failed => self.last_failed.get_or_create(&[of_type(job)]).set(self.clock.epoch_millis()),
            Action::BpmnError => return,
        };
    }

    fn record_command(&self, event: &Event<'_>) {
        match *event {
            Event::CommandAnswered { command, code, .. } => {
                self.commands
                    .get_or_create(&[("command", text(command.as_str())), ("code", text(code))])
                    .inc();
            }
            Event::CommandRepeated { command, code, .. } => {
                self.commands_repeated
                    .get_or_create(&[("command", text(command.as_str())), ("code", text(code))])
                    .inc();
            }
            Event::ReportReplaced { command, code, .. } => {
                self.reports_replaced
                    .get_or_create(&[("command", text(command.as_str())), ("code", text(code))])
                    .inc();
            }
            Event::ReportAbandoned { command, code, .. } => {
                self.reports_abandoned
                    .get_or_create(&[("command", text(command.as_str())), ("code", text(code))])
                    .inc();
            }
            Event::LockExtended { job, .. } => {
                self.lock_extensions.get_or_create(&[of_type(job), ("code", text("OK"))]).inc();
            }
            Event::LockNotExtended { job, code, .. } | Event::LockNotExtendable { job, code, .. } => {
                self.lock_extensions.get_or_create(&[of_type(job), ("code", text(code))]).inc();
            }
            _ => {}
        }
    }

    fn record_feed(&self, event: &Event<'_>) {
        match *event {
            Event::Polled { job_type, .. } => {
                self.polls.get_or_create(&[("type", text(job_type)), ("code", text("OK"))]).inc();
            }
            Event::PollRepeated { job_type, code, .. } => {
                self.polls.get_or_create(&[("type", text(job_type)), ("code", text(code))]).inc();
            }
            Event::StreamOpened { job_type } => {
                self.stream_open.get_or_create(&[("type", text(job_type))]).set(1);
            }
            Event::StreamEnded { job_type, end, .. } => {
                self.stream_open.get_or_create(&[("type", text(job_type))]).set(0);
                self.streams_ended
                    .get_or_create(&[("type", text(job_type)), ("end", text(end.as_str()))])
                    .inc();
                if end == StreamEnd::Silent {
                    self.stream_recreated.get_or_create(&[("type", text(job_type))]).inc();
                }
            }
            Event::StreamUnavailable { job_type, .. } => {
                self.stream_open.get_or_create(&[("type", text(job_type))]).set(0);
            }
            Event::StreamRepeated { job_type, .. } => {
                self.streams_ended.get_or_create(&[("type", text(job_type)), ("end", text("refused"))]).inc();
            }
            Event::FeedLost { job_type, .. } => {
                self.feed_up.get_or_create(&[("type", text(job_type))]).set(0);
            }
            Event::FeedRestarted { job_type, .. } => {
                self.feeds_restarted.get_or_create(&[("type", text(job_type))]).inc();
            }
            Event::FeedRestored { job_type } => {
                self.feed_up.get_or_create(&[("type", text(job_type))]).set(1);
            }
            _ => {}
        }
    }

    fn record_model(&self, event: &Event<'_>) {
        match *event {
            Event::ModelCalled { model, region, code, took, .. } => {
                let model = self.models.admit(model);
                let labels = [
                    ("model", model.clone()),
                    ("region", self.regions.admit(region)),
                    ("code", self.codes.admit(code)),
                ];
                self.model_calls.get_or_create(&labels).inc();
                self.model_seconds.get_or_create(&[("model", model)]).observe(took.as_secs_f64());
            }
            Event::FirstToken { model, wait } => {
                let model = self.models.admit(model);
                self.first_token_seconds.get_or_create(&[("model", model)]).observe(wait.as_secs_f64());
            }
            Event::ModelThrottled { model, region, .. } => {
                self.model_throttled.get_or_create(&self.place(model, region)).inc();
            }
            Event::TurnTaken { model, region, waited } => {
                self.model_wait_seconds
                    .get_or_create(&self.place(model, region))
                    .observe(waited.as_secs_f64());
            }
            Event::PaceChanged { model, region, per_minute, .. } => {
                self.record_pace(&self.place(model, region), per_minute);
            }
            Event::TokensUsed { model, input, output, cache_read, cache_write } => {
                let model = self.models.admit(model);
                let kinds = [
                    ("input", input),
                    ("output", output),
                    ("cache_read", cache_read),
                    ("cache_write", cache_write),
                ];
                for (kind, count) in kinds {
                    self.tokens
                        .get_or_create(&[("model", model.clone()), ("kind", text(kind))])
                        .inc_by(count);
                }
            }
            Event::CostIncurred { model, process, tenant, currency, amount } => {
                let [model, process, tenant] = self.payers.admit([model, process, tenant]);
                let labels = [
                    ("model", model),
                    ("process", process),
                    ("tenant", tenant),
                    ("currency", text(currency)),
                ];
                self.cost.get_or_create(&labels).inc_by(amount);
            }
            Event::AnswerUnpriced { model } => {
                self.unpriced.get_or_create(&[("model", self.models.admit(model))]).inc();
            }
            Event::BudgetRefused { budget, tenant, process, .. } => {
                let [process, tenant] = self.refused_payers.admit([process, tenant]);
                let labels = [("budget", text(budget)), ("process", process), ("tenant", tenant)];
                self.budget_refused.get_or_create(&labels).inc();
            }
            Event::SecretRefused { .. } => {
                self.secrets_refused.inc();
            }
            Event::ExpressionWarning { which, kind, .. } => {
                let labels = [("expression", text(which)), ("kind", self.kinds.admit(kind))];
                self.expression_warnings.get_or_create(&labels).inc();
            }
            _ => {}
        }
    }

    fn record_pace(&self, place: &Labels<2>, per_minute: Option<f64>) {
        match per_minute {
            // A conversion to whole calls a minute; what is too large for one is no pace that anyone sets.
            #[allow(
                clippy::cast_possible_truncation,
                reason = "it saturates, and a gauge of it is still right"
            )]
            Some(per_minute) => {
                self.model_pace.get_or_create(place).set(per_minute.round() as i64);
            }
            None => {
                self.model_pace.remove(place);
            }
        }
    }

    /// The labels of a model in a region.
    pub(super) fn place(&self, model: &str, region: &str) -> Labels<2> {
        [("model", self.models.admit(model)), ("region", self.regions.admit(region))]
    }

    fn record_journal(&self, event: &Event<'_>) {
        match *event {
            Event::AnswerStored { .. } => {
                self.answers_stored.inc();
            }
            Event::AnswerReused { .. } => {
                self.answers_reused.inc();
            }
            Event::AnswerContinued { .. } => {
                self.answers_continued.inc();
            }
            Event::AnswerNotStored { reason, .. } => {
                self.journal_failures
                    .get_or_create(&[("what", text("store")), ("reason", text(reason))])
                    .inc();
            }
            Event::AnswerNotLookedUp { reason, .. } => {
                self.journal_failures
                    .get_or_create(&[("what", text("look_up")), ("reason", text(reason))])
                    .inc();
            }
            Event::AnswerNotDropped { reason, .. } => {
                self.journal_failures
                    .get_or_create(&[("what", text("drop")), ("reason", text(reason))])
                    .inc();
            }
            Event::JournalOpened { .. } | Event::JournalRestored { .. } => {
                self.journal_up.set(1);
            }
            Event::JournalOff { .. } => {
                self.journal_up.set(0);
            }
            Event::JournalUnavailable { reason, .. } => {
                self.journal_up.set(0);
                self.journal_unavailable.get_or_create(&[("reason", text(reason))]).inc();
            }
            Event::JournalSetAside { .. } => {
                self.journals_set_aside.inc();
            }
            Event::AnswersEvicted { count, because } => {
                let count = u64::try_from(count).unwrap_or(u64::MAX);
                self.answers_evicted.get_or_create(&[("because", text(because))]).inc_by(count);
            }
            _ => {}
        }
    }

    fn invocation(&self, job: JobTag<'_>, action: &str) -> Labels<4> {
        [
            of_type(job),
            ("elementTemplateId", self.templates.admit(job.template_id)),
            ("elementTemplateVersion", self.templates.admit(job.template_version)),
            ("action", text(action)),
        ]
    }
}

fn of_type(job: JobTag<'_>) -> (&'static str, String) {
    ("type", text(job.job_type))
}

fn text(value: &str) -> String {
    value.to_owned()
}
