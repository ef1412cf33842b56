//! As whom the real program calls Bedrock: each kind of authentication, against those who give out credentials, counted.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use bedrock_connector::bench::Launch;
use bedrock_connector::emulator::Gate;
use bedrock_connector::emulator::bedrock::Identity;
use bedrock_connector::emulator::gateway::{Command, NewJob};
use bedrock_connector::emulator::issuer::{Issuer, Operation, Options, Refusal, Role, Session, Step};
use bedrock_connector::zeebe::JobKey;
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use crate::support::stage::Stage;

const NATIVE: &str = "bedrock-connector:1";
const MODEL: &str = "vendor.model-v1:0";
const ROLE: &str = "arn:aws:iam::210987654321:role/bedrock";
const OWN_ROLE: &str = "arn:aws:iam::123456789012:role/own";

/// A connection whose calls are those of a role in another account.
const CONNECTION: &str = r#"
[[connections]]
name = "partner"
provider = "bedrock"
region = "eu-central-1"
access = [{}]
[connections.authentication]
kind = "assume-role"
role-arn = "arn:aws:iam::210987654321:role/bedrock"
external-id = "order-handling"
session-name = "orders"
base = { kind = "keys", access-key = { env = "BASE_ID" }, secret-key = { env = "BASE_KEY" } }
[[connections.models]]
id = "vendor.model-v1:0"
"#;

fn file(text: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().expect("a file");
    file.write_all(text.as_bytes()).expect("it is written");
    file
}

fn path(file: &NamedTempFile) -> String {
    Path::display(file.path()).to_string()
}

async fn issuer(options: Options) -> Issuer {
    Issuer::start(options).await.expect("an emulator on a free port")
}

/// The partner's role, as the partner has set it up.
fn partner() -> Role {
    Role::new(ROLE).external_id("order-handling").access_keys(["AKIDBASE"])
}

async fn stage_with_connection(issuer: &Issuer, configuration: &NamedTempFile) -> Stage {
    Stage::embedded(|launch| {
        launch
            .env("BEDROCK_CONNECTOR_CONFIG", path(configuration))
            .env("AWS_REGION", "eu-central-1")
            .env("AWS_ENDPOINT_URL_STS", issuer.url())
            .env("BASE_ID", "AKIDBASE")
            .env("BASE_KEY", "basesecret")
    })
    .await
}

fn task(authentication: &Value, configuration: &Value) -> NewJob {
    let variables = json!({
        "authentication": authentication,
        "configuration": configuration,
        "action": "converse",
        "data": {"modelId": MODEL, "newMessage": "Hello?"},
    });
    NewJob::new(NATIVE).variables(variables.as_object().expect("an object").clone())
}

fn partner_task() -> NewJob {
    task(&Value::Null, &json!({"connection": "partner"}))
}

fn own_task(authentication: &Value) -> NewJob {
    task(authentication, &json!({"region": "eu-central-1"}))
}

async fn succeeds(stage: &Stage, key: JobKey) {
    let command = stage.end_of_attempt(key).await;
    assert!(matches!(command, Command::CompleteJob(_)), "{command:?}\n{}", stage.log());
}

/// The retries and the message of a task that fails.
async fn failure(stage: &Stage, key: JobKey) -> (i32, String) {
    match stage.end_of_attempt(key).await {
        Command::FailJob(request) => (request.retries, request.error_message),
        other => panic!("{other:?}\n{}", stage.log()),
    }
}

fn signed_by(session: &Session) -> Identity {
    Identity::SigV4 {
        access_key: session.access_key.clone(),
        region: "eu-central-1".into(),
        service: "bedrock".into(),
        session_token: Some(session.token.clone()),
    }
}

#[tokio::test]
async fn a_role_is_assumed_once_for_a_thousand_jobs() {
    let issuer = issuer(Options::default()).await;
    issuer.trust(partner());
    let gate = Gate::new();
    issuer.script(Operation::AssumeRole, [Step::answer().behind(&gate)]);
    let configuration = file(CONNECTION);
    let stage = stage_with_connection(&issuer, &configuration).await;

    for round in 0..10 {
        let keys: Vec<_> = (0..100).map(|_| stage.gateway.create_job(partner_task())).collect();
        if round == 0 {
            // While the first one waits for its credentials, the others come to want the same.
            let asked = |requests: &[_]| (!requests.is_empty()).then_some(());
            issuer.requests().wait_for("a role that is assumed", asked).await.expect("it is asked for");
            let all = "bedrock_connector_jobs_in_flight{type=\"bedrock-connector:1\"} 100";
            stage.page("/actuator/prometheus", |page| page.body.contains(all)).await;
            gate.open();
        }
        for key in keys {
            succeeds(&stage, key).await;
        }
    }

    let requests = issuer.requests().all();
    let [request] = requests.as_slice() else { panic!("{requests:?}") };
    assert_eq!((request.operation, request.status), (Some(Operation::AssumeRole), Some(200)));
    for (parameter, expected) in
        [("RoleArn", ROLE), ("ExternalId", "order-handling"), ("RoleSessionName", "orders")]
    {
        assert_eq!(request.parameter(parameter), Some(expected));
    }
    assert_eq!(request.identity.key(), Some("AKIDBASE"));
    let sessions = issuer.sessions();
    let [session] = sessions.as_slice() else { panic!("{sessions:?}") };
    let expected = signed_by(session);
    assert_eq!(stage.bedrock.exchanges().count(|exchange| exchange.identity == expected), 1000);
    assert_eq!(stage.bedrock.exchanges().count(|_| true), 1000);
}

#[tokio::test]
async fn credentials_are_renewed_under_load_before_they_run_out() {
    // The SDK renews them between 10 s and 5 s before their end.
    let issuer = issuer(Options { life: Duration::from_millis(10_500), ..Options::default() }).await;
    issuer.trust(partner());
    let configuration = file(CONNECTION);
    let stage = stage_with_connection(&issuer, &configuration).await;
    while issuer.sessions().len() < 3 {
        let keys: Vec<_> = (0..20).map(|_| stage.gateway.create_job(partner_task())).collect();
        for key in keys {
            succeeds(&stage, key).await;
        }
    }
    let sessions = issuer.sessions();
    assert_eq!(issuer.count(Operation::AssumeRole), sessions.len());
    for exchange in stage.bedrock.exchanges().all() {
        let session = sessions.iter().find(|session| signed_by(session) == exchange.identity);
        let session = session.unwrap_or_else(|| panic!("{exchange:?}"));
        assert!(exchange.at < session.until, "{exchange:?} has run out");
    }
    // One for all who wanted it, each time: for half a second at least, nobody needs another one.
    for (earlier, later) in sessions.iter().zip(sessions.iter().skip(1)) {
        assert!(later.from.duration_since(earlier.from) >= Duration::from_millis(400), "{sessions:?}");
    }
}

#[tokio::test]
async fn a_role_that_may_not_be_assumed_is_one_clear_error() {
    let issuer = issuer(Options::default()).await;
    issuer.trust(partner().external_id("another id"));
    let configuration = file(CONNECTION);
    let stage = stage_with_connection(&issuer, &configuration).await;
    let key = stage.gateway.create_job(partner_task());
    let (retries, message) = failure(&stage, key).await;
    assert_eq!(retries, 0);
    for part in ["AWS gives no credentials: AccessDenied: ", ROLE, "trust policy", "external id"] {
        assert!(message.contains(part), "{message}");
    }
    assert_eq!(issuer.count(Operation::AssumeRole), 1);
    assert_eq!(stage.bedrock.exchanges().count(|_| true), 0);
    assert!(!stage.log().contains("basesecret"));

    // The partner mends it, and soon the next jobs have what they need.
    issuer.trust(partner());
    let mended = async {
        loop {
            let key = stage.gateway.create_job(partner_task());
            if let Command::CompleteJob(_) = stage.end_of_attempt(key).await {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(60), mended).await.expect("the role is assumed again");
}

#[tokio::test]
async fn a_denied_role_is_not_asked_for_by_each_job() {
    let issuer = issuer(Options::default()).await;
    issuer.trust(partner().external_id("another id"));
    let configuration = file(CONNECTION);
    let stage = stage_with_connection(&issuer, &configuration).await;
    let began = tokio::time::Instant::now();
    let keys: Vec<_> = (0..200).map(|_| stage.gateway.create_job(partner_task())).collect();
    for key in keys {
        let (retries, message) = failure(&stage, key).await;
        assert_eq!(retries, 0);
        assert!(message.contains("AWS gives no credentials: AccessDenied: "), "{message}");
    }
    // A refusal counts for five seconds, and this may take longer on a busy machine.
    let spells = 1 + began.elapsed().as_secs() / 5;
    let asked = issuer.count(Operation::AssumeRole);
    assert!(asked as u64 <= spells, "asked {asked} times in {:?}", began.elapsed());
}

#[tokio::test]
async fn an_sts_in_trouble_costs_no_job_a_retry_when_it_is_soon_over() {
    let issuer = issuer(Options::default()).await;
    issuer.trust(partner());
    issuer.script(
        Operation::AssumeRole,
        [Step::refuse(Refusal::throttled()), Step::refuse(Refusal::internal())],
    );
    let configuration = file(CONNECTION);
    let stage = stage_with_connection(&issuer, &configuration).await;
    let key = stage.gateway.create_job(partner_task());
    succeeds(&stage, key).await;
    assert_eq!(issuer.count(Operation::AssumeRole), 3);
}

#[tokio::test]
async fn an_sts_that_is_away_spends_one_retry() {
    let issuer = issuer(Options::default()).await;
    issuer.trust(partner());
    issuer.script(Operation::AssumeRole, [Step::refuse(Refusal::internal()).always()]);
    let configuration = file(CONNECTION);
    let stage = stage_with_connection(&issuer, &configuration).await;
    let key = stage.gateway.create_job(partner_task().retries(3));
    let (retries, message) = failure(&stage, key).await;
    assert_eq!(retries, 2, "{message}");
    assert!(message.contains("no AWS credentials: "), "{message}");
}

const PROFILES: &str = "
[profile keys]
aws_access_key_id = AKIDPROFILE
aws_secret_access_key = profilesecret

[profile assumed]
role_arn = arn:aws:iam::210987654321:role/by-profile
source_profile = keys
external_id = of-the-profile
role_session_name = profile-session
";

#[tokio::test]
async fn a_task_says_as_whom_it_calls() {
    let issuer = issuer(Options::default()).await;
    issuer.trust(Role::new(ROLE).external_id("order-handling").access_keys(["AKIDENV", "AKIDTASK"]));
    issuer.trust(
        Role::new("arn:aws:iam::210987654321:role/by-profile")
            .external_id("of-the-profile")
            .access_keys(["AKIDPROFILE"]),
    );
    issuer.trust(Role::new("arn:aws:iam::210987654321:role/of-the-pod").web_token("token of the pod"));
    let (profiles, token) = (file(PROFILES), file("token of the pod"));
    let stage = Stage::embedded(|launch| {
        launch
            .env("AWS_REGION", "eu-central-1")
            .env("AWS_ENDPOINT_URL_STS", issuer.url())
            .env("AWS_CONFIG_FILE", path(&profiles))
            .env("AWS_WEB_IDENTITY_TOKEN_FILE", path(&token))
    })
    .await;
    let assumed =
        |name: &str, session: &str| format!("arn:aws:sts::210987654321:assumed-role/{name}/{session}");
    let pod = "arn:aws:iam::210987654321:role/of-the-pod";
    for (authentication, expected) in [
        (json!({"type": "defaultCredentialsChain"}), "AKIDENV".to_owned()),
        (
            json!({"type": "credentials", "accessKey": "AKIDTASK", "secretKey": "s", "sessionToken": "t"}),
            "AKIDTASK t".to_owned(),
        ),
        (json!({"type": "apiKey", "apiKey": "bedrock-api-key"}), "bearer bedrock-api-key".to_owned()),
        (json!({"type": "profile", "profile": "keys"}), "AKIDPROFILE".to_owned()),
        (json!({"type": "profile", "profile": "assumed"}), assumed("by-profile", "profile-session")),
        (json!({"type": "webIdentity", "roleArn": pod}), assumed("of-the-pod", "bedrock-connector")),
        (
            json!({"type": "webIdentity", "roleArn": pod, "sessionName": "orders"}),
            assumed("of-the-pod", "orders"),
        ),
        (
            json!({"type": "assumeRole", "roleArn": ROLE, "externalId": "order-handling"}),
            assumed("bedrock", "bedrock-connector"),
        ),
        (
            json!({"type": "assumeRole", "roleArn": ROLE, "externalId": "order-handling", "sessionName": "by-keys",
                   "base": "credentials", "accessKey": "AKIDTASK", "secretKey": "s"}),
            assumed("bedrock", "by-keys"),
        ),
    ] {
        stage.bedrock.exchanges().clear();
        // Twice, and whoever gives credentials is asked once.
        let before = issuer.sessions().len();
        for _ in 0..2 {
            let key = stage.gateway.create_job(own_task(&authentication));
            succeeds(&stage, key).await;
        }
        let sessions = issuer.sessions();
        assert!(sessions.len() <= before + 1, "{authentication}: {sessions:?}");
        let callers: BTreeSet<_> = stage
            .bedrock
            .exchanges()
            .all()
            .iter()
            .map(|exchange| caller(&exchange.identity, &sessions))
            .collect();
        assert_eq!(callers, BTreeSet::from([expected]), "{authentication}");
    }
}

/// Who called: the role as it is assumed, or the key and what came with it.
fn caller(identity: &Identity, sessions: &[Session]) -> String {
    if let Some(session) = sessions.iter().find(|session| signed_by(session) == *identity) {
        return session.arn.clone();
    }
    match identity {
        Identity::SigV4 { access_key, session_token: None, .. } => access_key.clone(),
        Identity::SigV4 { access_key, session_token: Some(token), .. } => format!("{access_key} {token}"),
        Identity::ApiKey(key) => format!("bearer {key}"),
        Identity::Missing => "nobody".to_owned(),
    }
}

/// A connection of each kind, and of each base that a role can be assumed from.
const KINDS: &[(&str, &str)] = &[
    ("role", r#"{ kind = "role" }"#),
    (
        "keys",
        r#"{ kind = "keys", access-key = { env = "BASE_ID" }, secret-key = { env = "BASE_KEY" }, session-token = { env = "BASE_TOKEN" } }"#,
    ),
    ("api-key", r#"{ kind = "api-key", api-key = { env = "BASE_KEY" } }"#),
    ("profile", r#"{ kind = "profile", profile = "assumed" }"#),
    (
        "web-identity",
        r#"{ kind = "web-identity", role-arn = "POD", token-file = "FILE", session-name = "web" }"#,
    ),
    ("by-role", r#"{ kind = "assume-role", role-arn = "PARTNER", session-name = "by-role" }"#),
    (
        "by-keys",
        r#"{ kind = "assume-role", role-arn = "PARTNER", session-name = "by-keys", base = { kind = "keys", access-key = { env = "BASE_ID" }, secret-key = { env = "BASE_KEY" } } }"#,
    ),
    (
        "by-profile",
        r#"{ kind = "assume-role", role-arn = "PARTNER", session-name = "by-profile", base = { kind = "profile", profile = "keys" } }"#,
    ),
    (
        "by-web-identity",
        r#"{ kind = "assume-role", role-arn = "PARTNER", session-name = "by-web", base = { kind = "web-identity", role-arn = "POD", token-file = "FILE", session-name = "base" } }"#,
    ),
];

#[tokio::test]
async fn connections_have_the_identity_of_the_worker_where_tasks_do_not() {
    let issuer = issuer(Options::default()).await;
    issuer.trust(Role::new(ROLE));
    let configuration = file(&of_each_kind(&file("")));
    let stage = Stage::embedded(|launch| {
        launch
            .env("BEDROCK_CONNECTOR_CONFIG", path(&configuration))
            .env("BEDROCK_CONNECTOR_DEFAULT_CREDENTIALS", "false")
            .env("AWS_REGION", "eu-central-1")
            .env("AWS_ENDPOINT_URL_STS", issuer.url())
            .env("BASE_ID", "AKIDBASE")
            .env("BASE_KEY", "basesecret")
            .env("BASE_TOKEN", "basetoken")
    })
    .await;
    for (connection, expected) in
        [("role", "AKIDENV"), ("by-role", "arn:aws:sts::210987654321:assumed-role/bedrock/by-role")]
    {
        let job = task(&Value::Null, &json!({"connection": connection}));
        succeeds(&stage, stage.gateway.create_job(job)).await;
        let exchange = stage.bedrock.exchanges().all().pop().expect("a call");
        assert_eq!(caller(&exchange.identity, &issuer.sessions()), expected);
    }
    for authentication in
        [json!({"type": "defaultCredentialsChain"}), json!({"type": "assumeRole", "roleArn": ROLE})]
    {
        let key = stage.gateway.create_job(own_task(&authentication));
        let (_, message) = failure(&stage, key).await;
        assert!(message.contains("lends tasks no identity"), "{message}");
    }
    assert_eq!(stage.bedrock.exchanges().all().len(), 2, "tasks by themselves have asked nothing");
}

/// A request to STS, and who has signed it.
type Asked = (Operation, Option<&'static str>);

const POD: &str = "arn:aws:iam::210987654321:role/of-the-pod";

fn of_each_kind(token: &NamedTempFile) -> String {
    let connection = |(name, authentication): &(&str, &str)| {
        let authentication =
            authentication.replace("POD", POD).replace("PARTNER", ROLE).replace("FILE", &path(token));
        format!(
            "[[connections]]\nname = \"{name}\"\nprovider = \"bedrock\"\nregion = \"eu-central-1\"\naccess = [{{}}]\n\
             authentication = {authentication}\n[[connections.models]]\nid = \"{MODEL}\"\n"
        )
    };
    KINDS.iter().map(connection).collect()
}

#[tokio::test]
async fn each_kind_of_a_connection_asks_for_its_credentials_once() {
    let issuer = issuer(Options::default()).await;
    issuer.trust(Role::new(ROLE));
    issuer.trust(Role::new("arn:aws:iam::210987654321:role/by-profile").external_id("of-the-profile"));
    issuer.trust(Role::new(POD).web_token("token of the pod"));
    let (profiles, token) = (file(PROFILES), file("token of the pod"));
    let configuration = file(&of_each_kind(&token));
    let stage = Stage::embedded(|launch| {
        launch
            .env("BEDROCK_CONNECTOR_CONFIG", path(&configuration))
            .env("AWS_REGION", "eu-central-1")
            .env("AWS_ENDPOINT_URL_STS", issuer.url())
            .env("AWS_CONFIG_FILE", path(&profiles))
            .env("BASE_ID", "AKIDBASE")
            .env("BASE_KEY", "basesecret")
            .env("BASE_TOKEN", "basetoken")
    })
    .await;
    let (by_signature, by_token) = (Operation::AssumeRole, Operation::AssumeRoleWithWebIdentity);
    let assumed = |name: &str| format!("arn:aws:sts::210987654321:assumed-role/{name}");
    let expected: [(&str, String, &[Asked]); 9] = [
        ("role", "AKIDENV".into(), &[]),
        ("keys", "AKIDBASE basetoken".into(), &[]),
        ("api-key", "bearer basesecret".into(), &[]),
        ("profile", assumed("by-profile/profile-session"), &[(by_signature, Some("AKIDPROFILE"))]),
        ("web-identity", assumed("of-the-pod/web"), &[(by_token, None)]),
        ("by-role", assumed("bedrock/by-role"), &[(by_signature, Some("AKIDENV"))]),
        ("by-keys", assumed("bedrock/by-keys"), &[(by_signature, Some("AKIDBASE"))]),
        ("by-profile", assumed("bedrock/by-profile"), &[(by_signature, Some("AKIDPROFILE"))]),
        (
            "by-web-identity",
            assumed("bedrock/by-web"),
            &[(by_token, None), (by_signature, Some("of-the-pod/base"))],
        ),
    ];
    assert!(expected.iter().map(|(name, ..)| name).eq(KINDS.iter().map(|(name, _)| name)));
    for (name, caller_of_all, asked) in expected {
        stage.bedrock.exchanges().clear();
        issuer.requests().clear();
        for _ in 0..2 {
            let tasks =
                (0..10).map(|_| stage.gateway.create_job(task(&Value::Null, &json!({"connection": name}))));
            for key in tasks.collect::<Vec<_>>() {
                succeeds(&stage, key).await;
            }
        }
        let sessions = issuer.sessions();
        let callers: Vec<_> =
            stage.bedrock.exchanges().all().iter().map(|it| caller(&it.identity, &sessions)).collect();
        assert_eq!(callers, vec![caller_of_all; 20], "{name}");
        let requests = issuer.requests().all();
        let signer = |key: &str| {
            let session = sessions.iter().find(|session| session.access_key == key);
            session.map_or(key.to_owned(), |session| session.arn.replace(&assumed(""), ""))
        };
        let told: Vec<_> = requests.iter().map(|it| (it.operation, it.identity.key().map(signer))).collect();
        let asked: Vec<_> =
            asked.iter().map(|(operation, signer)| (Some(*operation), signer.map(str::to_owned))).collect();
        assert_eq!(told, asked, "{name}");
    }
}

#[tokio::test]
async fn a_task_that_may_not_assume_its_role_spends_nothing() {
    let issuer = issuer(Options::default()).await;
    let stage = Stage::embedded(|launch| {
        launch.env("AWS_REGION", "eu-central-1").env("AWS_ENDPOINT_URL_STS", issuer.url())
    })
    .await;
    let key = stage.gateway.create_job(own_task(&json!({"type": "assumeRole", "roleArn": ROLE})));
    let (retries, message) = failure(&stage, key).await;
    assert_eq!((retries, issuer.count(Operation::AssumeRole)), (0, 1));
    assert!(message.contains("user/AKIDENV may not call sts:AssumeRole"), "{message}");
}

/// A worker that has no keys, and finds what its surroundings offer.
async fn stage_in(surroundings: impl FnOnce(Launch) -> Launch) -> Stage {
    Stage::embedded(|launch| {
        surroundings(
            launch
                .without("AWS_ACCESS_KEY_ID")
                .without("AWS_SECRET_ACCESS_KEY")
                .env("AWS_REGION", "eu-central-1"),
        )
    })
    .await
}

/// Runs a hundred jobs with the process's own identity, and tells who called.
async fn own_identity(stage: &Stage, issuer: &Issuer) -> BTreeSet<String> {
    let chain = json!({"type": "defaultCredentialsChain"});
    let keys: Vec<_> = (0..100).map(|_| stage.gateway.create_job(own_task(&chain))).collect();
    for key in keys {
        succeeds(stage, key).await;
    }
    // Readiness looks, too, and more than once.
    for _ in 0..5 {
        stage.page("/actuator/health/readiness", |page| page.status == 200).await;
    }
    let exchanges = stage.bedrock.exchanges().all();
    assert_eq!(exchanges.len(), 100);
    exchanges.iter().map(|exchange| caller(&exchange.identity, &issuer.sessions())).collect()
}

#[tokio::test]
async fn a_pod_has_the_role_of_its_pod_identity() {
    let token = file("token of the pod");
    let options = Options { container_token: Some("token of the pod".into()), ..Options::default() };
    let issuer = issuer(options).await;
    let stage = stage_in(|launch| {
        launch
            .env("AWS_CONTAINER_CREDENTIALS_FULL_URI", issuer.container_url())
            .env("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", path(&token))
    })
    .await;
    let callers = own_identity(&stage, &issuer).await;
    let expected = "arn:aws:sts::123456789012:assumed-role/own/pod-00000000000000001";
    assert_eq!(callers, BTreeSet::from([expected.to_owned()]));
    // Once for readiness, once for all calls.
    assert_eq!(issuer.count(Operation::ContainerCredentials), 2);
}

#[tokio::test]
async fn a_pod_has_the_role_of_its_service_account() {
    let token = file("token of the service account");
    let issuer = issuer(Options::default()).await;
    issuer.trust(Role::new(OWN_ROLE).web_token("token of the service account"));
    let stage = stage_in(|launch| {
        launch
            .env("AWS_ENDPOINT_URL_STS", issuer.url())
            .env("AWS_ROLE_ARN", OWN_ROLE)
            .env("AWS_ROLE_SESSION_NAME", "worker-0")
            .env("AWS_WEB_IDENTITY_TOKEN_FILE", path(&token))
    })
    .await;
    let callers = own_identity(&stage, &issuer).await;
    let expected = "arn:aws:sts::123456789012:assumed-role/own/worker-0";
    assert_eq!(callers, BTreeSet::from([expected.to_owned()]));
    assert_eq!(issuer.count(Operation::AssumeRoleWithWebIdentity), 2);
}

#[tokio::test]
async fn an_instance_has_the_role_of_its_profile() {
    let issuer = issuer(Options::default()).await;
    let stage = stage_in(|launch| {
        launch.without("AWS_EC2_METADATA_DISABLED").env("AWS_EC2_METADATA_SERVICE_ENDPOINT", issuer.url())
    })
    .await;
    let callers = own_identity(&stage, &issuer).await;
    let expected = "arn:aws:sts::123456789012:assumed-role/own/i-00000000000000001";
    assert_eq!(callers, BTreeSet::from([expected.to_owned()]));
    assert_eq!(issuer.count(Operation::InstanceCredentials), 2);
    assert_eq!(issuer.count(Operation::InstanceToken), 1, "the token is kept");
}

#[tokio::test]
async fn empty_variables_of_aws_count_as_not_set() {
    let issuer = issuer(Options::default()).await;
    let stage = stage_in(|launch| {
        ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS", "AWS_PROFILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"]
            .into_iter()
            .fold(launch, |launch, name| launch.env(name, ""))
            .env("AWS_WEB_IDENTITY_TOKEN_FILE", " ")
            .env("AWS_CONTAINER_CREDENTIALS_FULL_URI", issuer.container_url())
    })
    .await;
    let callers = own_identity(&stage, &issuer).await;
    assert_eq!(callers.len(), 1, "{callers:?}");

    // With an empty one for Bedrock, too, a call goes to AWS, where this test cannot reach anybody.
    let stage = Stage::embedded(|launch| {
        launch
            .env("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "")
            .env("AWS_REGION", "eu-central-1")
            .env("HTTPS_PROXY", "http://127.0.0.1:9")
    })
    .await;
    let key = stage.gateway.create_job(own_task(&json!({"type": "defaultCredentialsChain"})));
    let (_, message) = failure(&stage, key).await;
    assert!(message.contains("no answer from Bedrock"), "{message}");
}
