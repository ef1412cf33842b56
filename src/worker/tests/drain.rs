//! How a worker ends.

use std::time::Duration;

use super::*;
use crate::emulator::gateway::{Command, Memory};

#[tokio::test]
async fn jobs_that_end_within_the_grace_period_are_reported() {
    let scene = Scene::new(Options { grace: PATIENCE, ..options() }).await;
    let key = scene.job("wait");
    scene.model.until("the call runs", |seen| seen.running == 1).await;
    scene.shutdown.cancel();
    let late = scene.job("answer");
    scene.gateway.wait_for_streams(0).await.unwrap();
    scene.model.open_gate();
    scene.completed(key).await;
    let (gateway, handle, drained) = scene.stop().await;
    assert_eq!(drained, Drained { finished: 1, ..Drained::default() });
    assert_eq!(handle.free_slots(), 8);
    // It may have been pushed before the stream was closed, and then it was given back or came too late.
    let late = gateway.job(late).unwrap();
    assert_eq!(late.retries, 3, "{late:?}");
}

#[tokio::test]
async fn jobs_beyond_the_grace_period_are_given_back_with_their_retries() {
    let scene = Scene::new(Options { grace: Duration::from_millis(50), ..options() }).await;
    let keys = [scene.job("wait"), scene.job("wait")];
    scene.model.until("the calls run", |seen| seen.running == 2).await;
    let model = scene.model.clone();
    let (gateway, handle, drained) = scene.stop().await;
    assert_eq!(drained, Drained { handed_back: 2, ..Drained::default() });
    assert_eq!((model.seen().running, model.seen().ended), (0, 0), "the calls are dropped");
    assert_eq!((handle.in_flight(), handle.free_slots()), (0, 8));
    for key in keys {
        let job = gateway.job(key).unwrap();
        assert_eq!((job.retries, job.state), (3, JobState::Activatable), "another worker may have it now");
        let calls = gateway.received_for(key);
        let Command::FailJob(failure) = &calls[0].command else { panic!("{calls:?}") };
        assert_eq!((failure.retries, failure.retry_back_off), (3, 0));
        assert!(failure.error_message.contains("stopping"), "{}", failure.error_message);
    }
    assert_eq!(gateway.incidents().len(), 0);
}

#[tokio::test]
async fn stopping_ends_the_poll_that_waits_at_the_gateway() {
    let long = Duration::from_secs(600);
    let scene = Scene::new(Options { stream: false, long_poll: long, ..options() }).await;
    let waits = |calls: &[Received]| (count(calls, Rpc::ActivateJobs) > 0).then_some(());
    scene.gateway.received().wait_for("a poll", waits).await.unwrap();
    let (gateway, handle, _) = scene.stop().await;
    assert_eq!(handle.free_slots(), 8);
    assert!(handle.feeds()[JOB_TYPE].problem.is_none(), "stopping is no failure");
    let key = gateway.create_job(new_job("answer"));
    assert_eq!(gateway.job(key).unwrap().state, JobState::Activatable, "the dead poll took no job");
}

#[tokio::test]
async fn a_worker_that_is_dropped_stops_at_once() {
    let scene = Scene::new(options()).await;
    let key = scene.job("wait");
    scene.model.until("the call runs", |seen| seen.running == 1).await;
    scene.running.abort();
    scene.model.until("the call is dropped", |seen| seen.running == 0).await;
    eventually("all slots are free", || scene.handle.free_slots() == 8).await;
    assert_eq!(scene.gateway.received_for(key).len(), 0, "nothing more is said");
}

#[tokio::test]
async fn a_gateway_that_is_away_does_not_keep_the_worker_from_stopping() {
    let grace = Duration::from_millis(20);
    let scene = Scene::new(Options { grace, hand_back_time: Duration::from_millis(200), ..options() }).await;
    let key = scene.job("wait");
    scene.model.until("the call runs", |seen| seen.running == 1).await;
    scene.gateway.go_down().await.unwrap();
    let (gateway, handle, drained) = scene.stop().await;
    assert_eq!(drained, Drained { abandoned: 1, ..Drained::default() });
    assert_eq!((handle.in_flight(), handle.free_slots()), (0, 8));
    gateway.come_back(Memory::Kept).await.unwrap();
    assert_eq!(gateway.job(key).unwrap().retries, 3);
}
