//! Documents in the store of a real engine.

use bedrock_connector::zeebe;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

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
