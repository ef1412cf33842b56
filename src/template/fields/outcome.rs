//! What becomes of the answer or of a failure: the same for every template.

use crate::template::model::{Group, Property, Section};
use crate::template::property::{definition, header};

/// Days to seconds, as the worker reads them, or a secret that holds such a text.
const DURATION: &str = r"^(P(?!$)(\d+W)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+([.]\d+)?S)?)?|.*secrets\..*)$";

/// Where the answer goes.
pub(crate) fn result(example: &str) -> Section {
    Group::open("output", "Result", "Which variables the process has afterwards.").with(vec![
        header("resultVariable")
            .label("Result variable")
            .placeholder("answer")
            .tooltip("A variable that takes the whole answer. To take only parts of it, use the result expression."),
        header("resultExpression")
            .label("Result expression")
            .long()
            .expression()
            .placeholder(example)
            .tooltip("Makes variables from the answer, which it sees as response. The documentation has an example for each part."),
    ])
}

/// What errors mean to the process, and how often the engine tries.
pub(crate) fn errors_and_retries() -> Vec<Section> {
    vec![
        Group::folded("error", "Errors", "Which failures the process handles itself.").with(vec![
            header("errorExpression")
                .label("Error expression")
                .long()
                .expression()
                .placeholder("if error.code = \"ThrottlingException\" then bpmnError(\"BUSY\", error.message) else null")
                .tooltip("Turns a failure, seen as error, into an error that a boundary event catches: bpmnError(code, message). jobError(message) fails the job, null leaves it as it is."),
        ]),
        Group::folded("retries", "Retries", "How often the engine tries again, and how long one try may take.").with(vec![
            definition("retries")
                .label("Retries")
                .or_expression()
                .default("3")
                .pattern(r"^\d+$", "must be a whole number, such as 3")
                .tooltip("How often the engine starts the task anew before it raises an incident. The worker waits out a busy Bedrock by itself, without spending one."),
            header("retryBackoff")
                .label("Retry backoff")
                .default("PT30S")
                .pattern(DURATION, "must be a duration, such as PT30S or PT5M")
                .tooltip("How long the engine waits before the next try."),
            header("jobTimeout")
                .label("Job timeout")
                .placeholder("PT10M")
                .tooltip("The longest that one try may take, all included. Left empty, it may take as long as the operator allows."),
        ]),
    ]
}

/// What no modeler sees: the job type, and which template made the task.
pub(crate) fn constants(job_type: &str, id: &str, version: u32) -> Vec<Property> {
    vec![
        definition("type").constant(job_type),
        header("elementTemplateVersion").id("version").constant(version.to_string()),
        header("elementTemplateId").id("id").constant(id),
    ]
}
