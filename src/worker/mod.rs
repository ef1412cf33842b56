//! The worker: takes jobs from the gateway, has the connector runtime work on them, and reports.
//!
//! # Who owns what
//!
//! - [`Worker::run`] owns everything: one feed task for each job type and one task for each job. Dropping it
//!   stops all of them, and with them every slot is free.
//! - `slots`: the one account of how much work there may be. A slot comes before any question to the gateway
//!   and travels inside its job.
//! - `feed`: poll and stream of one job type in one task; `feed/machine.rs` decides, without I/O and without
//!   a clock of its own, and the shell around it carries out.
//! - `job`: the life of a job, with `lock` keeping it ours and `reporter` telling the engine how it ended.
//! - `answer`: the journal's place, and the only one: what is stored before anyone sees it, and when it goes.
//!   `finished` finds out jobs that come once more when that is over.
//! - `service`: the order in which a worker starts and ends; `handle`: what others may know of it.
//!
//! Reports go their own way, from the job's task straight to the client: no pause of a poll holds them up. A
//! report that meets back-pressure holds up new work instead ([`slots::Slots::hold_off`]).
//!
//! # Decisions
//!
//! - *The deadline of a report* is the end of the job's lock, and the lock is extended while the report is
//!   repeated, up to [`Options::report_patience`]. When the gateway is away, neither works, and both end
//!   together; a report has the length of a lock in any case.
//! - *The header `jobTimeout`* is set as the job's lock before the call, as the peer does, and is not extended:
//!   the modeler chose how long the job may be away. The work is given up a little before its end, as a failure
//!   with the code `JOB_TIMEOUT` that error expressions see and that spends a retry.
//! - *A lock that ran out while the gateway was away* does not end the call: the engine takes the report of any
//!   job that exists, and the answer is paid. Only the engine's word that the job is gone or leased to someone
//!   else ends it, not its word that the lock is over.
//! - *A job that was read late*, by the broker's deadline and our clock, is made sure of by an extension before
//!   any work, so a wrong clock costs a command and no job.
//!
//! # What threads about other workers teach
//!
//! | lesson | where it is held |
//! | --- | --- |
//! | a reconnect task dies and nobody retries | `attempts_go_on_for_ever_…`, `a_stream_that_cannot_be_opened_…`; the feed restarts after a panic of its own, which no input is known to cause, so no test does |
//! | jobs rejected at capacity leak the count | `the_account_agrees_…`, `nothing_leaks_after_a_thousand_jobs_…` |
//! | a stream is open and silent | `a_silent_stream_is_replaced_…`, twice |
//! | jobs given back after a blocked push are lost | `poll_and_stream_share_the_slots`: pushes beyond the slots come back by polls |
//! | a redeploy closes streams silently | `a_stream_that_is_cut_…`, `a_gateway_that_restarts_…`, [`Handle::feeds`] |
//! | jobs that were pushed wait behind a backlog until their locks are over | `pushed_jobs_that_wait_for_slots_…`: a stream keeps its place before a poll that came later |
//! | a poll that nobody answers holds the capacity | `after_a_poll_without_an_answer_…`, `after_a_failure_one_slot_is_risked_…` |
//! | workers stop without a log line | `each_change_of_state_is_said_once` |
//! | a long poll of a dead client takes a job; stopping must abort it | `stopping_ends_the_poll_…`; what is lost all the same comes back within the short lock |
//! | no back-off makes a herd | `attempts_go_on_for_ever_with_growing_pauses`; jitter is [`zeebe::Backoff`](crate::zeebe::Backoff)'s |
//! | RESOURCE_EXHAUSTED may be a full disk | the status text is in each event of a repetition, and in `FeedLost` when it lasts: `back_pressure_is_said_when_it_lasts` |
//! | one throttled job type stops the others | each type has its own task, machine and back-off: nothing is shared but slots, and a paused feed holds none |
//! | a library update breaks activation | the same scenarios run on a real engine (`cargo engine`) |
//! | a slow handler loops for ever, because locks do not spend retries | `the_modelers_limit_is_the_lock_and_ends_the_work`; without a limit the lock is kept alive, so it never runs out |
//! | one slow job blocks all | `poll_and_stream_share_the_slots`: waiting jobs run side by side, and the feed waits for none |
//! | locks are wanted per connector and per task | [`Options::locks`], `a_limit_longer_than_the_lock_…` |
//! | a shutdown looks like a bad result | `jobs_beyond_the_grace_period_are_given_back_with_their_retries` |
//! | readiness follows the engine, and comes back | `readiness_waits_…`, `a_gateway_that_restarts_…`, `back_pressure_slows_the_polls_and_does_not_end_readiness` |
//! | the start reports success while nothing works | [`Options::build`] refuses; `a_request_that_the_engine_refuses_is_reported_and_not_repeated` |
//! | a missing lease burns retries | a job that is not ours is dropped without a report: `a_job_that_someone_else_has_leased_…` |
//! | closing prints false errors | `stopping_ends_the_poll_…` looks for a problem and finds none |
//! | no grace period by default | [`Options::grace`] has one, and its doc says how long it should be |
//! | a lost batch leaves jobs locked for long | locks are short and extended: `the_lock_is_extended_…` |
//! | gateway and brokers are killed, every instance completes | `a_gateway_that_restarts_…` here, counted model calls with the journal in the integration tests |
//!
//! Pings, tokens, TLS and what a status code means are the client's ([`crate::zeebe`]); memory is the whole
//! program's and is measured by `bench`.

mod answer;
mod crew;
mod feed;
mod finished;
mod handle;
mod job;
mod lock;
mod options;
mod reporter;
mod service;
mod slots;
#[cfg(test)]
mod tests;

pub use self::handle::{FeedStatus, Handle, Problem};
pub use self::options::{Options, OptionsError};
pub use self::service::{Drained, Worker};
