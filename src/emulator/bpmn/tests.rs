//! What the walk reads and refuses. How it moves is tested through the gateway.

use serde_json::{Map, Value, json};

use super::mapping::{Scoping, inputs, outputs};
use super::model::{Mapping, Text};
use super::*;

pub(crate) fn diagram(body: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0">
<bpmn:error id="Busy" errorCode="BUSY" />
<bpmn:message id="Paid" name="paid"><bpmn:extensionElements><zeebe:subscription correlationKey="=order" /></bpmn:extensionElements></bpmn:message>
<bpmn:process id="p" isExecutable="true">
{body}
</bpmn:process>
</bpmn:definitions>"#
    )
}

fn refused(body: &str) -> Vec<Refusal> {
    match parse(&diagram(body)) {
        Err(DiagramError::Refused(refusals)) => refusals,
        other => panic!("expected refusals, got {other:?}"),
    }
}

#[test]
fn names_what_it_cannot_do_by_element_and_line() {
    let found = refused(
        r#"<bpmn:startEvent id="s" />
<bpmn:inclusiveGateway id="g" />
<bpmn:boundaryEvent id="b" attachedToRef="t"><bpmn:timerEventDefinition /></bpmn:boundaryEvent>
<bpmn:serviceTask id="t" />"#,
    );
    let expected = [
        "line 7: inclusiveGateway `g` is of a kind that the walk does not know",
        "line 8: boundaryEvent `b` is not an error boundary event, the only kind that the walk knows",
        "line 9: serviceTask `t` has no task definition, so no job can be made of it",
    ];
    assert_eq!(found.iter().map(ToString::to_string).collect::<Vec<_>>(), expected);
}

#[test]
fn refuses_what_would_be_walked_wrongly() {
    let start = r#"<bpmn:startEvent id="s" />"#;
    let cases = [
        ("", "exactly one start event"),
        (r#"<bpmn:startEvent id="s" /><bpmn:startEvent id="t" />"#, "exactly one start event"),
        (
            r#"<bpmn:startEvent id="s"><bpmn:messageEventDefinition /></bpmn:startEvent>"#,
            "is not a none start event",
        ),
        (
            &format!(r#"{start}<bpmn:sequenceFlow id="f" sourceRef="s" targetRef="x" />"#),
            "elements that are not there",
        ),
        (
            &format!(r#"{start}<bpmn:endEvent id="e"><bpmn:signalEventDefinition /></bpmn:endEvent>"#),
            "end event",
        ),
        (
            &format!(
                r#"{start}<bpmn:userTask id="u"><bpmn:multiInstanceLoopCharacteristics /></bpmn:userTask>"#
            ),
            "repeated by a marker",
        ),
        (
            &format!(
                r#"{start}<bpmn:exclusiveGateway id="g" /><bpmn:endEvent id="e" /><bpmn:sequenceFlow id="f" sourceRef="g" targetRef="e"><bpmn:conditionExpression>true</bpmn:conditionExpression></bpmn:sequenceFlow>"#
            ),
            "must begin with `=`",
        ),
    ];
    for (body, expected) in cases {
        let found = refused(body);
        assert!(found.iter().any(|refusal| refusal.reason.contains(expected)), "{body}: {found:?}");
    }
}

#[test]
fn refuses_what_is_no_diagram() {
    assert!(matches!(parse("<a"), Err(DiagramError::Xml(_))));
    assert_eq!(parse("<a/>").unwrap_err(), DiagramError::NoProcess);
    let entities = r#"<!DOCTYPE a [<!ENTITY b "bb">]><a>&b;</a>"#;
    assert!(matches!(parse(entities), Err(DiagramError::Xml(_))));
}

fn mapping(source: &str, target: &str) -> Mapping {
    Mapping { source: Some(Text::new(source)), target: target.split('.').map(str::to_owned).collect() }
}

fn object(value: Value) -> Map<String, Value> {
    serde_json::from_value(value).unwrap()
}

#[test]
fn inputs_build_nested_objects_and_see_those_before_them() {
    let composer = [
        mapping("single", "data.mode"),
        mapping("=data.mode", "data.byPath"),
        mapping("=mode", "data.byName"),
        Mapping { source: None, target: vec!["empty".to_owned()] },
        mapping("=question", "data.inner.question"),
    ];
    let process = object(json!({"question": "why?"}));
    let built = |scoping| Value::Object(inputs(&composer, &process, scoping, &Feel::default()).unwrap());
    let by_path =
        json!({"mode": "single", "byPath": "single", "byName": null, "inner": {"question": "why?"}});
    assert_eq!(built(Scoping::OneByOne), json!({"data": by_path, "empty": null}));
    let by_name =
        json!({"mode": "single", "byPath": null, "byName": "single", "inner": {"question": "why?"}});
    assert_eq!(built(Scoping::OneContext), json!({"data": by_name, "empty": null}));
}

#[test]
fn outputs_keep_the_neighbours_of_a_nested_target() {
    let process = object(json!({"order": {"id": 7}, "other": 1}));
    let mut visible = process.clone();
    visible.insert("answer".to_owned(), json!("yes"));
    let mappings = [mapping("=answer", "order.reply.text"), mapping("fixed", "note")];
    let set = outputs(&mappings, &visible, &process, &Feel::default()).unwrap();
    assert_eq!(Value::Object(set), json!({"order": {"id": 7, "reply": {"text": "yes"}}, "note": "fixed"}));
}
