//! `access`: who may use a connection or a model.

use config::ValueKind;

use super::table::{Sink, Table};
use crate::access::{Pattern, Rule, Rules};

/// The rules of a table; none when it has no `access`.
pub(super) fn rules(table: &mut Table<'_>, sink: &mut Sink<'_, '_>) -> Option<Rules> {
    let written = table.tables(sink, "access", "[[….access]]")?;
    let rules = written.into_iter().filter_map(|(place, value)| {
        let mut table = Table::open(place, value, sink)?;
        let rule = Rule {
            tenants: patterns(&mut table, sink, "tenants"),
            processes: patterns(&mut table, sink, "processes"),
            templates: patterns(&mut table, sink, "templates"),
            description: table.text(sink, "description"),
        };
        table.finish(sink);
        Some(rule)
    });
    Some(Rules(rules.collect()))
}

fn patterns(table: &mut Table<'_>, sink: &mut Sink<'_, '_>, key: &'static str) -> Option<Vec<Pattern>> {
    const EXPECTED: &str =
        "expected a list of texts, in which * stands for any characters, such as [\"order-*\"]";
    let place = table.place_of(key);
    let ValueKind::Array(items) = &table.value(key)?.kind else {
        table.mistake(sink, key, EXPECTED);
        // A list that cannot be read must not let everybody in, though nothing is served with a mistake.
        return Some(Vec::new());
    };
    if items.is_empty() {
        let expected =
            "expected at least one text, because an empty list lets nobody in; leave it out to let all in";
        sink.mistake(&place, Some("[]"), expected);
    }
    let mut patterns = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let place = format!("{place}[{}]", index + 1);
        match &item.kind {
            ValueKind::String(text) => match Pattern::new(text) {
                Ok(pattern) => patterns.push(pattern),
                Err(error) => sink.mistake(&place, Some(text), error.to_string()),
            },
            _ => sink.mistake(&place, Some(&item.to_string()), "expected a text, in quotes"),
        }
    }
    Some(patterns)
}
