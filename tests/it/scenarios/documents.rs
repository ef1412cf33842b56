//! Documents in the store of an engine. The embedded gateway has none, so there a store of its own stands beside it.

use serde_json::{Value, json};

use super::Stage;

/// The first task stores its answer as a document, the second one gives it to the model.
pub(super) async fn a_document_made_of_an_answer_is_read_by_the_next_task(stage: &Stage) {
    let process = stage.deploy("document-of-an-answer").await;
    let variables = stage.run(&process, json!({"question": "Say hello"})).await;
    is_stored(&variables["document"], "answer.txt", "text/plain");

    let body = stage.bedrock.exchanges().all().pop().expect("a call was made").body;
    let block = &body["messages"][0]["content"][0]["document"];
    assert_eq!((&block["format"], &block["name"]), (&json!("txt"), &json!("answer")), "{body}");
    assert_eq!(block["source"]["bytes"], variables["encoded"], "the model gets what was stored");
    assert!(variables["reply"].as_str().is_some_and(|reply| !reply.is_empty()), "{variables}");
}

/// The first task draws, and the second one looks at the image.
pub(super) async fn an_image_is_looked_at_by_the_next_task(stage: &Stage) {
    let process = stage.deploy("document-of-an-image").await;
    let variables = stage.run(&process, json!({"motif": "A lighthouse"})).await;
    is_stored(&variables["picture"], "drawing.png", "image/png");

    let asked = stage.bedrock.exchanges().all();
    let [drawn, seen] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!(drawn.body["textToImageParams"], json!({"text": "A lighthouse"}));
    let block = &seen.body["messages"][0]["content"][0]["image"];
    assert_eq!(block["format"], "png", "{}", seen.body);
    let bytes = block["source"]["bytes"].as_str().expect("the image is in the request");
    assert!(bytes.starts_with("iVBORw0KGgo"), "{bytes}");
    assert!(variables["reply"].as_str().is_some_and(|reply| !reply.is_empty()), "{variables}");
}

#[track_caller]
fn is_stored(document: &Value, name: &str, content_type: &str) {
    assert_eq!(document["camunda.document.type"], "camunda", "{document}");
    assert!(document["documentId"].as_str().is_some_and(|id| !id.is_empty()), "{document}");
    let metadata = &document["metadata"];
    assert_eq!((&metadata["fileName"], &metadata["contentType"]), (&json!(name), &json!(content_type)));
}
