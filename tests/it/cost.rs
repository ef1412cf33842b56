//! Costs and budgets in the real program: what the operator writes into its file and environment, and what the process, the
//! metrics and the engine are told.

use std::time::Duration;

use bedrock_connector::cost::Amount;
use bedrock_connector::emulator::gateway::{Command, NewJob};
use bedrock_connector::zeebe::JobKey;
use serde_json::{Value, json};

use super::scenarios::store::DocumentStore;
use super::support::stage::{JOB_TYPE, NATIVE_TYPE, Stage, good_input};
use super::support::toml::File;

/// The rest is for a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
const MODEL: &str = "eu.anthropic.claude-haiku-4-5-20251001-v1:0";

/// One price for all, and a connection whose model has its own.
const PRICES: &str = r#"
[[prices]]
model = "anthropic.claude-haiku-4-5*"
input = 1
output = 5

[[connections]]
name = "sales"
provider = "bedrock"
region = "eu-central-1"
authentication = { kind = "keys", access-key = { env = "SALES_ID" }, secret-key = { env = "SALES_KEY" } }
access = [{}]
[[connections.models]]
id = "eu.anthropic.claude-haiku-4-5-20251001-v1:0"
alias = "claude"
price = { input = 2, output = 10 }
"#;

/// A worker that reads this file, and has these variables beside.
async fn stage(file: &File, variables: &[(&str, &str)]) -> Stage {
    Stage::embedded(|launch| {
        let launch = launch
            .env("BEDROCK_CONNECTOR_CONFIG", file.path().display().to_string())
            .env("BEDROCK_CONNECTOR_RELOAD_CHECK", "PT0.05S")
            .env("SALES_ID", "AKIDSALES")
            .env("SALES_KEY", "salessecret");
        variables.iter().fold(launch, |launch, (name, value)| launch.env(name, *value))
    })
    .await
}

fn job(job_type: &str, input: &Value) -> NewJob {
    let input = input.as_object().expect("entries").clone();
    NewJob::new(job_type).variables(input).header("resultVariable", "answer")
}

fn native() -> NewJob {
    job(NATIVE_TYPE, &good_input(MODEL))
}

fn of_sales() -> NewJob {
    let input = json!({
        "configuration": {"connection": "sales"}, "action": "converse",
        "data": {"modelId": "claude", "newMessage": "Hello"},
    });
    job(NATIVE_TYPE, &input)
}

fn compat() -> NewJob {
    job(JOB_TYPE, &good_input(MODEL))
}

async fn answer(stage: &Stage, job: NewJob) -> Value {
    let key = stage.gateway.create_job(job);
    answered(stage, key).await
}

async fn answered(stage: &Stage, key: JobKey) -> Value {
    match stage.end_of_attempt(key).await {
        Command::CompleteJob(request) => {
            let variables: Value = serde_json::from_str(&request.variables).expect("variables are JSON");
            variables["answer"].clone()
        }
        other => panic!("{other:?}\n{}", stage.log()),
    }
}

/// The retries, the code and the message of a job that fails.
async fn failure(stage: &Stage, job: NewJob) -> (i32, Value, String) {
    let key = stage.gateway.create_job(job);
    match stage.end_of_attempt(key).await {
        Command::FailJob(request) => {
            let variables: Value = serde_json::from_str(&request.variables).expect("variables are JSON");
            (request.retries, variables["error"]["code"].clone(), request.error_message)
        }
        other => panic!("{other:?}\n{}", stage.log()),
    }
}

/// What an answer costs at these prices of a million tokens.
fn cost(answer: &Value, input: &str, output: &str) -> Amount {
    let of = |price: &str, key: &str| {
        let tokens = answer["usage"][key].as_u64().filter(|tokens| *tokens > 0);
        let price = Amount::parse(price).expect("an amount").for_one_of(1_000_000);
        price.times(tokens.unwrap_or_else(|| panic!("no {key} in {answer}")))
    };
    of(input, "inputTokens") + of(output, "outputTokens")
}

fn costs_of(process: &str) -> String {
    format!(
        "bedrock_connector_cost_total{{model=\"{MODEL}\",process=\"{process}\",tenant=\"<default>\",currency=\"USD\"}} "
    )
}

/// Waits until the costs of a process are as they should be.
async fn counted(stage: &Stage, process: &str, expected: Amount) {
    let line = costs_of(process);
    let is_counted = |page: &str| {
        let value = page.lines().find_map(|found| found.strip_prefix(&line)?.parse::<f64>().ok());
        value.is_some_and(|value| (value - expected.to_f64()).abs() < 1e-12)
    };
    stage.page("/actuator/prometheus", |page| is_counted(&page.body)).await;
}

#[tokio::test]
async fn an_answer_says_what_it_cost_and_so_do_the_metrics() {
    let file = File::new(PRICES);
    let stage = stage(&file, &[]).await;
    let first = answer(&stage, native()).await;
    assert_eq!(first["cost"]["total"], cost(&first, "1", "5").to_json(), "{first}");
    assert_eq!(first["cost"]["currency"], "USD");

    // Camunda's type answers as it always did; its call costs the same and is counted with the others.
    let compat_answer = answer(&stage, compat()).await;
    assert_eq!(compat_answer[1]["role"], "assistant");
    assert!(!compat_answer.to_string().contains("cost"), "{compat_answer}");
    counted(&stage, "emulated-process", cost(&first, "2", "10")).await;

    let of_another = NewJob { bpmn_process_id: "refund".to_owned(), ..native() };
    let second = answer(&stage, of_another).await;
    counted(&stage, "refund", cost(&second, "1", "5")).await;
}

#[tokio::test]
async fn the_price_of_a_connection_counts_before_the_table() {
    let file = File::new(PRICES);
    let stage = stage(&file, &[]).await;
    let answer = answer(&stage, of_sales()).await;
    assert_eq!(answer["cost"]["total"], cost(&answer, "2", "10").to_json(), "{answer}");
}

#[tokio::test]
async fn a_changed_price_counts_from_the_next_answer() {
    let file = File::new(PRICES);
    let stage = stage(&file, &[]).await;
    let before = answer(&stage, native()).await;
    file.replace(&PRICES.replace("input = 1\noutput = 5", "input = 10\noutput = 50"));
    stage
        .page("/actuator/prometheus", |page| page.body.contains("reloads_total{result=\"in_force\"} 1"))
        .await;
    let after = answer(&stage, native()).await;
    assert_eq!(before["cost"]["total"], cost(&before, "1", "5").to_json());
    assert_eq!(after["cost"]["total"], cost(&after, "10", "50").to_json());

    // A table that cannot be read changes nothing.
    file.replace(&PRICES.replace("input = 1\n", "input = -1\n"));
    stage
        .page("/actuator/prometheus", |page| page.body.contains("reloads_total{result=\"refused\"} 1"))
        .await;
    let last = answer(&stage, native()).await;
    assert_eq!(last["cost"], after["cost"]);
}

/// Waits for refusals to be counted.
async fn refused(stage: &Stage, budget: &str, process: &str, times: usize) {
    let line = format!(
        "bedrock_connector_budget_refused_total{{budget=\"{budget}\",process=\"{process}\",tenant=\"<default>\"}} {times}"
    );
    stage.page("/actuator/prometheus", |page| page.body.lines().any(|found| found == line)).await;
}

#[tokio::test]
async fn a_tenant_that_has_spent_its_budget_calls_no_more_today() {
    let file = File::new(PRICES);
    let stage = stage(&file, &[("BEDROCK_CONNECTOR_BUDGET_TENANT_DAY", "100, <default>=0.000001")]).await;
    answer(&stage, native()).await;
    for job in [native(), compat()] {
        let (retries, code, message) = failure(&stage, job).await;
        assert_eq!((retries, &code), (0, &json!("BUDGET_EXCEEDED")), "{message}");
        assert!(message.starts_with("the tenant \"<default>\" has spent 0.0000"), "{message}");
    }
    assert_eq!(stage.gateway.incidents().len(), 2);
    assert_eq!(stage.bedrock.exchanges().all().len(), 1, "only the first one was called");
    refused(&stage, "tenant_day", "emulated-process", 2).await;
}

#[tokio::test]
async fn an_instance_that_has_spent_its_budget_stops_before_its_next_call() {
    let file = File::new(&PRICES.replace("claude-haiku-4-5*", "*"));
    let variables = [
        ("BEDROCK_CONNECTOR_BUDGET_PROCESS_INSTANCE", "0.000001"),
        ("SECRET_AWS_ACCESS_KEY", "AKIDTEST"),
        ("SECRET_AWS_SECRET_KEY", "secret"),
    ];
    let stage = stage(&file, &variables).await;
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/diagrams/chat-two-turns.bpmn");
    let diagram = std::fs::read_to_string(path).expect("the diagram can be read");
    let processes = stage.gateway.deploy("chat-two-turns.bpmn", &diagram).expect("it is deployed");
    let questions = json!({"question": "Hello?", "followUp": "And now?"});
    for instance in 1..=2 {
        let questions = questions.as_object().expect("entries").clone();
        stage.gateway.create_instance(&processes[0], questions).expect("an instance");
        refused(&stage, "process_instance", &processes[0], instance).await;
        assert_eq!(stage.bedrock.exchanges().all().len(), instance, "the first turn of each was answered");
    }
    let found = stage.gateway.received().wait_for("both are told", |calls| {
        let told = calls.iter().filter_map(|call| match &call.command {
            Command::FailJob(failure) => Some((failure.retries, failure.error_message.clone())),
            _ => None,
        });
        Some(told.collect::<Vec<_>>()).filter(|told| told.len() == 2)
    });
    for (retries, message) in found.await.expect("two failures") {
        assert_eq!(retries, 0, "{message}");
        assert!(message.contains("of its budget of 0.000001 USD, so the model is not called"), "{message}");
    }
}

#[tokio::test]
async fn a_process_may_have_another_budget_than_the_others() {
    let file = File::new(PRICES);
    let budget = ("BEDROCK_CONNECTOR_BUDGET_PROCESS_INSTANCE", "1, emulated-process=0");
    let stage = stage(&file, &[budget]).await;
    let (retries, code, _) = failure(&stage, native()).await;
    assert_eq!((retries, code), (0, json!("BUDGET_EXCEEDED")));
    answer(&stage, NewJob { bpmn_process_id: "refund".to_owned(), ..native() }).await;
}

#[tokio::test]
async fn a_model_without_a_price_is_held_back_where_there_is_a_budget() {
    let file = File::new(PRICES);
    let budget = ("BEDROCK_CONNECTOR_BUDGET_TENANT_DAY", "5");
    let unpriced = || job(NATIVE_TYPE, &good_input("amazon.nova-lite-v1:0"));
    let held = stage(&file, &[budget]).await;
    let (retries, code, message) = failure(&held, unpriced()).await;
    assert_eq!((retries, code), (0, json!("PRICE_UNKNOWN")), "{message}");
    assert!(held.bedrock.exchanges().all().is_empty());

    let allowed = stage(&file, &[budget, ("BEDROCK_CONNECTOR_BUDGET_UNPRICED", "allowed")]).await;
    assert_eq!(answer(&allowed, unpriced()).await["cost"], Value::Null);
}

#[tokio::test]
async fn a_file_with_prices_in_another_currency_than_the_budgets_is_refused() {
    let file = File::new(PRICES);
    let stage = stage(&file, &[("BEDROCK_CONNECTOR_BUDGET_TENANT_DAY", "5")]).await;
    let dear = PRICES
        .replace("input = 1\n", "currency = \"EUR\"\ninput = 1\n")
        .replace("price = { ", "price = { currency = \"EUR\", ");
    file.replace(&dear);
    stage
        .page("/actuator/prometheus", |page| page.body.contains("reloads_total{result=\"refused\"} 1"))
        .await;
    let before = answer(&stage, native()).await;
    assert_eq!(before["cost"]["currency"], "USD");
    assert!(stage.log().contains(" prices.currency: found `EUR`, expected USD"), "{}", stage.log());

    let (_, without_table) = dear.split_once("\n\n").expect("the table and the connections");
    file.replace(without_table);
    stage
        .page("/actuator/prometheus", |page| page.body.contains("reloads_total{result=\"refused\"} 2"))
        .await;
    let after = answer(&stage, of_sales()).await;
    assert_eq!(after["cost"]["currency"], "USD", "{after}");
    let told = "connections.models.price.currency: found `EUR`, expected USD";
    assert!(stage.log().contains(told), "{}", stage.log());
}

#[tokio::test]
async fn an_answer_that_is_used_again_is_not_counted_again() {
    let (file, folder) = (File::new(PRICES), tempfile::tempdir().expect("a folder"));
    let (folder, store) = (folder.path().display().to_string(), DocumentStore::start().await);
    let variables = [
        ("BEDROCK_CONNECTOR_DATA_DIR", folder.as_str()),
        ("CAMUNDA_CLIENT_RESTADDRESS", store.url()),
        // The first answer spends it all.
        ("BEDROCK_CONNECTOR_BUDGET_TENANT_DAY", "0.000001"),
    ];
    let stage = stage(&file, &variables).await;
    store.be_away(true);
    let expression = "={answer: response, file: createDocument(\"aGVsbG8=\")}";
    let job = native().header("resultExpression", expression).header("retryBackoff", "PT1H");
    let key = stage.gateway.create_job(job);
    let Command::FailJob(failure) = stage.end_of_attempt(key).await else { panic!("{}", stage.log()) };
    assert_eq!(failure.retries, 2, "the document of the first attempt is not stored");

    store.be_away(false);
    stage.gateway.end_back_off(key);
    stage.all_end(PATIENCE).await;
    let answer = answered(&stage, key).await;
    assert_eq!(stage.bedrock.exchanges().all().len(), 1, "{}", stage.log());
    assert_eq!(answer["cached"], true);
    let paid = cost(&answer, "1", "5");
    let told = answer["cost"]["total"].as_f64().expect("a number");
    assert!((told - paid.to_f64()).abs() < 1e-12, "{told}: what it cost when it was paid");
    counted(&stage, "emulated-process", paid).await;
    let page = stage.get("/actuator/prometheus").await.expect("a page").body;
    assert!(!page.contains("bedrock_connector_budget_refused_total{"), "{page}");
}
