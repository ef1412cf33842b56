//! More work than Bedrock grants.

use bedrock_connector::emulator::bedrock::{Outcome, Target};
use tokio::time::Instant;

use super::stage::Worker;
use super::{Stage, Task, World, say, seconds};
use crate::checkpoint::{Checkpoint, Report};

const JOBS: usize = 500;
const GRANTED_PER_SECOND: f64 = 20.0;
const SETTLING_SECS: u64 = 10;

/// Jobs for 25 seconds at the pace that is granted, all of them in hand at once.
pub(crate) async fn a_throttled_worker_finds_the_pace_and_spends_no_retry(world: &mut World) {
    let checkpoint = Checkpoint::before(&world.zeebe.grpc_address()).await.expect("a checkpoint");
    let stage = Stage::set(world, Task::named("throttled")).await.with_gateway_at(checkpoint.url());
    stage.bedrock.grant(Target::Any, GRANTED_PER_SECOND, GRANTED_PER_SECOND);
    stage.begin(JOBS).await;
    let begin = Instant::now();
    let launch = stage.launch().env("BEDROCK_CONNECTOR_MAX_JOBS_ACTIVE", JOBS.to_string());
    let _worker = Worker::start(launch).await;
    stage.all_end_within(seconds(180)).await;
    let took = begin.elapsed();

    stage.expect_one_call_each();
    let reports = checkpoint.told().into_values().flatten().map(|told| told.report);
    let other: Vec<_> = reports.filter(|report| *report != Report::Completed).collect();
    assert!(other.is_empty(), "no retry is spent: {other:?}");

    let first = stage.bedrock.exchanges().read(|all| all.first().expect("a call").at);
    let (throttled, calls) = throttled_since(&stage, first + seconds(SETTLING_SECS));
    say(format!(
        "{JOBS} jobs in {:.1} s: {} calls throttled, {throttled} of {calls} after the first {SETTLING_SECS} s",
        took.as_secs_f64(),
        throttled_since(&stage, first).0,
    ));
    assert!(calls >= JOBS / 4, "{calls} calls are too few to tell");
    assert!(throttled * 20 <= calls, "{throttled} of {calls} calls were throttled, expected at most 5 %");
}

/// How many calls were throttled since then, and how many there were.
fn throttled_since(stage: &Stage, since: Instant) -> (usize, usize) {
    stage.bedrock.exchanges().read(|all| {
        let late = all.iter().filter(|exchange| exchange.at >= since);
        late.fold((0, 0), |(throttled, calls), exchange| {
            let is_throttled = exchange.outcome == Outcome::Answered { status: 429 };
            (throttled + usize::from(is_throttled), calls + 1)
        })
    })
}
