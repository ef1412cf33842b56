//! Templates and worker mean the same places.

use std::collections::BTreeSet;

use super::{entry, shipped};
use crate::connector::headers;
use crate::template::model::{Binding, Template};

fn inputs(template: &Template) -> BTreeSet<&str> {
    let names = template.properties.iter().filter_map(|property| match &property.binding {
        Binding::Input { name } => Some(name.as_str()),
        _ => None,
    });
    names.collect()
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
