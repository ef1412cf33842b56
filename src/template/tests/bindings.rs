//! Templates and worker mean the same places.

use std::collections::BTreeSet;

use super::choices::connections;
use super::{entry, shipped};
use crate::bedrock::OWN_TEMPLATES;
use crate::connector::headers;
use crate::template::entries::all;
use crate::template::model::{Binding, Kind, Property, Template};
use crate::template::options::{Model, Options};

fn inputs(template: &Template) -> BTreeSet<&str> {
    let names = template.properties.iter().filter_map(|property| match &property.binding {
        Binding::Input { name } => Some(name.as_str()),
        _ => None,
    });
    names.collect()
}

/// By its id the worker knows a template that shows our labels.
#[test]
fn every_template_has_an_id_of_ours() {
    for entry in shipped() {
        assert!(entry.template.id.starts_with(OWN_TEMPLATES), "{}", entry.template.id);
    }
}

#[test]
fn every_header_is_one_that_the_worker_reads_and_none_is_missing() {
    let read = BTreeSet::from([
        headers::RESULT_VARIABLE,
        headers::RESULT_EXPRESSION,
        headers::ERROR_EXPRESSION,
        headers::RETRY_BACKOFF,
        headers::JOB_TIMEOUT,
        headers::TEMPLATE_ID,
        headers::TEMPLATE_VERSION,
    ]);
    for entry in shipped() {
        let keys = entry.template.properties.iter().filter_map(|property| match property.binding {
            Binding::Header { key } => Some(key),
            _ => None,
        });
        assert_eq!(keys.collect::<BTreeSet<_>>(), read, "{}", entry.name);
    }
}

/// The places that Camunda's template writes to, as of its version 8. A modeler keeps the values of those that we
/// have, and removes all others.
const CAMUNDA: &[&str] = &[
    "action",
    "authentication.type",
    "authentication.accessKey",
    "authentication.secretKey",
    "awsCredential",
    "configuration.region",
    "configuration.endpoint",
    "data.modelId",
    "data.payload",
    "data.newMessage",
    "data.messagesHistory",
    "data.maxTokens",
    "data.temperature",
    "data.topP",
    "data.newDocuments",
    "data.data_newDocuments_documentMode",
    "data.data_newDocuments_single_documentSource",
    "data.data_newDocuments_single_camundaReference",
    "data.data_newDocuments_single_inline_content",
    "data.data_newDocuments_single_inline_fileName",
    "data.data_newDocuments_single_inline_contentType",
    "data.data_newDocuments_single_external_url",
    "data.data_newDocuments_single_external_fileName",
    "data.data_newDocuments_multiple_expression",
];

#[test]
fn every_place_of_camundas_template_is_there() {
    let entries = shipped();
    let compat = entry(&entries, "aws-bedrock").template;
    let missing: Vec<_> = CAMUNDA.iter().filter(|path| !inputs(&compat).contains(*path)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    // A task may be switched to the native template of its action as well.
    let (converse, invoke) = (entry(&entries, "converse").template, entry(&entries, "invoke-model").template);
    let both: BTreeSet<_> = inputs(&converse).union(&inputs(&invoke)).copied().collect();
    let missing: Vec<_> = CAMUNDA.iter().filter(|path| !both.contains(*path)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// To a modeler, a choice of the form alone that a task does not have yet is an empty one. The fields of what the task
/// brings along have to be there with it, or their values are gone before the form has its own choice.
#[test]
fn what_a_task_of_camundas_brings_along_waits_for_no_choice_that_it_cannot_have() {
    let models = [Model { name: "Nova".into(), id: "amazon.nova-pro-v1:0".into() }];
    let options = Options { connections: connections(), models: models.into(), ..Options::default() };
    let entries = all(&options);
    let there = |field: &Property, template: &Template| {
        let tests = field.condition.iter().flat_map(|condition| condition.tests());
        tests.into_iter().all(|test| {
            let asked = template.properties.iter().find(|other| other.id == test.property).unwrap();
            !matches!(asked.binding, Binding::Note { .. }) || test.answer.values().contains(&"".into())
        })
    };
    for heir in ["aws-bedrock", "converse", "invoke-model"] {
        let template = entry(&entries, heir).template;
        for path in inputs(&template).into_iter().filter(|path| CAMUNDA.contains(path)) {
            let binding = Binding::Input { name: path.to_owned() };
            let mut heirs = template.properties.iter().filter(|field| field.binding == binding);
            assert!(
                heirs.any(|field| field.kind != Kind::Hidden && there(field, &template)) || path == "action",
                "{heir}: {path}"
            );
        }
    }
}
