//! What answers cost, and budgets.

use std::sync::Arc;

use bedrock_connector::access::Pattern;
use bedrock_connector::bedrock::Flavour;
use bedrock_connector::connector::{Error, Retry, Scope};
use bedrock_connector::cost::{Amount, Budget, Budgets, Currency, Entry, Meter, Price, Prices};
use bedrock_connector::telemetry::Telemetry;
use serde_json::{Value, json};

use super::{Bench, CLAUDE, hello, with};

fn amount(text: &str) -> Amount {
    Amount::parse(text).expect("an amount")
}

/// The prices of a million tokens, and of an image.
fn entry(model: &str, [input, output, cache_read, cache_write]: [&str; 4], image: &str) -> Entry {
    let tokens = |text| amount(text).for_one_of(1_000_000);
    let price = Price {
        input: tokens(input),
        output: tokens(output),
        cache_read: tokens(cache_read),
        cache_write: tokens(cache_write),
        cache_write_hour: tokens(cache_write),
        image: amount(image),
        currency: Currency::default(),
    };
    Entry { model: Pattern::new(model).expect("a pattern"), region: None, tier: None, price }
}

fn prices() -> Prices {
    Prices(vec![
        entry("anthropic.claude-haiku-4-5*", ["1", "5", "0.1", "1.25"], "0"),
        entry("anthropic.claude-3-haiku*", ["0.25", "1.25", "0", "0"], "0"),
        entry("amazon.titan-embed-text-v2:0", ["0.02", "0", "0", "0"], "0"),
        entry("amazon.nova-lite*", ["0.06", "0.24", "0", "0"], "0"),
        entry("amazon.nova-canvas-v1:0", ["0", "0", "0", "0"], "0.04"),
    ])
}

/// A bench with prices and these budgets, and what it tells.
async fn bench(budgets: Budgets) -> (Bench, Telemetry) {
    let telemetry = Telemetry::no_op();
    let meter = Meter::new(prices(), budgets, telemetry.clone());
    (metered(Bench::start().await, meter), telemetry)
}

fn metered(bench: Bench, meter: Meter) -> Bench {
    Bench { connector: bench.connector.with_meter(Arc::new(meter)), ..bench }
}

/// The same bench with prices.
pub(super) fn priced(bench: Bench) -> Bench {
    metered(bench, Meter::new(prices(), Budgets::default(), Telemetry::no_op()))
}

fn scope() -> Scope {
    Scope {
        tenant_id: "acme".to_owned(),
        bpmn_process_id: "order".to_owned(),
        process_instance_key: 7,
        ..Scope::default()
    }
}

#[tokio::test]
async fn the_response_says_what_it_cost() {
    let bench = priced(Bench::start().await);
    let response = bench.converse(with(hello(), &json!({"systemPrompt": "Be brief."}))).await;
    assert_eq!(
        (&response["usage"]["inputTokens"], &response["usage"]["outputTokens"]),
        (&json!(8), &json!(6))
    );
    assert_eq!(
        response["cost"].to_string(),
        r#"{"total":0.000038,"currency":"USD","input":0.000008,"output":0.00003,"cacheRead":0,"cacheWrite":0,"images":0}"#
    );
}

#[tokio::test]
async fn what_is_cached_has_its_own_price() {
    let bench = priced(Bench::start().await);
    let response = bench.converse(with(hello(), &json!({"promptCaching": {"messages": true}}))).await;
    let written = response["usage"]["cache"]["writeInputTokens"].as_u64().expect("a number");
    assert!(written > 0, "{response}");
    assert_eq!(response["cost"]["cacheWrite"], amount("0.00000125").times(written).to_json());
}

#[tokio::test]
async fn corrections_are_paid_too() {
    let bench = priced(Bench::start().await);
    let schema =
        json!({"type": "object", "properties": {"n": {"type": "integer", "minimum": 10}}, "required": ["n"]});
    let response = bench
        .converse(json!({"modelId": CLAUDE, "newMessage": "We need 2 chairs", "outputSchema": schema}))
        .await;
    assert_eq!(response["attempts"], 2);
    let usage = |key: &str| response["usage"][key].as_u64().expect("a number");
    let total =
        amount("0.000001").times(usage("inputTokens")) + amount("0.000005").times(usage("outputTokens"));
    assert_eq!(response["cost"]["total"], total.to_json());
}

#[tokio::test]
async fn the_other_actions_cost_what_they_use() {
    let bench = priced(Bench::start().await);
    let embed = json!({"modelId": "amazon.titan-embed-text-v2:0", "texts": ["one", "two words"]});
    let embedded = Bench::expect(bench.run("embed", embed).await);
    let tokens = embedded["usage"]["inputTokens"].as_u64().expect("a number");
    assert_eq!(embedded["cost"]["total"], amount("0.00000002").times(tokens).to_json());
    let image = json!({"modelId": "amazon.nova-canvas-v1:0", "prompt": "A door", "count": 3, "imageResult": "base64"});
    let drawn = Bench::expect(bench.run("image", image).await);
    assert_eq!(drawn["cost"]["total"].to_string(), "0.12");
    let counted = Bench::expect(bench.run("countTokens", hello()).await);
    assert_eq!(counted["cost"], Value::Null, "it is free");
    let unpriced =
        Bench::expect(bench.run("converse", with(hello(), &json!({"modelId": "meta.llama3"}))).await);
    assert_eq!(unpriced["cost"], Value::Null);
}

#[tokio::test]
async fn costs_are_counted_by_model_process_and_tenant() {
    let (bench, telemetry) = bench(Budgets::default()).await;
    for _ in 0..2 {
        Bench::expect(
            bench.run_as(&scope(), "converse", with(hello(), &json!({"systemPrompt": "Be brief."}))).await,
        );
    }
    let page = telemetry.render();
    let expected = format!(
        "bedrock_connector_cost_total{{model=\"{CLAUDE}\",process=\"order\",tenant=\"acme\",currency=\"USD\"}} 0.000076"
    );
    assert!(page.lines().any(|line| line == expected), "{page}");
}

fn of_instances(limit: &str) -> Budgets {
    let each = Some(amount(limit));
    let process_instance = Budget { each, ..Budget::default() };
    Budgets { process_instance, currency: Some(Currency::default()), ..Budgets::default() }
}

#[track_caller]
fn refused(result: Result<Value, Error>) -> Error {
    let error = result.expect_err("there is no money left");
    assert_eq!((error.code.to_string().as_str(), error.retry), ("BUDGET_EXCEEDED", Retry::Never));
    error
}

#[tokio::test]
async fn a_job_beyond_its_budget_fails_before_it_calls() {
    let (bench, telemetry) = bench(of_instances("0.00003")).await;
    // The first one may spend more than there is, because what it costs is only known from its answer.
    Bench::expect(bench.run_as(&scope(), "converse", hello()).await);
    let error = refused(bench.run_as(&scope(), "converse", hello()).await);
    assert!(error.message.starts_with("the process instance 7 has spent 0.0000"), "{}", error.message);
    assert!(
        error.message.contains("of its budget of 0.00003 USD, so the model is not called"),
        "{}",
        error.message
    );
    assert_eq!(bench.asked().len(), 1, "nothing was sent");
    let line = r#"bedrock_connector_budget_refused_total{budget="process_instance",process="order",tenant="acme"} 1"#;
    assert!(telemetry.render().lines().any(|found| found == line), "{}", telemetry.render());
    // What is free is still served, and so are others.
    Bench::expect(bench.run_as(&scope(), "countTokens", hello()).await);
    Bench::expect(bench.run_as(&Scope { process_instance_key: 8, ..scope() }, "converse", hello()).await);
}

#[tokio::test]
async fn a_correction_beyond_the_budget_is_not_asked_for() {
    let (bench, _) = bench(of_instances("0.000001")).await;
    let schema =
        json!({"type": "object", "properties": {"n": {"type": "integer", "minimum": 10}}, "required": ["n"]});
    let data = json!({"modelId": CLAUDE, "newMessage": "We need 2 chairs", "outputSchema": schema});
    refused(bench.run_as(&scope(), "converse", data).await);
    assert_eq!(bench.asked().len(), 1);
}

#[tokio::test]
async fn tasks_of_camundas_type_are_held_to_budgets_too() {
    let mut bench = Bench::of_flavour(Flavour::Compat).await;
    let meter = Meter::new(prices(), of_instances("0.000001"), Telemetry::no_op());
    bench.connector = bench.connector.with_meter(Arc::new(meter));
    let payload = json!({"anthropic_version": "bedrock-2023-05-31", "max_tokens": 50, "messages": [{"role": "user", "content": "Hi"}]});
    let invoke = json!({"modelId": super::OLD_CLAUDE, "payload": payload});
    Bench::expect(bench.run_as(&scope(), "invokeModel", invoke).await);
    refused(bench.run_as(&scope(), "converse", hello()).await);
}

#[tokio::test]
async fn without_a_price_a_budget_cannot_be_held() {
    let (bench, _) = bench(of_instances("1")).await;
    let data = with(hello(), &json!({"modelId": "meta.llama3"}));
    let error = bench.run_as(&scope(), "converse", data).await.expect_err("no price");
    assert_eq!((error.code.to_string().as_str(), error.retry), ("PRICE_UNKNOWN", Retry::Never));
    assert_eq!(bench.asked().len(), 0);
}
