//! A question to a model, with everything that Converse offers.

use serde_json::json;

use super::parts::MenuEntry;
use super::{Entry, parts};
use crate::template::fields::model::{ByHand, ModelField};
use crate::template::fields::outcome;
use crate::template::guide::{Guide, Handled, Part};
use crate::template::icons::{self, icon};
use crate::template::model::{Choice, Group, Head, Property, Section, Template, is};
use crate::template::options::{Makes, Options};
use crate::template::property::input;

const ID: &str = "bedrock-connector.converse.v1";
const VERSION: u32 = 1;

const MODEL: ModelField = ModelField {
    makes: &[Makes::Text],
    elsewhere: true,
    by_hand: Some(ByHand {
        placeholder: "eu.anthropic.claude-sonnet-4-5-20250929-v1:0",
        tooltip: "The id of a model, an inference profile or an ARN, from Bedrock's console. Many newer models are called by an inference profile, whose id begins with a part of the world, such as eu.",
    }),
    inherits: true,
    only_keys: false,
};

pub(super) fn entry(options: &Options, job_type: &str) -> Option<Entry> {
    let head = Head {
        id: ID,
        version: VERSION,
        name: "Bedrock: Ask a model",
        description: "Ask a model on Amazon Bedrock: a question, a document, a conversation, or data in a form of your own.",
        keywords: &[
            "ai", "llm", "chat", "prompt", "claude", "nova", "llama", "mistral", "gpt", "summary", "extract",
            "agent", "tool", "aws", "converse",
        ],
        icon: icon(icons::CONVERSE),
    };
    let mut sections = vec![
        parts::model(options, MODEL)?,
        Group::open("ask", "Message", "What the model is asked.")
            .with(vec![parts::message(), parts::system_prompt()]),
        outcome::result("{answer: response.text}"),
        parts::conversation(vec![parts::history()]),
        documents(),
        structure(),
        parts::tools(),
        style(),
        parts::guardrail(true),
        parts::speed(caching()),
        parts::more(options, MODEL, special()),
    ];
    sections.extend(outcome::errors_and_retries());
    let mut constants = outcome::constants(job_type, ID, VERSION);
    constants.push(input("action").constant("converse"));
    let mut template = Template::new(head, constants, sections);
    parts::menu(&mut template, STRUCTURED, MENU);
    Some(Entry { name: "converse", template, guide: guide() })
}

const STRUCTURED: &str = "structured";

const MENU: &[MenuEntry] = &[
    MenuEntry {
        id: "text",
        value: "text",
        name: "Ask a question",
        description: "The answer is a text",
        keywords: &["chat", "prompt", "summary", "write", "translate", "agent", "tool"],
    },
    MenuEntry {
        id: "data",
        value: "data",
        name: "Extract data",
        description: "The answer is data that fits a schema",
        keywords: &["json", "schema", "structured", "classify", "extract", "form"],
    },
];

fn documents() -> Section {
    let mut section = parts::documents();
    section.properties.push(
        input("data.citations")
            .label("Cite the documents")
            .boolean()
            .default(false)
            .tooltip("Has the model name the places that its answer rests on, in every document of the conversation. Not every model can, and not together with an answer schema."),
    );
    section
}

fn structure() -> Section {
    let data = |property: Property| property.when(is(STRUCTURED, "data"));
    Group::folded("structure", "Structured answer", "Data with fields of your own in place of a text.").with(vec![
        parts::gate(
            STRUCTURED,
            "bedrock-connector:structured",
            "The answer is",
            "A text, or data that the process can use without reading it: response.json.",
            ("text", "A text"),
            ("data", "Data, by a schema"),
        ),
        data(input("data.outputSchema"))
            .label("Answer schema")
            .long()
            .expression()
            .required()
            .placeholder("{type: \"object\", properties: {total: {type: \"number\"}}, required: [\"total\"]}")
            .tooltip("The JSON schema of the data. JSON can be pasted after the equals sign. An answer that does not fit is sent back to the model."),
        data(input("data.outputCorrections"))
            .label("Corrections")
            .number()
            .tooltip("How often the model may correct an answer that does not fit, 0 to 5. Left empty, once."),
        data(input("data.outputName"))
            .label("Schema name")
            .or_expression()
            .placeholder("invoice")
            .tooltip("What the data is; the model sees it."),
        data(input("data.outputDescription"))
            .label("Schema description")
            .or_expression()
            .placeholder("The amounts of one invoice")
            .tooltip("What the data says; the model sees it."),
        data(input("data.outputMode"))
            .label("Structured output by")
            .tooltip("Leave this to the worker unless a model does badly with it.")
            .one_of(vec![
                Choice::new("auto", "What the model is best at"),
                Choice::new("native", "The model's own way"),
                Choice::new("tool", "A tool that it has to use"),
            ]),
    ])
}

fn style() -> Section {
    const MODE: &str = "data.reasoning.mode";
    Group::folded("style", "Length, style and reasoning", "How long, how freely and how thoroughly the model answers.").with(vec![
        input("data.maxTokens")
            .label("Maximum tokens")
            .number()
            .tooltip("How long the answer may be; a token is about three quarters of a word. Left empty, as long as the model can. A longer answer is cut, and its stopReason is max_tokens."),
        input("data.temperature")
            .label("Temperature")
            .number()
            .tooltip("0 for answers that hardly vary, up to 1 for more variety. Left empty, the model's own default."),
        input("data.topP")
            .label("Top P")
            .number()
            .tooltip("Another way to limit variety, 0 to 1. Set this or the temperature; some models refuse both."),
        input("data.stopSequences")
            .label("Stop sequences")
            .expression()
            .placeholder("[\"###\"]")
            .tooltip("A list of texts at which the model stops."),
        input(MODE)
            .label("Reasoning")
            .tooltip("Whether the model thinks before it answers. It takes longer and costs tokens, and only some models do.")
            .one_of(vec![
                Choice::new("off", "Off"),
                Choice::new("budget", "With a budget of tokens"),
                Choice::new("effort", "With an effort"),
            ]),
        input("data.reasoning.budgetTokens")
            .label("Reasoning budget")
            .number()
            .required()
            .default(2048)
            .tooltip("How many tokens the model may think, 1024 or more. The maximum of tokens has to be larger.")
            .when(is(MODE, "budget")),
        input("data.reasoning.effort")
            .label("Reasoning effort")
            .tooltip("How hard the model thinks. Not every model knows every level.")
            .one_of(vec![
                Choice::new("low", "Low"),
                Choice::new("medium", "Medium"),
                Choice::new("high", "High"),
                Choice::new("xhigh", "Extra high"),
                Choice::new("max", "Maximum"),
            ])
            .when(is(MODE, "effort")),
    ])
}

fn caching() -> Vec<Property> {
    const GATE: &str = "caching";
    let on = |property: Property| property.when(is(GATE, "on"));
    vec![
        parts::gate(
            GATE,
            "bedrock-connector:caching",
            "Prompt caching",
            "Bedrock keeps what it has read, so that long texts that come again cost less. Only some models do, from a length of their own.",
            ("off", "Off"),
            ("on", "On"),
        ),
        on(input("data.promptCaching.system"))
            .label("Cache the system prompt")
            .boolean()
            .default(true)
            .tooltip("For a long system prompt that is always the same."),
        on(input("data.promptCaching.tools"))
            .label("Cache the tools")
            .boolean()
            .tooltip("For many tools, or tools with long descriptions."),
        on(input("data.promptCaching.messages"))
            .label("Cache the messages")
            .boolean()
            .tooltip("For conversations that go on: what was said before is read at a lower price."),
        on(input("data.promptCaching.ttl"))
            .label("Cache lifetime")
            .tooltip("How long Bedrock keeps it after the last use.")
            .one_of(vec![Choice::new("5m", "5 minutes"), Choice::new("1h", "1 hour")]),
    ]
}

fn special() -> Vec<Property> {
    vec![
        input("data.promptVariables")
            .label("Prompt variables")
            .expression()
            .placeholder("{topic: \"rain\"}")
            .tooltip("Only if the model is the ARN of a prompt of Bedrock's prompt management: values for its variables."),
        parts::additional_request_fields(),
        input("data.additionalModelResponseFieldPaths")
            .label("Additional response fields")
            .expression()
            .placeholder("[\"/stop_sequence\"]")
            .tooltip("Paths of what this model can tell beyond the usual. It stands in additional."),
        parts::request_metadata(),
        input("data.streaming")
            .label("Streaming")
            .tooltip("The worker takes the answer in pieces, so that it notices early when a model hangs. The process sees one answer either way.")
            .one_of(vec![Choice::new("auto", "Where the model can"), Choice::new("off", "Never")]),
    ]
}

fn guide() -> Guide {
    Guide {
        purpose: "For everything that is asked in words: summaries, answers to letters, decisions with a reason, data out of documents, agents that call tools.\n\nOnly **Model** and **Message** have to be filled in (and **Region**, unless the operator has set one). All else stays folded up until you want it.",
        aws: "https://docs.aws.amazon.com/bedrock/latest/userguide/conversation-inference.html",
        answer: "Every part is always there; where there is nothing to say it is null or an empty list. This sample has something in every part, which no real answer has.",
        response: parts::response(json!({
            "text": "The parcel left on Monday and should arrive tomorrow.",
            "json": {"status": "on its way", "days": 1},
            "messages": [
                {"role": "user", "contentList": [{"text": "Where is my parcel?"}]},
                {"role": "assistant", "contentList": [{"text": "The parcel left on Monday and should arrive tomorrow."}]}
            ],
            "toolCalls": [{"id": "tooluse_1", "name": "trackParcel", "input": {"number": "4711"}}],
            "reasoning": "The customer asks for a date, so I need the tracking data.",
            "citations": [{"title": "shipping.pdf", "sourceContent": [{"text": "Parcels take two days."}]}],
            "stopReason": "end_turn",
            "guardrail": {"intervened": false, "trace": null}
        })),
        parts: PARTS.iter().chain(parts::ABOUT_THE_CALL).copied().collect(),
        errors: {
            let mut errors = vec![Handled {
                case: "Treat an answer that was cut as an error (this works on success, too)",
                expression: "= if response.stopReason = \"max_tokens\" then bpmnError(\"TOO_LONG\", \"The answer was cut\") else null",
                seen: json!({"response": {"stopReason": "max_tokens", "text": "Once upon a"}}),
            }];
            errors.extend(parts::failures());
            errors
        },
    }
}

const PARTS: &[Part] = &[
    Part::new("text", "What the model says.", "= {answer: text}"),
    Part::new("json", "The data, if the task asked for data by a schema.", "= {status: json.status}"),
    Part::new(
        "messages",
        "The whole conversation with this answer. Put it into a variable, and give that to **Message history** of the next task.",
        "= {conversation: messages}",
    ),
    Part::new(
        "toolCalls",
        "The tools that the model wants to use: `id`, `name` and `input`.",
        "= {tool: toolCalls[1].name, toolInput: toolCalls[1].input}",
    ),
    Part::new("reasoning", "What the model thought, if it was asked to and tells.", "= {why: reasoning}"),
    Part::new(
        "citations",
        "Places in the documents that the answer rests on, if **Cite the documents** asks for them.",
        "= {sources: citations.title}",
    ),
    Part::new(
        "stopReason",
        "Why the model stopped: `end_turn`, `max_tokens`, `stop_sequence`, `tool_use`, `guardrail_intervened` …",
        "= {complete: stopReason = \"end_turn\"}",
    ),
    Part::new(
        "guardrail",
        "Whether the guardrail stepped in, and what it found if the trace is on.",
        "= {blocked: guardrail.intervened}",
    ),
];
