//! The way to the gateway is in trouble while work goes on.

use std::time::Duration;

use tokio::time::{Instant, interval, sleep};

use super::stage::Worker;
use super::{Stage, Task, World, say, seconds};
use crate::checkpoint::Checkpoint;
use crate::line::{Condition, Line};

/// How many instances are begun in a second.
const LOAD: u32 = 10;

/// How many calls are in flight in a long outage.
const OUTLASTING: usize = 20;

/// What memory may do while jobs wait, in megabytes.
const MEMORY_SWING: f64 = 12.0;

pub(crate) async fn a_gateway_that_is_cut_off_loses_nothing(world: &mut World) {
    on_a_line(world, "cut-off", Condition::Cut, Progress::None).await;
}

pub(crate) async fn a_gateway_behind_a_black_hole_loses_nothing(world: &mut World) {
    on_a_line(world, "black-hole", Condition::Silent, Progress::None).await;
}

pub(crate) async fn a_slow_line_loses_nothing(world: &mut World) {
    let slow = Condition::Slow(Duration::from_millis(400));
    on_a_line(world, "slow-line", slow, Progress::Some).await;
}

pub(crate) async fn an_engine_without_room_loses_nothing(world: &mut World) {
    let checkpoint = Checkpoint::before(&world.zeebe.grpc_address()).await.expect("a checkpoint");
    let stage = Stage::set(world, Task::named("no-room")).await.with_gateway_at(checkpoint.url());
    survives(world, &stage, Progress::None, |trouble| checkpoint.busy(trouble)).await;
}

/// The locks run out while the gateway is away and models think; when it is back, the jobs are anybody's.
pub(crate) async fn calls_that_outlast_their_locks_are_not_repeated(world: &mut World) {
    let (lock, outage, thinking) = (seconds(10), seconds(20), seconds(30));
    let line = Line::to(&world.zeebe.grpc_address()).await.expect("a line");
    let stage = Stage::set(world, Task::named("outlasting")).await.with_gateway_at(&line.url());
    stage.model_takes(thinking);
    let _worker = Worker::start(stage.launch_with_lock(lock)).await;
    stage.begin(OUTLASTING).await;
    stage.calls_in_flight(OUTLASTING).await;

    line.turn(Condition::Cut);
    sleep(outage).await;
    line.turn(Condition::Fine);
    let took = stage.all_end_within(thinking).await;

    stage.expect_one_call_each();
    say(format!(
        "{OUTLASTING} calls of {} s, the gateway away for {} s, locks of {} s: {} calls, the last job ended {:.1} s \
         after the gateway was back",
        thinking.as_secs(),
        outage.as_secs(),
        lock.as_secs(),
        stage.paid(),
        took.as_secs_f64()
    ));
}

/// Whether instances come to their end while the trouble lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    None,
    Some,
}

async fn on_a_line(world: &World, name: &'static str, condition: Condition, progress: Progress) {
    let line = Line::to(&world.zeebe.grpc_address()).await.expect("a line");
    let stage = Stage::set(world, Task::named(name)).await.with_gateway_at(&line.url());
    let trouble = |trouble| line.turn(if trouble { condition } else { Condition::Fine });
    survives(world, &stage, progress, trouble).await;
}

/// Works under load, with trouble for a while in the middle of it.
async fn survives(world: &World, stage: &Stage, progress: Progress, trouble: impl Fn(bool)) {
    let (calm, lasting) = (seconds(6), world.lasts(seconds(15), seconds(60)));
    let lock = world.lasts(seconds(15), seconds(60));
    stage.model_takes(seconds(1));
    let worker = Worker::start(stage.launch_with_lock(lock)).await;

    let begin = Instant::now();
    let story = async {
        sleep(calm).await;
        let before = worker.memory();
        trouble(true);
        let peak = highest_memory(&worker, lasting / 2).await;
        // What had left the worker before has arrived by now.
        let ended = stage.ends.count();
        let peak = peak.max(highest_memory(&worker, lasting / 2).await);
        let now_progress = if stage.ends.count() > ended { Progress::Some } else { Progress::None };
        assert_eq!(now_progress, progress, "the trouble is as it is meant to be");
        trouble(false);
        sleep(calm).await;
        (before, peak)
    };
    let load = stage.begin_steadily(LOAD, begin + calm + lasting + calm);
    let ((before, peak), ()) = tokio::join!(story, load);
    let took = stage.all_end_within(lock + seconds(15)).await;

    stage.expect_one_call_each();
    let after = worker.memory();
    say(format!(
        "{} s of trouble: {} instances, {} calls, the last one ended {:.1} s after the load; memory {before:.1}, at \
         most {peak:.1}, then {after:.1} MB",
        lasting.as_secs(),
        stage.begun(),
        stage.paid(),
        took.as_secs_f64()
    ));
    assert!(peak.max(after) <= before + MEMORY_SWING, "memory grew from {before:.1} to {peak:.1} MB");
}

async fn highest_memory(worker: &Worker, lasting: Duration) -> f64 {
    let end = Instant::now() + lasting;
    let (mut pulse, mut highest) = (interval(Duration::from_millis(500)), 0.0_f64);
    while Instant::now() < end {
        pulse.tick().await;
        highest = highest.max(worker.memory());
    }
    highest
}
