//! `[[connections]]` of the file: what no single variable could hold.
//!
//! Everything is read to the end, so that all mistakes of a file are reported together.

mod access;
mod authentication;
mod dump;
mod model;
mod notice;
mod parameters;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::path::Path;

use config::Value;

pub(crate) use self::dump::toml;
pub(crate) use self::notice::notices;
use super::mistake::Mistake;
use super::parse;
use super::reader::Reader;
use super::table::{self, Sink, Surroundings, Table};
use crate::connections::{Authentication, Connection, Directory, InlineCredentials, Provider};

/// The connections of the file, if there are any.
pub(crate) fn from(
    reader: &mut Reader,
    variables: &[(String, String)],
    file: Option<&Path>,
    value: Option<&Value>,
    region: Option<&str>,
) -> Directory {
    let (Some(file), Some(value)) = (file, value) else { return Directory::default() };
    let file = file.display().to_string();
    let surroundings = Surroundings { file: &file, variables, purpose: reader.purpose, region };
    read(value, &surroundings, &mut reader.mistakes)
}

/// Whether tasks may go without a connection.
pub(crate) fn inline_credentials(reader: &mut Reader, directory: &Directory) -> InlineCredentials {
    const KEY: &str = "access.inline-credentials";
    if reader.choice(KEY) != Some("refused") {
        return InlineCredentials::Allowed;
    }
    if directory.is_empty() {
        reader.mistake(KEY, "expected at least one connection in the file, because no task could be served");
    }
    InlineCredentials::Refused
}

/// Reads the connections of a file.
fn read(value: &Value, surroundings: &Surroundings<'_>, mistakes: &mut Vec<Mistake>) -> Directory {
    let mut sink = Sink { surroundings, mistakes };
    let mut names = BTreeSet::new();
    let mut connections = Vec::new();
    for (place, value) in sink.tables("connections", value, "[[connections]]") {
        let place = table::named_place("connections", place, value, "name");
        let Some(table) = Table::open(place, value, &mut sink) else { continue };
        let Some(connection) = connection(table, &mut sink) else { continue };
        if !names.insert(connection.name.clone()) {
            let place = format!("connections.{}.name", connection.name);
            sink.mistake(&place, Some(&connection.name), "expected a name that no other connection has");
        }
        connections.push(connection);
    }
    Directory::new(connections)
}

fn connection(mut table: Table<'_>, sink: &mut Sink<'_, '_>) -> Option<Connection> {
    let name = table.required(sink, "name", "expected a name such as sales");
    let name = name.filter(|name| table.check(sink, "name", is_name(name), NAME));
    let provider = table.word(sink, "provider", Provider::WORDS, Provider::of_word);
    if provider.is_none() && !table.has("provider") {
        table.mistake(sink, "provider", format!("expected one of {}", Provider::WORDS.join(", ")));
    }
    // What depends on the provider is read as for Bedrock when it is not known; the first mistake is told anyhow.
    let is_hosted = provider == Some(Provider::HuggingFace);
    let authentication = authentication(&mut table, sink, is_hosted);
    let region = table.region(sink);
    let account = account(&mut table, sink);
    if is_hosted {
        for key in ["region", "account"] {
            table.refuse(sink, key, "expected nothing, because Hugging Face has none");
        }
    }
    let namespace = table.text(sink, "namespace");
    match &namespace {
        Some(namespace) if is_hosted => {
            let expected = "expected the name of a user or an organization: at most 96 letters, digits, dots, dashes \
                            and underscores";
            table.check(sink, "namespace", model::is_repository_part(namespace), expected);
        }
        _ if is_hosted => {}
        _ => table.refuse(sink, "namespace", "expected nothing, because only Hugging Face has namespaces"),
    }
    let mut connection = Connection {
        name: name.clone().unwrap_or_default(),
        provider: provider.unwrap_or(Provider::Bedrock),
        description: table.text(sink, "description"),
        active: table.switch(sink, "active").unwrap_or(true),
        account,
        region: region.or_else(|| sink.surroundings.region.filter(|_| !is_hosted).map(str::to_owned)),
        endpoint: table.address(sink, "endpoint"),
        namespace,
        authentication,
        models: Vec::new(),
        access: access::rules(&mut table, sink).unwrap_or_default(),
    };
    connection.models = model::models(&mut table, sink, &connection);
    table.finish(sink);
    (name.is_some() && provider.is_some()).then_some(connection)
}

fn authentication(table: &mut Table<'_>, sink: &mut Sink<'_, '_>, is_hosted: bool) -> Authentication {
    let read = authentication::read(table, sink);
    if !is_hosted {
        return read.unwrap_or(Authentication::OwnRole);
    }
    match read {
        Some(key @ Authentication::ApiKey(_)) => return key,
        // What is wrong inside has been told.
        None if table.has("authentication") => {}
        _ => table.mistake(
            sink,
            "authentication",
            "expected kind = \"api-key\", which is all that Hugging Face takes",
        ),
    }
    Authentication::OwnRole
}

const NAME: &str =
    "expected at most 64 letters, digits, dots, dashes and underscores, a letter or digit first";

/// Names stand in metrics, log lines and file paths of charts.
fn is_name(text: &str) -> bool {
    text.len() <= 64
        && text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
}

fn account(table: &mut Table<'_>, sink: &mut Sink<'_, '_>) -> Option<String> {
    let is_account = |text: &str| text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    table.text(sink, "account").filter(|account| {
        table.check(
            sink,
            "account",
            is_account(account),
            "expected the 12 digits of an AWS account, in quotes",
        )
    })
}

impl Table<'_> {
    fn region(&mut self, sink: &mut Sink<'_, '_>) -> Option<String> {
        let region = self.text(sink, "region")?;
        let read = parse::region(&region);
        self.check(sink, "region", read.is_some(), "expected an AWS region such as eu-central-1");
        read
    }

    fn address(&mut self, sink: &mut Sink<'_, '_>, key: &'static str) -> Option<String> {
        let address = self.text(sink, key)?;
        let read = address.contains("://").then(|| parse::address(&address, false)).flatten();
        if read.is_none() && parse::may_hold_password(&address) {
            sink.mistake(&self.place_of(key), None, parse::WITHOUT_USER);
            return None;
        }
        self.check(sink, key, read.is_some(), "expected an address such as https://host");
        read
    }
}
