//! The task of Camunda's own Bedrock template: same job type, same bindings, same answer.
//!
//! Modelers match values by binding, so a task that was made with Camunda's template keeps all of them when it is
//! switched to this one, and back. One of its bindings is not here on purpose: the hidden expression that composes
//! `data.newDocuments` there is a field of its own here, because the worker composes the list by itself.

use serde_json::json;

use super::parts::MenuEntry;
use super::{Entry, parts};
use crate::template::fields::model::{self, ByHand, ModelField};
use crate::template::fields::outcome;
use crate::template::guide::{Guide, Handled, Part};
use crate::template::icons::{self, icon};
use crate::template::model::{Choice, Group, Head, Property, Section, Template, is};
use crate::template::options::{Makes, Options};
use crate::template::property::input;

const ID: &str = "bedrock-connector.aws-bedrock.v1";
const VERSION: u32 = 1;

const CONVERSE: &str = "converse";
const INVOKE: &str = "invokeModel";

const MODEL: ModelField = ModelField {
    makes: &[Makes::Text],
    elsewhere: false,
    by_hand: Some(ByHand {
        placeholder: "eu.anthropic.claude-sonnet-4-5-20250929-v1:0",
        tooltip: "The id of a model, an inference profile or an ARN, from Bedrock's console.",
    }),
    inherits: true,
    only_keys: true,
};

pub(super) fn entry(options: &Options, job_type: &str) -> Option<Entry> {
    let head = Head {
        id: ID,
        version: VERSION,
        name: "Bedrock: As Camunda's connector",
        description: "The fields and the answer of Camunda's own Bedrock connector, for processes that were drawn with it.",
        keywords: &["ai", "llm", "chat", "prompt", "aws", "bedrock", "converse", "invoke"],
        icon: icon(icons::COMPAT),
    };
    let mut sections = vec![
        Group::open("operation", "Action", "What is done.").with(vec![
            input("action")
                .label("Action")
                .tooltip("Converse asks in words and works the same with every model. InvokeModel sends JSON in the model's own form.")
                .one_of(vec![
                    Choice::new(CONVERSE, "Converse"),
                    Choice::new(INVOKE, "InvokeModel"),
                ]),
        ]),
        parts::model(options, MODEL)?,
        ask(),
        outcome::result("{answer: response[-1].contentList[1].text, conversation: response}"),
        for_converse(parts::conversation(vec![parts::history()])),
        for_converse(parts::documents()),
        for_converse(style()),
        Group::folded("more", "More settings", "For special cases.").with(model::detours(options, MODEL)),
    ];
    sections.extend(outcome::errors_and_retries());
    let mut template = Template::new(head, outcome::constants(job_type, ID, VERSION), sections);
    parts::menu(&mut template, "action", MENU);
    Some(Entry { name: "aws-bedrock", template, guide: guide() })
}

fn ask() -> Section {
    Group::open("ask", "Message", "What the model is asked.").with(vec![
        parts::message().when(is("action", CONVERSE)),
        input("data.payload")
            .label("Payload")
            .expression()
            .required()
            .placeholder("{inputText: question}")
            .tooltip("The request in the form that the model's documentation shows. JSON can be pasted after the equals sign.")
            .when(is("action", INVOKE)),
    ])
}

fn style() -> Section {
    Group::folded("style", "Length and style", "How long and how freely the model answers.").with(vec![
        input("data.maxTokens").label("Maximum tokens").number().tooltip(
            "How long the answer may be; a token is about three quarters of a word. Left empty, 512.",
        ),
        input("data.temperature").label("Temperature").number().tooltip(
            "0 for answers that hardly vary, up to 1 for more variety. Left empty, the model's own default.",
        ),
        input("data.topP").label("Top P").number().tooltip(
            "Another way to limit variety, 0 to 1. Set this or the temperature; some models refuse both.",
        ),
    ])
}

fn for_converse(section: Section) -> Section {
    let only = |property: Property| property.when(is("action", CONVERSE));
    Section { group: section.group, properties: section.properties.into_iter().map(only).collect() }
}

/// The two actions in the menu where a modeler looks for a task.
const MENU: &[MenuEntry] = &[
    MenuEntry {
        id: "converse",
        value: CONVERSE,
        name: "Converse",
        description: "Ask a model in words",
        keywords: &["chat", "prompt", "message", "document"],
    },
    MenuEntry {
        id: "invoke-model",
        value: INVOKE,
        name: "InvokeModel",
        description: "Send JSON in the model's own form",
        keywords: &["json", "payload", "raw"],
    },
];

fn guide() -> Guide {
    let mut errors = vec![Handled {
        case: "Treat a short answer as an error (this works on success, too)",
        expression: "= if string length(response[-1].contentList[1].text) < 10 then bpmnError(\"TOO_SHORT\", \"The model says nothing\") else null",
        seen: json!({"response": [{"role": "assistant", "contentList": [{"text": "No."}]}]}),
    }];
    errors.extend(parts::failures());
    Guide {
        purpose: "For processes that were drawn with Camunda's Bedrock template: the task has the same fields and gives the same answer. To switch, choose this template for the task; what was filled in stays.\n\nNew tasks are better off with [Ask a model](converse.md): its answer also tells tokens, cost and why the model stopped. It has the same fields, so that a task can be switched to it, too; only its result expression has to be written anew.",
        aws: "https://docs.aws.amazon.com/bedrock/latest/userguide/conversation-inference.html",
        answer: "Converse answers with the conversation, a list, so expressions see it as `response` only. (InvokeModel answers with `body`, the JSON that the model sent: `= {answer: body.results[1].outputText}`.)",
        response: json!([
            {"role": "user", "contentList": [{"text": "Where is my parcel?"}]},
            {"role": "assistant", "contentList": [{"text": "It arrives tomorrow."}]}
        ]),
        parts: vec![
            Part::new(
                "",
                "The whole conversation. Put it into a variable, and give that to **Message history** of the next task.",
                "= {conversation: response}",
            ),
            Part::new(
                "[-1].contentList",
                "The parts of the answer; usually one with `text`.",
                "= {answer: response[-1].contentList[1].text}",
            ),
            Part::new("[-1].role", "Who said it: `user` or `assistant`.", "= {by: response[-1].role}"),
        ],
        errors,
    }
}
