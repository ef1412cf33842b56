//! Which way a process takes.

use serde_json::json;

use super::Stage;

pub(super) async fn of_two_open_ways_the_one_drawn_later_is_taken(stage: &Stage) {
    let process = stage.deploy("two-open-ways").await;
    let variables = stage.run(&process, json!({"number": 1})).await;
    assert_eq!(variables["taken"], json!("later"), "{variables}");
}
