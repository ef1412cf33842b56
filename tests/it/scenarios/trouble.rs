//! Instances that go away, and many at once.

use bedrock_connector::emulator::bedrock::{Act, Outcome, Step, Target};
use serde_json::json;
use tokio::task::JoinSet;

use super::Stage;
use super::stage::{new_instance, run_to_its_end};

pub(super) async fn a_cancelled_instance_drops_its_call(stage: &Stage) {
    let process = stage.deploy("simple-question").await;
    let model = "a-model-that-thinks-for-ever";
    stage.bedrock.script(Target::model(model), [Step::new(Act::Hang).always()]);
    let instance = stage.begin(&process, json!({"question": "Hello?", "model": model})).await;
    stage.bedrock.wait_for_calls(1).await.expect("the call is made");
    stage.client.cancel_instance(instance).await.expect("the instance is cancelled");

    // The engine tells nobody; the worker learns it when it extends the lock.
    let abandoned = stage
        .bedrock
        .exchanges()
        .wait_for("the call to be dropped", |all| {
            all.iter().find(|exchange| exchange.outcome == Outcome::Abandoned).map(|_| ())
        })
        .await;
    abandoned.unwrap_or_else(|error| panic!("{error}\n{}", stage.worker_log()));
}

pub(super) async fn a_hundred_instances_at_once_are_answered_once_each(stage: &Stage) {
    let process = stage.deploy("simple-question").await;
    let model = "a-busy-model";
    let mut instances = JoinSet::new();
    for number in 0..100 {
        let variables = json!({"question": format!("Question {number}"), "model": model});
        let (client, instance) = (stage.client.clone(), new_instance(&process, &variables));
        instances.spawn(async move { run_to_its_end(&client, &instance).await });
    }
    for result in instances.join_all().await {
        let variables = result.unwrap_or_else(|error| panic!("{error}\n{}", stage.worker_log()));
        assert!(variables.contains("answer"), "{variables}");
    }
    assert_eq!(stage.bedrock.calls_of(model), 100);
}
