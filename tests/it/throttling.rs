//! More jobs than Bedrock grants calls.

use std::time::Duration;

use bedrock_connector::emulator::bedrock::{Outcome, Target};
use bedrock_connector::emulator::gateway::{NewJob, Rpc};

use crate::support::stage::{JOB_TYPE, Stage, good_input};

/// Longer than the jobs take at the pace that is granted.
const PATIENCE: Duration = Duration::from_secs(180);

#[tokio::test]
async fn five_hundred_jobs_at_twenty_calls_a_second_complete_and_spend_no_retry() {
    let stage = Stage::embedded(|launch| launch.env("BEDROCK_CONNECTOR_MAX_JOBS_ACTIVE", "500")).await;
    stage.bedrock.grant(Target::model("scarce"), 20.0, 20.0);
    for _ in 0..500 {
        stage.gateway.create_job(NewJob::new(JOB_TYPE).variables(good_input("scarce")));
    }
    stage.all_end(PATIENCE).await;

    assert_eq!(stage.gateway.received().count(|call| call.command.rpc() == Rpc::FailJob), 0);
    assert_eq!(stage.gateway.received().count(|call| call.command.rpc() == Rpc::CompleteJob), 500);
    let calls = stage.bedrock.exchanges().all();
    let throttled = |outcome| outcome == Outcome::Answered { status: 429 };
    let settled = calls[0].at + Duration::from_secs(10);
    let late: Vec<_> = calls.iter().filter(|call| call.at >= settled).collect();
    let refused = late.iter().filter(|call| throttled(call.outcome)).count();
    assert!(late.len() >= 200, "{} calls after ten seconds", late.len());
    assert!(refused * 20 <= late.len(), "{refused} of {} are throttled after ten seconds", late.len());
    assert_eq!(calls.iter().filter(|call| !throttled(call.outcome)).count(), 500, "none is paid twice");

    let metrics = stage.get("/actuator/prometheus").await.expect("an answer").body;
    let counted = format!(
        "bedrock_connector_model_throttled_total{{model=\"scarce\",region=\"us-east-1\"}} {}\n",
        calls.len() - 500
    );
    assert!(metrics.contains(&counted), "{counted} is not in\n{metrics}");
    assert!(metrics.contains("bedrock_connector_model_pace_per_minute{model=\"scarce\""), "{metrics}");
    assert!(
        metrics.contains("bedrock_connector_model_waiting{model=\"scarce\",region=\"us-east-1\"} 0\n"),
        "{metrics}"
    );
}
