mod bindings;
mod catalogue;
mod choices;
mod examples;
mod guides;
mod history;
mod rules;
mod shipped;

use super::entries::{Entry, all};
use super::options::Options;

/// What is shipped.
fn shipped() -> Vec<Entry> {
    all(&Options::default())
}

#[track_caller]
fn entry(entries: &[Entry], name: &str) -> Entry {
    entries.iter().find(|entry| entry.name == name).unwrap_or_else(|| panic!("no {name}")).clone()
}
