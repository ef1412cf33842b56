//! The worker is killed with answers in its hands.

use bedrock_connector::emulator::Gate;
use bedrock_connector::emulator::bedrock::{Step, Target};
use serde_json::json;

use super::stage::{PATIENCE, Worker, until};
use super::{Stage, Task, World, say, seconds};
use crate::checkpoint::Checkpoint;

const QUICK: usize = 30;
const THINKING: usize = 30;

/// Half of the answers are there and not reported yet, the other half are still being thought about.
pub(crate) async fn a_killed_worker_asks_again_for_no_answer_that_it_had(world: &mut World) {
    let lock = world.lasts(seconds(15), seconds(60));
    let checkpoint = Checkpoint::before(&world.zeebe.grpc_address()).await.expect("a checkpoint");
    let stage = Stage::set(world, Task::named("killed-worker")).await.with_gateway_at(checkpoint.url());
    let thought = Gate::new();
    stage.bedrock.script(Target::model("thinks"), [Step::answer().behind(&thought).always()]);
    let worker = Worker::start(stage.launch_with_lock(lock)).await;

    checkpoint.hold_reports(true);
    stage.begin_with(QUICK, &json!({ "model": "answers" })).await;
    stage.begin_with(THINKING, &json!({ "model": "thinks" })).await;
    stage.calls_in_flight(THINKING).await;
    assert!(until(PATIENCE, || checkpoint.held() == QUICK).await, "{}\n{}", checkpoint.held(), stage.log());

    let _worker = worker.kill_and_restart().await;
    assert!(until(PATIENCE, || checkpoint.held() == 0).await, "the killed worker's reports are lost");
    checkpoint.hold_reports(false);
    thought.open();
    let took = stage.all_end_within(lock + seconds(15)).await;

    let calls = stage.calls();
    let (answered, thought_about): (Vec<_>, Vec<_>) =
        calls.into_iter().partition(|(number, _)| *number < QUICK);
    assert!(answered.iter().all(|(_, calls)| calls.made == 1), "answered ones: {answered:?}");
    assert!(thought_about.iter().all(|(_, calls)| calls.made == 2), "the others: {thought_about:?}");
    say(format!(
        "60 instances ended {:.1} s after the restart, with a lock of {} s: {} calls, {THINKING} of them cut short",
        took.as_secs_f64(),
        lock.as_secs(),
        stage.paid()
    ));
}
