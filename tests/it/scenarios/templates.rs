//! What the versions of Camunda's element template write, and what becomes of it.

use bedrock_connector::emulator::bedrock::{Act, Exchange, Step, Target};
use serde_json::{Value, json};

use super::Stage;
use super::task::Task;

/// The one request that was made.
fn request(stage: &Stage) -> Exchange {
    let mut exchanges = stage.bedrock.exchanges().all();
    assert_eq!(exchanges.len(), 1, "one call was made");
    exchanges.remove(0)
}

/// The first version names the fields otherwise, holds a history of another shape, and writes numbers as text.
pub(super) async fn the_first_version_is_understood(stage: &Stage) {
    let process = Task::new("first-version")
        .input("=question", "data.nextMessage")
        .input("=history", "data.messages")
        .input("256", "data.maxTokens")
        .input("0.7", "data.temperature")
        .input("0.95", "data.topP")
        .deploy(stage)
        .await;
    let history = json!([{"message": "Hi", "role": "USER"}, {"message": "Hello", "role": "ASSISTANT"}]);
    let variables = stage.run(&process, json!({"question": "How are you?", "history": history})).await;

    let message = |role: &str, text: &str| json!({"role": role, "content": [{"text": text}]});
    let body = request(stage).body;
    assert_eq!(
        body["messages"],
        json!([message("user", "Hi"), message("assistant", "Hello"), message("user", "How are you?")])
    );
    assert_eq!(body["inferenceConfig"], json!({"maxTokens": 256, "temperature": 0.7, "topP": 0.95}));
    let answer = &variables["answer"];
    let history = answer["messagesHistory"].as_array().expect("the answer has the shape of that time");
    assert_eq!(history.len(), 4, "{variables}");
    assert_eq!(history[0], json!({"message": "Hi", "role": "USER"}));
    assert_eq!(history[3], json!({"message": answer["newMessage"], "role": "ASSISTANT"}));
}

/// Versions 2 and later write numbers as expressions; a field left empty comes as null.
pub(super) async fn numbers_come_as_numbers_and_empty_fields_as_null(stage: &Stage) {
    let process = Task::new("numbers")
        .input("Hello?", "data.newMessage")
        .input("=null", "data.messagesHistory")
        .input("=256", "data.maxTokens")
        .input("=null", "data.temperature")
        .deploy(stage)
        .await;
    stage.run(&process, json!({})).await;

    let body = request(stage).body;
    assert_eq!(body["messages"], json!([{"role": "user", "content": [{"text": "Hello?"}]}]));
    assert_eq!(body["inferenceConfig"], json!({"maxTokens": 256}));
}

/// From version 4 on the documents are composed of helper fields, which comes out as null on some engines.
pub(super) async fn helper_fields_stand_in_for_documents_that_were_lost(stage: &Stage) {
    let process = Task::new("helper-fields")
        .input("What does it say?", "data.newMessage")
        .input("single", "data.data_newDocuments_documentMode")
        .input("inline", "data.data_newDocuments_single_documentSource")
        .input("=note", "data.data_newDocuments_single_inline_content")
        .input("note.txt", "data.data_newDocuments_single_inline_fileName")
        .input("=null", "data.newDocuments")
        .deploy(stage)
        .await;
    stage.run(&process, json!({"note": "4711"})).await;

    let document = &request(stage).body["messages"][0]["content"][0]["document"];
    assert_eq!(document["name"], json!("note"));
    assert_eq!(document["source"]["bytes"], json!("NDcxMQ=="));
}

const CREDENTIAL: &str = r#"={
    authentication: {type: "credentials", accessKey: "{{secrets.AWS_ACCESS_KEY}}", secretKey: "secrets.AWS_SECRET_KEY"},
    region: "eu-west-3"
}"#;

/// From version 6 on a credential may stand in the place of keys and region.
pub(super) async fn a_credential_brings_keys_and_region(stage: &Stage) {
    let process = Task::without_credentials("credential")
        .input("Hello?", "data.newMessage")
        .input(CREDENTIAL, "awsCredential")
        .deploy(stage)
        .await;
    stage.run(&process, json!({})).await;
    let identity = request(stage).identity;
    assert_eq!((identity.key(), identity.region()), (Some("AKIDTEST"), Some("eu-west-3")));
}

pub(super) async fn the_region_of_the_task_wins_over_that_of_its_credential(stage: &Stage) {
    let process = Task::without_credentials("region-override")
        .input("Hello?", "data.newMessage")
        .input(CREDENTIAL, "awsCredential")
        .input("us-west-2", "configuration.region")
        .deploy(stage)
        .await;
    stage.run(&process, json!({})).await;
    assert_eq!(request(stage).identity.region(), Some("us-west-2"));
}

/// From version 6 on a task may limit its own time.
pub(super) async fn a_task_may_limit_its_own_time(stage: &Stage) {
    let process = Task::new("time-limit")
        .input("Hello?", "data.newMessage")
        .header("jobTimeout", "PT1S")
        .deploy(stage)
        .await;
    stage.bedrock.script(Target::model("some.model"), [Step::new(Act::Hang).always()]);
    let instance = stage.begin(&process, json!({})).await;
    let line = stage.logged(&["raises an incident", "jobTimeout"]).await;
    assert!(line.contains("(1 s)"), "{line}");
    stage.client.cancel_instance(instance).await.expect("the instance stands at its incident");
}

/// From version 3 on two headers name the template; Camunda's dashboards group by them.
pub(super) async fn the_templates_headers_are_labels_of_the_metric(stage: &Stage) {
    let process = Task::new("labels")
        .input("Hello?", "data.newMessage")
        .header("elementTemplateId", "io.camunda.connectors.aws.bedrock.v1")
        .header("elementTemplateVersion", "8")
        .deploy(stage)
        .await;
    stage.run(&process, json!({})).await;
    let labels = r#"{type="io.camunda:aws-bedrock:1",elementTemplateId="io.camunda.connectors.aws.bedrock.v1",elementTemplateVersion="8",action="completed"} 1"#;
    let wanted = format!("camunda_connector_outbound_invocations_total{labels}");
    stage.shown("/actuator/prometheus", &wanted).await;
}

/// One task may be moved to the native type and keep its values.
pub(super) async fn the_native_type_takes_the_same_inputs(stage: &Stage) {
    let process = Task::new("native")
        .job_type("bedrock-connector:1")
        .input("Hello?", "data.newMessage")
        .input("=256", "data.maxTokens")
        .deploy(stage)
        .await;
    let variables = stage.run(&process, json!({})).await;
    let answer = &variables["answer"];
    assert!(answer["text"].as_str().is_some_and(|text| !text.is_empty()), "{variables}");
    assert_eq!(answer["messages"].as_array().map(Vec::len), Some(2), "{variables}");
    assert_eq!(answer["modelId"], json!("some.model"));
    assert!(answer["usage"]["outputTokens"].as_u64().is_some_and(|tokens| tokens > 0), "{variables}");
    let config: &Value = &request(stage).body["inferenceConfig"];
    assert_eq!(config["maxTokens"], json!(256));
}
