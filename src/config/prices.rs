//! `[[prices]]` of the file, and `price` of a connection's model.

use std::fmt::Write;
use std::path::Path;

use config::{Value, ValueKind};

use super::dump::quoted;
use super::reader::Reader;
use super::table::{Sink, Surroundings, Table, named_place};
use crate::access::Pattern;
use crate::cost::{Amount, Currency, Entry, Price, Prices};

/// How many tokens an amount is for, where nothing else is said.
const UNIT: u64 = 1_000_000;

const TIERS: &[&str] = &["default", "priority", "flex", "reserved"];

/// The table of the file, if there is one.
pub(crate) fn from(reader: &mut Reader, file: Option<&Path>, value: Option<&Value>) -> Prices {
    let (Some(file), Some(value)) = (file, value) else { return Prices::default() };
    let file = file.display().to_string();
    let surroundings = Surroundings { file: &file, variables: &[], purpose: reader.purpose, region: None };
    let mut sink = Sink { surroundings: &surroundings, mistakes: &mut reader.mistakes };
    let mut entries = Vec::new();
    for (place, value) in sink.tables("prices", value, "[[prices]]") {
        let place = named_place("prices", place, value, "model");
        let Some(table) = Table::open(place, value, &mut sink) else { continue };
        entries.extend(entry(table, &mut sink));
    }
    Prices(entries)
}

fn entry(mut table: Table<'_>, sink: &mut Sink<'_, '_>) -> Option<Entry> {
    let model = table.required(sink, "model", "expected the id of a model, in which * stands for anything");
    let model = model.and_then(|text| pattern(&table, sink, "model", &text));
    let region = table.text(sink, "region");
    let region = region.and_then(|text| pattern(&table, sink, "region", &text));
    let tier = table.word(sink, "tier", TIERS, |word| TIERS.contains(&word).then(|| word.to_owned()));
    let price = price(&mut table, sink);
    table.finish(sink);
    Some(Entry { model: model?, region, tier, price })
}

fn pattern(table: &Table<'_>, sink: &mut Sink<'_, '_>, key: &str, text: &str) -> Option<Pattern> {
    match Pattern::new(text) {
        Ok(pattern) => Some(pattern),
        Err(error) => {
            table.mistake(sink, key, format!("expected a text in which * stands for anything ({error})"));
            None
        }
    }
}

/// The price in a table whose other keys are read elsewhere. What is not said of the cache costs what other input does.
pub(crate) fn price(table: &mut Table<'_>, sink: &mut Sink<'_, '_>) -> Price {
    let unit = match table.value("unit").map(|value| &value.kind) {
        None => UNIT,
        Some(ValueKind::I64(count)) if *count > 0 => count.unsigned_abs(),
        Some(_) => {
            table.mistake(sink, "unit", "expected how many tokens the amounts are for, such as 1000000");
            UNIT
        }
    };
    let mut tokens = |key| amount(table, sink, key).map(|amount| amount.for_one_of(unit));
    let [input, output, read, write, hour] =
        ["input", "output", "cache-read", "cache-write", "cache-write-1h"].map(&mut tokens);
    let image = amount(table, sink, "image");
    if !["input", "image"].into_iter().any(|key| table.has(key)) {
        table.mistake(sink, "input", "expected what the tokens of the input cost, such as 3.0");
    }
    let input = input.unwrap_or_default();
    let cache_write = write.unwrap_or(input);
    Price {
        input,
        output: output.unwrap_or_default(),
        cache_read: read.unwrap_or(input),
        cache_write,
        cache_write_hour: hour.unwrap_or(cache_write),
        image: image.unwrap_or_default(),
        currency: currency(table, sink),
    }
}

fn amount(table: &mut Table<'_>, sink: &mut Sink<'_, '_>, key: &'static str) -> Option<Amount> {
    let read = match &table.value(key)?.kind {
        // Its text is the shortest that means this number, and so what stands in the file.
        ValueKind::Float(number) => Amount::parse(&number.to_string()),
        ValueKind::I64(number) => Amount::parse(&number.to_string()),
        _ => None,
    };
    if read.is_none() {
        table.mistake(sink, key, "expected an amount of money such as 3.0");
    }
    read
}

fn currency(table: &mut Table<'_>, sink: &mut Sink<'_, '_>) -> Currency {
    let written = table.text(sink, "currency").unwrap_or_else(|| "USD".to_owned());
    let currency = Currency::new(&written);
    let expected = "expected the three letters of a currency, such as USD";
    table.check(sink, "currency", currency.is_some(), expected);
    currency.unwrap_or_default()
}

/// The table for `--dump-config`.
pub(crate) fn toml(prices: &Prices) -> String {
    let mut text = String::new();
    for Entry { model, region, tier, price } in &prices.0 {
        // Writing to a String cannot fail.
        write!(text, "\n[[prices]]\nmodel = {}\n", quoted(&model.to_string())).ok();
        let region = region.as_ref().map(ToString::to_string);
        for (key, value) in [("region", region.as_deref()), ("tier", tier.as_deref())] {
            value.map(|value| writeln!(text, "{key} = {}", quoted(value)));
        }
        entries(price).into_iter().for_each(|(key, value)| {
            writeln!(text, "{key} = {value}").ok();
        });
    }
    text
}

/// A price as a value of TOML.
pub(crate) fn inline(price: &Price) -> String {
    let entries: Vec<_> = entries(price).into_iter().map(|(key, value)| format!("{key} = {value}")).collect();
    format!("{{ {} }}", entries.join(", "))
}

fn entries(price: &Price) -> [(&'static str, String); 7] {
    let tokens = |amount: Amount| amount.times(UNIT).to_string();
    [
        ("input", tokens(price.input)),
        ("output", tokens(price.output)),
        ("cache-read", tokens(price.cache_read)),
        ("cache-write", tokens(price.cache_write)),
        ("cache-write-1h", tokens(price.cache_write_hour)),
        ("image", price.image.to_string()),
        ("currency", quoted(price.currency.as_str())),
    ]
}
