//! Every input of a task: its path, its label in the templates, what it holds, and which actions read it.
//!
//! The table is the contract between the reader here and the element templates. It cannot drift: a test runs the
//! reader over values made from the table and compares what was read with what is listed ([`super::read_paths`]).

use serde_json::Value;

use self::InputKind::{Any, Boolean, Choice, Context, Duration, Fraction, List, LongText, Text, WholeNumber};
use super::Names;
use crate::bedrock::field::Field;
use crate::bedrock::sign_in;
use crate::connector::{json, parse_duration};

/// What an input holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputKind {
    Text,
    /// Text that deserves more than one line.
    LongText,
    WholeNumber,
    Fraction,
    Boolean,
    /// One of these texts.
    Choice(&'static [&'static str]),
    List,
    Context,
    /// Any JSON.
    Any,
    /// An ISO 8601 duration.
    Duration,
}

impl InputKind {
    /// Whether the reader makes something of a value that is written for it.
    pub fn takes(self, value: &Value) -> bool {
        let field = Field::named("", value, Names::Paths);
        let text = field.text().ok();
        match self {
            Text | LongText => text.is_some(),
            WholeNumber => matches!(field.integer(), Ok(Some(_))),
            Fraction => matches!(field.fraction(), Ok(Some(_))),
            Boolean => text.is_some_and(|text| matches!(text.trim(), "true" | "false")),
            Choice(choices) => {
                text.is_some_and(|text| choices.iter().any(|choice| choice.eq_ignore_ascii_case(text.trim())))
            }
            List => value.is_array(),
            Context => match field.value() {
                Value::String(text) => json::parse(text.as_bytes()).is_ok_and(|value| value.is_object()),
                other => other.is_object(),
            },
            Any => true,
            Duration => text.and_then(|text| parse_duration(&text)).is_some_and(|length| !length.is_zero()),
        }
    }

    /// Completes the sentence «found `x`, …».
    pub fn expected(self) -> String {
        let expected = match self {
            Text | LongText => "expected a text",
            WholeNumber => "expected a whole number",
            Fraction => "expected a number",
            Boolean => "expected true or false",
            Choice(choices) => return format!("expected one of {}", choices.join(", ")),
            List => "expected a list",
            Context => "expected a table",
            Any => "expected a value",
            Duration => "expected a duration such as PT5M",
        };
        expected.to_owned()
    }
}

/// One input.
#[derive(Debug, Clone, Copy)]
pub struct Input {
    /// The variable, as a mapping names its target. `[]` stands for each item of a list.
    pub path: &'static str,
    /// What a person calls it: the label of its field, and its name in messages.
    pub label: &'static str,
    pub kind: InputKind,
    /// What an absent one means, where it means something.
    pub default: Option<&'static str>,
    /// The values of `action` that read it.
    pub actions: &'static [&'static str],
    /// A value as JSON text.
    pub example: &'static str,
}

impl Input {
    /// Whether it is part of another input, and so has no field of its own in a template.
    pub fn is_part(&self) -> bool {
        self.path.contains("[]")
    }
}

const ALL: &[&str] = &["converse", "invokeModel", "embed", "image", "countTokens", "applyGuardrail"];
const WITH_MODEL: &[&str] = &["converse", "invokeModel", "embed", "image", "countTokens"];
const CONVERSATION: &[&str] = &["converse", "countTokens"];
const CONVERSE: &[&str] = &["converse"];
const INVOKE: &[&str] = &["invokeModel"];
const PAYLOAD: &[&str] = &["invokeModel", "countTokens"];
const GENERATION: &[&str] = &["converse", "invokeModel"];
const GUARDED: &[&str] = &["converse", "invokeModel", "applyGuardrail"];
const EMBED: &[&str] = &["embed"];
const TEXTS: &[&str] = &["embed", "applyGuardrail"];
const IMAGE: &[&str] = &["image"];
const GUARDRAIL: &[&str] = &["applyGuardrail"];

const fn input(
    path: &'static str,
    label: &'static str,
    kind: InputKind,
    actions: &'static [&'static str],
    example: &'static str,
) -> Input {
    Input { path, label, kind, default: None, actions, example }
}

const fn with_default(input: Input, default: &'static str) -> Input {
    Input { default: Some(default), ..input }
}

/// All inputs, in the order in which a template shows them.
pub const INPUTS: &[Input] = &[
    input("action", "Action", Choice(ALL), ALL, "\"converse\""),
    // Who asks, and where.
    input("awsCredential", "AWS credential", Context, ALL, "null"),
    with_default(
        input("authentication.type", "Authentication", Choice(sign_in::KINDS), ALL, "\"credentials\""),
        "credentials",
    ),
    input("authentication.accessKey", "Access key", Text, ALL, "\"AKIDEXAMPLE\""),
    input("authentication.secretKey", "Secret key", Text, ALL, "\"secret\""),
    input("authentication.sessionToken", "Session token", Text, ALL, "\"token\""),
    input("authentication.roleArn", "Role", Text, ALL, "\"arn:aws:iam::123456789012:role/bedrock\""),
    input("authentication.externalId", "External id", Text, ALL, "\"order-handling\""),
    input("authentication.sessionName", "Session name", Text, ALL, "\"order-handling\""),
    with_default(
        input(
            "authentication.base",
            "Base identity",
            Choice(sign_in::BASES),
            ALL,
            "\"defaultCredentialsChain\"",
        ),
        "defaultCredentialsChain",
    ),
    input("authentication.profile", "Profile", Text, ALL, "\"sales\""),
    input("authentication.apiKey", "API key", Text, ALL, "\"bedrock-api-key\""),
    input("configuration.region", "Region", Text, ALL, "\"eu-central-1\""),
    input(
        "configuration.endpoint",
        "Endpoint",
        Text,
        ALL,
        "\"https://bedrock-runtime.eu-central-1.amazonaws.com\"",
    ),
    // The model.
    input("data.modelId", "Model", Text, WITH_MODEL, "\"anthropic.claude-haiku-4-5-20251001-v1:0\""),
    // The conversation.
    input("data.systemPrompt", "System prompt", LongText, CONVERSATION, "\"You are brief.\""),
    input("data.newMessage", "Message", LongText, CONVERSATION, "\"Why is the sky blue?\""),
    input("data.messagesHistory", "Message history", List, CONVERSATION, "[]"),
    input("data.toolResults", "Tool results", List, CONVERSATION, "[]"),
    input("data.toolResults[].toolUseId", "Tool results", Text, CONVERSATION, "\"t1\""),
    input("data.toolResults[].content", "Tool results", Any, CONVERSATION, "{\"rain\": true}"),
    input(
        "data.toolResults[].status",
        "Tool results",
        Choice(&["success", "error"]),
        CONVERSATION,
        "\"success\"",
    ),
    input("data.newDocuments", "Documents", List, CONVERSATION, "null"),
    input(
        "data.data_newDocuments_documentMode",
        "Number of documents",
        Choice(&["none", "single", "multiple"]),
        CONVERSATION,
        "\"single\"",
    ),
    input(
        "data.data_newDocuments_single_documentSource",
        "Document source",
        Choice(&["camunda", "inline", "external"]),
        CONVERSATION,
        "\"camunda\"",
    ),
    input(
        "data.data_newDocuments_single_camundaReference",
        "Camunda document",
        Context,
        CONVERSATION,
        "{\"camunda.document.type\": \"camunda\", \"documentId\": \"d1\"}",
    ),
    input(
        "data.data_newDocuments_single_inline_content",
        "Document content",
        Any,
        CONVERSATION,
        "\"Some text.\"",
    ),
    input(
        "data.data_newDocuments_single_inline_fileName",
        "Document file name",
        Text,
        CONVERSATION,
        "\"note.txt\"",
    ),
    input(
        "data.data_newDocuments_single_inline_contentType",
        "Document content type",
        Text,
        CONVERSATION,
        "\"text/plain\"",
    ),
    input(
        "data.data_newDocuments_single_external_url",
        "URL",
        Text,
        CONVERSATION,
        "\"https://example.com/a.pdf\"",
    ),
    input(
        "data.data_newDocuments_single_external_fileName",
        "Name of the file",
        Text,
        CONVERSATION,
        "\"a.pdf\"",
    ),
    input("data.data_newDocuments_multiple_expression", "List of documents", List, CONVERSATION, "[]"),
    with_default(input("data.citations", "Cite the documents", Boolean, CONVERSE, "true"), "false"),
    // Inference.
    input("data.maxTokens", "Maximum tokens", WholeNumber, CONVERSE, "512"),
    input("data.temperature", "Temperature", Fraction, CONVERSE, "0.7"),
    input("data.topP", "Top P", Fraction, CONVERSE, "0.9"),
    input("data.stopSequences", "Stop sequences", List, CONVERSE, "[\"###\"]"),
    // Tools.
    input("data.tools", "Tools", List, CONVERSATION, "[]"),
    input("data.tools[].name", "Tools", Text, CONVERSATION, "\"weather\""),
    input("data.tools[].description", "Tools", Text, CONVERSATION, "\"Tells the weather.\""),
    input("data.tools[].inputSchema", "Tools", Context, CONVERSATION, "{\"type\": \"object\"}"),
    input("data.tools[].strict", "Tools", Boolean, CONVERSATION, "true"),
    with_default(
        input("data.toolChoice", "Tool choice", Choice(&["auto", "any", "tool"]), CONVERSATION, "\"auto\""),
        "auto",
    ),
    input("data.toolChoiceName", "Tool to use", Text, CONVERSATION, "\"weather\""),
    // Structured output.
    input("data.outputSchema", "Answer schema", Context, CONVERSE, "{\"type\": \"object\"}"),
    with_default(
        input(
            "data.outputMode",
            "Structured output by",
            Choice(&["auto", "native", "tool"]),
            CONVERSE,
            "\"auto\"",
        ),
        "auto",
    ),
    with_default(input("data.outputName", "Schema name", Text, CONVERSE, "\"answer\""), "answer"),
    input("data.outputDescription", "Schema description", Text, CONVERSE, "\"What the text says.\""),
    with_default(input("data.outputCorrections", "Corrections", WholeNumber, CONVERSE, "1"), "1"),
    // Reasoning.
    with_default(
        input(
            "data.reasoning.mode",
            "Reasoning",
            Choice(&["off", "budget", "effort"]),
            CONVERSE,
            "\"budget\"",
        ),
        "off",
    ),
    input("data.reasoning.budgetTokens", "Reasoning budget", WholeNumber, CONVERSE, "2048"),
    input(
        "data.reasoning.effort",
        "Reasoning effort",
        Choice(&["low", "medium", "high", "xhigh", "max"]),
        CONVERSE,
        "\"low\"",
    ),
    // Guardrail.
    input("data.guardrail.id", "Guardrail", Text, GUARDED, "\"gr1a2b3c4d5e\""),
    with_default(input("data.guardrail.version", "Guardrail version", Text, GUARDED, "\"1\""), "DRAFT"),
    with_default(
        input(
            "data.guardrail.trace",
            "Guardrail trace",
            Choice(&["disabled", "enabled", "enabled_full"]),
            GENERATION,
            "\"disabled\"",
        ),
        "disabled",
    ),
    // Prompt caching.
    with_default(
        input("data.promptCaching.system", "Cache the system prompt", Boolean, CONVERSE, "true"),
        "false",
    ),
    with_default(input("data.promptCaching.tools", "Cache the tools", Boolean, CONVERSE, "true"), "false"),
    with_default(
        input("data.promptCaching.messages", "Cache the messages", Boolean, CONVERSE, "true"),
        "false",
    ),
    with_default(
        input("data.promptCaching.ttl", "Cache lifetime", Choice(&["5m", "1h"]), CONVERSE, "\"5m\""),
        "5m",
    ),
    // InvokeModel.
    input("data.payload", "Payload", Any, PAYLOAD, "{\"inputText\": \"Hello\"}"),
    with_default(
        input("data.contentType", "Content type", Text, INVOKE, "\"application/json\""),
        "application/json",
    ),
    with_default(
        input("data.accept", "Accepted type", Text, INVOKE, "\"application/json\""),
        "application/json",
    ),
    // Embeddings, and texts for a guardrail.
    input("data.texts", "Texts", List, TEXTS, "[\"one\", \"two\"]"),
    with_default(
        input(
            "data.inputType",
            "Purpose",
            Choice(&["search_document", "search_query", "classification", "clustering"]),
            EMBED,
            "\"search_document\"",
        ),
        "search_document",
    ),
    input("data.dimensions", "Dimensions", WholeNumber, EMBED, "512"),
    input("data.normalize", "Normalize", Boolean, EMBED, "true"),
    input("data.truncate", "Truncation", Choice(&["NONE", "START", "END"]), EMBED, "\"NONE\""),
    // Images.
    input("data.prompt", "Prompt", LongText, IMAGE, "\"A lighthouse at dusk\""),
    input("data.negativePrompt", "Negative prompt", LongText, IMAGE, "\"people\""),
    with_default(input("data.count", "Number of images", WholeNumber, IMAGE, "1"), "1"),
    input("data.width", "Width", WholeNumber, IMAGE, "1024"),
    input("data.height", "Height", WholeNumber, IMAGE, "1024"),
    input("data.aspectRatio", "Aspect ratio", Text, IMAGE, "\"16:9\""),
    input("data.quality", "Quality", Choice(&["standard", "premium"]), IMAGE, "\"standard\""),
    input("data.guidance", "Guidance", Fraction, IMAGE, "7.5"),
    input("data.seed", "Seed", WholeNumber, IMAGE, "42"),
    with_default(
        input("data.imageFormat", "Image format", Choice(&["png", "jpeg"]), IMAGE, "\"png\""),
        "png",
    ),
    with_default(
        input("data.imageResult", "Image result", Choice(&["document", "base64"]), IMAGE, "\"document\""),
        "document",
    ),
    with_default(input("data.fileName", "File name", Text, IMAGE, "\"image\""), "image"),
    // A guardrail alone.
    with_default(
        input("data.source", "Source", Choice(&["INPUT", "OUTPUT"]), GUARDRAIL, "\"INPUT\""),
        "INPUT",
    ),
    with_default(
        input(
            "data.outputScope",
            "Details",
            Choice(&["INTERVENTIONS", "FULL"]),
            GUARDRAIL,
            "\"INTERVENTIONS\"",
        ),
        "INTERVENTIONS",
    ),
    // What only experts need.
    input("data.promptVariables", "Prompt variables", Context, CONVERSE, "{\"topic\": \"rain\"}"),
    input(
        "data.additionalModelRequestFields",
        "Additional request fields",
        Context,
        CONVERSATION,
        "{\"top_k\": 50}",
    ),
    input(
        "data.additionalModelResponseFieldPaths",
        "Additional response fields",
        List,
        CONVERSE,
        "[\"/stop_sequence\"]",
    ),
    input("data.requestMetadata", "Request metadata", Context, GENERATION, "{\"team\": \"claims\"}"),
    with_default(
        input("data.latency", "Latency", Choice(&["standard", "optimized"]), GENERATION, "\"standard\""),
        "standard",
    ),
    with_default(
        input(
            "data.serviceTier",
            "Service tier",
            Choice(&["default", "priority", "flex", "reserved"]),
            GENERATION,
            "\"default\"",
        ),
        "default",
    ),
    with_default(
        input("data.streaming", "Streaming", Choice(&["auto", "off"]), CONVERSE, "\"auto\""),
        "auto",
    ),
    input("data.timeout", "Time limit", Duration, ALL, "\"PT5M\""),
];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_example_is_a_value_that_its_kind_takes() {
        for input in INPUTS {
            let example: Value = serde_json::from_str(input.example).unwrap();
            assert!(example.is_null() || input.kind.takes(&example), "{}: {example}", input.path);
        }
    }

    #[test]
    fn kinds_take_what_the_reader_reads_and_nothing_else() {
        for (kind, taken, refused) in [
            (Text, vec![json!("a"), json!(1)], vec![json!({}), json!(["a", "b"])]),
            (
                WholeNumber,
                vec![json!(5), json!("5")],
                vec![json!("five"), json!(""), json!(true), json!([1, 2])],
            ),
            (Fraction, vec![json!(0.5), json!("0.5"), json!(1)], vec![json!("hot"), json!({}), json!(false)]),
            (Boolean, vec![json!(true), json!("false")], vec![json!("yes"), json!(1), json!([])]),
            (Choice(&["auto", "off"]), vec![json!("auto"), json!("OFF")], vec![json!("on"), json!(true)]),
            (List, vec![json!([]), json!([1])], vec![json!("a"), json!({})]),
            (Context, vec![json!({}), json!("{\"a\": 1}")], vec![json!("a"), json!([1, 2]), json!(1)]),
            (Any, vec![json!("a"), json!([1]), json!({})], vec![]),
            (Duration, vec![json!("PT5M")], vec![json!("soon"), json!("PT0S"), json!({})]),
        ] {
            for value in taken {
                assert!(kind.takes(&value), "{kind:?} does not take {value}");
            }
            for value in refused {
                assert!(!kind.takes(&value), "{kind:?} takes {value}");
            }
        }
    }
}
