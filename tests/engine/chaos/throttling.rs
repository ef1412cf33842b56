//! More work than Bedrock grants.

use bedrock_connector::emulator::bedrock::{Outcome, Target};
use tokio::time::Instant;

use super::{Stage, Task, World, say, seconds};
use crate::checkpoint::{Checkpoint, Report};

const JOBS: usize = 500;
const GRANTED_PER_SECOND: f64 = 20.0;
const SETTLING_SECS: u64 = 10;

/// 500 jobs, and 20 calls a second.
pub(crate) async fn a_throttled_worker_finds_the_pace_and_spends_no_retry(world: &mut World) {
    let checkpoint = Checkpoint::before(&world.zeebe.grpc_address()).await.expect("a checkpoint");
    let stage = Stage::set(world, Task::named("throttled")).await.with_gateway_at(checkpoint.url());
    stage.bedrock.grant(Target::Any, GRANTED_PER_SECOND, GRANTED_PER_SECOND);
    let begin = Instant::now();
    let _worker = stage.worker().await;
    stage.begin(JOBS).await;
    stage.all_end_within(seconds(90)).await;
    let took = begin.elapsed();

    let (throttled, calls) = throttled_since(&stage, begin + seconds(SETTLING_SECS));
    let told = checkpoint.told();
    let reports: Vec<_> = told.values().flatten().map(|told| told.report).collect();
    assert_eq!(reports.len(), JOBS);
    assert!(reports.iter().all(|report| *report == Report::Completed), "no retry was spent");
    let all = throttled_since(&stage, begin).0;
    say(format!(
        "{JOBS} jobs in {:.1} s; {all} calls throttled, {throttled} of {calls} after the first {SETTLING_SECS} s",
        took.as_secs_f64()
    ));
    assert!(throttled * 20 <= calls, "{throttled} of {calls} calls were throttled, expected at most 5 %");
}

/// How many calls were throttled since then, and how many there were.
fn throttled_since(stage: &Stage, since: Instant) -> (usize, usize) {
    stage.bedrock.exchanges().read(|all| {
        let late: Vec<_> = all.iter().filter(|exchange| exchange.at >= since).collect();
        let throttled = late.iter().filter(|exchange| exchange.outcome == Outcome::Answered { status: 429 });
        (throttled.count(), late.len())
    })
}
