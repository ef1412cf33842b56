//! A worker in the place of Camunda's runtime, with nothing but what the runtime was given.

use serde_json::json;

use crate::scenarios::{Stage, Task};

/// The hybrid element template lets the modeler choose the job type, and the operator gives it to the runtime.
#[tokio::test]
async fn the_job_type_can_be_another_one() {
    let stage = Stage::embedded_with(&[("CONNECTOR_AWS_BEDROCK_TYPE", "acme:bedrock:1")]).await;
    let task = Task::new("hybrid").job_type("acme:bedrock:1").input("Hello?", "data.newMessage");
    let process = task.deploy(&stage).await;
    let variables = stage.run(&process, json!({})).await;
    assert_eq!(variables["answer"].as_array().map(Vec::len), Some(2), "{variables}");
}

/// Before 8.9 the runtime took every variable for a secret, and its operators gave them no prefix.
#[tokio::test]
async fn secrets_without_a_prefix_are_used_where_the_operator_says_so() {
    let stage = Stage::embedded_with(&[
        ("CAMUNDA_CONNECTOR_SECRETPROVIDER_ENVIRONMENT_PREFIX", ""),
        ("AWS_ACCESS_KEY", "AKIDBARE"),
        ("AWS_SECRET_KEY", "bare-secret"),
    ])
    .await;
    let process = Task::new("bare").input("Hello?", "data.newMessage").deploy(&stage).await;
    stage.run(&process, json!({})).await;
    let exchange = stage.bedrock.exchanges().all().pop().expect("a call was made");
    assert_eq!(exchange.identity.key(), Some("AKIDBARE"));
}
