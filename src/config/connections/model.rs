//! `models` and their `upstreams`.

use std::collections::BTreeSet;
use std::sync::Arc;

use config::ValueKind;

use super::table::{Sink, Table, named_place};
use super::{NAME, access, account, authentication, is_name, parameters};
use crate::config::prices;
use crate::connections::{Connection, Hosted, Kind, Model, PRESETS, Preset, Provider, Task, Upstream};
use crate::cost::Price;

/// The models of a connection, whose other fields are read already.
pub(super) fn models(
    table: &mut Table<'_>,
    sink: &mut Sink<'_, '_>,
    connection: &Connection,
) -> Vec<Arc<Model>> {
    let parent = table.place_of("models");
    let written = table.tables(sink, "models", "[[connections.models]]").unwrap_or_default();
    if written.is_empty() {
        sink.mistake(&parent, None, "expected at least one model, written as [[connections.models]]");
    }
    let mut aliases = BTreeSet::new();
    let mut models = Vec::new();
    for (numbered, value) in written {
        let by_alias = named_place(&parent, numbered.clone(), value, "alias");
        let place =
            if by_alias == numbered { named_place(&parent, numbered, value, "preset") } else { by_alias };
        let Some(inner) = Table::open(place.clone(), value, sink) else { continue };
        let Some(model) = model(inner, sink, connection) else { continue };
        if !aliases.insert(model.alias.clone()) {
            let expected = "expected an alias that no other model of the connection has";
            sink.mistake(&format!("{place}.alias"), Some(&model.alias), expected);
        }
        models.push(Arc::new(model));
    }
    models
}

fn model(mut table: Table<'_>, sink: &mut Sink<'_, '_>, connection: &Connection) -> Option<Model> {
    let is_hosted = connection.provider == Provider::HuggingFace;
    let preset = preset(&mut table, sink, is_hosted);
    let id = match (table.text(sink, "id"), preset) {
        (None, None) if !table.has("id") && !table.has("preset") => {
            table.mistake(
                sink,
                "id",
                "expected the id of a model, an inference profile or an ARN, or a preset",
            );
            None
        }
        (id, preset) => id.or_else(|| preset.map(|preset| preset.id.to_owned())),
    };
    let id = id.and_then(|id| provider_id(&table, sink, id, connection));
    let kind = table.word(sink, "kind", Kind::WORDS, Kind::of_word);
    if let (Some(kind), Some(preset)) = (kind, preset) {
        let expected = format!("expected {}, which the preset is, or nothing", preset.kind);
        table.check(sink, "kind", kind == preset.kind, &expected);
    }
    let alias = table.text(sink, "alias").filter(|alias| {
        let expected = "expected at most 128 letters, digits and any of ._-:/";
        table.check(sink, "alias", is_alias(alias), expected)
    });
    let alias = alias.or_else(|| preset.map(|preset| preset.name.to_owned())).or_else(|| id.clone());
    let task = task(&mut table, sink, is_hosted);
    let kind = kind.or(preset.map(|preset| preset.kind)).or(task.map(Task::kind)).unwrap_or(Kind::Text);
    let hosted = if is_hosted { hosted(&mut table, sink, kind, task) } else { None };
    let mut model = Model {
        alias: alias.unwrap_or_default(),
        kind,
        description: table
            .text(sink, "description")
            .or_else(|| preset.map(|preset| preset.description.to_owned())),
        active: table.switch(sink, "active").unwrap_or(true),
        parameters: parameters::read(&mut table, sink, kind),
        price: price(&mut table, sink),
        upstreams: Vec::new(),
        access: access::rules(&mut table, sink),
        hosted,
        id: id.clone().unwrap_or_default(),
    };
    model.upstreams = upstreams(&mut table, sink, connection, &model);
    table.finish(sink);
    id.map(|_| model)
}

fn preset(table: &mut Table<'_>, sink: &mut Sink<'_, '_>, is_hosted: bool) -> Option<&'static Preset> {
    let name = table.text(sink, "preset")?;
    if is_hosted {
        table.mistake(sink, "preset", "expected no preset, because presets are models of Bedrock");
        return None;
    }
    let preset = Preset::named(&name);
    let names: Vec<&str> = PRESETS.iter().map(|preset| preset.name).collect();
    table.check(sink, "preset", preset.is_some(), &format!("expected one of {}", names.join(", ")));
    preset
}

/// The id as the provider takes it. At Hugging Face, models without an owner are those of the namespace.
fn provider_id(
    table: &Table<'_>,
    sink: &mut Sink<'_, '_>,
    id: String,
    connection: &Connection,
) -> Option<String> {
    let is_short = id.len() <= 2048 && !id.contains(char::is_whitespace);
    if !table.check(sink, "id", is_short, "expected at most 2048 characters without spaces") {
        return None;
    }
    if connection.provider != Provider::HuggingFace {
        return Some(id);
    }
    let (owner, name) = match id.split_once('/') {
        Some((owner, name)) => (Some(owner), name),
        None => (connection.namespace.as_deref(), id.as_str()),
    };
    // What is wrong with the namespace has been told there.
    let has_owner = owner.is_some_and(|owner| !id.contains('/') || is_repository_part(owner));
    // The router takes the provider that is to serve the model behind a colon.
    let holds = has_owner && name.splitn(2, ':').all(is_repository_part);
    let expected = "expected owner/name, or a name alone where the connection has a namespace";
    if !table.check(sink, "id", holds, expected) {
        return None;
    }
    owner.map(|owner| format!("{owner}/{name}"))
}

/// Whether it can be the name of a user, an organization or a model at Hugging Face.
pub(super) fn is_repository_part(text: &str) -> bool {
    (1..=96).contains(&text.len())
        && !text.starts_with(['.', '-'])
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
}

fn is_alias(text: &str) -> bool {
    text.len() <= 128 && text.chars().all(|c| c.is_ascii_alphanumeric() || "._-:/".contains(c))
}

/// The task that is written, which only models of Hugging Face have.
fn task(table: &mut Table<'_>, sink: &mut Sink<'_, '_>, is_hosted: bool) -> Option<Task> {
    if is_hosted {
        return table.word(sink, "task", Task::WORDS, Task::of_word);
    }
    table.refuse(sink, "task", "expected nothing, because only models of Hugging Face have tasks");
    let expected = "expected nothing here; set the endpoint of the connection, or of an upstream";
    table.refuse(sink, "endpoint", expected);
    None
}

fn hosted(table: &mut Table<'_>, sink: &mut Sink<'_, '_>, kind: Kind, task: Option<Task>) -> Option<Hosted> {
    let endpoint = table.address(sink, "endpoint");
    if let Some(task) = task.filter(|_| kind != Kind::Image) {
        let fitting =
            Task::WORDS.iter().copied().filter(|word| Task::of_word(word).map(Task::kind) == Some(kind));
        let fitting = fitting.collect::<Vec<_>>().join(" or ");
        let expected = format!("expected {fitting}, because the kind of the model is {kind}");
        table.check(sink, "task", task.kind() == kind, &expected);
    }
    let usual = match kind {
        Kind::Text => Some(Task::Chat),
        Kind::Embedding => Some(Task::FeatureExtraction),
        Kind::Image => {
            table.mistake(
                sink,
                "kind",
                "expected text or embedding, because images of Hugging Face are not served",
            );
            None
        }
    };
    Some(Hosted { task: task.or(usual)?, endpoint })
}

fn price(table: &mut Table<'_>, sink: &mut Sink<'_, '_>) -> Option<Price> {
    let mut inner = table.table(sink, "price")?;
    let price = prices::price(&mut inner, sink);
    inner.finish(sink);
    Some(price)
}

fn upstreams(
    table: &mut Table<'_>,
    sink: &mut Sink<'_, '_>,
    connection: &Connection,
    model: &Model,
) -> Vec<Upstream> {
    let parent = table.place_of("upstreams");
    let own = connection.own_upstream(&model.id);
    let dedicated = model.hosted.as_ref().and_then(|hosted| hosted.endpoint.clone());
    let usual = Upstream { endpoint: dedicated.or(own.endpoint), ..own };
    let Some(written) = table.tables(sink, "upstreams", "[[connections.models.upstreams]]") else {
        check_region(&usual, connection, &format!("connections.{}.region", connection.name), sink);
        return vec![usual];
    };
    if written.is_empty() {
        sink.mistake(
            &parent,
            Some("[]"),
            "expected at least one upstream; leave it out for the connection's own",
        );
    }
    let mut names = BTreeSet::new();
    let mut upstreams = Vec::new();
    for (numbered, value) in written {
        let place = named_place(&parent, numbered, value, "name");
        let Some(inner) = Table::open(place.clone(), value, sink) else { continue };
        let upstream = upstream(inner, sink, connection, &usual);
        check_region(&upstream, connection, &format!("{place}.region"), sink);
        if !upstream.name.is_empty() && !names.insert(upstream.name.clone()) {
            let expected = "expected a name that no other upstream of the model has";
            sink.mistake(&format!("{place}.name"), Some(&upstream.name), expected);
        }
        upstreams.push(upstream);
    }
    upstreams
}

fn upstream(
    mut table: Table<'_>,
    sink: &mut Sink<'_, '_>,
    connection: &Connection,
    usual: &Upstream,
) -> Upstream {
    let name = table.required(sink, "name", "expected a name such as frankfurt");
    let name = name.filter(|name| table.check(sink, "name", is_name(name), NAME));
    if connection.provider == Provider::HuggingFace {
        for key in ["region", "account"] {
            table.refuse(sink, key, "expected nothing, because Hugging Face has none");
        }
    }
    let weight = match table.value("weight").map(|value| &value.kind) {
        None => 1,
        Some(ValueKind::I64(weight)) => u32::try_from(*weight).unwrap_or_default(),
        Some(_) => 0,
    };
    table.check(sink, "weight", (1..=100).contains(&weight), "expected a whole number from 1 to 100");
    let own_region = table.region(sink);
    let own_account = account(&mut table, sink);
    let own_identity = authentication::read(&mut table, sink);
    if connection.provider == Provider::HuggingFace
        && own_identity
            .as_ref()
            .is_some_and(|own| !matches!(own, crate::connections::Authentication::ApiKey(_)))
    {
        table.mistake(
            sink,
            "authentication",
            "expected kind = \"api-key\", which is all that Hugging Face takes",
        );
    }
    let own_id = table.text(sink, "id").and_then(|id| provider_id(&table, sink, id, connection));
    let upstream = Upstream {
        name: name.unwrap_or_default(),
        model_id: own_id.unwrap_or_else(|| usual.model_id.clone()),
        region: own_region.or_else(|| usual.region.clone()),
        // Another identity is another account, unless it is said.
        account: own_account.or_else(|| usual.account.clone().filter(|_| own_identity.is_none())),
        endpoint: table.address(sink, "endpoint").or_else(|| usual.endpoint.clone()),
        authentication: own_identity.unwrap_or_else(|| usual.authentication.clone()),
        weight,
    };
    table.finish(sink);
    upstream
}

fn check_region(upstream: &Upstream, connection: &Connection, place: &str, sink: &mut Sink<'_, '_>) {
    if connection.provider == Provider::Bedrock && upstream.region.is_none() {
        let expected = "expected an AWS region, because neither the connection nor bedrock.region names one";
        sink.mistake(place, None, expected);
    }
}
