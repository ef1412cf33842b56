//! Policies by IAM's grammar, and each feature by its action.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::*;
use crate::access::Rules;
use crate::connections::{Authentication, Connection, Kind, Model, Provider, Reference, RoleSession};

const ACCOUNT: &str = "123456789012";

fn connection(models: Vec<(&str, Kind)>) -> Connection {
    let mut connection = Connection {
        name: "sales".into(),
        provider: Provider::Bedrock,
        description: None,
        active: true,
        account: Some(ACCOUNT.into()),
        region: Some("eu-central-1".into()),
        endpoint: None,
        namespace: None,
        authentication: Authentication::OwnRole,
        models: Vec::new(),
        access: Rules::default(),
    };
    let model = |(id, kind): (&str, Kind)| {
        Arc::new(Model {
            id: id.into(),
            alias: id.into(),
            kind,
            description: None,
            active: true,
            parameters: Map::new(),
            price: None,
            upstreams: vec![connection.own_upstream(id)],
            access: None,
            hosted: None,
        })
    };
    let models = models.into_iter().map(model).collect();
    connection.models = models;
    connection
}

/// The same connection as somebody else.
fn by(mut connection: Connection, identity: &Authentication) -> Connection {
    connection.authentication = identity.clone();
    for model in &mut connection.models {
        for upstream in &mut Arc::make_mut(model).upstreams {
            upstream.authentication = identity.clone();
        }
    }
    connection
}

fn role(arn: &str) -> RoleSession {
    RoleSession { role_arn: arn.into(), session_name: None }
}

#[track_caller]
fn only(connection: &Connection) -> Document {
    let mut found = policies([connection], &Features::default());
    assert_eq!(found.len(), 1, "{found:#?}");
    found.remove(0).document
}

/// The resources for an action, with the conditions in the form of IAM.
fn granted(document: &Document, action: &str) -> Vec<(Vec<String>, Value)> {
    let json = document.to_json();
    let statements = json["Statement"].as_array().expect("statements").clone();
    let of = |statement: &Value| {
        let has = |key: &str| {
            let items = statement[key].as_array().expect("a list");
            items.iter().map(|item| item.as_str().expect("a text").to_owned()).collect::<Vec<_>>()
        };
        has("Action")
            .iter()
            .any(|known| known == action)
            .then(|| (has("Resource"), statement["Condition"].clone()))
    };
    statements.iter().filter_map(of).collect()
}

const HAIKU: &str = "anthropic.claude-haiku-4-5-20251001-v1:0";

#[test]
fn a_text_model_is_asked_streamed_and_counted() {
    let document = only(&connection(vec![(HAIKU, Kind::Text)]));
    let model = format!("arn:aws:bedrock:eu-central-1::foundation-model/{HAIKU}");
    for action in [
        "bedrock:InvokeModel",
        "bedrock:InvokeModelWithResponseStream",
        "bedrock:CountTokens",
        "bedrock:GetFoundationModel",
    ] {
        assert_eq!(granted(&document, action), [(vec![model.clone()], Value::Null)], "{action}");
    }
    assert_eq!(granted(&document, "bedrock:ListFoundationModels"), [(vec!["*".to_owned()], Value::Null)]);
}

#[test]
fn nothing_is_allowed_that_is_not_used() {
    let document = only(&connection(vec![
        ("amazon.titan-embed-text-v2:0", Kind::Embedding),
        ("amazon.titan-image-generator-v2:0", Kind::Image),
    ]));
    let actions: BTreeSet<&str> = document.actions().collect();
    let expected = ["bedrock:GetFoundationModel", "bedrock:InvokeModel", "bedrock:ListFoundationModels"];
    assert_eq!(actions, BTreeSet::from(expected));
    let inactive = Connection { active: false, ..connection(vec![(HAIKU, Kind::Text)]) };
    assert_eq!(policies([&inactive], &Features::default()), []);
}

#[test]
fn streams_are_allowed_only_where_they_are_asked_for() {
    let features = Features { streams: false, ..Features::default() };
    let found =
        policies([&connection(vec![(HAIKU, Kind::Text), (&format!("eu.{HAIKU}"), Kind::Text)])], &features);
    let document = &found[0].document;
    assert_eq!(granted(document, "bedrock:InvokeModelWithResponseStream"), []);
    for action in ["bedrock:InvokeModel", "bedrock:CountTokens"] {
        assert_eq!(
            granted(document, action).len(),
            2,
            "the model and its profile, and the models behind that"
        );
    }
}

fn beginning(prefix: &str) -> Secrets {
    Secrets::Beginning { prefix: prefix.into(), region: "eu-central-1".into() }
}

#[test]
fn the_process_reads_its_own_secrets_whoever_calls_the_models() {
    let own = |id: &str| Secrets::One { id: id.into(), region: "cn-north-1".into() };
    let arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:camunda-AbCdEf";
    for (secrets, expected) in [
        (own("camunda"), "arn:aws-cn:secretsmanager:cn-north-1:*:secret:camunda-??????"),
        (own(arn), arn),
        (beginning("camunda/"), "arn:aws:secretsmanager:eu-central-1:*:secret:camunda/*"),
    ] {
        let features = Features { secrets: Some(secrets), ..Features::default() };
        let assumed = Authentication::AssumeRole {
            role: role("arn:aws:iam::210987654321:role/r"),
            external_id: None,
            base: Box::new(Authentication::OwnRole),
        };
        for connections in [vec![], vec![by(connection(vec![(HAIKU, Kind::Text)]), &assumed)]] {
            let found = policies(&connections, &features);
            let reads = |policy: &&PrincipalPolicy| {
                !granted(&policy.document, "secretsmanager:GetSecretValue").is_empty()
            };
            let readers: Vec<_> = found.iter().filter(reads).collect();
            let [reader] = readers.as_slice() else { panic!("{found:#?}") };
            assert_eq!(reader.principal, Principal::Process);
            let resources = granted(&reader.document, "secretsmanager:GetSecretValue");
            assert_eq!(resources, [(vec![expected.to_owned()], Value::Null)]);
        }
    }
}

#[test]
fn a_profile_is_allowed_with_all_its_regions_and_only_by_way_of_it() {
    let document = only(&connection(vec![(&format!("eu.{HAIKU}"), Kind::Text)]));
    let profile = format!("arn:aws:bedrock:eu-central-1:{ACCOUNT}:inference-profile/eu.{HAIKU}");
    let regions = ["eu-central-1", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-3"];
    let models = regions.map(|region| format!("arn:aws:bedrock:{region}::foundation-model/{HAIKU}")).to_vec();
    let by_profile = json!({"ArnLike": {"bedrock:InferenceProfileArn": profile}});
    for action in ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"] {
        let expected = [(vec![profile.clone()], Value::Null), (models.clone(), by_profile.clone())];
        assert_eq!(granted(&document, action), expected);
    }
    assert_eq!(granted(&document, "bedrock:GetInferenceProfile"), [(vec![profile], Value::Null)]);
}

#[test]
fn a_global_profile_goes_anywhere() {
    let document = only(&connection(vec![(&format!("global.{HAIKU}"), Kind::Text)]));
    let found = granted(&document, "bedrock:InvokeModel");
    let anywhere = found.iter().find(|(resources, _)| resources[0].contains("bedrock:::foundation-model"));
    let (resources, condition) = anywhere.expect("the model without a region");
    assert_eq!(resources, &[format!("arn:aws:bedrock:::foundation-model/{HAIKU}")]);
    assert_eq!(condition["StringEquals"], json!({"aws:RequestedRegion": "unspecified"}));
    assert!(
        condition["ArnLike"]["bedrock:InferenceProfileArn"]
            .as_str()
            .unwrap()
            .ends_with(&format!("global.{HAIKU}"))
    );
}

#[test]
fn arns_are_what_they_say() {
    let of = |resource: &str| {
        subject(&format!("arn:aws:bedrock:us-east-1:{ACCOUNT}:{resource}"), "us-east-1", ACCOUNT)
    };
    let arn = |resource: &str| format!("arn:aws:bedrock:us-east-1:{ACCOUNT}:{resource}");
    assert_eq!(
        of("application-inference-profile/a1"),
        Subject::ApplicationProfile { arn: arn("application-inference-profile/a1") }
    );
    assert_eq!(of("default-prompt-router/a:1"), Subject::Router { arn: arn("default-prompt-router/a:1") });
    assert_eq!(of("prompt/P1:2"), Subject::Prompt { arn: arn("prompt/P1:2") });
    assert_eq!(of("provisioned-model/x"), Subject::Own { arn: arn("provisioned-model/x") });
    assert_eq!(of("foundation-model/zai.glm-4.6"), Subject::Foundation { id: "zai.glm-4.6".into() });
    assert_eq!(subject("zai.glm-4.6", "us-east-1", "*"), Subject::Foundation { id: "zai.glm-4.6".into() });
    assert!(
        matches!(of("inference-profile/us.amazon.nova-lite-v1:0"), Subject::Profile { geography, .. } if geography == "us")
    );
}

#[test]
fn features_beyond_models_have_their_actions() {
    let prompt = format!("arn:aws:bedrock:eu-central-1:{ACCOUNT}:prompt/P1");
    let guarded = {
        let mut connection = connection(vec![(HAIKU, Kind::Text)]);
        let parameters = json!({"guardrail": {"id": "g1", "version": "1"}});
        Arc::make_mut(&mut connection.models[0]).parameters = parameters.as_object().unwrap().clone();
        connection
    };
    let guardrail = |id: &str| format!("arn:aws:bedrock:eu-central-1:{ACCOUNT}:guardrail/{id}");
    assert_eq!(granted(&only(&guarded), "bedrock:ApplyGuardrail"), [(vec![guardrail("g1")], Value::Null)]);
    let features = Features { guardrails: vec!["g2".into()], ..Features::default() };
    let document = policies([&guarded], &features).remove(0).document;
    let expected = vec![guardrail("g1"), guardrail("g2")];
    assert_eq!(granted(&document, "bedrock:ApplyGuardrail"), [(expected, Value::Null)]);
    let document = only(&connection(vec![(&prompt, Kind::Text)]));
    assert_eq!(granted(&document, "bedrock:RenderPrompt"), [(vec![prompt], Value::Null)]);
}

#[test]
fn every_identity_has_its_own_policy() {
    let secret = Reference::AwsSecret { id: "sales/id".into(), key: None, region: Some("eu-west-1".into()) };
    let arn = "arn:aws:iam::210987654321:role/path/bedrock";
    let assumed = Authentication::AssumeRole {
        role: role(arn),
        external_id: Some(secret),
        base: Box::new(Authentication::Profile("base".into())),
    };
    let own = Connection { account: None, ..connection(vec![(HAIKU, Kind::Text)]) };
    let mut own = by(own, &assumed);
    Arc::make_mut(&mut own.models[0]).upstreams[0].account = None;
    let found = policies([&own], &Features::default());
    let who: Vec<String> = found.iter().map(|policy| policy.principal.to_string()).collect();
    let expected =
        ["the identity of the process", &format!("the role {arn}"), "the identity of the profile base"];
    assert_eq!(who, expected);
    let secret = "arn:aws:secretsmanager:eu-west-1:*:secret:sales/id-??????";
    assert_eq!(granted(&found[0].document, "secretsmanager:GetSecretValue")[0].0, [secret]);
    assert!(found[1].document.actions().any(|action| action == "bedrock:InvokeModel"));
    assert_eq!(granted(&found[2].document, "sts:AssumeRole")[0].0, [arn]);
    assert_eq!(found[2].document.actions().count(), 1);

    let key = Reference::File("/run/key".into());
    let found = only(&by(connection(vec![(HAIKU, Kind::Text)]), &Authentication::ApiKey(key)));
    assert_eq!(granted(&found, "bedrock:CallWithBearerToken"), [(vec!["*".to_owned()], Value::Null)]);
}

#[test]
fn an_account_of_a_role_is_the_account_that_is_called() {
    let web = Authentication::WebIdentity {
        role: role("arn:aws-us-gov:iam::210987654321:role/irsa"),
        token_file: "/t".into(),
    };
    let mut connection = by(connection(vec![(&format!("us-gov.{HAIKU}"), Kind::Text)]), &web);
    for upstream in &mut Arc::make_mut(&mut connection.models[0]).upstreams {
        (upstream.account, upstream.region) = (None, Some("us-gov-west-1".into()));
    }
    let profile =
        format!("arn:aws-us-gov:bedrock:us-gov-west-1:210987654321:inference-profile/us-gov.{HAIKU}");
    assert_eq!(granted(&only(&connection), "bedrock:GetInferenceProfile")[0].0, [profile]);
}

#[test]
fn trust_names_who_and_under_which_condition() {
    let account = ServiceAccount { namespace: "camunda".into(), name: "connector".into() };
    let provider = "oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLE";
    let trust = irsa(ACCOUNT, provider, &account).to_json();
    let statement = &trust["Statement"][0];
    let federated = format!("arn:aws:iam::{ACCOUNT}:oidc-provider/{provider}");
    assert_eq!(statement["Principal"], json!({"Federated": federated}));
    assert_eq!(statement["Action"], json!(["sts:AssumeRoleWithWebIdentity"]));
    let condition = &statement["Condition"]["StringEquals"];
    assert_eq!(condition[format!("{provider}:sub")], "system:serviceaccount:camunda:connector");
    assert_eq!(condition[format!("{provider}:aud")], "sts.amazonaws.com");

    let trust = pod_identity(&account).to_json();
    assert_eq!(trust["Statement"][0]["Principal"], json!({"Service": "pods.eks.amazonaws.com"}));
    assert_eq!(trust["Statement"][0]["Action"], json!(["sts:AssumeRole", "sts:TagSession"]));

    let trust = external_id("arn:aws:iam::123456789012:role/worker", Some("sales-7")).to_json();
    assert_eq!(trust["Statement"][0]["Condition"], json!({"StringEquals": {"sts:ExternalId": "sales-7"}}));
}

// === IAM's grammar ===

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric())
}

/// `service:Action`.
fn is_action(text: &str) -> bool {
    text.split_once(':').is_some_and(|(service, action)| {
        is_name(&service.replace('-', ""))
            && is_name(action)
            && action.starts_with(|c: char| c.is_ascii_uppercase())
    })
}

/// Six parts, where the region and the account may be empty or a pattern.
fn is_arn(text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let [arn, partition, service, region, account, resource] = parts.as_slice() else { return false };
    let is_account = account.is_empty()
        || *account == "*"
        || (account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit()));
    *arn == "arn"
        && partition.starts_with("aws")
        && is_name(service)
        && (region.is_empty() || *region == "*" || region.matches('-').count() >= 2)
        && is_account
        && !resource.is_empty()
        && !resource.contains(char::is_whitespace)
}

fn texts(value: &Value) -> Vec<&str> {
    let items = value.as_array().expect("a list");
    items.iter().map(|item| item.as_str().expect("a text")).collect()
}

#[track_caller]
fn assert_valid(document: &Document, is_trust: bool) {
    const OPERATORS: &[&str] = &["StringEquals", "StringLike", "ArnLike", "ArnEquals"];
    let policy = document.to_json();
    let keys: Vec<&String> = policy.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["Version", "Statement"]);
    assert_eq!(policy["Version"], "2012-10-17");
    let mut sids = BTreeSet::new();
    let statements = policy["Statement"].as_array().unwrap();
    assert!(!statements.is_empty());
    for statement in statements {
        for key in statement.as_object().unwrap().keys() {
            let known = ["Sid", "Effect", "Principal", "Action", "Resource", "Condition"];
            assert!(known.contains(&key.as_str()), "{key}");
        }
        let sid = statement["Sid"].as_str().unwrap();
        assert!(is_name(sid) && sids.insert(sid), "{sid}");
        assert_eq!(statement["Effect"], "Allow");
        assert_eq!(statement.get("Principal").is_some(), is_trust);
        assert_eq!(statement.get("Resource").is_some(), !is_trust);
        let actions = texts(&statement["Action"]);
        assert!(!actions.is_empty() && actions.iter().all(|action| is_action(action)), "{actions:?}");
        if !is_trust {
            let resources = texts(&statement["Resource"]);
            assert!(!resources.is_empty());
            for resource in resources {
                assert!(resource == "*" || is_arn(resource), "{resource}");
            }
        }
        for (operator, keys) in statement.get("Condition").and_then(Value::as_object).into_iter().flatten() {
            assert!(OPERATORS.contains(&operator.as_str()), "{operator}");
            for (key, value) in keys.as_object().unwrap() {
                assert!(key.contains(':') && value.is_string(), "{key} {value}");
            }
        }
    }
}

#[test]
fn whatever_is_configured_the_policies_are_valid() {
    let arn = |resource: &str| format!("arn:aws:bedrock:eu-central-1:{ACCOUNT}:{resource}");
    let ids = [
        HAIKU.to_owned(),
        format!("eu.{HAIKU}"),
        format!("us.{HAIKU}"),
        format!("xx.{HAIKU}"),
        format!("global.{HAIKU}"),
        arn("application-inference-profile/a1"),
        arn("prompt-router/r1"),
        arn("prompt/P1:1"),
        arn("imported-model/m1"),
        format!("arn:aws:bedrock:eu-central-1::foundation-model/{HAIKU}"),
    ];
    let identities = [
        Authentication::OwnRole,
        Authentication::Profile("p".into()),
        Authentication::ApiKey(Reference::AwsSecret { id: "s".into(), key: None, region: None }),
        Authentication::AssumeRole {
            role: role("arn:aws:iam::210987654321:role/r"),
            external_id: None,
            base: Box::new(Authentication::OwnRole),
        },
    ];
    for kind in [Kind::Text, Kind::Embedding, Kind::Image] {
        for account in [Some(ACCOUNT), None] {
            for identity in &identities {
                let models = ids.iter().map(|id| (id.as_str(), kind)).collect();
                let mut connection = by(connection(models), identity);
                for model in &mut connection.models {
                    Arc::make_mut(model).upstreams[0].account = account.map(str::to_owned);
                }
                for streams in [true, false] {
                    let (guardrails, secrets) = (vec!["g1".into()], Some(beginning("camunda/")));
                    let features = Features { guardrails, streams, secrets };
                    for policy in policies([&connection], &features) {
                        assert_valid(&policy.document, false);
                    }
                }
            }
        }
    }
    let account = ServiceAccount { namespace: "n".into(), name: "s".into() };
    assert_valid(&irsa(ACCOUNT, "oidc.eks.eu-central-1.amazonaws.com/id/E", &account), true);
    assert_valid(&pod_identity(&account), true);
    assert_valid(&external_id("arn:aws:iam::123456789012:root", None), true);
}
