//! A broker that goes away while nothing is to be done.

use serde_json::json;

use crate::scenarios::Stage;
use crate::zeebe::Zeebe;

pub(crate) const NAME: &str = "the_worker_outlives_a_broker_that_is_restarted_while_idle";

pub(crate) async fn the_worker_outlives_its_broker(stage: &Stage, zeebe: &mut Zeebe) {
    let process = stage.deploy("simple-question").await;
    let variables = json!({"question": "Are you there?", "model": "a-model"});
    stage.run(&process, variables.clone()).await;

    zeebe.kill().await.expect("the broker is killed");
    stage.logged(&["The gateway is away"]).await;
    zeebe.start_again().await.expect("the broker comes back");

    let after = stage.run(&process, variables).await;
    assert!(after["answer"].is_string(), "{after}");
    assert_eq!(stage.bedrock.calls_of("a-model"), 2, "one call before and one after");
}
