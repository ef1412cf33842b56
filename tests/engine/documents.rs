//! Documents in the store of a real engine.

use bedrock_connector::zeebe;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::scenarios::Stage;

pub(crate) const NAME: &str = "a_document_made_of_an_answer_is_read_by_the_next_task";

/// The first task stores its answer as a document, the second one gives it to the model.
pub(crate) async fn an_answer_becomes_a_document(stage: &Stage) {
    let process = stage.deploy("document-of-an-answer").await;
    let variables = stage.run(&process, json!({"question": "Say hello"})).await;
    let document = &variables["document"];
    assert_eq!(document["camunda.document.type"], "camunda", "{variables}");
    assert!(document["documentId"].as_str().is_some_and(|id| !id.is_empty()), "{variables}");
    assert_eq!(document["metadata"]["fileName"], "answer.txt");
    assert_eq!(document["metadata"]["contentType"], "text/plain");

    let body = stage.bedrock.exchanges().all().pop().expect("a call was made").body;
    let block = &body["messages"][0]["content"][0]["document"];
    assert_eq!((&block["format"], &block["name"]), (&json!("txt"), &json!("answer")), "{body}");
    assert_eq!(block["source"]["bytes"], variables["encoded"], "the model gets what was stored");
    assert!(variables["reply"].as_str().is_some_and(|reply| !reply.is_empty()), "{variables}");
}

/// Uploads a text as a form of the engine's would, and gives the reference that the form puts into a variable.
pub(crate) async fn upload(rest_address: &str, file_name: &str, content: &'static str) -> Value {
    let options = zeebe::Options::default();
    let client = zeebe::http_client(&options, rest_address).expect("a client");
    let metadata = json!({ "fileName": file_name, "contentType": "text/plain" }).to_string();
    let file = Part::text(content).file_name(file_name.to_owned()).mime_str("text/plain").expect("a type");
    let metadata = Part::text(metadata).mime_str("application/json").expect("a type");
    let form = Form::new().part("file", file).part("metadata", metadata);
    let answer = client.post(format!("{rest_address}/v2/documents")).multipart(form).send().await;
    let answer = answer.expect("the engine has a store").error_for_status().expect("it takes the document");
    let stored: Value = answer.json().await.expect("JSON");
    let mut reference = json!({ "camunda.document.type": "camunda" });
    for key in ["storeId", "documentId", "contentHash", "metadata"] {
        if let Some(value) = stored.get(key).filter(|value| !value.is_null()) {
            reference[key] = value.clone();
        }
    }
    reference
}
