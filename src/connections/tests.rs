//! What is granted to whom, and what a gate lets through.

use std::sync::{Arc, Mutex};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::{Map, Value, json};

use super::*;
use crate::access::{Asker, Pattern, Rule, Rules};
use crate::connector::{Call, Connector, Error, Notebook, Response, Retry, Scope};
use crate::secrets::Masker;
use crate::telemetry::Telemetry;

fn everybody() -> Rules {
    Rules(vec![Rule::default()])
}

fn only_process(pattern: &str) -> Rules {
    Rules(vec![Rule { processes: Some(vec![Pattern::new(pattern).expect("a pattern")]), ..Rule::default() }])
}

fn model(alias: &str) -> Model {
    Model {
        id: format!("vendor.{alias}-v1:0"),
        alias: alias.into(),
        kind: Kind::Text,
        description: None,
        active: true,
        parameters: Map::new(),
        price: None,
        upstreams: Vec::new(),
        access: None,
        hosted: None,
    }
}

fn connection(name: &str, models: Vec<Model>) -> Connection {
    Connection {
        name: name.into(),
        provider: Provider::Bedrock,
        description: None,
        active: true,
        account: None,
        region: Some("eu-central-1".into()),
        endpoint: None,
        namespace: None,
        authentication: Authentication::OwnRole,
        models: models.into_iter().map(Arc::new).collect(),
        access: everybody(),
    }
}

/// Two connections that all may use, one that is off, one for orders alone, and a model of each such kind.
fn directory() -> Directory {
    let off = Model { active: false, ..model("off") };
    let private = Model { access: Some(only_process("order-*")), ..model("private") };
    Directory::new(vec![
        connection("sales", vec![model("nova"), off, private]),
        Connection { active: false, ..connection("old", vec![model("nova")]) },
        Connection { access: only_process("order-*"), ..connection("orders", vec![model("nova")]) },
        Connection { access: Rules::default(), ..connection("nobody", vec![model("nova")]) },
    ])
}

fn asker(process: &str) -> Asker<'_> {
    Asker { tenant: "<default>", process, template: None }
}

fn refusal(connection: &str, model: &str, process: &str) -> (&'static str, String) {
    let refusal = directory().resolve(connection, model, &asker(process)).expect_err("a refusal");
    (refusal.code(), refusal.to_string())
}

#[test]
fn a_model_is_found_by_its_alias_and_by_its_id() {
    for name in ["nova", "vendor.nova-v1:0"] {
        let granted = directory().resolve("sales", name, &asker("any")).expect("it is granted");
        assert_eq!((granted.connection.name.as_str(), granted.model.alias.as_str()), ("sales", "nova"));
    }
}

#[test]
fn every_refusal_says_what_and_why() {
    for ((connection, model, process), code, text) in [
        (
            ("sale", "nova", "x"),
            "CONNECTION_UNKNOWN",
            "\"sale\", and there is no such connection; this task may use sales",
        ),
        (("old", "nova", "x"), "CONNECTION_INACTIVE", "connection \"old\" is not active"),
        (("sales", "novas", "x"), "MODEL_NOT_OFFERED", "does not offer; this task may use nova"),
        (("sales", "off", "x"), "MODEL_INACTIVE", "model \"off\" of the connection \"sales\" is not active"),
        (
            ("sales", "private", "x"),
            "ACCESS_REFUSED",
            "the model \"private\" of the connection \"sales\" may not be used by the process \"x\"",
        ),
        (
            ("orders", "nova", "x"),
            "ACCESS_REFUSED",
            "the connection \"orders\" may not be used by the process \"x\" of the tenant \"<default>\"",
        ),
        (("nobody", "nova", "order-1"), "ACCESS_REFUSED", "the connection \"nobody\" may not be used"),
    ] {
        let (found_code, found_text) = refusal(connection, model, process);
        assert_eq!(found_code, code);
        assert!(found_text.contains(text), "{found_text}");
    }
}

#[test]
fn what_is_offered_instead_is_only_what_the_task_may_use() {
    assert!(refusal("sale", "nova", "order-1").1.ends_with("this task may use sales, orders"));
    assert!(refusal("sales", "?", "order-1").1.ends_with("this task may use nova, private"));
}

#[test]
fn only_what_is_active_can_be_chosen() {
    let choices = directory().choices();
    let names: Vec<_> = choices
        .iter()
        .map(|choice| {
            (
                choice.connection.as_str(),
                choice.models.iter().map(|model| model.alias.as_str()).collect::<Vec<_>>(),
            )
        })
        .collect();
    let expected = [("sales", vec!["nova", "private"]), ("orders", vec!["nova"]), ("nobody", vec!["nova"])];
    assert_eq!(names, expected);
}

#[test]
fn an_explanation_decides_as_a_task_is_decided() {
    let directory = directory();
    for connection in ["sales", "old", "orders", "nobody", "none"] {
        for model in ["nova", "off", "private", "none"] {
            for process in ["order-1", "x"] {
                let explained = directory.explain(connection, model, &asker(process));
                let resolved = directory.resolve(connection, model, &asker(process)).err();
                assert_eq!(explained.refusal, resolved);
            }
        }
    }
    let explained = directory.explain("sales", "private", &asker("x"));
    assert!(explained.connection.unwrap()[0].grants() && !explained.model.unwrap()[0].grants());
}

#[test]
fn presets_have_names_of_their_own_and_the_ids_of_titan_and_cohere() {
    for (index, preset) in PRESETS.iter().enumerate() {
        assert!(PRESETS[..index].iter().all(|other| other.name != preset.name && other.id != preset.id));
        assert!(preset.id.starts_with("amazon.titan-") || preset.id.starts_with("cohere."), "{}", preset.id);
        assert_eq!(Preset::named(preset.name), Some(preset));
    }
    for (vendor, kind) in [
        ("amazon.titan", Kind::Text),
        ("amazon.titan", Kind::Embedding),
        ("cohere", Kind::Text),
        ("cohere", Kind::Embedding),
    ] {
        assert!(PRESETS.iter().any(|preset| preset.id.starts_with(vendor) && preset.kind == kind));
    }
}

#[test]
fn a_reference_shows_the_place_and_never_the_secret() {
    let reference = Reference::Environment { variable: "KEY".into(), value: Some("hidden".into()) };
    assert_eq!(
        format!("{reference} {reference:?}"),
        "{ env = \"KEY\" } Environment { variable: \"KEY\", value: Some(***) }"
    );
    let reference = Reference::AwsSecret { id: "a/b".into(), key: Some("k".into()), region: None };
    assert_eq!(reference.to_string(), "{ aws-secret = \"a/b\", key = \"k\" }");
}

// === the gate ===

/// Keeps what it was given to bind.
#[derive(Debug, Default)]
struct Behind(Mutex<Vec<(Option<String>, Value)>>);

#[derive(Debug)]
struct NoCall;

impl Call for NoCall {
    fn fingerprint(&self) -> [u8; 32] {
        [0; 32]
    }

    fn mask(&mut self, _masker: &Masker) {}

    fn execute_with<'a>(self: Box<Self>, _: &'a dyn Notebook) -> BoxFuture<'a, Result<Response, Error>> {
        std::future::pending().boxed()
    }
}

impl Connector for Behind {
    fn name(&self) -> &'static str {
        "behind"
    }

    fn input_variables(&self) -> &'static [&'static str] {
        &["data"]
    }

    fn bind(&self, variables: &Value, _scope: &Scope) -> Result<Box<dyn Call>, Error> {
        self.0.lock().unwrap().push((None, variables.clone()));
        Ok(Box::new(NoCall))
    }
}

impl Grantee for Behind {
    fn needs_model(&self, variables: &Value) -> bool {
        variables["action"] != "without"
    }

    fn bind_granted(&self, variables: &Value, _: &Scope, granted: Granted) -> Result<Box<dyn Call>, Error> {
        let name = format!("{}/{}", granted.connection.name, granted.model.alias);
        self.0.lock().unwrap().push((Some(name), variables.clone()));
        Ok(Box::new(NoCall))
    }
}

struct Stage {
    handle: Handle,
    behind: Arc<Behind>,
    gate: Gate,
    telemetry: Telemetry,
}

fn stage(inline: InlineCredentials) -> Stage {
    let handle = Handle::new(Arc::new(directory()), inline);
    let behind = Arc::new(Behind::default());
    let telemetry = Telemetry::no_op();
    let plain: Arc<dyn Connector> = Arc::clone(&behind) as _;
    let gate = Gate::new(handle.clone(), plain, telemetry.clone());
    let gate = gate.with(Provider::Bedrock, Arc::clone(&behind) as _);
    Stage { handle, behind, gate, telemetry }
}

fn bind(gate: &Gate, variables: &Value) -> Result<(), Error> {
    let scope = Scope { tenant_id: "acme".into(), bpmn_process_id: "x".into(), ..Scope::default() };
    gate.bind(variables, &scope).map(|_| ())
}

fn named(connection: &str, model: &str) -> Value {
    json!({
        "authentication": {"type": "credentials", "accessKey": "A", "secretKey": "S"},
        "configuration": {"connection": connection, "region": "us-east-1", "endpoint": "https://x.amazonaws.com"},
        "data": {"modelId": model, "newMessage": "Hello"}
    })
}

#[test]
fn what_needs_no_model_needs_the_connection_alone() {
    let stage = stage(InlineCredentials::Allowed);
    let ask = |connection: &str, action: &str| {
        let variables =
            json!({"configuration": {"connection": connection}, "action": action, "data": {"texts": "a"}});
        bind(&stage.gate, &variables)
    };
    ask("sales", "without").unwrap();
    let (granted, variables) = stage.behind.0.lock().unwrap().pop().unwrap();
    assert_eq!((granted.as_deref(), &variables["data"]), (Some("sales/"), &json!({"texts": "a"})));
    assert_eq!(ask("orders", "without").unwrap_err().code.to_string(), "ACCESS_REFUSED");
    let error = ask("sales", "with").unwrap_err();
    assert!(error.message.starts_with("data.modelId is missing or empty"), "{}", error.message);
}

#[test]
fn a_task_without_a_connection_passes_as_it_is() {
    let stage = stage(InlineCredentials::Allowed);
    for connection in [json!({}), json!({"connection": null}), json!({"connection": " "})] {
        let variables = json!({"configuration": connection, "data": {}});
        bind(&stage.gate, &variables).unwrap();
        assert_eq!(stage.behind.0.lock().unwrap().pop(), Some((None, variables)));
    }
}

#[test]
fn a_task_with_a_connection_brings_neither_credentials_nor_region() {
    let stage = stage(InlineCredentials::Refused);
    bind(&stage.gate, &named(" sales ", "nova")).unwrap();
    let expected = json!({
        "configuration": {"connection": " sales "},
        "data": {"modelId": "vendor.nova-v1:0", "newMessage": "Hello"}
    });
    assert_eq!(stage.behind.0.lock().unwrap().pop(), Some((Some("sales/nova".into()), expected)));
}

#[test]
fn what_a_connection_takes_the_place_of_is_taken_out_before_secrets_are_looked_up() {
    let stage = stage(InlineCredentials::Allowed);
    let pruned = |connection: Value| {
        let mut variables = named("sales", "nova");
        variables["awsCredential"] = "{{secrets.KEY}}".into();
        variables["configuration"]["connection"] = connection;
        stage.gate.prune(&mut variables);
        ["authentication", "awsCredential"].iter().all(|key| variables.get(*key).is_none())
            && variables["configuration"].get("region").is_none()
            && variables["data"]["modelId"] == "nova"
    };
    assert!(pruned(json!("sales")) && pruned(json!([" sales "])));
    for connection in [json!(null), json!(" "), json!(7), json!("{{secrets.CONNECTION}}")] {
        assert!(!pruned(connection.clone()), "{connection}");
    }
}

#[test]
fn parameters_of_the_model_count_where_the_task_sets_nothing() {
    let stage = stage(InlineCredentials::Allowed);
    let parameters = json!({"maxTokens": 100, "temperature": 0.5, "topP": 1});
    let parameters = parameters.as_object().unwrap().clone();
    let directory = Directory::new(vec![connection("c", vec![Model { parameters, ..model("m") }])]);
    stage.handle.replace(Arc::new(directory), InlineCredentials::Allowed);
    let variables = json!({
        "configuration": {"connection": "c"},
        "data": {"modelId": "m", "temperature": 0.1, "topP": null, "other": null}
    });
    bind(&stage.gate, &variables).unwrap();
    let (_, seen) = stage.behind.0.lock().unwrap().pop().unwrap();
    let expected =
        json!({"modelId": "vendor.m-v1:0", "maxTokens": 100, "temperature": 0.1, "topP": 1, "other": null});
    assert_eq!(seen["data"], expected);
}

#[test]
fn a_refusal_costs_no_retries_and_is_counted() {
    let stage = stage(InlineCredentials::Refused);
    let inline = json!({"data": {}});
    for (variables, code) in [
        (inline, "INLINE_CREDENTIALS_REFUSED"),
        (named("orders", "nova"), "ACCESS_REFUSED"),
        (named("{{unknown}}", "nova"), "CONNECTION_UNKNOWN"),
    ] {
        let error = bind(&stage.gate, &variables).unwrap_err();
        assert_eq!((error.code.to_string().as_str(), error.retry), (code, Retry::Never));
    }
    assert!(stage.behind.0.lock().unwrap().is_empty());
    let page = stage.telemetry.render();
    for line in [
        "bedrock_connector_access_refused_total{connection=\"\",code=\"INLINE_CREDENTIALS_REFUSED\"} 1",
        "bedrock_connector_access_refused_total{connection=\"orders\",code=\"ACCESS_REFUSED\"} 1",
        "bedrock_connector_access_refused_total{connection=\"\",code=\"CONNECTION_UNKNOWN\"} 1",
    ] {
        assert!(page.contains(line), "{line} is not in\n{page}");
    }
}

#[test]
fn a_change_counts_for_the_next_task() {
    let stage = stage(InlineCredentials::Allowed);
    bind(&stage.gate, &named("sales", "nova")).unwrap();
    let withdrawn = Connection { access: Rules::default(), ..connection("sales", vec![model("nova")]) };
    stage.handle.replace(Arc::new(Directory::new(vec![withdrawn])), InlineCredentials::Allowed);
    let error = bind(&stage.gate, &named("sales", "nova")).unwrap_err();
    assert_eq!(error.code.to_string(), "ACCESS_REFUSED");
}

#[test]
fn input_without_a_model_is_named() {
    let stage = stage(InlineCredentials::Allowed);
    for (variables, text) in [
        (json!({"configuration": {"connection": "sales"}}), "data is missing"),
        (
            json!({"configuration": {"connection": "sales"}, "data": {"modelId": " "}}),
            "data.modelId is missing or empty",
        ),
        (json!({"configuration": {"connection": 7}, "data": {}}), "configuration.connection is no text"),
    ] {
        let error = bind(&stage.gate, &variables).unwrap_err();
        assert!(error.message.starts_with(text), "{}", error.message);
    }
}
