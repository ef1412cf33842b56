//! How jobs come: poll, stream, slots, and what the gateway does to them.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::broadcast::error::TryRecvError;
use tonic::Code;

use super::model::Seen;
use super::*;
use crate::emulator::gateway::{Command, Delivery, Event, Fault, Memory, Pushes, Reaction};
use crate::telemetry::FeedProblem;

fn polls(calls: &[Received]) -> Vec<i64> {
    let wait = |call: &Received| match &call.command {
        Command::ActivateJobs(request) => Some(request.request_timeout),
        _ => None,
    };
    calls.iter().filter_map(wait).collect()
}

fn problem(scene: &Scene) -> Option<FeedProblem> {
    scene.handle.feeds().get(JOB_TYPE)?.problem.as_ref().map(|problem| problem.kind)
}

#[tokio::test]
async fn poll_and_stream_share_the_slots() {
    let gateway = gateway().await;
    let mut events = gateway.events();
    for _ in 0..6 {
        gateway.create_job(new_job("wait"));
    }
    let scene = Scene::at(gateway, Options { max_jobs_active: 3, ..options() }, Arc::new(SystemClock));
    scene.model.until("all slots are taken", |seen| seen.running == 3).await;
    for _ in 0..6 {
        scene.job("wait");
    }
    scene.model.open_gate();
    // These become activatable while a stream is open and slots are free.
    scene.model.until("the backlog is done", |seen| seen.ended == 12).await;
    eventually("the stream is open", || scene.handle.feeds()[JOB_TYPE].streaming).await;
    let pushed = scene.job("answer");
    scene.completed(pushed).await;
    scene.gateway.wait_for_unfinished_jobs(0, PATIENCE).await.unwrap();
    assert_eq!(scene.model.seen().most, 3, "no more calls than slots, however the jobs came");

    let mut by = Vec::new();
    loop {
        match events.try_recv() {
            Ok(Event::JobActivated { by: delivery, .. }) => by.push(delivery),
            Ok(_) => {}
            Err(TryRecvError::Empty) => break,
            Err(error) => panic!("{error}"),
        }
    }
    assert!(by.contains(&Delivery::Poll) && by.contains(&Delivery::Push), "{by:?}");
    assert_eq!(by.len(), 13, "no job was given out twice");
}

#[tokio::test]
async fn nothing_leaks_after_a_thousand_jobs_with_panics_and_errors() {
    let scene = Scene::new(Options { max_jobs_active: 16, ..options() }).await;
    let actions = ["answer", "fail", "panic", "panic in bind", "unknown header"];
    for index in 0..1000 {
        let action = actions[index % actions.len()];
        let job = match action {
            "unknown header" => new_job("answer").header("retryBackoff", "soon"),
            action => new_job(action),
        };
        scene.gateway.create_job(job.retries(1));
    }
    let ended = |calls: &[Received]| {
        let ends = calls.iter().filter(|call| call.command.ends_attempt() && call.answer.is_some()).count();
        (ends == 1000).then_some(())
    };
    scene.gateway.received().wait_for("a thousand outcomes", ended).await.unwrap();
    eventually("no job is in flight", || scene.handle.in_flight() == 0).await;
    assert_eq!(scene.gateway.incidents().len(), 800);
    scene.metric("bedrock_connector_jobs_in_flight{type=\"model\"} 0").await;
    let (_, handle, drained) = scene.stop().await;
    assert_eq!(handle.free_slots(), 16, "every slot is free again");
    assert_eq!(drained, Drained::default());
}

#[tokio::test]
async fn polls_beside_a_stream_do_not_wait_at_the_gateway() {
    let scene = Scene::new(options()).await;
    let waits = |calls: &[Received]| Some(polls(calls)).filter(|waits| waits.len() >= 3);
    let waits = scene.gateway.received().wait_for("three polls", waits).await.unwrap();
    assert!(waits.iter().all(|wait| *wait < 0), "{waits:?}");
}

#[tokio::test]
async fn without_streams_polls_wait_at_the_gateway_and_jobs_still_come() {
    let gateway = gateway().await;
    gateway.inject(Fault::on(Rpc::StreamActivatedJobs, Reaction::Refuse(Code::Unimplemented)));
    let scene = Scene::at(gateway, options(), Arc::new(SystemClock));
    let waits = |calls: &[Received]| polls(calls).into_iter().find(|wait| *wait > 0);
    let wait = scene.gateway.received().wait_for("a poll that waits", waits).await.unwrap();
    assert_eq!(wait, 10_000);
    let key = scene.job("answer");
    scene.completed(key).await;
    assert_eq!(scene.gateway.received().count(|call| call.command.rpc() == Rpc::StreamActivatedJobs), 1);
    assert!(!scene.handle.feeds()[JOB_TYPE].streaming);
    assert!(scene.handle.is_ready(), "an old gateway is no problem");
}

#[tokio::test]
async fn one_slot_serves_polls_and_streams_alike() {
    let gateway = gateway().await;
    let backlog = [gateway.create_job(new_job("answer")), gateway.create_job(new_job("answer"))];
    let scene = Scene::at(gateway, Options { max_jobs_active: 1, ..options() }, Arc::new(SystemClock));
    for key in backlog {
        scene.completed(key).await;
    }
    scene.gateway.wait_for_streams(1).await.unwrap();
    let mut events = scene.gateway.events();
    loop {
        // A poll may come first, but not for ever.
        let key = scene.job("answer");
        scene.completed(key).await;
        let activated = std::iter::from_fn(|| events.try_recv().ok())
            .find(|event| matches!(event, Event::JobActivated { job, .. } if *job == key));
        if matches!(activated, Some(Event::JobActivated { by: Delivery::Push, .. })) {
            break;
        }
    }
    // The stream is idle now and holds the only slot, and yet a poll can be made.
    scene.gateway.pushes(Pushes::Silent);
    let key = scene.job("answer");
    scene.completed(key).await;
    assert_eq!(scene.model.seen().most, 1);
}

#[tokio::test]
async fn a_poll_without_an_answer_leaves_slots_to_the_stream() {
    let gateway = gateway().await;
    gateway.inject(Fault::on(Rpc::ActivateJobs, Reaction::Hang));
    let scene = Scene::at(gateway, options(), Arc::new(SystemClock));
    scene.gateway.wait_for_streams(1).await.unwrap();
    for _ in 0..3 {
        scene.job("wait");
    }
    scene.model.until("the pushed jobs run side by side", |seen| seen.running == 3).await;
}

#[tokio::test]
async fn pushed_jobs_that_wait_for_slots_are_not_last_behind_a_backlog() {
    let gateway = gateway().await;
    let scene = Scene::at(gateway, Options { max_jobs_active: 2, ..options() }, Arc::new(SystemClock));
    scene.gateway.wait_for_streams(1).await.unwrap();
    let mut events = scene.gateway.events();
    for _ in 0..2 {
        scene.job("wait");
    }
    scene.model.until("all slots are taken", |seen| seen.running == 2).await;
    // The first of these are pushed and wait on the connection, the others stay with the gateway.
    for _ in 0..60 {
        scene.gateway.create_job(new_job("step").header("note", "n".repeat(4096)));
    }
    scene.model.open_gate();
    for step in 0..60 {
        let started = (step + 4).min(62);
        let all_busy = |seen: &Seen| seen.started == started && seen.ended == step + 2;
        scene.model.until("the slots are taken again", all_busy).await;
        scene.model.let_one_go();
    }
    scene.gateway.wait_for_unfinished_jobs(0, PATIENCE).await.unwrap();

    let (mut pushed, mut completed) = (Vec::new(), Vec::new());
    while let Ok(event) = events.try_recv() {
        match event {
            // What is pushed later did not wait from the beginning.
            Event::JobActivated { job, by: Delivery::Push, .. } if completed.len() <= 2 => pushed.push(job),
            Event::JobCompleted { job, .. } => completed.push(job),
            _ => {}
        }
    }
    assert!(pushed.len() >= 5 && pushed.len() <= 25, "{} were pushed", pushed.len());
    let last = completed.iter().rposition(|job| pushed.contains(job)).unwrap();
    assert!(last <= 2 * pushed.len() + 6, "the last of {} was number {last}", pushed.len());
}

#[tokio::test]
async fn after_a_poll_without_an_answer_one_slot_is_risked_at_a_time() {
    let gateway = gateway().await;
    let asked = |calls: &[Received]| {
        let asked = |call: &Received| match &call.command {
            Command::ActivateJobs(request) => Some(request.max_jobs_to_activate),
            _ => None,
        };
        Some(calls.iter().filter_map(asked).collect::<Vec<_>>())
    };
    gateway.inject(Fault::on(Rpc::ActivateJobs, Reaction::Refuse(Code::DeadlineExceeded)).next(2));
    let scene = Scene::at(gateway, options(), Arc::new(SystemClock));
    let polls = scene.gateway.received();
    let asked =
        polls.wait_for("four polls", |calls| asked(calls).filter(|asked| asked.len() >= 4)).await.unwrap();
    assert_eq!(asked[..4], [4, 1, 1, 4]);
}

#[tokio::test]
async fn a_poll_without_free_slots_asks_for_those_that_are_idle_elsewhere() {
    let scene = Scene::new(Options { max_jobs_active: 2, stream: false, ..options() }).await;
    let mut recalls = scene.handle.slots.recalls();
    let idle = scene.handle.slots.acquire().await;
    let keys = [scene.job("wait"), scene.job("wait")];
    timeout(PATIENCE, recalls.changed()).await.expect("the poll asks for the idle slot").unwrap();
    drop(idle);
    scene.model.until("both slots have a job", |seen| seen.running == 2).await;
    scene.model.open_gate();
    for key in keys {
        scene.completed(key).await;
    }
}

#[tokio::test]
async fn an_idle_stream_gives_its_slot_to_whoever_asks_and_goes_on_afterwards() {
    let hour = Duration::from_secs(3600);
    let rarely = Options { max_jobs_active: 1, idle_poll_min: hour, idle_poll_max: hour, ..options() };
    let scene = Scene::new(rarely).await;
    eventually("the stream is open", || scene.handle.feeds()[JOB_TYPE].streaming).await;
    // What was polled for at the opening of the stream is over when the stream has the slot again.
    let key = scene.job("answer");
    scene.completed(key).await;
    let slots = scene.handle.slots.clone();
    eventually("the stream holds the slot", || slots.free() == 0 && scene.handle.in_flight() == 0).await;

    let acquired = slots.acquire();
    slots.recall();
    let slot = timeout(PATIENCE, acquired).await.expect("the slot is lent");
    let key = scene.job("answer");
    drop(slot);
    scene.completed(key).await;
}

#[tokio::test]
async fn the_idle_streams_of_other_job_types_take_nothing_from_a_backlog() {
    let gateway = gateway().await;
    let options = Options { max_jobs_active: 2, ..options() };
    let scene = Scene::serving(&[JOB_TYPE, "other"], gateway, options, Arc::new(SystemClock));
    scene.gateway.wait_for_streams(2).await.unwrap();
    scene.gateway.pushes(Pushes::Silent);
    let keys = [scene.job("wait"), scene.job("wait")];
    scene.model.until("both slots have a job of one type", |seen| seen.running == 2).await;
    scene.model.open_gate();
    for key in keys {
        scene.completed(key).await;
    }
    let other = NewJob { job_type: "other".to_owned(), ..new_job("answer") };
    let other = scene.gateway.create_job(other);
    scene.completed(other).await;
}

#[tokio::test]
async fn fewer_slots_than_job_types_are_polled_for_in_turn() {
    let gateway = gateway().await;
    let long_poll = Duration::from_millis(50);
    let options = Options { max_jobs_active: 1, long_poll, ..options() };
    let scene = Scene::serving(&[JOB_TYPE, "other"], gateway, options, Arc::new(SystemClock));
    for job_type in [JOB_TYPE, "other", JOB_TYPE] {
        let job = NewJob { job_type: job_type.to_owned(), ..new_job("answer") };
        let key = scene.gateway.create_job(job);
        scene.completed(key).await;
    }
    assert_eq!(scene.gateway.received().count(|call| call.command.rpc() == Rpc::StreamActivatedJobs), 0);
}

#[tokio::test]
async fn a_gateway_that_restarts_on_the_same_port_is_found_again() {
    let scene = Scene::new(options()).await;
    eventually("ready", || scene.handle.is_ready()).await;
    scene.gateway.go_down().await.unwrap();
    eventually("not ready", || problem(&scene) == Some(FeedProblem::Unavailable)).await;
    assert!(!scene.handle.is_ready());
    scene.gateway.come_back(Memory::Kept).await.unwrap();
    eventually("ready again", || scene.handle.is_ready()).await;
    scene.gateway.wait_for_streams(1).await.unwrap();
    let key = scene.job("answer");
    assert_eq!(scene.completed(key).await.activations, 1);
}

#[tokio::test]
async fn readiness_waits_for_a_gateway_that_is_away_at_the_start() {
    let gateway = gateway().await;
    gateway.go_down().await.unwrap();
    let scene = Scene::at(gateway, options(), Arc::new(SystemClock));
    eventually("the problem is seen", || problem(&scene).is_some()).await;
    assert!(!scene.handle.is_ready());
    scene.gateway.come_back(Memory::Kept).await.unwrap();
    eventually("ready", || scene.handle.is_ready()).await;
}

#[tokio::test]
async fn a_stream_that_is_cut_is_opened_again() {
    let scene = Scene::new(options()).await;
    for code in [None, Some(Code::Cancelled), Some(Code::Unavailable), Some(Code::Internal)] {
        scene.gateway.wait_for_streams(1).await.unwrap();
        scene.gateway.end_streams(code);
        let key = scene.job("answer");
        scene.completed(key).await;
    }
    scene.gateway.wait_for_streams(1).await.unwrap();
}

#[tokio::test]
async fn a_silent_stream_is_replaced_when_polls_bring_what_it_should_push() {
    let scene = Scene::new(Options { stream_inactivity: Duration::from_millis(100), ..options() }).await;
    eventually("the stream is open", || scene.handle.feeds()[JOB_TYPE].streaming).await;
    scene.gateway.pushes(Pushes::Silent);
    let opened = |calls: &[Received]| (count(calls, Rpc::StreamActivatedJobs) >= 2).then_some(());
    let replaced = scene.gateway.received().wait_for("a second stream", opened);
    let jobs = async {
        loop {
            let key = scene.job("answer");
            scene.completed(key).await;
        }
    };
    tokio::select! {
        replaced = replaced => replaced.unwrap(),
        () = jobs => {}
    }
    scene.metric("camunda_client_worker_stream_inactivity_recreated_total{type=\"model\"} 1").await;
}

#[tokio::test]
async fn a_request_that_the_engine_refuses_is_reported_and_not_repeated() {
    let gateway = gateway().await;
    let saying = || Reaction::RefuseSaying(Code::InvalidArgument, "no such tenant".to_owned());
    gateway.inject(Fault::on(Rpc::StreamActivatedJobs, saying()));
    gateway.inject(Fault::on(Rpc::ActivateJobs, saying()));
    let scene = Scene::at(gateway, options(), Arc::new(SystemClock));
    eventually("the problem is seen", || problem(&scene) == Some(FeedProblem::Misconfigured)).await;
    let feeds = scene.handle.feeds();
    let found = feeds[JOB_TYPE].problem.as_ref().unwrap();
    assert_eq!(found.code, "INVALID_ARGUMENT");
    assert!(found.message.contains("no such tenant"), "{}", found.message);
    assert!(!scene.handle.is_ready());
    assert_eq!(scene.gateway.received().count(|call| call.command.rpc() == Rpc::ActivateJobs), 1);
}

#[tokio::test]
async fn jobs_that_are_denied_are_asked_for_again_after_the_long_pause() {
    let gateway = gateway().await;
    gateway.inject(Fault::on_all(Reaction::Refuse(Code::PermissionDenied)));
    let denied_delay = Duration::from_millis(300);
    let scene = Scene::at(gateway, Options { denied_delay, ..options() }, Arc::new(SystemClock));
    eventually("the problem is seen", || problem(&scene) == Some(FeedProblem::Denied)).await;
    assert!(!scene.handle.is_ready());
    scene.gateway.heal();
    let key = scene.job("answer");
    scene.completed(key).await;
    eventually("ready", || scene.handle.is_ready()).await;
}

#[tokio::test]
async fn back_pressure_slows_the_polls_and_does_not_end_readiness() {
    let scene = Scene::new(Options { stream: false, ..options() }).await;
    eventually("ready", || scene.handle.is_ready()).await;
    scene.gateway.inject(Fault::on(Rpc::ActivateJobs, Reaction::Refuse(Code::ResourceExhausted)).next(15));
    let key = scene.job("answer");
    eventually("busy", || problem(&scene) == Some(FeedProblem::Busy)).await;
    assert!(scene.handle.is_ready(), "an engine under load is there");
    scene.completed(key).await;
    eventually("all is well", || problem(&scene).is_none()).await;
}
