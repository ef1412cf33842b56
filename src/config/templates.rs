//! From settings to what element templates offer.

use super::reader::Reader;
use super::worker::JobTypes;
use crate::bedrock::{DefaultIdentity, INPUTS, InputKind, Options as BedrockOptions};
use crate::connections::{Choice, Directory, InlineCredentials, Kind, Provider};
use crate::template::{Connection, Engine, Makes, Model, Offer, Options};

pub(crate) fn read(
    reader: &mut Reader,
    job_types: &JobTypes,
    bedrock: &BedrockOptions,
    (directory, inline): (&Directory, InlineCredentials),
) -> Options {
    let engine = match reader.choice("templates.engine") {
        Some("8.6") => Engine::V8_6,
        _ => Engine::V8_8,
    };
    Options {
        compat_type: job_types.compat.clone(),
        native_type: job_types.native.clone(),
        engine,
        documentation: reader.address("templates.documentation", false),
        region: bedrock.default_region.clone(),
        own_credentials: !matches!(bedrock.default_identity, DefaultIdentity::Refused),
        identities: identities(reader),
        profiles: reader.list("templates.profiles").unwrap_or_default(),
        models: models(reader),
        connections: directory.choices().into_iter().map(connection).collect(),
        inline_credentials: inline == InlineCredentials::Allowed,
    }
}

fn connection(choice: Choice) -> Connection {
    let models = choice.models.into_iter().map(|model| Offer {
        alias: model.alias,
        description: model.description,
        makes: match model.kind {
            Kind::Text => Makes::Text,
            Kind::Embedding => Makes::Embeddings,
            Kind::Image => Makes::Images,
        },
    });
    Connection {
        name: choice.connection,
        description: choice.description,
        is_bedrock: choice.provider == Provider::Bedrock,
        models: models.collect(),
    }
}

/// Written as tasks write them.
fn identities(reader: &mut Reader) -> Vec<String> {
    let items = reader.list("templates.identities").unwrap_or_default();
    let kind = INPUTS.iter().find(|input| input.path == "authentication.type").map(|input| input.kind);
    let Some(InputKind::Choice(known)) = kind else { return items };
    if items.iter().any(|item| !known.contains(&item.as_str())) {
        reader.mistake("templates.identities", format!("expected any of {}", known.join(", ")));
    }
    items
}

fn models(reader: &mut Reader) -> Vec<Model> {
    let items = reader.list("templates.models").unwrap_or_default();
    let models: Vec<_> = items.iter().filter_map(|item| Model::parse(item)).collect();
    if models.len() < items.len() {
        reader.mistake("templates.models", "expected ids of models, each alone or as Name=id");
    }
    models
}
