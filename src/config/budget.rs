//! From settings to budgets.

use std::collections::BTreeSet;

use super::reader::Reader;
use super::setting::Form;
use crate::connections::Directory;
use crate::cost::{Amount, Budget, Budgets, Currency, Prices};

const KEYS: [&str; 2] = ["budget.process-instance", "budget.tenant-day"];

pub(crate) fn read(reader: &mut Reader, prices: &Prices, connections: &Directory) -> Budgets {
    let [process_instance, tenant_day] = KEYS.map(|key| budget(reader, key));
    let unpriced = reader.choice("budget.unpriced") == Some("allowed");
    let budgets = KEYS.into_iter().zip([&process_instance, &tenant_day]);
    let set: Vec<_> = budgets.filter(|(_, budget)| !budget.is_empty()).map(|(key, _)| key).collect();
    let currency = set.first().and_then(|key| currency(reader, key, prices, connections));
    Budgets { process_instance, tenant_day, currency, unpriced }
}

/// Reads `5` and `order-check=20`, in any number and order.
fn budget(reader: &mut Reader, key: &'static str) -> Budget {
    let mut budget = Budget::default();
    for item in reader.list(key).unwrap_or_default() {
        let (name, amount) = match item.rsplit_once('=') {
            Some((name, amount)) => (Some(name.trim()), amount),
            None => (None, item.as_str()),
        };
        match (name, Amount::parse(amount.trim())) {
            (_, None) | (Some(""), _) => {
                reader.mistake(key, Form::Amounts.expected());
                return Budget::default();
            }
            (None, amount) => budget.each = amount,
            (Some(name), Some(amount)) => {
                budget.named.insert(name.to_owned(), amount);
            }
        }
    }
    budget
}

/// The currency of all prices, which is that of the budgets.
fn currency(
    reader: &mut Reader,
    key: &'static str,
    prices: &Prices,
    connections: &Directory,
) -> Option<Currency> {
    let all = prices.0.iter().map(|entry| &entry.price).chain(connections.prices());
    let currencies: BTreeSet<&str> = all.map(|price| price.currency.as_str()).collect();
    let mut found = currencies.iter();
    match (found.next(), found.next()) {
        (Some(currency), None) => Currency::new(currency),
        (None, _) => {
            reader.mistake(
                key,
                "expected prices in the file, as [[prices]] or at the models of connections, because without them \
                 nothing could be counted",
            );
            None
        }
        (Some(_), Some(_)) => {
            let listed: Vec<_> = currencies.into_iter().collect();
            let listed = listed.join(", ");
            reader.mistake(
                key,
                format!(
                    "expected all prices in one currency, because the budget is in it; there are {listed}"
                ),
            );
            None
        }
    }
}
