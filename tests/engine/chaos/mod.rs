//! What a worker is for: nothing is paid twice and no job is lost, whoever is killed and whatever the network does.
//!
//! Each scenario is a file that reads as sentences. Each has a short form, for every change, and where it says so a
//! long one, for those who have the time (`cargo engine -- --long NAME`).

mod broker;
mod drain;
mod ends;
mod network;
mod refusals;
mod repair;
mod replicas;
mod slow_model;
mod soak;
mod stage;
mod task;
mod throttling;
mod worker;

use std::pin::Pin;
use std::time::Duration;

use self::stage::Stage;
use self::task::Task;
use crate::zeebe::Zeebe;

/// What scenarios share.
#[derive(Debug)]
pub(crate) struct World {
    pub zeebe: Zeebe,
    pub is_long: bool,
    /// For scenarios that leave something to chance.
    pub seed: u64,
}

impl World {
    /// How long something lasts, in the short form and in the long one.
    fn lasts(&self, short: Duration, long: Duration) -> Duration {
        if self.is_long { long } else { short }
    }
}

/// A scenario; it panics where something else happens than it says.
pub(crate) type Scenario = for<'a> fn(&'a mut World) -> Pin<Box<dyn Future<Output = ()> + 'a>>;

macro_rules! scenarios {
    ($($module:ident::$name:ident),+ $(,)?) => {
        /// All of them, by name. Those that kill the broker come last.
        pub(crate) const ALL: &[(&str, Scenario)] = &[$((stringify!($name), |world| Box::pin($module::$name(world)))),+];
    };
}

scenarios! {
    refusals::a_refused_report_is_repeated_where_that_helps_and_costs_no_call,
    refusals::a_refused_report_is_repeated_without_a_journal_too,
    repair::a_repaired_result_expression_uses_the_answer_that_was_paid,
    repair::a_job_error_on_a_good_answer_asks_again,
    slow_model::a_slow_model_is_asked_once,
    network::a_gateway_that_is_cut_off_loses_nothing,
    network::a_gateway_behind_a_black_hole_loses_nothing,
    network::a_slow_line_loses_nothing,
    network::an_engine_without_room_loses_nothing,
    network::calls_that_outlast_their_locks_are_not_repeated,
    replicas::a_replica_uses_the_answers_of_a_killed_one,
    replicas::a_replica_waits_for_the_calls_of_a_lost_one,
    drain::a_stopped_worker_finishes_or_gives_back_every_job,
    throttling::a_throttled_worker_finds_the_pace_and_spends_no_retry,
    worker::a_killed_worker_asks_again_for_no_answer_that_it_had,
    soak::a_soak_with_random_kills_pays_for_no_more_than_was_in_flight,
    broker::a_killed_broker_costs_no_call,
}

/// What a scenario measured, under its name.
fn say(text: impl AsRef<str>) {
    println!("       {}", text.as_ref());
}

const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}
