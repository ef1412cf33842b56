//! The lane as callers use it, under a paused clock.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{FutureExt as _, poll};
use tokio::time::Instant;

use crate::pace::{Lane, LaneOptions, Pacer, Quota};
use crate::telemetry::Telemetry;

const SECOND: Duration = Duration::from_secs(1);

fn options(requests_per_minute: Option<f64>) -> LaneOptions {
    LaneOptions {
        quota: Quota { requests_per_minute, tokens_per_minute: None },
        telemetry: Telemetry::no_op(),
        model: "m".to_owned(),
        region: "r".to_owned(),
    }
}

fn lane(options: LaneOptions) -> Lane {
    Pacer::new(1).lane(&0, || options)
}

fn process(name: &str) -> Arc<str> {
    name.into()
}

fn has(options: &LaneOptions, line: &str) -> bool {
    options.telemetry.render().lines().any(|found| found == line)
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_while_nothing_is_refused() {
    let lane = lane(options(None));
    let start = Instant::now();
    let mut turns = Vec::new();
    for _ in 0..1000 {
        turns.push(lane.turn(&process("p"), false).await);
    }
    assert_eq!((lane.in_flight(), lane.would_wait(), start.elapsed()), (1000, false, Duration::ZERO));
    turns.clear();
    assert_eq!(lane.in_flight(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_process_with_one_call_waits_for_one_call_of_another() {
    let lane = lane(options(Some(60.0)));
    let mut running = tokio::task::JoinSet::new();
    for (name, calls) in [("many", 100), ("few", 1)] {
        for _ in 0..calls {
            let lane = lane.clone();
            running.spawn(async move {
                drop(lane.turn(&process(name), false).await);
                name
            });
        }
    }
    let mut order = Vec::new();
    while let Some(name) = running.join_next().await {
        order.push(name.unwrap());
    }
    assert_eq!(order.iter().position(|name| *name == "few"), Some(2), "one goes at once, one is before");
}

#[tokio::test(start_paused = true)]
async fn who_gives_up_holds_nobody_up() {
    let lane = lane(options(Some(60.0)));
    drop(lane.turn(&process("p"), false).await);
    let start = Instant::now();
    let one = process("one");
    let mut first = Box::pin(lane.turn(&one, false));
    let second = tokio::spawn({
        let lane = lane.clone();
        async move { drop(lane.turn(&process("p"), false).await) }
    });
    assert!(poll!(&mut first).is_pending());
    tokio::task::yield_now().await;
    assert!(lane.would_wait());
    drop(first);
    second.await.unwrap();
    assert_eq!(start.elapsed(), SECOND, "it has the turn of the one that left");
}

#[tokio::test(start_paused = true)]
async fn a_lane_says_how_long_a_call_would_wait_behind_the_others() {
    let lane = lane(options(Some(60.0)));
    assert_eq!((lane.expected_wait(), lane.wait_of_next()), (Duration::ZERO, Duration::ZERO));
    let turn = lane.turn(&process("p"), false).await;
    assert_eq!((lane.expected_wait(), lane.wait_of_next()), (SECOND, SECOND));
    let processes = [process("one"), process("other")];
    let mut line = processes.each_ref().map(|process| Box::pin(lane.turn(process, false)));
    for waiting in &mut line {
        assert!(poll!(waiting).is_pending());
    }
    assert_eq!((lane.expected_wait(), lane.wait_of_next()), (3 * SECOND, SECOND));
    turn.refused(Some(5 * SECOND));
    assert_eq!(
        (lane.expected_wait(), lane.wait_of_next()),
        (6 * SECOND, 5 * SECOND),
        "one in two seconds now"
    );
}

#[tokio::test(start_paused = true)]
async fn a_line_that_moves_is_waited_in_for_longer_than_patience() {
    let lane = lane(options(Some(10.0)));
    let start = Instant::now();
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let lane = lane.clone();
        running.spawn(async move {
            let turn = lane.turn_within(&process("p"), false, start, 300 * SECOND).await;
            // Answers take longer than patience, too.
            tokio::time::sleep(400 * SECOND).await;
            turn.map(|turn| turn.used(1.0)).is_some()
        });
    }
    while let Some(had_a_turn) = running.join_next().await {
        assert!(had_a_turn.unwrap());
    }
    assert_eq!(start.elapsed(), 99 * 6 * SECOND + 400 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn patience_ends_when_nothing_is_granted_for_that_long() {
    // One call in ten minutes.
    let lane = lane(options(Some(0.1)));
    let start = Instant::now();
    tokio::time::advance(60 * SECOND).await;
    lane.turn(&process("p"), false).await.used(1.0);
    assert!(lane.turn_within(&process("p"), false, start, 300 * SECOND).await.is_none());
    assert_eq!(start.elapsed(), 360 * SECOND, "counted from the last call that was granted");
    assert!(lane.turn_within(&process("p"), false, Instant::now(), 400 * SECOND).await.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_refusal_holds_the_others_back_and_is_told() {
    let options = options(None);
    let lane = lane(options.clone());
    let turn = lane.turn(&process("p"), false).await;
    assert_eq!(turn.refused(Some(5 * SECOND)), 5 * SECOND);
    assert!(has(&options, r#"bedrock_connector_model_pace_per_minute{model="m",region="r"} 120"#));
    let start = Instant::now();
    let p = process("p");
    let mut waiting = Box::pin(lane.turn(&p, true));
    assert!(poll!(&mut waiting).is_pending());
    assert!(has(&options, r#"bedrock_connector_model_waiting{model="m",region="r"} 1"#));
    drop(waiting.await);
    assert_eq!(start.elapsed(), 5 * SECOND);
    assert!(has(&options, r#"bedrock_connector_model_waiting{model="m",region="r"} 0"#));
    assert!(has(&options, r#"bedrock_connector_model_wait_seconds_count{model="m",region="r"} 2"#));
}

#[tokio::test(start_paused = true)]
async fn an_hour_without_a_refusal_makes_it_free_again() {
    let options = options(None);
    let lane = lane(options.clone());
    lane.turn(&process("p"), false).await.refused(None);
    tokio::time::advance(3600 * SECOND).await;
    for _ in 0..100 {
        assert!(lane.turn(&process("p"), false).now_or_never().is_some());
    }
    assert!(!options.telemetry.render().contains("bedrock_connector_model_pace_per_minute{"));
}

#[tokio::test(start_paused = true)]
async fn tokens_are_measured_out_and_settled() {
    let quota = Quota { requests_per_minute: None, tokens_per_minute: Some(6000.0) };
    let lane = lane(LaneOptions { quota, ..options(None) });
    let start = Instant::now();
    // There are 100 tokens a second, and 1000 to begin with, which is also what the first call is taken to use.
    lane.turn(&process("p"), false).await.used(1800.0);
    drop(lane.turn(&process("p"), false).await);
    assert_eq!(
        start.elapsed(),
        18 * SECOND,
        "800 were too many, and the next one waits until the bucket is full again"
    );
}

#[tokio::test(start_paused = true)]
async fn idle_lanes_are_forgotten_and_those_in_use_are_not() {
    let pacer = Pacer::new(2);
    let make = || options(Some(60.0));
    let used = pacer.lane(&1, make);
    drop(used.turn(&process("p"), false).await);
    drop(pacer.lane(&2, make).turn(&process("p"), false).await);
    pacer.lane(&3, make);
    assert!(pacer.lane(&1, make).would_wait(), "it is the same lane");
    assert!(!pacer.lane(&2, make).would_wait(), "it is a new lane");
}
