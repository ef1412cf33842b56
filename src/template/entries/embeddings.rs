//! Texts as vectors, for search and comparison.

use serde_json::json;

use super::{Entry, parts};
use crate::template::fields::model::{ByHand, ModelField};
use crate::template::fields::outcome;
use crate::template::guide::{Guide, Part};
use crate::template::icons::{self, icon};
use crate::template::model::{Choice, Group, Head, Section, Template, is};
use crate::template::options::{Makes, Options};
use crate::template::property::{input, note};

const ID: &str = "bedrock-connector.embeddings.v1";
const VERSION: u32 = 1;

const MODEL: ModelField = ModelField {
    makes: &[Makes::Embeddings],
    elsewhere: true,
    by_hand: Some(ByHand {
        placeholder: "amazon.titan-embed-text-v2:0",
        tooltip: "The id of an embedding model, such as those of Amazon Titan, Amazon Nova and Cohere.",
    }),
    inherits: false,
    only_keys: false,
};

pub(super) fn entry(options: &Options, job_type: &str) -> Option<Entry> {
    let head = Head {
        id: ID,
        version: VERSION,
        name: "Bedrock: Embed texts",
        description: "Turn texts into vectors with a model on Amazon Bedrock, to search or compare them by their meaning.",
        keywords: &[
            "ai",
            "embedding",
            "vector",
            "search",
            "similarity",
            "rag",
            "titan",
            "nova",
            "cohere",
            "aws",
        ],
        icon: icon(icons::EMBEDDINGS),
    };
    let texts = Group::open("ask", "Texts", "What is turned into vectors.").with(vec![
        input("data.texts")
            .label("Texts")
            .long()
            .expression()
            .required()
            .placeholder("[claim.title, claim.description]")
            .tooltip("A list of texts; each becomes one vector. A single text is a list of one."),
        input("data.inputType")
            .label("Purpose")
            .tooltip("What the vectors are for. Texts that are found and the words they are found by are embedded differently by some models.")
            .one_of(vec![
                Choice::new("search_document", "Texts to be found"),
                Choice::new("search_query", "A search"),
                Choice::new("classification", "Sorting into classes"),
                Choice::new("clustering", "Grouping"),
            ]),
    ]);
    let mut sections = vec![
        parts::model(options, MODEL)?,
        texts,
        outcome::result("{vectors: response.embeddings}"),
        form(),
        parts::more(options, MODEL, Vec::new()),
    ];
    sections.extend(outcome::errors_and_retries());
    let mut constants = outcome::constants(job_type, ID, VERSION);
    constants.push(input("action").constant("embed"));
    Some(Entry { name: "embeddings", template: Template::new(head, constants, sections), guide: guide() })
}

fn form() -> Section {
    const GATE: &str = "form";
    Group::folded("form", "Form of the vectors", "How long the vectors are, and what is done with long texts.").with(vec![
        input("data.dimensions")
            .label("Dimensions")
            .number()
            .tooltip("How many numbers a vector has, such as 256, 512 or 1024. Left empty, the model's own size. All vectors that are compared must have the same."),
        note("bedrock-connector:form")
            .id(GATE)
            .label("Length of vectors and texts")
            .tooltip("Each maker has one of these settings, and takes none that is another's.")
            .one_of(vec![
                Choice::new("usual", "As the model has it"),
                Choice::new("vectors", "Titan: whether vectors are normalized"),
                Choice::new("texts", "Cohere and Nova: what is done with long texts"),
            ]),
        input("data.normalize")
            .label("Normalize")
            .boolean()
            .default(true)
            .tooltip("Makes every vector one long, so that comparing is a product. For Titan.")
            .when(is(GATE, "vectors")),
        input("data.truncate")
            .label("Truncation")
            .tooltip("What happens to a text that is too long for the model. For Cohere and Nova.")
            .one_of(vec![
                Choice::new("NONE", "It is refused"),
                Choice::new("START", "Its beginning is left out"),
                Choice::new("END", "Its end is left out"),
            ])
            .when(is(GATE, "texts")),
    ])
}

fn guide() -> Guide {
    Guide {
        purpose: "For search by meaning, for finding similar cases, and as the first step of answers out of your own texts: each text becomes a list of numbers, and texts that mean something similar get similar numbers. Titan, Nova and Cohere take the same fields here and answer alike.",
        aws: "https://docs.aws.amazon.com/bedrock/latest/userguide/titan-embedding-models.html",
        answer: "The vectors stand in the order of the texts. Real ones have hundreds of numbers; this sample has three.",
        response: parts::response(json!({
            "embeddings": [[0.12, -0.98, 0.15], [0.48, 0.6, -0.64]],
            "dimensions": 3,
            "modelId": "amazon.titan-embed-text-v2:0",
            "cost": parts::cost("0.00000018", ["0.00000018", "0", "0", "0", "0"]),
            "usage": parts::usage(9, 0, 0)
        })),
        parts: PARTS.iter().chain(parts::ABOUT_THE_CALL).copied().collect(),
        errors: parts::failures(),
    }
}

const PARTS: &[Part] = &[
    Part::new(
        "embeddings",
        "A vector for each text.",
        "= {first: embeddings[1], closeness: sum(for i in 1..3 return embeddings[1][i] * embeddings[2][i])}",
    ),
    Part::new("dimensions", "How many numbers each vector has.", "= {size: dimensions}"),
];
