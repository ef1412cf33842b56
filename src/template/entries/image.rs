//! Pictures from a description.

use serde_json::json;

use super::{Entry, parts};
use crate::template::fields::model::{ByHand, ModelField};
use crate::template::fields::outcome;
use crate::template::guide::{Guide, Part};
use crate::template::icons::{self, icon};
use crate::template::model::{Choice, Group, Head, Property, Section, Template, is};
use crate::template::options::{Makes, Options};
use crate::template::property::input;

const ID: &str = "bedrock-connector.image.v1";
const VERSION: u32 = 1;

const MODEL: ModelField = ModelField {
    makes: &[Makes::Images],
    elsewhere: false,
    by_hand: Some(ByHand {
        placeholder: "amazon.nova-canvas-v1:0",
        tooltip: "The id of an image model, such as those of Amazon and Stability.",
    }),
    inherits: false,
    only_keys: false,
};

pub(super) fn entry(options: &Options, job_type: &str) -> Option<Entry> {
    let head = Head {
        id: ID,
        version: VERSION,
        name: "Bedrock: Create images",
        description: "Have a model on Amazon Bedrock make images from a description, and keep them as documents.",
        keywords: &[
            "ai",
            "image",
            "picture",
            "photo",
            "illustration",
            "nova canvas",
            "titan",
            "stability",
            "stable diffusion",
            "aws",
        ],
        icon: icon(icons::IMAGE),
    };
    let mut sections = vec![
        parts::model(options, MODEL)?,
        description(),
        outcome::result("{picture: response.images[1]}"),
        size(),
        files(),
        parts::more(options, MODEL, Vec::new()),
    ];
    sections.extend(outcome::errors_and_retries());
    let mut constants = outcome::constants(job_type, ID, VERSION);
    constants.push(input("action").constant("image"));
    Some(Entry { name: "image", template: Template::new(head, constants, sections), guide: guide() })
}

fn description() -> Section {
    Group::open("ask", "Description", "What is to be seen.").with(vec![
        input("data.prompt")
            .label("Prompt")
            .long()
            .or_expression()
            .required()
            .placeholder("A lighthouse at dusk, oil painting, warm light")
            .tooltip("What is to be seen, and in which style."),
        input("data.negativePrompt")
            .label("Negative prompt")
            .long()
            .or_expression()
            .placeholder("people, text")
            .tooltip("What must not be seen: name it without «no»."),
    ])
}

fn size() -> Section {
    const FAMILY: &str = "family";
    let amazon = |property: Property| property.when(is(FAMILY, "amazon"));
    let stability = |property: Property| property.when(is(FAMILY, "stability"));
    Group::folded("size", "Size and quality", "How large the images are and how closely they follow the description.").with(vec![
        parts::gate(
            FAMILY,
            "bedrock-connector:family",
            "The model is of",
            "Each family has its own settings.",
            ("amazon", "Amazon: Nova Canvas, Titan"),
            ("stability", "Stability"),
        ),
        amazon(input("data.count"))
            .label("Number of images")
            .number()
            .tooltip("How many images are made, 1 to 5; each is paid. Left empty, one."),
        amazon(input("data.width")).label("Width").number().tooltip("In pixels, such as 1024. Left empty, the model's own."),
        amazon(input("data.height")).label("Height").number().tooltip("In pixels, such as 1024. Left empty, the model's own."),
        amazon(input("data.quality"))
            .label("Quality")
            .tooltip("Premium images are finer and cost more.")
            .one_of(vec![Choice::new("standard", "Standard"), Choice::new("premium", "Premium")]),
        amazon(input("data.guidance"))
            .label("Guidance")
            .number()
            .tooltip("How closely the image follows the prompt, about 1 (freely) to 10 (closely). Left empty, the model's own."),
        stability(input("data.aspectRatio"))
            .label("Aspect ratio")
            .or_expression()
            .placeholder("16:9")
            .tooltip("Width to height, such as 1:1, 16:9 or 2:3. Left empty, a square."),
        stability(input("data.imageFormat"))
            .label("Image format")
            .tooltip("PNG loses nothing, JPEG is smaller.")
            .one_of(vec![Choice::new("png", "PNG"), Choice::new("jpeg", "JPEG")]),
        input("data.seed")
            .label("Seed")
            .number()
            .tooltip("The same seed gives the same image again. Left empty, each image is another one."),
    ])
}

fn files() -> Section {
    Group::folded("files", "Files", "How the process gets the images.").with(vec![
        input("data.imageResult")
            .label("Image result")
            .tooltip("Documents are kept in Camunda's document store and can be shown in a form. Base64 stands in the variable itself, which has room for small images only.")
            .one_of(vec![Choice::new("document", "Documents"), Choice::new("base64", "Base64 in the variable")]),
        input("data.fileName")
            .label("File name")
            .or_expression()
            .placeholder("lighthouse")
            .tooltip("The name of the documents, without an ending. Several are numbered.")
            .when(is("data.imageResult", "document")),
    ])
}

fn guide() -> Guide {
    Guide {
        purpose: "For illustrations, drafts of product pictures and variants of a motif. The images are kept as documents, so that a form can show them and a later task can send them on.",
        aws: "https://docs.aws.amazon.com/nova/latest/userguide/image-generation.html",
        answer: "Each image is a reference to a document, or `{base64, contentType}` if the task asks for that.",
        response: parts::response(json!({
            "images": [{
                "camunda.document.type": "camunda",
                "storeId": "in-memory",
                "documentId": "5e1c0a4e-6f0e-4d7a-b7d7-5a4c6f1b2d3e",
                "contentHash": "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9",
                "metadata": {"contentType": "image/png", "fileName": "lighthouse.png", "size": 1_482_113}
            }],
            "seeds": [42],
            "finishReasons": ["SUCCESS"],
            "modelId": "amazon.nova-canvas-v1:0",
            "cost": parts::cost("0.04", ["0", "0", "0", "0", "0.04"]),
            "usage": parts::usage(0, 0, 0)
        })),
        parts: PARTS.iter().chain(parts::ABOUT_THE_CALL).copied().collect(),
        errors: parts::failures(),
    }
}

const PARTS: &[Part] = &[
    Part::new("images", "The images.", "= {picture: images[1]}"),
    Part::new(
        "seeds",
        "The seed of each image, where the model tells it: with it, the image can be made again.",
        "= {seed: seeds[1]}",
    ),
    Part::new(
        "finishReasons",
        "How it went for each image, where the model tells it.",
        "= {allWell: every reason in finishReasons satisfies reason = \"SUCCESS\"}",
    ),
];
