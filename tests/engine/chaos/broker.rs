//! The broker is killed while models think.

use super::{Stage, Task, World, say, seconds};

pub(crate) async fn a_killed_broker_costs_no_call(world: &mut World) {
    let stage = Stage::set(world, Task::named("killed-broker")).await;
    stage.model_takes(seconds(3));
    let _worker = stage.worker().await;
    stage.begin(60).await;
    stage.calls_in_flight(60).await;

    world.zeebe.kill().await.expect("the broker is killed");
    tokio::time::sleep(seconds(8)).await;
    world.zeebe.start_again().await.expect("the broker comes back");
    let took = stage.all_end_within(seconds(15)).await;

    stage.expect_one_call_each();
    say(format!(
        "60 instances ended {:.1} s after the broker was ready: {} calls",
        took.as_secs_f64(),
        stage.paid()
    ));
}
