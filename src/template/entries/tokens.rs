//! How many tokens a question has, before it is asked.

use serde_json::json;

use super::{Entry, parts};
use crate::template::fields::model::{ByHand, ModelField};
use crate::template::fields::outcome;
use crate::template::guide::{Guide, Part};
use crate::template::icons::{self, icon};
use crate::template::model::{Group, Head, Property, Section, Template, is};
use crate::template::options::{Makes, Options};
use crate::template::property::input;

const ID: &str = "bedrock-connector.count-tokens.v1";
const VERSION: u32 = 1;
const COUNTED: &str = "counted";

const MODEL: ModelField = ModelField {
    makes: &[Makes::Text],
    elsewhere: false,
    by_hand: Some(ByHand {
        placeholder: "anthropic.claude-haiku-4-5-20251001-v1:0",
        tooltip: "The id of the model whose tokens are counted. Not every model can count.",
    }),
    inherits: false,
    only_keys: false,
};

pub(super) fn entry(options: &Options, job_type: &str) -> Option<Entry> {
    let head = Head {
        id: ID,
        version: VERSION,
        name: "Bedrock: Count tokens",
        description: "Count the tokens of a question to a model on Amazon Bedrock, without asking it: it costs nothing.",
        keywords: &["ai", "llm", "token", "cost", "length", "limit", "aws"],
        icon: icon(icons::TOKENS),
    };
    let mut sections = vec![
        parts::model(options, MODEL)?,
        counted(),
        outcome::result("{tokens: response.inputTokens}"),
        for_conversations(parts::conversation(vec![parts::history()])),
        for_conversations(parts::documents()),
        for_conversations(parts::tools()),
        parts::more(
            options,
            MODEL,
            vec![parts::additional_request_fields().when(is(COUNTED, "conversation"))],
        ),
    ];
    sections.extend(outcome::errors_and_retries());
    let mut constants = outcome::constants(job_type, ID, VERSION);
    constants.push(input("action").constant("countTokens"));
    Some(Entry { name: "count-tokens", template: Template::new(head, constants, sections), guide: guide() })
}

fn counted() -> Section {
    Group::open("ask", "Question", "What is counted.").with(vec![
        parts::gate(
            COUNTED,
            "bedrock-connector:counted",
            "What is counted",
            "The same fields as in the task that will ask.",
            ("conversation", "A message, with what belongs to it"),
            ("payload", "A request of your own"),
        ),
        parts::message().when(is(COUNTED, "conversation")),
        parts::system_prompt().when(is(COUNTED, "conversation")),
        input("data.payload")
            .label("Payload")
            .long()
            .expression()
            .required()
            .placeholder("{anthropic_version: \"bedrock-2023-05-31\", max_tokens: 100, messages: [{role: \"user\", content: question}]}")
            .tooltip("The request in the form that the model's documentation shows.")
            .when(is(COUNTED, "payload")),
    ])
}

fn for_conversations(section: Section) -> Section {
    let only = |property: Property| property.when(is(COUNTED, "conversation"));
    Section { group: section.group, properties: section.properties.into_iter().map(only).collect() }
}

fn guide() -> Guide {
    Guide {
        purpose: "For a gateway before an expensive question: count first, and take another way when the text is too long. Counting costs nothing.",
        aws: "https://docs.aws.amazon.com/bedrock/latest/userguide/count-tokens.html",
        answer: "The number is that of this model; another model counts otherwise.",
        response: parts::response_without(
            FREE,
            json!({
                "inputTokens": 412,
                "modelId": "anthropic.claude-haiku-4-5-20251001-v1:0"
            }),
        ),
        parts: parts::parts_without(FREE, PARTS),
        errors: parts::failures(),
    }
}

/// What is not told, because nothing is paid.
const FREE: &[&str] = &["usage", "cost"];

const PARTS: &[Part] =
    &[Part::new("inputTokens", "How many tokens the model would read.", "= {tooLong: inputTokens > 100000}")];
