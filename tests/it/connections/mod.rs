//! Connections as an operator sees them: the real program with a file, tasks that name a connection, and what becomes of
//! both when something changes or fails.

mod actions;
mod check;
mod compat;
mod huggingface;
mod policy;
mod references;
mod upstreams;

use bedrock_connector::emulator::bedrock::{self, Act, Bedrock, ErrorCode, Identity, Outcome, Step, Target};
use bedrock_connector::emulator::gateway::{Command, NewJob};
use bedrock_connector::zeebe::JobKey;
use serde_json::{Value, json};

use crate::support::stage::Stage;
use crate::support::toml::File;

const NATIVE: &str = "bedrock-connector:1";
const MODEL: &str = "vendor.model-v1:0";

async fn stage(file: &File, variables: &[(&str, &str)]) -> Stage {
    Stage::embedded(|launch| {
        let launch = launch
            .env("BEDROCK_CONNECTOR_CONFIG", file.path().display().to_string())
            .env("BEDROCK_CONNECTOR_THROTTLE_PATIENCE", "PT0S")
            .env("BEDROCK_CONNECTOR_RELOAD_CHECK", "PT0.05S");
        variables.iter().fold(launch, |launch, (name, value)| launch.env(name, *value))
    })
    .await
}

/// A task that names a connection, and nothing of AWS.
fn task(connection: &str, model: &str, question: &str) -> NewJob {
    action(connection, "converse", json!({"modelId": model, "newMessage": question}))
}

fn action(connection: &str, action: &str, data: Value) -> NewJob {
    let variables = json!({"configuration": {"connection": connection}, "action": action, "data": data});
    let variables = variables.as_object().expect("an object").clone();
    NewJob::new(NATIVE).variables(variables).header("resultVariable", "answer")
}

/// The answer of a task that succeeds.
async fn answer(stage: &Stage, key: JobKey) -> Value {
    match stage.end_of_attempt(key).await {
        Command::CompleteJob(request) => {
            let variables: Value = serde_json::from_str(&request.variables).expect("variables are JSON");
            variables["answer"].clone()
        }
        other => panic!("{other:?}\n{}", stage.log()),
    }
}

/// The retries and the message of a task that fails.
async fn failure(stage: &Stage, key: JobKey) -> (i32, String) {
    match stage.end_of_attempt(key).await {
        Command::FailJob(request) => (request.retries, request.error_message),
        other => panic!("{other:?}\n{}", stage.log()),
    }
}

const ONE: &str = r#"
[[connections]]
name = "sales"
provider = "bedrock"
region = "eu-central-1"
authentication = { kind = "keys", access-key = { env = "SALES_ID" }, secret-key = { env = "SALES_KEY" } }
[[connections.access]]
processes = ["emulated-*"]
[[connections.models]]
id = "vendor.model-v1:0"
alias = "nova"
parameters = { maxTokens = 77 }
[[connections.models]]
id = "vendor.other-v1:0"
alias = "other"
access = [{ tenants = ["acme"] }]
"#;

const SALES: [(&str, &str); 2] = [("SALES_ID", "AKIDSALES"), ("SALES_KEY", "salessecret")];

#[tokio::test]
async fn a_task_names_a_connection_and_a_model_by_its_alias() {
    let file = File::new(ONE);
    let stage = stage(&file, &SALES).await;
    let key = stage.gateway.create_job(task("sales", "nova", "Hello?"));
    let answer = answer(&stage, key).await;
    assert_eq!((&answer["connection"], &answer["upstream"]), (&json!("sales"), &json!("eu-central-1")));
    assert_eq!(answer["modelId"], MODEL);
    let exchanges = stage.bedrock.exchanges().all();
    let [exchange] = exchanges.as_slice() else { panic!("{exchanges:?}") };
    assert_eq!((exchange.id.as_str(), exchange.identity.region()), (MODEL, Some("eu-central-1")));
    assert_eq!(exchange.identity.key(), Some("AKIDSALES"));
    assert_eq!(exchange.body["inferenceConfig"]["maxTokens"], 77);
    assert!(!stage.log().contains("salessecret"));
}

/// An upstream may call the model something else; metrics of one model should be about one model.
#[tokio::test]
async fn all_metrics_of_a_model_have_the_same_name_for_it() {
    let upstream = "[[connections.models.upstreams]]\nname = \"frankfurt\"\nid = \"eu.vendor.model-v1:0\"\n";
    let file = File::new(&ONE.replace(
        "parameters = { maxTokens = 77 }\n",
        &format!("parameters = {{ maxTokens = 77 }}\n{upstream}"),
    ));
    let stage = stage(&file, &SALES).await;
    let key = stage.gateway.create_job(task("sales", "nova", "Hello?"));
    answer(&stage, key).await;
    let asked = stage.bedrock.exchanges().all();
    assert_eq!(asked[0].id, "eu.vendor.model-v1:0");
    assert_eq!(asked[0].operation, Some(bedrock::Operation::ConverseStream));
    let counted = format!("bedrock_connector_first_token_seconds_count{{model=\"{MODEL}\"}} 1");
    let page = stage.page("/actuator/prometheus", |page| page.body.contains(&counted)).await;
    for metric in ["model_calls_total", "model_seconds_count", "tokens_total"] {
        let line = page.body.lines().find(|line| line.starts_with(&format!("bedrock_connector_{metric}{{")));
        let line = line.unwrap_or_else(|| panic!("no {metric}"));
        assert!(line.contains(&format!("model=\"{MODEL}\"")), "{line}");
    }
}

#[tokio::test]
async fn an_api_key_is_the_whole_identity() {
    let keys = r#"{ kind = "keys", access-key = { env = "SALES_ID" }, secret-key = { env = "SALES_KEY" } }"#;
    let file = File::new(&ONE.replace(keys, r#"{ kind = "api-key", api-key = { env = "SALES_KEY" } }"#));
    let stage = stage(&file, &SALES).await;
    let key = stage.gateway.create_job(task("sales", "nova", "Hello?"));
    answer(&stage, key).await;
    let exchanges = stage.bedrock.exchanges().all();
    assert_eq!(exchanges[0].identity, Identity::ApiKey("salessecret".into()));
}

#[tokio::test]
async fn a_refusal_is_one_clear_error_one_audit_line_and_one_count() {
    let file = File::new(&format!("[access]\ninline-credentials = \"refused\"\n{ONE}"));
    let stage = stage(&file, &SALES).await;
    for (job, code, message) in [
        (
            task("sales", "other", "a"),
            "ACCESS_REFUSED",
            "the model \"other\" of the connection \"sales\" may not be used",
        ),
        (
            task("salse", "nova", "b"),
            "CONNECTION_UNKNOWN",
            "there is no such connection; this task may use sales",
        ),
        (
            task("", "nova", "c"),
            "INLINE_CREDENTIALS_REFUSED",
            "this installation takes no credentials from tasks",
        ),
    ] {
        let key = stage.gateway.create_job(job);
        let (retries, found) = failure(&stage, key).await;
        assert_eq!(retries, 0, "{found}");
        assert!(found.contains(message), "{found}");
        let counted = format!("code=\"{code}\"}} 1");
        let page = stage.page("/actuator/prometheus", |page| page.body.contains(&counted)).await;
        let line = page.body.lines().find(|line| line.ends_with(&counted)).expect("it is counted");
        assert!(line.starts_with("bedrock_connector_access_refused_total{"), "{line}");
        let log = stage.log();
        let audit: Vec<_> = log
            .lines()
            .filter(|line| line.contains("bedrock_connector::audit") && line.contains(code))
            .collect();
        assert_eq!(audit.len(), 1, "{log}");
        assert!(audit[0].contains("emulated-process") && audit[0].contains("<default>"), "{audit:?}");
    }
    assert_eq!(stage.bedrock.exchanges().all().len(), 0);
}

#[tokio::test]
async fn a_changed_file_counts_for_the_next_job_and_not_for_the_running_one() {
    let file = File::new(ONE);
    let stage = stage(&file, &SALES).await;
    let gate = bedrock_connector::emulator::Gate::new();
    stage.bedrock.script(Target::BodyContains("slow".into()), [Step::answer().behind(&gate)]);
    let running = stage.gateway.create_job(task("sales", "nova", "slow question"));
    stage.bedrock.wait_for_calls(1).await.expect("the call is made");

    file.replace(&ONE.replace("emulated-*", "other-*"));
    stage
        .page("/actuator/prometheus", |page| page.body.contains("reloads_total{result=\"in_force\"} 1"))
        .await;
    let refused = stage.gateway.create_job(task("sales", "nova", "late question"));
    assert_eq!(failure(&stage, refused).await.0, 0);
    gate.open();
    answer(&stage, running).await;
    assert_eq!(stage.bedrock.exchanges().all().len(), 1);
}

#[tokio::test]
async fn a_bad_file_is_refused_as_a_whole_and_told() {
    let file = File::new(ONE);
    let stage = stage(&file, &SALES).await;
    let bad =
        ONE.replace("emulated-*", "other-*").replace("region = \"eu-central-1\"", "region = \"Frankfurt\"");
    file.replace(&bad);
    let page =
        stage.page("/actuator/health/readiness", |page| page.body.contains("expected an AWS region")).await;
    assert_eq!(page.status, 200, "the worker goes on as it was: {}", page.body);
    assert!(stage.log().contains("The changed configuration is wrong, the old one stays"), "{}", stage.log());
    let key = stage.gateway.create_job(task("sales", "nova", "Hello?"));
    answer(&stage, key).await;

    // SIGHUP says it again, and a mended file is taken.
    stage.worker.signal("HUP").await.expect("the signal is sent");
    stage
        .page("/actuator/prometheus", |page| page.body.contains("reloads_total{result=\"refused\"} 2"))
        .await;
    file.replace(&format!("{ONE}\n[worker]\nmax-jobs-active = 7\n"));
    stage.page("/actuator/health/readiness", |page| !page.body.contains("expected an AWS region")).await;
    let log = stage.log();
    assert!(
        log.lines().any(|line| line.contains("need a restart") && line.contains("worker.max-jobs-active")),
        "{log}"
    );
}

#[tokio::test]
async fn a_signal_is_enough_for_a_changed_file() {
    let file = File::new(ONE);
    let stage = stage(&file, &[SALES[0], SALES[1], ("BEDROCK_CONNECTOR_RELOAD_CHECK", "PT0S")]).await;
    file.replace(&ONE.replace("emulated-*", "other-*"));
    let key = stage.gateway.create_job(task("sales", "nova", "before"));
    answer(&stage, key).await;
    stage.worker.signal("HUP").await.expect("the signal is sent");
    stage
        .page("/actuator/prometheus", |page| page.body.contains("reloads_total{result=\"in_force\"} 1"))
        .await;
    let key = stage.gateway.create_job(task("sales", "nova", "after"));
    assert_eq!(failure(&stage, key).await.0, 0);
    assert_eq!(stage.bedrock.exchanges().all().len(), 1);
}

#[tokio::test]
async fn a_file_that_is_gone_changes_nothing_and_counts_when_it_is_back() {
    let file = File::new(ONE);
    let stage = stage(&file, &SALES).await;
    let aside = file.path().with_extension("aside");
    std::fs::rename(file.path(), &aside).expect("the file is put aside");
    stage
        .page("/actuator/prometheus", |page| page.body.contains("reloads_total{result=\"refused\"} 1"))
        .await;
    let page = stage.page("/actuator/health/readiness", |page| page.body.contains("refused")).await;
    assert_eq!(page.status, 200, "the worker goes on as it was: {}", page.body);
    let key = stage.gateway.create_job(task("sales", "nova", "without a file"));
    answer(&stage, key).await;

    std::fs::write(&aside, ONE.replace("emulated-*", "other-*")).expect("the new configuration is written");
    std::fs::rename(&aside, file.path()).expect("the file is back");
    stage
        .page("/actuator/prometheus", |page| page.body.contains("reloads_total{result=\"in_force\"} 1"))
        .await;
    stage.page("/actuator/health/readiness", |page| !page.body.contains("refused")).await;
    let key = stage.gateway.create_job(task("sales", "nova", "with the new file"));
    assert_eq!(failure(&stage, key).await.0, 0);
}

#[tokio::test]
async fn a_rule_may_name_the_template_that_the_tasks_header_tells() {
    let file = File::new(&ONE.replace("processes = [\"emulated-*\"]", "templates = [\"com.example.*\"]"));
    let stage = stage(&file, &SALES).await;
    let of = |template: &str| task("sales", "nova", "Hello?").header("elementTemplateId", template);
    answer(&stage, stage.gateway.create_job(of("com.example.ask.v3"))).await;
    for job in [of("org.example.ask"), task("sales", "nova", "Hello?")] {
        let key = stage.gateway.create_job(job);
        let (retries, message) = failure(&stage, key).await;
        assert_eq!(retries, 0, "{message}");
        assert!(message.contains("may not be used"), "{message}");
    }
}

#[tokio::test]
async fn what_a_connection_takes_the_place_of_is_not_read_at_all() {
    let file = File::new(ONE);
    let stage = stage(&file, &SALES).await;
    let left_over =
        json!({"type": "credentials", "accessKey": "{{secrets.GONE}}", "secretKey": "secrets.GONE"});
    let mut variables = json!({
        "authentication": left_over,
        "awsCredential": {"accessKey": "{{secrets.GONE_TOO}}"},
        "configuration": {"connection": "sales", "region": "{{secrets.REGION}}"},
        "action": "converse",
        "data": {"modelId": "nova", "newMessage": "Hello?"},
    });
    for job_type in [NATIVE, crate::support::stage::JOB_TYPE] {
        let job = NewJob::new(job_type).variables(variables.as_object().expect("an object").clone());
        answer(&stage, stage.gateway.create_job(job)).await;
    }
    assert_eq!(stage.bedrock.exchanges().count(|exchange| exchange.identity.key() == Some("AKIDSALES")), 2);

    // Where it names none, it is.
    variables["configuration"] = json!({"region": "eu-central-1"});
    let job = NewJob::new(NATIVE).variables(variables.as_object().expect("an object").clone());
    let (retries, message) = failure(&stage, stage.gateway.create_job(job)).await;
    assert_eq!(retries, 0);
    assert!(message.contains("GONE"), "{message}");
}

fn two(first: &Bedrock, second: &Bedrock) -> String {
    format!(
        r#"
[[connections]]
name = "pool"
provider = "bedrock"
region = "eu-central-1"
access = [{{}}]
[[connections.models]]
id = "{MODEL}"
alias = "nova"
[[connections.models.upstreams]]
name = "first"
endpoint = "{}"
[[connections.models.upstreams]]
name = "second"
region = "eu-west-1"
endpoint = "{}"
"#,
        first.url(),
        second.url()
    )
}

/// How often a question was answered, and so paid, at all upstreams together.
fn paid(upstreams: [&Bedrock; 2], question: &str) -> usize {
    let paid = |upstream: &Bedrock| {
        upstream.exchanges().count(|exchange| {
            exchange.body_text.contains(question) && exchange.outcome == Outcome::Answered { status: 200 }
        })
    };
    upstreams.into_iter().map(paid).sum()
}

/// Asks so many questions at once, and says which upstream answered each.
async fn ask(stage: &Stage, round: &str, count: usize) -> Vec<String> {
    let question = |number: usize| format!("{round} question {number}.");
    let keys: Vec<_> =
        (0..count).map(|number| stage.gateway.create_job(task("pool", "nova", &question(number)))).collect();
    let mut upstreams = Vec::new();
    for key in keys {
        upstreams.push(answer(stage, key).await["upstream"].as_str().expect("a name").to_owned());
    }
    upstreams
}

#[tokio::test]
async fn one_of_two_upstreams_is_throttled_dies_and_comes_back_and_no_job_notices() {
    let second = Bedrock::start(bedrock::Options::default()).await.expect("a Bedrock on a free port");
    let first = Bedrock::start(bedrock::Options::default()).await.expect("a Bedrock on a free port");
    let file = File::new(&two(&first, &second));
    let stage = stage(&file, &[]).await;

    let well = ask(&stage, "well", 20).await;
    assert!(well.contains(&"first".to_owned()) && well.contains(&"second".to_owned()), "{well:?}");

    first.script(Target::Any, [Step::new(Act::Fail(ErrorCode::Throttling)).always()]);
    let throttled = ask(&stage, "throttled", 40).await;
    assert!(throttled.iter().all(|upstream| upstream == "second"), "{throttled:?}");

    first.heal();
    first.refuse_connections().await.expect("the port is shut");
    first.cut_connections();
    let opened = "bedrock_connector_upstream_open{connection=\"pool\",model=\"nova\",upstream=\"first\"} 1";
    let mut rounds = vec![("well".to_owned(), 20), ("throttled".to_owned(), 40)];
    let left_alone = async {
        while !stage.get("/actuator/prometheus").await.is_some_and(|page| page.body.contains(opened)) {
            let round = format!("dead {}", rounds.len());
            let dead = ask(&stage, &round, 20).await;
            assert!(dead.iter().all(|upstream| upstream == "second"), "{dead:?}");
            rounds.push((round, 20));
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), left_alone).await.expect("it is left alone");

    first.accept_connections().await.expect("the port is open again");
    let mut round = 0;
    let returned = async {
        loop {
            round += 1;
            if ask(&stage, &format!("back {round}"), 4).await.contains(&"first".to_owned()) {
                return;
            }
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), returned).await.expect("load returns");
    let closed = opened.replace("} 1", "} 0");
    stage.page("/actuator/prometheus", |page| page.body.contains(&closed)).await;

    let upstreams = [&first, &second];
    for (round, count) in rounds {
        for number in 0..count {
            let question = format!("{round} question {number}.");
            assert_eq!(paid(upstreams, &question), 1, "{question}");
        }
    }
}
