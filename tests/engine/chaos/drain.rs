//! The worker is told to stop while it has work.

use bedrock_connector::emulator::Gate;
use bedrock_connector::emulator::bedrock::{Step, Target};
use serde_json::json;
use tonic::Code;

use super::stage::Worker;
use super::{Stage, Task, World, say, seconds};
use crate::checkpoint::{Checkpoint, Report, Told};

const QUICK: usize = 20;
const ENDLESS: usize = 10;
const RETRIES: u32 = 3;

/// Some calls end within the grace period, the others do not. Those jobs are given back at once, with their retries,
/// and the next worker does not have to wait for their locks.
pub(crate) async fn a_stopped_worker_finishes_or_gives_back_every_job(world: &mut World) {
    let (grace, lock) = (seconds(6), seconds(120));
    let checkpoint = Checkpoint::before(&world.zeebe.grpc_address()).await.expect("a checkpoint");
    let task = Task { retries: RETRIES, ..Task::named("stopped") };
    let stage = Stage::set(world, task).await.with_gateway_at(checkpoint.url());
    let thought = Gate::new();
    stage.bedrock.script(Target::model("answers"), [Step::answer().after(seconds(3)).always()]);
    stage.bedrock.script(Target::model("thinks"), [Step::answer().behind(&thought).always()]);
    let launch =
        stage.launch_with_lock(lock).env("BEDROCK_CONNECTOR_GRACE", format!("PT{}S", grace.as_secs()));
    let worker = Worker::start(launch.clone()).await;
    stage.begin_with(ENDLESS, &json!({ "model": "thinks" })).await;
    stage.begin_with(QUICK, &json!({ "model": "answers" })).await;
    stage.calls_in_flight(ENDLESS + QUICK).await;

    worker.stop(grace + seconds(15)).await;
    assert!(stage.ends.reached(QUICK, seconds(15)).await, "what could be finished was\n{}", stage.log());
    thought.open();
    let _worker = Worker::start(launch).await;
    let took = stage.all_end_within(lock / 4).await;

    for (number, calls) in stage.calls() {
        let wanted = if number < ENDLESS { 2 } else { 1 };
        assert_eq!(calls.made, wanted, "of instance {number}: {calls:?}");
    }
    let completed = Told { report: Report::Completed, answer: Code::Ok };
    let retries = i32::try_from(RETRIES).expect("a small number");
    let given_back = Told { report: Report::Failed { retries }, answer: Code::Ok };
    let told: Vec<_> = checkpoint.told().into_values().collect();
    assert_eq!(told.iter().filter(|told| **told == [completed.clone()]).count(), QUICK, "{told:?}");
    assert_eq!(
        told.iter().filter(|told| **told == [given_back.clone(), completed.clone()]).count(),
        ENDLESS,
        "{told:?}"
    );
    say(format!(
        "{QUICK} jobs finished and {ENDLESS} given back within {} s; those ended {:.1} s after the next start",
        grace.as_secs(),
        took.as_secs_f64()
    ));
}
