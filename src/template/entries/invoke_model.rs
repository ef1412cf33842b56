//! A request in the model's own form.

use serde_json::json;

use super::{Entry, parts};
use crate::template::fields::model::{ByHand, ModelField};
use crate::template::fields::outcome;
use crate::template::guide::{Guide, Part};
use crate::template::icons::{self, icon};
use crate::template::model::{Group, Head, Template};
use crate::template::options::{Makes, Options};
use crate::template::property::input;

const ID: &str = "bedrock-connector.invoke-model.v1";
const VERSION: u32 = 1;

const MODEL: ModelField = ModelField {
    makes: &[Makes::Text, Makes::Embeddings, Makes::Images, Makes::Other],
    elsewhere: false,
    by_hand: Some(ByHand {
        placeholder: "amazon.nova-pro-v1:0",
        tooltip: "The id of a model, an inference profile or an ARN, from Bedrock's console.",
    }),
    inherits: true,
    only_keys: false,
};

pub(super) fn entry(options: &Options, job_type: &str) -> Option<Entry> {
    let head = Head {
        id: ID,
        version: VERSION,
        name: "Bedrock: Send a request of your own",
        description: "Send any JSON to a model on Amazon Bedrock and get its JSON back, for models and features that have no form.",
        keywords: &["ai", "llm", "json", "raw", "payload", "custom", "imported model", "aws", "invoke"],
        icon: icon(icons::INVOKE_MODEL),
    };
    let request = Group::open("ask", "Request", "What is sent.").with(vec![
        input("data.payload")
            .label("Payload")
            .long()
            .expression()
            .required()
            .placeholder("{inputText: question, textGenerationConfig: {maxTokenCount: 300}}")
            .tooltip("The request in the form that the model's documentation shows. JSON can be pasted after the equals sign."),
    ]);
    let special = vec![
        input("data.contentType")
            .label("Content type")
            .or_expression()
            .placeholder("application/json")
            .tooltip("What the payload is. Left empty, JSON."),
        input("data.accept")
            .label("Accepted type")
            .or_expression()
            .placeholder("application/json")
            .tooltip("What the answer should be. Left empty, JSON."),
        parts::request_metadata(),
    ];
    let mut sections = vec![
        parts::model(options, MODEL)?,
        request,
        outcome::result("{answer: response.body}"),
        parts::guardrail(true),
        parts::speed(Vec::new()),
        parts::more(options, MODEL, special),
    ];
    sections.extend(outcome::errors_and_retries());
    let mut constants = outcome::constants(job_type, ID, VERSION);
    constants.push(input("action").constant("invokeModel"));
    Some(Entry { name: "invoke-model", template: Template::new(head, constants, sections), guide: guide() })
}

fn guide() -> Guide {
    Guide {
        purpose: "For models that you know by their own request: imported models, rerankers, and settings that no form has. The payload goes out as it is, and the answer comes back as it is.\n\nFor chats, summaries and data out of texts, [Ask a model](converse.md) is easier and works the same with every model.",
        aws: "https://docs.aws.amazon.com/bedrock/latest/userguide/inference-invoke.html",
        answer: "`body` is what the model sent: JSON as data, text as text, anything else as base64. This one is of Amazon Titan.",
        response: parts::response(json!({
            "body": {
                "inputTextTokenCount": 5,
                "results": [{"tokenCount": 12, "outputText": "Rayleigh scattering.", "completionReason": "FINISH"}]
            },
            "contentType": "application/json",
            "guardrail": {"intervened": false, "trace": null},
            "usage": parts::usage(5, 12, 0),
            "cost": parts::cost("0.0000082", ["0.000001", "0.0000072", "0", "0", "0"]),
            "modelId": "amazon.titan-text-express-v1"
        })),
        parts: PARTS.iter().chain(parts::ABOUT_THE_CALL).copied().collect(),
        errors: parts::failures(),
    }
}

const PARTS: &[Part] = &[
    Part::new("body", "What the model sent.", "= {answer: body.results[1].outputText}"),
    Part::new(
        "contentType",
        "What kind of thing the body is.",
        "= {isJson: contentType = \"application/json\"}",
    ),
    Part::new(
        "guardrail",
        "Whether the guardrail stepped in, and what it found if the trace is on.",
        "= {blocked: guardrail.intervened}",
    ),
];
