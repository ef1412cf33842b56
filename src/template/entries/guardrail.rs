//! A text, checked by a guardrail without a model.

use serde_json::json;

use super::{Entry, parts};
use crate::template::fields::model::{self, ModelField};
use crate::template::fields::outcome;
use crate::template::guide::{Guide, Part};
use crate::template::icons::{self, icon};
use crate::template::model::{Choice, Group, Head, Template};
use crate::template::options::Options;
use crate::template::property::input;

const ID: &str = "bedrock-connector.guardrail.v1";
const VERSION: u32 = 1;

/// No model is asked.
const MODEL: ModelField =
    ModelField { makes: &[], elsewhere: false, by_hand: None, inherits: false, only_keys: false };

pub(super) fn entry(options: &Options, job_type: &str) -> Option<Entry> {
    let head = Head {
        id: ID,
        version: VERSION,
        name: "Bedrock: Check texts with a guardrail",
        description: "Check texts against a guardrail of Amazon Bedrock: what is forbidden is blocked, what is private is masked.",
        keywords: &["ai", "guardrail", "safety", "moderation", "privacy", "pii", "mask", "aws"],
        icon: icon(icons::GUARDRAIL),
    };
    let mut guardrail = vec![parts::guardrail_id(), parts::guardrail_version()];
    let way = model::fields(options, MODEL);
    if way.is_empty() {
        return None;
    }
    guardrail.extend(way);
    let texts = Group::open("ask", "Texts", "What is checked.").with(vec![
        input("data.texts")
            .label("Texts")
            .long()
            .expression()
            .required()
            .placeholder("[letter]")
            .tooltip("A list of texts. A single text is a list of one."),
        input("data.source")
            .label("Source")
            .tooltip("A guardrail may have different rules for what people write and for what models answer.")
            .one_of(vec![
                Choice::new("INPUT", "Written by a person"),
                Choice::new("OUTPUT", "Written by a model"),
            ]),
        input("data.outputScope").label("Details").tooltip("How much assessments says.").one_of(vec![
            Choice::new("INTERVENTIONS", "What the guardrail acted on"),
            Choice::new("FULL", "All that it looked at"),
        ]),
    ]);
    let mut sections = vec![
        Group::open("guardrail", "Guardrail", "Which guardrail checks, and how the task gets to it.")
            .with(guardrail),
        texts,
        outcome::result("{letter: response.texts[1], blocked: response.intervened}"),
        parts::more(options, MODEL, Vec::new()),
    ];
    sections.extend(outcome::errors_and_retries());
    let mut constants = outcome::constants(job_type, ID, VERSION);
    constants.push(input("action").constant("applyGuardrail"));
    Some(Entry { name: "guardrail", template: Template::new(head, constants, sections), guide: guide() })
}

fn guide() -> Guide {
    let response = parts::response_without(
        NO_MODEL,
        json!({
            "action": "GUARDRAIL_INTERVENED",
            "intervened": true,
            "texts": ["My name is {NAME} and my lamp is broken."],
            "assessments": [{
                "sensitiveInformationPolicy": {
                    "piiEntities": [{"type": "NAME", "match": "Ada Example", "action": "ANONYMIZED"}]
                }
            }],
            "guardrailId": "gr1a2b3c4d5e",
            "guardrailVersion": "1"
        }),
    );
    Guide {
        purpose: "For texts that come from outside or go outside, whoever wrote them: the guardrail blocks what your company forbids and masks what is private. No model is asked.",
        aws: "https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-use-independent-api.html",
        answer: "`texts` is what may be used: the texts as they were, with masks, or the guardrail's own message in place of what it blocked.",
        response,
        parts: parts::parts_without(NO_MODEL, PARTS),
        errors: parts::failures(),
    }
}

/// What is not told, because no model is asked.
const NO_MODEL: &[&str] = &["usage", "cost", "modelId"];

const PARTS: &[Part] = &[
    Part::new("action", "`NONE` or `GUARDRAIL_INTERVENED`.", "= {action: action}"),
    Part::new("intervened", "Whether the guardrail stepped in.", "= {blocked: intervened}"),
    Part::new("texts", "What may be used.", "= {letter: texts[1]}"),
    Part::new(
        "assessments",
        "What the guardrail found.",
        "= {private: assessments[1].sensitiveInformationPolicy.piiEntities.type}",
    ),
    Part::new("guardrailId", "The guardrail that checked.", "= {checkedBy: guardrailId}"),
    Part::new("guardrailVersion", "Its version.", "= {version: guardrailVersion}"),
];
