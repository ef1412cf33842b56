//! Two replicas share one PostgreSQL.

use bedrock_connector::bench::Launch;

use super::stage::{PATIENCE, Worker, until};
use super::{Stage, Task, World, say, seconds};
use crate::checkpoint::Checkpoint;
use crate::line::{Condition, Line};
use crate::postgres::Server;

const JOBS: usize = 30;
const LOCK_SECS: u64 = 10;

pub(crate) async fn a_replica_uses_the_answers_of_a_killed_one(world: &mut World) {
    let server = Server::start().await;
    let checkpoint = Checkpoint::before(&world.zeebe.grpc_address()).await.expect("a checkpoint");
    let stage = Stage::set(world, Task::named("killed-replica")).await.with_gateway_at(checkpoint.url());
    let first = Worker::start(launch(&stage, &server)).await;
    checkpoint.hold_reports(true);
    stage.begin(JOBS).await;
    assert!(until(PATIENCE, || checkpoint.held() == JOBS).await, "all answered\n{}", stage.log());

    let _second = Worker::start(launch(&stage, &server)).await;
    first.kill().await;
    assert!(until(PATIENCE, || checkpoint.held() == 0).await, "the killed replica's reports are lost");
    checkpoint.hold_reports(false);
    let took = stage.all_end_within(seconds(LOCK_SECS + 15)).await;

    stage.expect_one_call_each();
    say(format!(
        "{JOBS} jobs of a killed replica, ended by the other after {:.1} s: {} calls",
        took.as_secs_f64(),
        stage.paid()
    ));
}

/// The line of the first replica goes silent while its models think. The engine gives its jobs to the second one,
/// which waits for the answers that are on their way.
pub(crate) async fn a_replica_waits_for_the_calls_of_a_lost_one(world: &mut World) {
    let server = Server::start().await;
    let line = Line::to(&world.zeebe.grpc_address()).await.expect("a line");
    let stage = Stage::set(world, Task::named("lost-replica")).await;
    stage.model_takes(seconds(2 * LOCK_SECS));
    // It polls, because an engine goes on pushing jobs into a stream that has gone silent: of what comes back, half
    // would be lost again with each lock.
    let on_the_line = launch(&stage, &server)
        .env("CAMUNDA_CLIENT_GRPCADDRESS", line.url())
        .env("BEDROCK_CONNECTOR_STREAM", "false");
    let _first = Worker::start(on_the_line).await;
    stage.begin(JOBS).await;
    stage.calls_in_flight(JOBS).await;

    let _second = Worker::start(launch(&stage, &server)).await;
    line.turn(Condition::Silent);
    let took = stage.all_end_within(seconds(3 * LOCK_SECS + 15)).await;

    stage.expect_one_call_each();
    say(format!(
        "{JOBS} calls of a lost replica, ended by the other after {:.1} s: {} calls",
        took.as_secs_f64(),
        stage.paid()
    ));
}

/// The replicas reach the engine by different addresses, so they are told that it is one.
fn launch(stage: &Stage, server: &Server) -> Launch {
    stage
        .launch_with_lock(seconds(LOCK_SECS))
        .env("BEDROCK_CONNECTOR_JOURNAL_URL", server.url())
        .env("BEDROCK_CONNECTOR_JOURNAL_ENGINE", "the engine")
}
