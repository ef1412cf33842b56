//! What the operator has is what the modeler may choose.

use serde_json::json;

use super::entry;
use crate::template::entries::all;
use crate::template::model::{Binding, Kind, Property};
use crate::template::options::{Connection, Makes, Model, Offer, Options};

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
    offering(&models)
}

fn offering(models: &[&str]) -> Options {
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
    let another = ("Another model", "");
    assert_eq!(choices(&model("count-tokens").unwrap()), [texts[0], texts[1], another]);
    // A task that comes from Camunda's template keeps the model that it has.
    for heir in ["aws-bedrock", "converse"] {
        assert_eq!(choices(&model(heir).unwrap()), [another, texts[0], texts[1]]);
    }
    // Any model takes a request in its own form.
    assert_eq!(choices(&model("invoke-model").unwrap()).len(), 4);
    assert_eq!(choices(&model("embeddings").unwrap()), [("Titan", "amazon.titan-embed-text-v2:0"), another]);
    assert_eq!(model("image"), None);
}

#[test]
fn what_no_action_can_ask_is_offered_for_invoke_model_only() {
    let entries = all(&offering(&["stability.sd3-5-large-v1:0", "us.stability.stable-image-inpaint-v1:0"]));
    let offered = |name: &str| {
        let model = entry(&entries, name).template.properties.into_iter().find(|field| field.id == "model");
        model.map(|model| model.choices.into_iter().map(|choice| choice.value).collect::<Vec<_>>())
    };
    assert_eq!(offered("image"), Some(vec!["stability.sd3-5-large-v1:0".to_owned(), String::new()]));
    assert_eq!(offered("converse"), None);
    assert_eq!(offered("invoke-model").map(|models| models.len()), Some(3));
}

#[test]
fn a_chosen_model_is_what_the_worker_gets() {
    let converse = entry(&all(&with_models()), "converse").template;
    let ids: Vec<_> = converse
        .properties
        .iter()
        .filter(|field| matches!(&field.binding, Binding::Input { name } if name == "data.modelId"))
        .map(|field| (field.kind, field.value.clone(), field.condition.clone()))
        .collect();
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
fn identities_are_those_that_the_operator_offers() {
    let options = Options {
        identities: ["profile", "webIdentity"].map(str::to_owned).into(),
        profiles: ["sales", "claims"].map(str::to_owned).into(),
        ..Options::default()
    };
    let entries = all(&options);
    let fields = |name: &str| {
        let mut fields = entry(&entries, name).template.properties;
        fields.retain(|field| field.id.starts_with("authentication."));
        fields
    };
    let values =
        |field: &Property| choices(field).into_iter().map(|(_, value)| value.to_owned()).collect::<Vec<_>>();
    let converse = fields("converse");
    let ids: Vec<_> = converse.iter().map(|field| field.id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "authentication.type",
            "authentication.roleArn",
            "authentication.sessionName",
            "authentication.profile"
        ]
    );
    assert_eq!(values(&converse[0]), ["webIdentity", "profile"]);
    assert_eq!(values(&converse[3]), ["sales", "claims"]);
    // Camunda's own connector knows neither.
    assert_eq!(values(&fields("aws-bedrock")[0]), ["credentials"]);
}

#[test]
fn the_link_to_the_documentation_is_the_operators() {
    let options =
        Options { documentation: Some("https://docs.example.com/bedrock/".into()), ..Options::default() };
    let converse = entry(&all(&options), "converse").template;
    assert_eq!(converse.documentation_ref, "https://docs.example.com/bedrock/converse.md");
}

/// The connections of an operator with Titan, Cohere and Hugging Face.
pub(super) fn connections() -> Vec<Connection> {
    let offer = |alias: &str, makes: Makes| Offer { alias: alias.into(), description: None, makes };
    let titan = Offer {
        description: Some("Vectors of 256 to 1,024 numbers".into()),
        ..offer("titan-embed-v2", Makes::Embeddings)
    };
    vec![
        Connection {
            name: "titan.eu".into(),
            description: Some("Amazon's own models".into()),
            is_bedrock: true,
            models: vec![
                offer("titan-text-express", Makes::Text),
                titan,
                offer("titan-image-v2", Makes::Images),
            ],
        },
        Connection {
            name: "cohere".into(),
            description: None,
            is_bedrock: true,
            models: vec![offer("cohere-command-r", Makes::Text), offer("cohere-embed-v4", Makes::Embeddings)],
        },
        Connection {
            name: "hugging-face".into(),
            description: None,
            is_bedrock: false,
            models: vec![offer("llama", Makes::Text), offer("minilm", Makes::Embeddings)],
        },
    ]
}

/// The choices of the connection, and those of the model for each connection.
fn ways(options: &Options, name: &str) -> Vec<(String, Vec<String>)> {
    let fields = entry(&all(options), name).template.properties;
    let values =
        |field: &Property| field.choices.iter().map(|choice| choice.value.clone()).collect::<Vec<_>>();
    let chooser = fields.iter().find(|field| field.id == "connection");
    let models =
        |connection: &str| fields.iter().find(|field| field.id == format!("data.modelId.{connection}"));
    let connections = chooser.map(values).unwrap_or_default();
    connections
        .into_iter()
        .map(|connection| {
            let models = models(&connection).map(values).unwrap_or_default();
            (connection, models)
        })
        .collect()
}

#[test]
fn connections_are_offered_with_the_models_that_fit() {
    let options = Options { connections: connections(), ..Options::default() };
    let way = |name: &str, models: &[&str]| {
        (name.to_owned(), models.iter().map(|&model| model.to_owned()).collect::<Vec<_>>())
    };
    let (none, other) = (way("", &[]), way("(other)", &[]));
    assert_eq!(
        ways(&options, "converse"),
        [
            none.clone(),
            way("titan.eu", &["titan-text-express"]),
            way("cohere", &["cohere-command-r"]),
            way("hugging-face", &["llama"]),
            other.clone(),
        ]
    );
    assert_eq!(
        ways(&options, "embeddings"),
        [
            way("titan.eu", &["titan-embed-v2"]),
            way("cohere", &["cohere-embed-v4"]),
            way("hugging-face", &["minilm"]),
            other.clone(),
            none.clone(),
        ]
    );
    assert_eq!(ways(&options, "image"), [way("titan.eu", &["titan-image-v2"]), other.clone(), none.clone()]);
    // What only Bedrock has is offered only there, and what needs no model asks for none.
    assert_eq!(ways(&options, "guardrail"), [way("titan.eu", &[]), way("cohere", &[]), other, none]);
}

#[test]
fn a_chosen_connection_takes_the_place_of_credentials_and_region() {
    let options = Options { connections: connections(), ..Options::default() };
    for entry in all(&options) {
        let active = |connection: &str| -> Vec<(String, Kind)> {
            let tests = |field: &Property| {
                field.condition.iter().flat_map(|it| it.tests().to_vec()).collect::<Vec<_>>()
            };
            let holds = |field: &&Property| {
                tests(field).iter().all(|test| {
                    test.property != "connection"
                        || format!("{:?}", test.answer).contains(&format!("\"{connection}\""))
                })
            };
            let inputs =
                entry.template.properties.iter().filter(holds).filter_map(|field| match &field.binding {
                    Binding::Input { name } => Some((name.clone(), field.kind)),
                    _ => None,
                });
            inputs.collect()
        };
        let written =
            |connection: &str| active(connection).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        let has = |connection: &str, path: &str| written(connection).iter().any(|name| name == path);
        for path in [
            "authentication.type",
            "authentication.secretKey",
            "awsCredential",
            "configuration.region",
            "configuration.endpoint",
        ] {
            assert!(
                has("", path) && !has("titan.eu", path) && !has("(other)", path),
                "{}: {path}",
                entry.name
            );
        }
        assert!(!has("", "configuration.connection"), "{}", entry.name);
        for connection in ["titan.eu", "(other)"] {
            let has_model = entry.name == "guardrail" || has(connection, "data.modelId");
            assert!(has(connection, "configuration.connection") && has_model, "{}", entry.name);
        }
    }
}

#[test]
fn where_connections_are_a_must_nothing_else_is_offered() {
    let options = Options { connections: connections(), inline_credentials: false, ..Options::default() };
    for entry in all(&options) {
        let fields = &entry.template.properties;
        assert!(
            fields.iter().all(|field| !field.id.starts_with("authentication") && field.id != "awsCredential")
        );
        let chooser = fields.iter().find(|field| field.id == "connection").unwrap();
        assert_eq!(chooser.value, Some(json!("titan.eu")), "{}", entry.name);
    }
}

#[test]
fn a_template_that_no_connection_can_serve_is_not_written() {
    let only_hugging_face = connections().split_off(2);
    let options = Options { connections: only_hugging_face, inline_credentials: false, ..Options::default() };
    assert_eq!(names(&all(&options)), ["converse", "embeddings"]);
}
