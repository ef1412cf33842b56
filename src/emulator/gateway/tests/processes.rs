//! Processes: how the walk moves, seen through the protocol.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::sync::broadcast::Receiver;
use tonic::Code;

use super::super::*;
use super::{Client, activate, code, poll, start};
use crate::emulator::bpmn::tests::diagram;
use crate::proto::keys::{JobKey, ProcessInstanceKey};
use crate::proto::*;

const TASK: &str = r#"<bpmn:extensionElements><zeebe:taskDefinition type="model" retries="2" />"#;

/// `start → task → end`, with the given extension elements at the task and further elements beside.
fn one_task(extensions: &str, beside: &str) -> String {
    diagram(&format!(
        r#"<bpmn:startEvent id="start" /><bpmn:sequenceFlow id="f1" sourceRef="start" targetRef="ask" />
        <bpmn:serviceTask id="ask" name="Ask the model">{TASK}{extensions}</bpmn:extensionElements></bpmn:serviceTask>
        <bpmn:sequenceFlow id="f2" sourceRef="ask" targetRef="end" /><bpmn:endEvent id="end" />{beside}"#
    ))
}

async fn deploy(client: &mut Client, xml: &str) -> ProcessMetadata {
    let resource = Resource { name: "p.bpmn".to_owned(), content: xml.as_bytes().to_vec() };
    let request = DeployResourceRequest { resources: vec![resource], tenant_id: String::new() };
    let mut deployed = client.deploy_resource(request).await.unwrap().into_inner();
    let deployment::Metadata::Process(process) = deployed.deployments.remove(0).metadata.unwrap();
    process
}

fn create(variables: &Value) -> CreateProcessInstanceRequest {
    CreateProcessInstanceRequest {
        bpmn_process_id: "p".to_owned(),
        version: -1,
        variables: variables.to_string(),
        ..Default::default()
    }
}

async fn run(client: &mut Client, xml: &str, variables: Value) -> i64 {
    deploy(client, xml).await;
    client.create_process_instance(create(&variables)).await.unwrap().into_inner().process_instance_key
}

async fn complete(client: &mut Client, job: &ActivatedJob, variables: Value) {
    let variables = variables.to_string();
    client
        .complete_job(CompleteJobRequest { job_key: job.key, variables, job_lease_token: None })
        .await
        .unwrap();
}

/// The end of the next instance that ends.
async fn ended(events: &mut Receiver<Event>) -> Map<String, Value> {
    loop {
        if let Event::InstanceEnded { variables, .. } = events.recv().await.unwrap() {
            return variables;
        }
    }
}

fn json_of(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[tokio::test]
async fn a_task_becomes_a_job_with_its_inputs_and_headers() {
    let (gateway, mut client) = start(Options::default()).await;
    let extensions = r#"<zeebe:ioMapping><zeebe:input source="converse" target="action" />
        <zeebe:input source="=question" target="data.newMessage" /><zeebe:input source="=10 + 0.5" target="data.n" />
        <zeebe:input target="data.empty" /></zeebe:ioMapping>
        <zeebe:taskHeaders><zeebe:header key="resultVariable" value="answer" /></zeebe:taskHeaders>"#;
    let process = deploy(&mut client, &one_task(extensions, "")).await;
    let created =
        client.create_process_instance(create(&json!({"question": "why?"}))).await.unwrap().into_inner();
    assert_eq!((created.version, created.process_definition_key), (1, process.process_definition_key));

    let job = activate(&mut client, poll()).await.remove(0);
    let expected = json!({"question": "why?", "action": "converse", "data": {"newMessage": "why?", "n": 10.5, "empty": null}});
    assert_eq!(json_of(&job.variables), expected);
    assert_eq!(json_of(&job.custom_headers), json!({"resultVariable": "answer"}));
    assert_eq!((job.element_id.as_str(), job.bpmn_process_id.as_str(), job.retries), ("ask", "p", 2));
    assert_eq!(
        (job.process_instance_key, job.process_definition_key),
        (created.process_instance_key, process.process_definition_key)
    );

    let mut events = gateway.events();
    // Without output mappings, what the element has of its own stays there.
    complete(&mut client, &job, json!({"answer": "because", "action": "other"})).await;
    assert_eq!(Value::Object(ended(&mut events).await), json!({"question": "why?", "answer": "because"}));
}

#[tokio::test]
async fn output_mappings_decide_what_reaches_the_process() {
    let (gateway, mut client) = start(Options::default()).await;
    let outputs =
        r#"<zeebe:ioMapping><zeebe:output source="=answer.text" target="reply.text" /></zeebe:ioMapping>"#;
    run(&mut client, &one_task(outputs, ""), json!({"reply": {"id": 1}})).await;
    let job = activate(&mut client, poll()).await.remove(0);
    let mut events = gateway.events();
    complete(&mut client, &job, json!({"answer": {"text": "yes"}})).await;
    assert_eq!(Value::Object(ended(&mut events).await), json!({"reply": {"id": 1, "text": "yes"}}));
}

#[tokio::test]
async fn a_process_is_started_with_its_result() {
    let (_gateway, mut client) = start(Options::default()).await;
    deploy(&mut client, &one_task("", "")).await;
    let request = Some(create(&json!({"a": 1, "b": 2})));
    let fetch_variables = vec!["a".to_owned(), "c".to_owned()];
    let wanted = CreateProcessInstanceWithResultRequest { request, request_timeout: 20_000, fetch_variables };
    let mut other = client.clone();
    let waiting = tokio::spawn(async move { other.create_process_instance_with_result(wanted).await });
    let job =
        activate(&mut client, ActivateJobsRequest { request_timeout: 20_000, ..poll() }).await.remove(0);
    complete(&mut client, &job, json!({"c": 3})).await;
    let result = waiting.await.unwrap().unwrap().into_inner();
    assert_eq!(json_of(&result.variables), json!({"a": 1, "c": 3}));

    let late = CreateProcessInstanceWithResultRequest {
        request: Some(create(&json!({}))),
        request_timeout: 1,
        fetch_variables: Vec::new(),
    };
    assert_eq!(code(client.create_process_instance_with_result(late).await), Code::DeadlineExceeded);
}

#[tokio::test]
async fn versions_count_changes() {
    let (_gateway, mut client) = start(Options::default()).await;
    let first = deploy(&mut client, &one_task("", "")).await;
    let same = deploy(&mut client, &one_task("", "")).await;
    let second = deploy(&mut client, &one_task("", "<!-- changed -->")).await;
    assert_eq!((first.version, same.version, second.version), (1, 1, 2));
    let old = CreateProcessInstanceRequest { version: 1, ..create(&json!({})) };
    assert_eq!(client.create_process_instance(old).await.unwrap().into_inner().version, 1);
    let by_key = CreateProcessInstanceRequest {
        process_definition_key: second.process_definition_key,
        ..Default::default()
    };
    assert_eq!(client.create_process_instance(by_key).await.unwrap().into_inner().version, 2);
    let unknown = CreateProcessInstanceRequest { bpmn_process_id: "q".to_owned(), ..create(&json!({})) };
    assert_eq!(code(client.create_process_instance(unknown).await), Code::NotFound);
}

#[tokio::test]
async fn a_diagram_that_cannot_be_walked_is_refused_by_element() {
    let (_gateway, mut client) = start(Options::default()).await;
    let resource = Resource {
        name: "p.bpmn".to_owned(),
        content: one_task("", r#"<bpmn:complexGateway id="g" />"#).into_bytes(),
    };
    let request = DeployResourceRequest { resources: vec![resource], tenant_id: String::new() };
    let refused = client.deploy_resource(request).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert!(refused.message().contains("complexGateway `g`"), "{refused}");
}

fn gateway_diagram(default: &str) -> String {
    diagram(&format!(
        r#"<bpmn:startEvent id="start" /><bpmn:sequenceFlow id="f1" sourceRef="start" targetRef="which" />
        <bpmn:exclusiveGateway id="which" {default}><bpmn:outgoing>small</bpmn:outgoing><bpmn:outgoing>big</bpmn:outgoing></bpmn:exclusiveGateway>
        <bpmn:sequenceFlow id="big" name="big one" sourceRef="which" targetRef="large"><bpmn:conditionExpression>=n &gt; 5</bpmn:conditionExpression></bpmn:sequenceFlow>
        <bpmn:sequenceFlow id="small" sourceRef="which" targetRef="little"><bpmn:conditionExpression>=n &lt; 3</bpmn:conditionExpression></bpmn:sequenceFlow>
        <bpmn:sequenceFlow id="rest" sourceRef="which" targetRef="middle" />
        <bpmn:endEvent id="large" /><bpmn:endEvent id="little" /><bpmn:endEvent id="middle" />"#
    ))
}

#[tokio::test]
async fn an_exclusive_gateway_takes_the_first_true_condition_and_else_its_default() {
    let (gateway, mut client) = start(Options::default()).await;
    deploy(&mut client, &gateway_diagram(r#"default="rest""#)).await;
    for (n, expected) in [(9, "large"), (1, "little"), (4, "middle")] {
        let mut events = gateway.events();
        client.create_process_instance(create(&json!({"n": n}))).await.unwrap();
        let target = loop {
            if let Event::FlowTaken { target_id, condition, .. } = events.recv().await.unwrap() {
                assert_eq!(condition.is_none(), n == 4);
                break target_id;
            }
        };
        assert_eq!(target, expected);
    }
}

#[tokio::test]
async fn a_condition_that_is_neither_true_nor_false_stops_until_it_is_set_right() {
    let (gateway, mut client) = start(Options::default()).await;
    let instance = run(&mut client, &gateway_diagram(r#"default="rest""#), json!({"n": "many"})).await;
    let incident = gateway.incidents().remove(0);
    let begin = "`which`: the condition `=n < 3` of flow `small` is null, expected true or false";
    assert!(incident.message.starts_with(begin), "{}", incident.message);
    let variables = r#"{"n":9}"#.to_owned();
    client
        .set_variables(SetVariablesRequest { element_instance_key: instance, variables, local: false })
        .await
        .unwrap();
    let mut events = gateway.events();
    client.resolve_incident(ResolveIncidentRequest { incident_key: incident.key }).await.unwrap();
    assert_eq!(ended(&mut events).await["n"], 9);
    assert!(gateway.incidents().is_empty());
}

#[tokio::test]
async fn a_boundary_event_catches_its_error_and_any_other_may_catch_the_rest() {
    let (gateway, mut client) = start(Options::default()).await;
    let beside = r#"<bpmn:boundaryEvent id="rest" attachedToRef="ask"><bpmn:errorEventDefinition /></bpmn:boundaryEvent>
        <bpmn:boundaryEvent id="busy" attachedToRef="ask"><bpmn:extensionElements><zeebe:ioMapping>
        <zeebe:output source="=reason" target="because" /></zeebe:ioMapping></bpmn:extensionElements><bpmn:errorEventDefinition errorRef="Busy" /></bpmn:boundaryEvent>
        <bpmn:sequenceFlow id="f3" sourceRef="busy" targetRef="end" /><bpmn:sequenceFlow id="f4" sourceRef="rest" targetRef="end" />"#;
    deploy(&mut client, &one_task("", beside)).await;
    // What an error brings reaches the process only by the output mappings of the event that catches it.
    let mapped = json!({"because": "later"});
    for (error_code, expected, variables) in [("BUSY", "busy", mapped), ("OTHER", "rest", json!({}))] {
        client.create_process_instance(create(&json!({}))).await.unwrap();
        let job = activate(&mut client, poll()).await.remove(0);
        let mut events = gateway.events();
        let thrown = ThrowErrorRequest {
            job_key: job.key,
            error_code: error_code.to_owned(),
            variables: r#"{"reason":"later"}"#.to_owned(),
            ..Default::default()
        };
        client.throw_error(thrown).await.unwrap();
        let Event::ErrorThrown { caught_by, .. } = events.recv().await.unwrap() else {
            panic!("no error was thrown")
        };
        assert_eq!(caught_by.as_deref(), Some(expected));
        assert_eq!(Value::Object(ended(&mut events).await), variables);
        assert_eq!(gateway.job(JobKey(job.key)).unwrap().state, JobState::ErrorCaught);
    }
}

#[tokio::test]
async fn variables_of_a_failed_attempt_stay_at_the_task() {
    let (gateway, mut client) = start(Options::default()).await;
    run(&mut client, &one_task("", ""), json!({"a": 1})).await;
    let job = activate(&mut client, poll()).await.remove(0);
    let failed = FailJobRequest {
        job_key: job.key,
        retries: 1,
        variables: r#"{"error":"x"}"#.to_owned(),
        ..Default::default()
    };
    client.fail_job(failed).await.unwrap();
    let job = activate(&mut client, poll()).await.remove(0);
    assert_eq!(json_of(&job.variables), json!({"a": 1, "error": "x"}));
    let mut events = gateway.events();
    complete(&mut client, &job, json!({})).await;
    assert_eq!(Value::Object(ended(&mut events).await), json!({"a": 1}));
}

#[tokio::test]
async fn cancelling_a_process_takes_its_jobs_away() {
    let (gateway, mut client) = start(Options::default()).await;
    let instance = run(&mut client, &one_task("", ""), json!({})).await;
    let job = activate(&mut client, poll()).await.remove(0);
    let cancel = CancelProcessInstanceRequest { process_instance_key: instance };
    client.cancel_process_instance(cancel).await.unwrap();
    assert_eq!(code(client.cancel_process_instance(cancel).await), Code::NotFound);
    let late = CompleteJobRequest { job_key: job.key, ..Default::default() };
    assert_eq!(code(client.complete_job(late).await), Code::NotFound);
    assert_eq!(gateway.job(JobKey(job.key)).unwrap().state, JobState::Canceled);
    let instance = ProcessInstanceKey(instance);
    assert_eq!(gateway.instance(instance), None);
    let outcome = gateway.wait_for_instance(instance, Duration::from_secs(20)).await.unwrap();
    assert_eq!(outcome, InstanceOutcome::Canceled(Map::new()));
}

#[tokio::test]
async fn loops_scripts_and_parallel_branches_are_walked() {
    let (gateway, mut client) = start(Options::default()).await;
    let xml = diagram(
        r#"<bpmn:startEvent id="start" /><bpmn:sequenceFlow id="f1" sourceRef="start" targetRef="add" />
        <bpmn:scriptTask id="add"><bpmn:extensionElements><zeebe:script expression="=n + 1" resultVariable="n" /></bpmn:extensionElements></bpmn:scriptTask>
        <bpmn:sequenceFlow id="f2" sourceRef="add" targetRef="again" />
        <bpmn:exclusiveGateway id="again" default="on" />
        <bpmn:sequenceFlow id="back" sourceRef="again" targetRef="add"><bpmn:conditionExpression>=n &lt; 5</bpmn:conditionExpression></bpmn:sequenceFlow>
        <bpmn:sequenceFlow id="on" sourceRef="again" targetRef="fork" /><bpmn:parallelGateway id="fork" />
        <bpmn:sequenceFlow id="a1" sourceRef="fork" targetRef="a" /><bpmn:sequenceFlow id="b1" sourceRef="fork" targetRef="join" />
        <bpmn:scriptTask id="a"><bpmn:extensionElements><zeebe:script expression="=&#34;a&#34;" resultVariable="a" /></bpmn:extensionElements></bpmn:scriptTask>
        <bpmn:sequenceFlow id="a2" sourceRef="a" targetRef="join" /><bpmn:parallelGateway id="join" />
        <bpmn:sequenceFlow id="f3" sourceRef="join" targetRef="last" />
        <bpmn:scriptTask id="last"><bpmn:extensionElements><zeebe:script expression="=[n, a]" resultVariable="result" /></bpmn:extensionElements></bpmn:scriptTask>"#,
    );
    let mut events = gateway.events();
    run(&mut client, &xml, json!({"n": 1})).await;
    assert_eq!(Value::Object(ended(&mut events).await), json!({"n": 5, "a": "a", "result": [5, "a"]}));
}

#[tokio::test]
async fn a_diagram_that_runs_in_a_circle_is_stopped() {
    let (gateway, mut client) = start(Options::default()).await;
    let xml = diagram(
        r#"<bpmn:startEvent id="start" /><bpmn:sequenceFlow id="f1" sourceRef="start" targetRef="x" />
        <bpmn:intermediateThrowEvent id="x" /><bpmn:sequenceFlow id="f2" sourceRef="x" targetRef="x" />"#,
    );
    let instance = ProcessInstanceKey(run(&mut client, &xml, json!({})).await);
    let outcome = gateway.wait_for_instance(instance, Duration::from_secs(20)).await.unwrap();
    let InstanceOutcome::Stopped(incident) = outcome else { panic!("{outcome:?}") };
    assert!(incident.message.contains("runs in a circle"), "{}", incident.message);
}

#[tokio::test]
async fn a_timer_and_a_message_are_waited_for() {
    let (gateway, mut client) = start(Options::default()).await;
    let xml = diagram(
        r#"<bpmn:startEvent id="start" /><bpmn:sequenceFlow id="f1" sourceRef="start" targetRef="wait" />
        <bpmn:intermediateCatchEvent id="wait"><bpmn:timerEventDefinition><bpmn:timeDuration>=duration("PT0.001S")</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>
        <bpmn:sequenceFlow id="f2" sourceRef="wait" targetRef="paid" />
        <bpmn:intermediateCatchEvent id="paid"><bpmn:messageEventDefinition messageRef="Paid" /></bpmn:intermediateCatchEvent>"#,
    );
    let message = |order: &str, sum: i32| PublishMessageRequest {
        name: "paid".to_owned(),
        correlation_key: order.to_owned(),
        time_to_live: 60_000,
        message_id: "m1".to_owned(),
        variables: json!({"sum": sum}).to_string(),
        tenant_id: String::new(),
    };
    // One message waits for its process, the other is waited for.
    client.publish_message(message("early", 1)).await.unwrap();
    assert_eq!(code(client.publish_message(message("early", 1)).await), Code::AlreadyExists);
    let mut events = gateway.events();
    run(&mut client, &xml, json!({"order": "early"})).await;
    assert_eq!(ended(&mut events).await["sum"], 1);
    run(&mut client, &xml, json!({"order": "late"})).await;
    while !matches!(events.recv().await.unwrap(), Event::ElementEntered { element_id, .. } if element_id == "paid")
    {
    }
    client.publish_message(message("late", 2)).await.unwrap();
    assert_eq!(ended(&mut events).await["sum"], 2);
}

#[tokio::test]
async fn what_is_not_carried_out_takes_its_result_from_the_table() {
    let xml = one_task("", "").replace(r#"targetRef="ask""#, r#"targetRef="form""#);
    let xml = xml.replace(
        r#"<bpmn:endEvent id="end" />"#,
        r#"<bpmn:endEvent id="end" /><bpmn:userTask id="form" /><bpmn:sequenceFlow id="f3" sourceRef="form" targetRef="ask" />"#,
    );
    let results = BTreeMap::from([("ask".to_owned(), json!({"answer": 42}))]);
    let (gateway, mut client) = start(Options { results, ..Options::default() }).await;
    run(&mut client, &xml, json!({})).await;
    let incident = gateway.incidents().remove(0);
    assert!(incident.message.contains("userTask `form` (line 8)"), "{}", incident.message);
    assert!(incident.message.contains("--set form="), "{}", incident.message);
    gateway.set_result("form", json!({"name": "Ada"}));
    let mut events = gateway.events();
    client.resolve_incident(ResolveIncidentRequest { incident_key: incident.key }).await.unwrap();
    assert_eq!(Value::Object(ended(&mut events).await), json!({"name": "Ada", "answer": 42}));
    assert!(activate(&mut client, poll()).await.is_empty());
}

#[tokio::test]
async fn tasks_that_nobody_serves_need_a_result() {
    let served_job_types = Some(vec!["other".to_owned()]);
    let (gateway, mut client) = start(Options { served_job_types, ..Options::default() }).await;
    run(&mut client, &one_task("", ""), json!({})).await;
    assert!(gateway.incidents()[0].message.contains("nobody works on jobs of type `model` here"));
}

#[tokio::test]
async fn an_error_end_event_that_nothing_catches_stops() {
    let (gateway, mut client) = start(Options::default()).await;
    let xml = diagram(
        r#"<bpmn:startEvent id="start" /><bpmn:sequenceFlow id="f1" sourceRef="start" targetRef="end" />
        <bpmn:endEvent id="end"><bpmn:errorEventDefinition errorRef="Busy" /></bpmn:endEvent>"#,
    );
    run(&mut client, &xml, json!({})).await;
    assert_eq!(gateway.incidents()[0].message, "`end`: nothing catches the error `BUSY`");
}

#[tokio::test]
async fn a_terminate_event_ends_the_other_branches() {
    let (gateway, mut client) = start(Options::default()).await;
    let xml = one_task(
        "",
        r#"<bpmn:sequenceFlow id="f3" sourceRef="start" targetRef="stop" />
        <bpmn:endEvent id="stop"><bpmn:terminateEventDefinition /></bpmn:endEvent>"#,
    );
    let mut events = gateway.events();
    run(&mut client, &xml, json!({})).await;
    ended(&mut events).await;
    assert_eq!(gateway.unfinished_jobs(), 0);
}

#[tokio::test]
async fn the_retries_of_a_task_may_be_an_expression() {
    let (gateway, mut client) = start(Options::default()).await;
    let xml = one_task("", "").replace(r#"retries="2""#, r#"retries="=tries""#);
    run(&mut client, &xml, json!({"tries": 7})).await;
    assert_eq!(activate(&mut client, poll()).await[0].retries, 7);
    run(&mut client, &xml, json!({"tries": "x"})).await;
    let message = "`ask`: the retries of the task are `x`, expected a whole number";
    assert_eq!(gateway.incidents()[0].message, message);
}
