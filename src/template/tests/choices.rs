//! What the operator has is what the modeler may choose.

use serde_json::json;

use super::entry;
use crate::template::entries::all;
use crate::template::model::{Kind, Property};
use crate::template::options::{Model, Options};

fn names(entries: &[crate::template::Entry]) -> Vec<&str> {
    entries.iter().map(|entry| entry.name).collect()
}

#[test]
fn job_types_are_the_operators() {
    let options =
        Options { compat_type: None, native_type: Some("sales:bedrock:1".into()), ..Options::default() };
    let entries = all(&options);
    assert!(!names(&entries).contains(&"aws-bedrock"));
    assert!(entries.iter().all(|entry| entry.job_type() == "sales:bedrock:1"));
    let options = Options { compat_type: Some("old:1".into()), native_type: None, ..Options::default() };
    let entries = all(&options);
    assert_eq!((names(&entries), entries[0].job_type()), (vec!["aws-bedrock"], "old:1"));
}

fn with_models() -> Options {
    let models =
        ["Claude=eu.anthropic.claude-v1:0", "amazon.nova-pro-v1:0", "Titan=amazon.titan-embed-text-v2:0"];
    Options { models: models.iter().filter_map(|text| Model::parse(text)).collect(), ..Options::default() }
}

fn choices(property: &Property) -> Vec<(&str, &str)> {
    property.choices.iter().map(|choice| (choice.name.as_str(), choice.value.as_str())).collect()
}

#[test]
fn models_are_offered_where_they_fit() {
    let entries = all(&with_models());
    let model =
        |name: &str| entry(&entries, name).template.properties.into_iter().find(|field| field.id == "model");
    let texts = [("Claude", "eu.anthropic.claude-v1:0"), ("amazon.nova-pro-v1:0", "amazon.nova-pro-v1:0")];
    let another = ("Another model", "another");
    assert_eq!(choices(&model("converse").unwrap()), [texts[0], texts[1], another]);
    // A task that comes from Camunda's template keeps the model that it has.
    assert_eq!(choices(&model("aws-bedrock").unwrap()), [another, texts[0], texts[1]]);
    assert_eq!(choices(&model("embeddings").unwrap()), [("Titan", "amazon.titan-embed-text-v2:0"), another]);
    assert_eq!(model("image"), None);
}

#[test]
fn a_chosen_model_is_what_the_worker_gets() {
    let converse = entry(&all(&with_models()), "converse").template;
    let ids: Vec<_> = converse.properties.iter().filter(|field| {
        matches!(&field.binding, crate::template::model::Binding::Input { name } if name == "data.modelId")
    }).map(|field| (field.kind, field.value.clone(), field.condition.clone())).collect();
    assert_eq!(ids.len(), 3);
    for (kind, value, condition) in &ids[..2] {
        let condition = serde_json::to_value(condition).unwrap();
        assert_eq!((*kind, &condition["equals"]), (Kind::Hidden, value.as_ref().unwrap()));
    }
    assert_eq!((ids[2].0, &ids[2].1), (Kind::String, &None));
}

#[test]
fn a_region_that_the_worker_has_may_be_left_out() {
    let region = |options: &Options| {
        let fields = entry(&all(options), "converse").template.properties;
        fields.into_iter().find(|field| field.id == "configuration.region").unwrap()
    };
    assert!(region(&Options::default()).is_required());
    let own = region(&Options { region: Some("eu-west-3".into()), ..Options::default() });
    assert!(!own.is_required() && own.placeholder.as_deref() == Some("eu-west-3"));
}

#[test]
fn credentials_of_the_worker_are_offered_only_if_tasks_may_use_them() {
    let options = Options { own_credentials: false, ..Options::default() };
    let fields = entry(&all(&options), "converse").template.properties;
    let sign_in = fields.into_iter().find(|field| field.id == "authentication.type").unwrap();
    assert!(choices(&sign_in).iter().all(|(_, value)| *value != "defaultCredentialsChain"));
    assert_eq!(sign_in.value, Some(json!("credentials")));
}

#[test]
fn the_link_to_the_documentation_is_the_operators() {
    let options =
        Options { documentation: Some("https://docs.example.com/bedrock/".into()), ..Options::default() };
    let converse = entry(&all(&options), "converse").template;
    assert_eq!(converse.documentation_ref, "https://docs.example.com/bedrock/converse.md");
}
