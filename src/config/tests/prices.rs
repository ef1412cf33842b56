//! Prices and budgets.

use super::*;

const FILE: &str = r#"
[budget]
process-instance = "0.50, order-check=2"
tenant-day = 100

[[prices]]
model = "anthropic.claude-haiku-4-5*"
input = 1.0
output = 5
cache-read = 0.1
cache-write = 1.25
cache-write-1h = 2

[[prices]]
model = "meta.*"
region = "eu-*"
tier = "flex"
unit = 1000
input = 0.0003

[[prices]]
model = "amazon.nova-canvas-v1:0"
image = 0.04
"#;

#[test]
fn prices_and_budgets_are_read() {
    let config = with_env([]).file(FILE).config();
    let budgets = &config.budgets;
    assert_eq!(
        budgets.process_instance.of("order-check").map(|amount| amount.to_string()).as_deref(),
        Some("2")
    );
    assert_eq!(
        budgets.process_instance.of("another").map(|amount| amount.to_string()).as_deref(),
        Some("0.5")
    );
    assert_eq!(budgets.tenant_day.of("acme").map(|amount| amount.to_string()).as_deref(), Some("100"));
    assert_eq!(budgets.currency.as_ref().map(ToString::to_string).as_deref(), Some("USD"));
    assert!(!budgets.unpriced);
    let input = |model, region, tier| {
        config.prices.of(model, region, tier).map(|price| price.input.times(1_000_000).to_string())
    };
    assert_eq!(input("eu.anthropic.claude-haiku-4-5-20251001-v1:0", "us-east-1", None).as_deref(), Some("1"));
    assert_eq!(input("meta.llama3-1-8b-instruct-v1:0", "eu-central-1", Some("flex")).as_deref(), Some("0.3"));
    assert_eq!(input("meta.llama3-1-8b-instruct-v1:0", "eu-central-1", None), None);
}

#[test]
fn what_is_not_said_of_the_cache_costs_as_input_does() {
    let config = with_env([]).file("[[prices]]\nmodel = \"m\"\ninput = 3\ncache-read = 1\n").config();
    let price = config.prices.of("m", "", None).expect("a price");
    let shown = [price.output, price.cache_read, price.cache_write, price.cache_write_hour]
        .map(|amount| amount.times(1_000_000).to_string());
    assert_eq!(shown, ["0", "1", "3", "3"]);
}

#[test]
fn the_dump_reads_as_it_was_written() {
    let config = with_env([]).file(FILE).config();
    let again = with_env([]).file(&config.dump()).config();
    assert_eq!(again.prices, config.prices);
    assert_eq!(again.budgets, config.budgets);
}

#[test]
fn all_mistakes_of_prices_are_listed_at_once() {
    let toml = r#"
[[prices]]
input = "3.0"
unit = 0
currency = "dollar"

[[prices]]
model = "m"
region = ""
tier = "gold"
input = -1
outptu = 3

[[prices]]
model = "n"
"#;
    assert_eq!(
        with_env([]).file(toml).mistakes(),
        [
            "prices[1].model in FILE: expected the id of a model, in which * stands for anything",
            "prices[1].unit in FILE: found `0`, expected how many tokens the amounts are for, such as 1000000",
            "prices[1].input in FILE: found `3.0`, expected an amount of money such as 3.0",
            "prices[1].currency in FILE: found `dollar`, expected the three letters of a currency, such as USD",
            "prices.m.region in FILE: found ``, expected a text that is not empty, in quotes",
            "prices.m.tier in FILE: found `gold`, expected one of default, priority, flex, reserved",
            "prices.m.input in FILE: found `-1`, expected an amount of money such as 3.0",
            "prices.m.outptu in FILE: no such setting; did you mean output?",
            "prices.n.input in FILE: expected what the tokens of the input cost, such as 3.0",
        ]
    );
    assert_eq!(
        with_env([]).file("prices = 3\n").mistakes(),
        ["prices in FILE: expected a list of tables, written as [[prices]]"]
    );
}

#[test]
fn a_budget_needs_prices_of_one_currency() {
    let place = "environment variable BEDROCK_CONNECTOR_BUDGET_TENANT_DAY: found `5`, expected";
    let start = || with_env([("BEDROCK_CONNECTOR_BUDGET_TENANT_DAY", "5")]);
    let none = start().mistakes().join("\n");
    assert!(
        none.starts_with(&format!("{place} prices in the file, as [[prices]] or at the models")),
        "{none}"
    );
    let two =
        "[[prices]]\nmodel = \"m\"\ninput = 1\n\n[[prices]]\nmodel = \"n\"\ninput = 1\ncurrency = \"EUR\"\n";
    assert_eq!(
        start().file(two).mistakes(),
        [format!("{place} all prices in one currency, because the budget is in it; there are EUR, USD")]
    );
    with_env([]).file(two).config();
}
