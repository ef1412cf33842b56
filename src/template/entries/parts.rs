//! Sections that some of the native templates share, and what all their answers have.

use serde_json::{Map, Number, Value, json};

use crate::template::fields::documents;
use crate::template::fields::model::{self, ModelField};
use crate::template::guide::{Handled, Part};
use crate::template::model::{Choice, Group, Preset, Property, Section, Step, Template, is};
use crate::template::options::Options;
use crate::template::property::{input, note};

/// Which model, where, as whom: the first thing that a modeler sees. None when nothing that the operator has fits.
pub(super) fn model(options: &Options, field: ModelField) -> Option<Section> {
    let properties = model::fields(options, field);
    let group = Group::open("model", "Model", "Which model is asked, and how the task gets to it.");
    (!properties.is_empty()).then(|| group.with(properties))
}

/// An entry of the menu in which a modeler looks for a task: a template with one choice already made.
#[derive(Debug, Clone, Copy)]
pub(super) struct MenuEntry {
    pub(super) id: &'static str,
    pub(super) value: &'static str,
    pub(super) name: &'static str,
    pub(super) description: &'static str,
    pub(super) keywords: &'static [&'static str],
}

/// Puts entries for the choices of a field into the menu.
pub(super) fn menu(template: &mut Template, field: &str, entries: &[MenuEntry]) {
    for entry in entries {
        template.steps.push(Step {
            name: entry.name,
            description: entry.description,
            keywords: entry.keywords.to_vec(),
            preset_id: entry.id,
        });
        let properties = std::iter::once((field.to_owned(), Value::from(entry.value))).collect();
        template.presets.push(Preset { id: entry.id, properties });
    }
}

/// A dropdown that opens further fields and is otherwise of no meaning.
pub(super) fn gate(
    id: &str,
    name: &'static str,
    label: &'static str,
    tooltip: &'static str,
    closed: (&str, &str),
    open: (&str, &str),
) -> Property {
    let choices = vec![Choice::new(closed.0, closed.1), Choice::new(open.0, open.1)];
    note(name).id(id).label(label).tooltip(tooltip).one_of(choices)
}

pub(super) fn message() -> Property {
    input("data.newMessage")
        .label("Message")
        .long()
        .or_expression()
        .required()
        .placeholder("Write a kind answer to this letter: …")
        .tooltip("What the model is asked. Switch to an expression to put variables in, such as = \"Answer this letter: \" + letter.")
}

pub(super) fn system_prompt() -> Property {
    input("data.systemPrompt")
        .label("System prompt")
        .long()
        .or_expression()
        .placeholder("You work for a shop that sells lamps. You answer in two sentences.")
        .tooltip("How the model is to behave: its role, tone, language and rules. It holds for the whole conversation.")
}

pub(super) fn history() -> Property {
    input("data.messagesHistory").label("Message history").expression().placeholder("conversation").tooltip(
        "The conversation so far: the messages of an earlier answer. Leave it empty to begin a new one.",
    )
}

pub(super) fn conversation(fields: Vec<Property>) -> Section {
    Group::folded(
        "conversation",
        "Conversation",
        "What was said before, for a model that has to remember it.",
    )
    .with(fields)
}

pub(super) fn documents() -> Section {
    Group::folded("documents", "Documents", "Files that the model reads or looks at.")
        .with(documents::fields())
}

/// Tools are called by the process, not by the worker: the answer says which, and their results go into the next task.
pub(super) fn tools() -> Section {
    Group::folded(
        "tools",
        "Tools",
        "What the model may ask the process to do. The answer names the tools that it wants; the process runs them and gives back what they found.",
    )
    .with(vec![
        input("data.tools")
            .label("Tools")
            .long()
            .expression()
            .placeholder("[{name: \"weather\", description: \"The weather of a city\", inputSchema: citySchema}]")
            .tooltip("A list of tools, each with a name, a description and the JSON schema of its input."),
        input("data.toolChoice")
            .label("Tool choice")
            .tooltip("Whether the model has to use a tool.")
            .one_of(vec![
                Choice::new("auto", "The model decides"),
                Choice::new("any", "It has to use one"),
                Choice::new("tool", "It has to use this one"),
            ]),
        input("data.toolChoiceName")
            .label("Tool to use")
            .or_expression()
            .required()
            .placeholder("weather")
            .tooltip("The name of the tool that the model has to use.")
            .when(is("data.toolChoice", "tool")),
        input("data.toolResults")
            .label("Tool results")
            .long()
            .expression()
            .placeholder("[{toolUseId: toolCalls[1].id, content: weather}]")
            .tooltip("What the tools found that the last answer asked for. With them, the message may be null."),
    ])
}

/// A guardrail that watches a model; `id` is asked for only when somebody wants one.
pub(super) fn guardrail(traces: bool) -> Section {
    const GATE: &str = "guarded";
    let mut fields = vec![
        gate(
            GATE,
            "bedrock-connector:guardrail",
            "Use a guardrail",
            "A guardrail of Bedrock blocks or masks what must not be asked or answered.",
            ("no", "No"),
            ("yes", "Yes"),
        ),
        guardrail_id().when(is(GATE, "yes")),
        guardrail_version().when(is(GATE, "yes")),
    ];
    if traces {
        let trace = input("data.guardrail.trace")
            .label("Guardrail trace")
            .tooltip("Whether the answer tells what the guardrail found, in guardrail.trace.")
            .one_of(vec![
                Choice::new("disabled", "No"),
                Choice::new("enabled", "What it acted on"),
                Choice::new("enabled_full", "All that it looked at"),
            ]);
        fields.push(trace.when(is(GATE, "yes")));
    }
    Group::folded(
        "guardrail",
        "Guardrail",
        "Rules of your company for what goes to the model and comes back.",
    )
    .with(fields)
}

pub(super) fn guardrail_id() -> Property {
    input("data.guardrail.id")
        .label("Guardrail")
        .or_expression()
        .required()
        .placeholder("gr1a2b3c4d5e")
        .tooltip("The id or the ARN of the guardrail, from Bedrock's console.")
}

pub(super) fn guardrail_version() -> Property {
    input("data.guardrail.version")
        .label("Guardrail version")
        .or_expression()
        .default("DRAFT")
        .pattern(r"^(\d+|DRAFT)$", "must be a number such as 1, or DRAFT")
        .tooltip("A number, or DRAFT for the version that is being worked on.")
}

pub(super) fn speed(caching: Vec<Property>) -> Section {
    const GATE: &str = "speed";
    let mut fields = vec![
        gate(
            GATE,
            "bedrock-connector:speed",
            "Latency and service tier",
            "Only some models have them, and some prices differ.",
            ("usual", "As usual"),
            ("chosen", "Chosen here"),
        ),
        input("data.latency")
            .label("Latency")
            .tooltip("Optimized answers come sooner, from the models that have them.")
            .one_of(vec![Choice::new("standard", "Standard"), Choice::new("optimized", "Optimized")])
            .when(is(GATE, "chosen")),
        input("data.serviceTier")
            .label("Service tier")
            .tooltip("Priority comes first and costs more; flex waits and costs less; reserved is capacity that you have bought.")
            .one_of(vec![
                Choice::new("default", "Default"),
                Choice::new("priority", "Priority"),
                Choice::new("flex", "Flex"),
                Choice::new("reserved", "Reserved"),
            ])
            .when(is(GATE, "chosen")),
    ];
    fields.extend(caching);
    Group::folded(
        "speed",
        "Speed and cost",
        "Service tiers, and whether Bedrock keeps parts of what it has read.",
    )
    .with(fields)
}

pub(super) fn request_metadata() -> Property {
    input("data.requestMetadata")
        .label("Request metadata")
        .expression()
        .placeholder("{team: \"claims\"}")
        .tooltip("Texts that Bedrock writes into its invocation log, to find the call there.")
}

pub(super) fn additional_request_fields() -> Property {
    input("data.additionalModelRequestFields")
        .label("Additional request fields")
        .long()
        .expression()
        .placeholder("{top_k: 50}")
        .tooltip("Settings that only this model has, as its documentation names them.")
}

/// The end of every native template.
pub(super) fn more(options: &Options, field: ModelField, mut fields: Vec<Property>) -> Section {
    fields.push(input("data.timeout").label("Time limit").or_expression().placeholder("PT5M").tooltip(
        "The longest that the model may take, such as PT5M. Left empty, the operator's limit holds.",
    ));
    fields.extend(model::detours(options, field));
    Group::folded("more", "More settings", "For special cases.").with(fields)
}

/// What every native answer tells beside its own parts.
pub(super) fn about_the_call() -> Map<String, Value> {
    let about = json!({
        "usage": usage(412, 96, 380),
        "cost": cost("0.00279", ["0.001236", "0.00144", "0.000114", "0", "0"]),
        "modelId": "eu.anthropic.claude-sonnet-4-5-20250929-v1:0",
        "region": "eu-central-1",
        "latencyMs": 1840,
        "requestId": "7f3c1f1e-5b0c-4c5e-9d57-0d8f7f1f2a10",
        "attempts": 1,
        "cached": false,
        "additional": {}
    });
    about.as_object().cloned().unwrap_or_default()
}

/// A sample answer: its own parts, then those that all have.
pub(super) fn response(own: Value) -> Value {
    response_without(&[], own)
}

/// A sample answer of an action that has nothing to say in some of these.
pub(super) fn response_without(missing: &[&str], own: Value) -> Value {
    let mut entries = own.as_object().cloned().unwrap_or_default();
    for (key, value) in about_the_call() {
        if !missing.contains(&key.as_str()) {
            entries.entry(key).or_insert(value);
        }
    }
    Value::Object(entries)
}

/// The tokens of a sample answer: input, output, and what was read from the cache.
pub(super) fn usage(input: u64, output: u64, cache_read: u64) -> Value {
    json!({
        "inputTokens": input, "outputTokens": output, "totalTokens": input + output,
        "cache": {"readInputTokens": cache_read, "writeInputTokens": 0, "details": []}
    })
}

/// What a sample answer cost: input, output, what was read from the cache and written to it, and images.
pub(super) fn cost(total: &str, [input, output, cache_read, cache_write, images]: [&str; 5]) -> Value {
    // As it is written: small amounts would turn into powers of ten.
    let amount = |text: &str| text.parse::<Number>().map(Value::Number).unwrap_or_default();
    json!({
        "total": amount(total), "currency": "USD", "input": amount(input), "output": amount(output),
        "cacheRead": amount(cache_read), "cacheWrite": amount(cache_write), "images": amount(images)
    })
}

/// The parts of an answer with those that all have, but for these.
pub(super) fn parts_without(missing: &[&str], own: &[Part]) -> Vec<Part> {
    let common = ABOUT_THE_CALL.iter().filter(|part| !missing.contains(&part.path));
    own.iter().chain(common).copied().collect()
}

pub(super) const ABOUT_THE_CALL: &[Part] = &[
    Part::new(
        "usage",
        "How many tokens were read and written. `cache` tells how many of them Bedrock had kept.",
        "= {tokens: usage.totalTokens}",
    ),
    Part::new(
        "cost",
        "What the call cost by the operator's price list, in all and by what it was for; null if the model is not on it.",
        "= {cost: cost.total}",
    ),
    Part::new("modelId", "The model that answered.", "= {answeredBy: modelId}"),
    Part::new("region", "Where it answered.", "= {region: region}"),
    Part::new("latencyMs", "How long the model took, in milliseconds.", "= {seconds: latencyMs / 1000}"),
    Part::new("requestId", "AWS's number of the call, for its support and logs.", "= {requestId: requestId}"),
    Part::new("attempts", "How often Bedrock was asked until it answered.", "= {attempts: attempts}"),
    Part::new(
        "cached",
        "Whether the answer was already there from an earlier try, so that it was not paid again.",
        "= {paidAgain: not(cached)}",
    ),
    Part::new("additional", "What Bedrock said beyond all this.", "= {more: additional}"),
];

/// Failures that a process may want to handle.
pub(super) fn failures() -> Vec<Handled> {
    let error = |code: &str, message: &str| json!({"error": {"code": code, "message": message}, "job": {"retries": 3}});
    vec![
        Handled {
            case: "Go another way when the model is not allowed or not there",
            expression: "= if error.code = \"AccessDeniedException\" or error.code = \"ResourceNotFoundException\" then bpmnError(\"NO_MODEL\", error.message) else null",
            seen: error(
                "AccessDeniedException",
                "You don't have access to the model with the specified model ID.",
            ),
        },
        Handled {
            case: "Try again in five minutes when Bedrock is busy",
            expression: "= if error.code = \"ThrottlingException\" then jobError(\"busy\", {}, job.retries - 1, @\"PT5M\") else null",
            seen: error("ThrottlingException", "Too many requests, please wait before trying again."),
        },
    ]
}
