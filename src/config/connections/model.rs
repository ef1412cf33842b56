//! `models` and their `upstreams`.

use std::collections::BTreeSet;
use std::sync::Arc;

use config::{Value, ValueKind};
use serde_json::{Map, Number};

use super::table::{Sink, Table, named_place};
use super::{NAME, access, account, authentication, is_name};
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
    let id =
        id.filter(|id| table.check(sink, "id", is_id(id), "expected at most 2048 characters without spaces"));
    let id = id.map(|id| match &connection.namespace {
        Some(namespace) if !id.contains('/') => format!("{namespace}/{id}"),
        _ => id,
    });
    let id = id.filter(|id| {
        let has_owner = id.split('/').filter(|part| !part.is_empty()).count() == 2;
        let expected = "expected owner/name, or a name alone where the connection has a namespace";
        !is_hosted || table.check(sink, "id", has_owner, expected)
    });
    let kind = table.word(sink, "kind", Kind::WORDS, Kind::of_word);
    let kind = kind.or(preset.map(|preset| preset.kind)).unwrap_or(Kind::Text);
    let alias = table.text(sink, "alias").filter(|alias| {
        let expected = "expected at most 128 letters, digits and any of ._-:/";
        table.check(sink, "alias", is_alias(alias), expected)
    });
    let alias = alias.or_else(|| preset.map(|preset| preset.name.to_owned())).or_else(|| id.clone());
    let hosted = hosted(&mut table, sink, kind, is_hosted);
    let mut model = Model {
        alias: alias.unwrap_or_default(),
        kind,
        description: table
            .text(sink, "description")
            .or_else(|| preset.map(|preset| preset.description.to_owned())),
        active: table.switch(sink, "active").unwrap_or(true),
        parameters: parameters(&mut table, sink),
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

fn is_id(text: &str) -> bool {
    text.len() <= 2048 && !text.contains(char::is_whitespace)
}

fn is_alias(text: &str) -> bool {
    text.len() <= 128 && text.chars().all(|c| c.is_ascii_alphanumeric() || "._-:/".contains(c))
}

fn hosted(table: &mut Table<'_>, sink: &mut Sink<'_, '_>, kind: Kind, is_hosted: bool) -> Option<Hosted> {
    if !is_hosted {
        table.refuse(sink, "task", "expected nothing, because only models of Hugging Face have tasks");
        table.refuse(
            sink,
            "endpoint",
            "expected nothing here; set the endpoint of the connection, or of an upstream",
        );
        return None;
    }
    let task = table.word(sink, "task", Task::WORDS, Task::of_word);
    let endpoint = table.address(sink, "endpoint");
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

/// Any values, as the input of a task has them.
fn parameters(table: &mut Table<'_>, sink: &mut Sink<'_, '_>) -> Map<String, serde_json::Value> {
    match table.value("parameters").map(|value| (json(value), value)) {
        None => Map::new(),
        Some((Some(serde_json::Value::Object(entries)), _)) => {
            let expected = "expected nothing, because the id of the model says it";
            let place = table.place_of("parameters.modelId");
            if entries.contains_key("modelId") {
                sink.mistake(&place, None, expected);
            }
            entries
        }
        Some(_) => {
            table.mistake(sink, "parameters", "expected a table such as { maxTokens = 1024 }");
            Map::new()
        }
    }
}

fn json(value: &Value) -> Option<serde_json::Value> {
    Some(match &value.kind {
        ValueKind::Nil => serde_json::Value::Null,
        ValueKind::Boolean(value) => (*value).into(),
        ValueKind::I64(number) => (*number).into(),
        ValueKind::U64(number) => (*number).into(),
        ValueKind::I128(_) | ValueKind::U128(_) => return None,
        ValueKind::Float(number) => serde_json::Value::Number(Number::from_f64(*number)?),
        ValueKind::String(text) => text.as_str().into(),
        ValueKind::Array(items) => items.iter().map(json).collect::<Option<Vec<_>>>()?.into(),
        ValueKind::Table(entries) => {
            let mut entries: Vec<_> = entries.iter().collect();
            // The reader keeps no order; a fixed one keeps fingerprints of requests the same.
            entries.sort_by_key(|(key, _)| key.as_str());
            let entries = entries.into_iter().map(|(key, value)| Some((key.clone(), json(value)?)));
            serde_json::Value::Object(entries.collect::<Option<_>>()?)
        }
    })
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
    let upstream = Upstream {
        name: name.unwrap_or_default(),
        model_id: table.text(sink, "id").unwrap_or_else(|| usual.model_id.clone()),
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
