//! The answer is there, and what the modeler makes of it goes wrong.

use tonic::Code;

use super::stage::until;
use super::{Stage, Task, World, say, seconds};
use crate::checkpoint::{Checkpoint, Report, Told};
use crate::line::{Condition, Line};

/// The store of documents is away, so an expression that makes a document of the answer fails. The operator brings
/// the store back and lets the job be tried again.
pub(crate) async fn a_repaired_result_expression_uses_the_answer_that_was_paid(world: &mut World) {
    let store = Line::to(&world.zeebe.rest_address()).await.expect("a line");
    store.turn(Condition::Cut);
    let checkpoint = Checkpoint::before(&world.zeebe.grpc_address()).await.expect("a checkpoint");
    let task = Task {
        result_expression: "={answer: createDocument({content: to base64(response[-1].contentList[1].text), \
                            name: \"answer.txt\"})}",
        ..Task::named("repair")
    };
    let stage = Stage::set(world, task).await.with_gateway_at(checkpoint.url()).with_rest_at(&store.url());
    let _worker = stage.worker().await;
    stage.begin(1).await;
    assert!(
        until(seconds(60), || failures(&checkpoint) == [2, 1, 0]).await,
        "{:?}\n{}",
        checkpoint.told(),
        stage.log()
    );

    let job = *checkpoint.told().keys().next().expect("a job");
    stage.resolve_incidents_of(&[job]).await;
    assert!(until(seconds(60), || failures(&checkpoint) == [2, 1, 0, 0]).await, "{:?}", checkpoint.told());

    store.turn(Condition::Fine);
    stage.resolve_incidents_of(&[job]).await;
    stage.all_end_within(seconds(60)).await;
    stage.expect_one_call_each();
    let document = &stage.ends.all()[&0]["answer"];
    assert_eq!(document["camunda.document.type"], "camunda", "{document}");
    say("four failures, two incidents, a repair: 1 call");
}

/// The modeler looks at a good answer and wants another one.
pub(crate) async fn a_job_error_on_a_good_answer_asks_again(world: &mut World) {
    let checkpoint = Checkpoint::before(&world.zeebe.grpc_address()).await.expect("a checkpoint");
    let task = Task {
        error_expression: "=if job.retries = 3 then jobError(\"once more, please\", {}, 2, @\"PT0S\") else null",
        ..Task::named("job-error")
    };
    let stage = Stage::set(world, task).await.with_gateway_at(checkpoint.url());
    let _worker = stage.worker().await;
    stage.begin(1).await;
    stage.all_end_within(seconds(60)).await;

    assert_eq!(stage.calls()[&0].answered, 2);
    let told = checkpoint.told().into_values().next().expect("a job");
    let ok = |report| Told { report, answer: Code::Ok };
    assert_eq!(told, [ok(Report::Failed { retries: 2 }), ok(Report::Completed)]);
}

/// The retries that each failure has left, in order.
fn failures(checkpoint: &Checkpoint) -> Vec<i32> {
    let told = checkpoint.told();
    let reports = told.values().flatten().map(|told| told.report);
    let retries = reports.filter_map(|report| match report {
        Report::Failed { retries } => Some(retries),
        Report::Completed | Report::ThrewError => None,
    });
    retries.collect()
}
