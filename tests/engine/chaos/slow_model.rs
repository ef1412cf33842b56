//! A model that takes its time.

use super::{Stage, Task, World, say, seconds};

/// 35 seconds are more than the time-outs that clients have by default; in the long form it is ten minutes.
pub(crate) async fn a_slow_model_is_asked_once(world: &mut World) {
    let time = world.lasts(seconds(35), seconds(600));
    let stage = Stage::set(world, Task::named("slow-model")).await;
    stage.model_takes(time);
    let _worker = stage.worker().await;
    stage.begin(3).await;
    let took = stage.all_end_within(time + seconds(15)).await;

    stage.expect_one_call_each();
    say(format!("a model that takes {} s: ended after {:.1} s", time.as_secs(), took.as_secs_f64()));
}
