//! From settings to what element templates offer.

use super::reader::Reader;
use super::worker::JobTypes;
use crate::bedrock::{DefaultIdentity, Options as BedrockOptions};
use crate::template::{Engine, Model, Options};

pub(crate) fn read(reader: &mut Reader, job_types: &JobTypes, bedrock: &BedrockOptions) -> Options {
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
        models: models(reader),
    }
}

fn models(reader: &mut Reader) -> Vec<Model> {
    let items = reader.list("templates.models").unwrap_or_default();
    let models: Vec<_> = items.iter().filter_map(|item| Model::parse(item)).collect();
    if models.len() < items.len() {
        reader.mistake("templates.models", "expected ids of models, each alone or as Name=id");
    }
    models
}
