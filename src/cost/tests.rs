//! Prices, costs and budgets, as callers see them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::json;

use super::*;
use crate::access::Pattern;
use crate::clock::{Clock, FixedClock};
use crate::telemetry::Telemetry;

fn amount(text: &str) -> Amount {
    Amount::parse(text).unwrap_or_else(|| panic!("{text} is no amount"))
}

fn currency(text: &str) -> Currency {
    Currency::new(text).expect("a currency")
}

/// The price of a million tokens.
fn price(input: &str, output: &str) -> Price {
    let [input, output] = [input, output].map(|text| amount(text).for_one_of(1_000_000));
    Price {
        input,
        output,
        cache_read: input,
        cache_write: input,
        cache_write_hour: input,
        image: amount("0.04"),
        currency: currency("USD"),
    }
}

fn entry(model: &str, price: Price) -> Entry {
    Entry { model: Pattern::new(model).expect("a pattern"), region: None, tier: None, price }
}

#[test]
fn amounts_are_read_and_shown_without_rounding() {
    for text in ["0", "3", "0.25", "0.000000000000000001", "999999999999.999999999999999999"] {
        assert_eq!(amount(text).to_string(), text);
        assert_eq!(amount(text).to_json().to_string(), text);
    }
    assert_eq!(amount("2.50").to_string(), "2.5");
    for text in ["", "-1", "1e3", "1.", ".5", "1.0000000000000000001", "1000000000000", "1,5", "NaN"] {
        assert_eq!(Amount::parse(text), None, "{text}");
    }
}

#[test]
fn an_answer_costs_what_its_tokens_and_images_do() {
    let mut price = price("3", "15");
    (price.cache_read, price.cache_write) =
        (amount("0.3").for_one_of(1_000_000), amount("3.75").for_one_of(1_000_000));
    price.cache_write_hour = amount("6").for_one_of(1_000_000);
    let usage = Usage {
        input: 17,
        output: 175,
        cache_read: 1000,
        cache_write: 300,
        cache_write_hour: 100,
        images: 2,
    };
    assert_eq!(
        price.of(&usage).to_json().to_string(),
        json!({
            "total": amount("0.084326").to_json(), "currency": "USD",
            "input": amount("0.000051").to_json(), "output": amount("0.002625").to_json(),
            "cacheRead": amount("0.0003").to_json(), "cacheWrite": amount("0.00135").to_json(),
            "images": amount("0.08").to_json(),
        })
        .to_string()
    );
}

#[test]
fn the_first_row_that_fits_counts() {
    let mut in_frankfurt = entry("amazon.nova-*", price("2", "0"));
    in_frankfurt.region = Some(Pattern::new("eu-*").expect("a pattern"));
    let mut cheap = entry("*", price("1", "0"));
    cheap.tier = Some("flex".to_owned());
    let table = Prices(vec![in_frankfurt, cheap, entry("amazon.nova-lite*", price("3", "0"))]);
    let input = |model, region, tier| {
        table.of(model, region, tier).map(|price| price.input.times(1_000_000).to_string())
    };
    assert_eq!(input("eu.amazon.nova-lite-v1:0", "eu-central-1", None).as_deref(), Some("2"));
    assert_eq!(input("amazon.nova-lite-v1:0", "us-east-1", None).as_deref(), Some("3"));
    assert_eq!(input("amazon.nova-lite-v1:0", "us-east-1", Some("flex")).as_deref(), Some("1"));
    assert_eq!(input("meta.llama3", "us-east-1", Some("default")), None);
}

/// A meter with one priced model, and who calls.
struct Bench {
    meter: Meter,
    payer: Payer,
}

impl Bench {
    fn new(budgets: Budgets) -> Self {
        Self::at(budgets, FixedClock(SystemTime::UNIX_EPOCH))
    }

    fn at(budgets: Budgets, clock: impl Clock + 'static) -> Self {
        let prices = Prices(vec![entry("m", price("1000000", "0"))]);
        let payer = Payer { tenant: "acme".into(), process: "order".into(), process_instance_key: 7 };
        Self { meter: Meter::new(prices, budgets, Telemetry::no_op()).with_clock(Arc::new(clock)), payer }
    }

    /// Calls the model and spends so much; gives the code of a refusal.
    fn spend(&self, payer: &Payer, units: u64) -> Result<(), &'static str> {
        self.meter.admit(payer, "m", "m", None).map_err(|refusal| refusal.code())?;
        let served =
            Served { asked: "m", model: "m", shown: "m", region: "eu-central-1", tier: None, price: None };
        let cost = self.meter.charge(payer, &served, &Usage { input: units, ..Usage::default() });
        assert_eq!(
            cost.map(|cost| cost.total()),
            Some(Amount::parse(&units.to_string()).expect("an amount"))
        );
        Ok(())
    }
}

fn budgets(instance: Option<&str>, tenant: Option<&str>) -> Budgets {
    let budget = |each: Option<&str>| Budget { each: each.map(amount), named: BTreeMap::new() };
    Budgets {
        process_instance: budget(instance),
        tenant_day: budget(tenant),
        currency: Some(currency("USD")),
        unpriced: false,
    }
}

#[test]
fn a_process_instance_calls_until_its_budget_is_spent() {
    let bench = Bench::new(budgets(Some("5"), None));
    for units in [2, 2, 2] {
        assert_eq!(bench.spend(&bench.payer, units), Ok(()));
    }
    assert_eq!(bench.spend(&bench.payer, 1), Err("BUDGET_EXCEEDED"));
    let refusal = bench.meter.admit(&bench.payer, "m", "m", None).expect_err("it is spent").to_string();
    assert!(refusal.starts_with("the process instance 7 has spent 6 of its budget of 5 USD"), "{refusal}");
    let other = Payer { process_instance_key: 8, ..bench.payer.clone() };
    assert_eq!(bench.spend(&other, 1), Ok(()), "another one has a budget of its own");
}

#[test]
fn a_tenant_calls_until_its_budget_of_the_day_is_spent() {
    let bench = Bench::new(budgets(None, Some("5")));
    let another = Payer { process_instance_key: 8, ..bench.payer.clone() };
    assert_eq!(bench.spend(&bench.payer, 3), Ok(()));
    assert_eq!(bench.spend(&another, 3), Ok(()));
    assert_eq!(bench.spend(&bench.payer, 1), Err("BUDGET_EXCEEDED"));
    assert_eq!(bench.spend(&Payer { tenant: "other".into(), ..another }, 1), Ok(()));
}

/// A clock that can be set.
#[derive(Debug, Clone, Default)]
struct Hand(Arc<std::sync::Mutex<Duration>>);

impl Clock for Hand {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + *self.0.lock().expect("no panic before")
    }
}

#[test]
fn a_tenant_may_call_again_on_the_next_day() {
    let clock = Hand::default();
    let bench = Bench::at(budgets(None, Some("5")), clock.clone());
    assert_eq!(bench.spend(&bench.payer, 5), Ok(()));
    *clock.0.lock().expect("no panic before") = Duration::from_secs(86_399);
    assert_eq!(bench.spend(&bench.payer, 1), Err("BUDGET_EXCEEDED"));
    *clock.0.lock().expect("no panic before") = Duration::from_secs(86_400);
    assert_eq!(bench.spend(&bench.payer, 1), Ok(()));
}

#[test]
fn calls_under_way_at_the_edge_go_through_and_all_count() {
    let bench = Bench::new(budgets(Some("5"), Some("9")));
    let admitted = || bench.meter.admit(&bench.payer, "m", "m", None).map_err(|refusal| refusal.code());
    assert_eq!(bench.spend(&bench.payer, 4), Ok(()));
    assert_eq!([admitted(), admitted(), admitted()], [Ok(()); 3], "nobody knows yet what they will cost");
    let served = Served { asked: "m", model: "m", shown: "m", region: "r", tier: None, price: None };
    let usage = Usage { input: 2, ..Usage::default() };
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| bench.meter.charge(&bench.payer, &served, &usage));
        }
    });
    let refusal = bench.meter.admit(&bench.payer, "m", "m", None).expect_err("it is spent").to_string();
    assert!(refusal.contains("has spent 10 of its budget of 5 USD"), "{refusal}");
    let another = Payer { process_instance_key: 8, ..bench.payer.clone() };
    assert_eq!(bench.spend(&another, 1), Err("BUDGET_EXCEEDED"), "its tenant has spent more than 9");
}

#[test]
fn a_budget_of_nothing_admits_nothing() {
    let bench = Bench::new(budgets(Some("0"), None));
    assert_eq!(bench.spend(&bench.payer, 1), Err("BUDGET_EXCEEDED"));
}

#[test]
fn a_model_without_a_price_is_refused_where_a_budget_has_to_be_held() {
    let refused = |budgets: Budgets, process: &str, price: Option<&Price>| {
        let bench = Bench::new(budgets);
        let payer = Payer { process: process.into(), ..bench.payer.clone() };
        bench.meter.admit(&payer, "x", "x", price).map_err(|refusal| refusal.code())
    };
    let of_one = || {
        let named = BTreeMap::from([("order".to_owned(), amount("5"))]);
        Budgets { process_instance: Budget { each: None, named }, ..budgets(None, None) }
    };
    assert_eq!(refused(of_one(), "order", None), Err("PRICE_UNKNOWN"));
    assert_eq!(refused(of_one(), "another", None), Ok(()), "it has no budget");
    assert_eq!(refused(Budgets { unpriced: true, ..of_one() }, "order", None), Ok(()));
    assert_eq!(refused(of_one(), "order", Some(&price("1", "1"))), Ok(()), "its connection has a price");
    let in_euros = Price { currency: currency("EUR"), ..price("1", "1") };
    assert_eq!(refused(of_one(), "order", Some(&in_euros)), Err("PRICE_UNKNOWN"));
}

#[test]
fn a_price_of_another_place_holds_for_the_budget() {
    let bench = Bench::new(budgets(Some("5"), None));
    let mut elsewhere = entry("m", price("1000000", "0"));
    elsewhere.region = Some(Pattern::new("us-*").expect("a pattern"));
    bench.meter.replace_prices(Prices(vec![elsewhere]));
    let admitted = || bench.meter.admit(&bench.payer, "m", "m", None).map_err(|refusal| refusal.code());
    for model in ["m", "the-same-by-another-name"] {
        assert_eq!(admitted(), Ok(()), "{model}");
        let served =
            Served { asked: "m", model, shown: "m", region: "eu-central-1", tier: None, price: None };
        let usage = Usage { input: 3, ..Usage::default() };
        assert_eq!(
            bench.meter.charge(&bench.payer, &served, &usage),
            None,
            "what it costs here is not known"
        );
    }
    assert_eq!(admitted(), Err("BUDGET_EXCEEDED"), "but it is not free");
}

#[test]
fn prices_can_be_replaced() {
    let bench = Bench::new(budgets(Some("5"), None));
    bench.meter.replace_prices(Prices(vec![entry("x", price("1", "1"))]));
    assert_eq!(bench.spend(&bench.payer, 1), Err("PRICE_UNKNOWN"));
}
