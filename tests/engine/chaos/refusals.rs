//! The gateway refuses the first report of each job.

use std::collections::BTreeMap;

use tonic::Code;

use super::stage::Worker;
use super::{Stage, Task, World, say, seconds};
use crate::checkpoint::{Checkpoint, Report, Told};

const JOBS_PER_CODE: usize = 2;

/// The same report may pass a moment later.
const REPEATED: [Code; 7] = [
    Code::ResourceExhausted,
    Code::Unavailable,
    Code::DeadlineExceeded,
    Code::Aborted,
    Code::Cancelled,
    Code::DataLoss,
    Code::Unauthenticated,
];

/// The worker leaves the job to its lock. It comes back, and the answer is there.
const LEFT: [Code; 7] = [
    Code::NotFound,
    Code::FailedPrecondition,
    Code::AlreadyExists,
    Code::PermissionDenied,
    Code::Internal,
    Code::Unknown,
    Code::Unimplemented,
];

/// The report itself is at fault, so the job fails for good and an operator must look.
const AT_FAULT: [Code; 2] = [Code::InvalidArgument, Code::OutOfRange];

pub(crate) async fn a_refused_report_is_repeated_where_that_helps_and_costs_no_call(world: &mut World) {
    let lock = seconds(20);
    let checkpoint = Checkpoint::before(&world.zeebe.grpc_address()).await.expect("a checkpoint");
    let stage = Stage::set(world, Task::named("refusals")).await.with_gateway_at(checkpoint.url());
    checkpoint.refuse_first_reports(&[REPEATED.as_slice(), &LEFT, &AT_FAULT].concat());
    let _worker = Worker::start(stage.launch_with_lock(lock)).await;
    stage.begin((REPEATED.len() + LEFT.len() + AT_FAULT.len()) * JOBS_PER_CODE).await;

    let repeated = REPEATED.len() * JOBS_PER_CODE;
    assert!(stage.ends.reached(repeated, lock / 2).await, "long before the lock is over\n{}", stage.log());
    let in_time: Vec<_> = ended(&checkpoint.told()).collect();
    assert!(in_time.iter().all(|code| REPEATED.contains(code)), "{in_time:?}");

    let left = repeated + LEFT.len() * JOBS_PER_CODE;
    assert!(stage.ends.reached(left, lock + seconds(15)).await, "when the lock is over\n{}", stage.log());

    let failed = checkpoint.told().into_iter().filter(|(_, told)| AT_FAULT.contains(&told[0].answer));
    stage.resolve_incidents_of(&failed.map(|(job, _)| job).collect::<Vec<_>>()).await;
    stage.all_end_within(seconds(15)).await;

    stage.expect_one_call_each();
    for (job, told) in checkpoint.told() {
        assert_eq!(told, expected(told[0].answer), "of job {job}");
    }
    say(format!("{} jobs, 16 codes: {} calls", stage.begun(), stage.paid()));
}

/// A report that is repeated needs no stored answer.
pub(crate) async fn a_refused_report_is_repeated_without_a_journal_too(world: &mut World) {
    let lock = seconds(30);
    let checkpoint = Checkpoint::before(&world.zeebe.grpc_address()).await.expect("a checkpoint");
    let stage = Stage::set(world, Task::named("refusals-unkept")).await.with_gateway_at(checkpoint.url());
    checkpoint.refuse_first_reports(&REPEATED);
    let launch = stage.launch_with_lock(lock).env("BEDROCK_CONNECTOR_JOURNAL_ENABLED", "false");
    let _worker = Worker::start(launch).await;
    stage.begin(REPEATED.len() * JOBS_PER_CODE).await;
    stage.all_end_within(lock / 2).await;

    stage.expect_one_call_each();
    say(format!("{} jobs, {} codes: {} calls", stage.begun(), REPEATED.len(), stage.paid()));
}

/// The first refusals of the jobs that have come to their end.
fn ended(told: &BTreeMap<i64, Vec<Told>>) -> impl Iterator<Item = Code> {
    let over = |told: &&Vec<Told>| told.last().is_some_and(|last| *last == completed(Code::Ok));
    told.values().filter(over).map(|told| told[0].answer)
}

fn expected(code: Code) -> Vec<Told> {
    let failed = Told { report: Report::Failed { retries: 0 }, answer: Code::Ok };
    let between = if AT_FAULT.contains(&code) { vec![failed] } else { Vec::new() };
    [vec![completed(code)], between, vec![completed(Code::Ok)]].concat()
}

fn completed(answer: Code) -> Told {
    Told { report: Report::Completed, answer }
}
