//! Reads inputs that are like each other. An input that is absent, null or an empty text is not given.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::bedrock::field::Field;
use crate::connector::{Error, json, parse_duration};

/// The model, inference profile or ARN that a task names.
pub(in crate::bedrock) fn model_id(data: &Field<'_>) -> Result<String, Error> {
    let model_id = data.entry("modelId").map(|field| field.text()).transpose()?.unwrap_or_default();
    if model_id.trim().is_empty() {
        return Err(data.lacks("modelId", "name a model, an inference profile or an ARN"));
    }
    Ok(model_id)
}

/// A text as it was written; none when it is blank.
pub(super) fn text(holder: &Field<'_>, key: &str) -> Result<Option<String>, Error> {
    let text = holder.entry(key).map(|field| field.text()).transpose()?;
    Ok(text.filter(|text| !text.trim().is_empty()))
}

/// A name or another short text, without outer spaces.
pub(super) fn word(holder: &Field<'_>, key: &str) -> Result<Option<String>, Error> {
    Ok(text(holder, key)?.map(|text| text.trim().to_owned()))
}

/// One of the texts that there are to choose from.
pub(super) fn choice(
    holder: &Field<'_>,
    key: &str,
    choices: &[&'static str],
) -> Result<Option<&'static str>, Error> {
    let Some(word) = word(holder, key)? else { return Ok(None) };
    let chosen = choices.iter().find(|choice| choice.eq_ignore_ascii_case(&word));
    chosen.copied().map(Some).ok_or_else(|| {
        Error::input(format!("{} is {word:?}, expected one of {}", holder.name_of(key), choices.join(", ")))
    })
}

pub(super) fn flag(holder: &Field<'_>, key: &str) -> Result<Option<bool>, Error> {
    let Some(field) = holder.entry(key) else { return Ok(None) };
    match field.value() {
        Value::Bool(flag) => Ok(Some(*flag)),
        Value::String(text) => match text.trim() {
            "" | "null" => Ok(None),
            "true" => Ok(Some(true)),
            "false" => Ok(Some(false)),
            _ => Err(field.unusable("true or false")),
        },
        _ => Err(field.wrong("true or false")),
    }
}

pub(super) fn integer(holder: &Field<'_>, key: &str) -> Result<Option<i32>, Error> {
    holder.entry(key).map(|field| field.integer()).transpose().map(Option::flatten)
}

/// A whole number within bounds.
pub(super) fn number(
    holder: &Field<'_>,
    key: &str,
    bounds: std::ops::RangeInclusive<i32>,
) -> Result<Option<i32>, Error> {
    let number = integer(holder, key)?;
    match number.filter(|number| !bounds.contains(number)) {
        None => Ok(number),
        Some(number) => Err(Error::input(format!(
            "{} is {number}, expected {} to {}",
            holder.name_of(key),
            bounds.start(),
            bounds.end()
        ))),
    }
}

pub(super) fn duration(holder: &Field<'_>, key: &str) -> Result<Option<Duration>, Error> {
    let Some(word) = word(holder, key)? else { return Ok(None) };
    parse_duration(&word).filter(|length| !length.is_zero()).map(Some).ok_or_else(|| {
        Error::input(format!("{} is {word:?}, expected a duration such as PT5M", holder.name_of(key)))
    })
}

/// A context, which may be written as JSON text.
pub(super) fn context(holder: &Field<'_>, key: &str) -> Result<Option<Map<String, Value>>, Error> {
    const EXPECTED: &str = "a context, or a text that is a JSON object";
    let Some(field) = holder.entry(key) else { return Ok(None) };
    match field.value() {
        Value::Object(entries) => Ok(Some(entries.clone())),
        Value::String(text) if text.trim().is_empty() => Ok(None),
        Value::String(text) => match json::parse(text.as_bytes()) {
            Ok(Value::Object(entries)) => Ok(Some(entries)),
            _ => Err(field.wrong(EXPECTED)),
        },
        _ => Err(field.wrong(EXPECTED)),
    }
}

/// A list of texts; one text alone is a list too.
pub(super) fn texts(holder: &Field<'_>, key: &str) -> Result<Vec<String>, Error> {
    let Some(field) = holder.list(key) else { return Ok(Vec::new()) };
    let texts = field.items().iter().map(Field::text).collect::<Result<Vec<_>, _>>()?;
    Ok(texts.into_iter().filter(|text| !text.is_empty()).collect())
}

/// A context of texts.
pub(super) fn text_entries(holder: &Field<'_>, key: &str) -> Result<Option<Map<String, Value>>, Error> {
    let Some(entries) = context(holder, key)? else { return Ok(None) };
    let name = holder.name_of(key);
    let read = |(key, value): (String, Value)| match value {
        Value::String(text) => Ok((key, Value::String(text))),
        scalar @ (Value::Number(_) | Value::Bool(_)) => Ok((key, scalar.to_string().into())),
        other => Err(Error::input(format!(
            "the entry {key:?} of {name} is {}, expected a text",
            json::kind(&other)
        ))),
    };
    entries.into_iter().map(read).collect::<Result<Map<_, _>, _>>().map(Some)
}

/// A text that can stand in an HTTP header.
pub(super) fn header(holder: &Field<'_>, key: &str) -> Result<Option<String>, Error> {
    let Some(word) = word(holder, key)? else { return Ok(None) };
    if word.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return Ok(Some(word));
    }
    Err(Error::input(format!("{} has characters that no HTTP header may have", holder.name_of(key))))
}

/// A context in which entries with nothing in them are left out.
pub(super) fn members<const N: usize>(entries: [(&str, Option<Value>); N]) -> Map<String, Value> {
    entries.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
}

/// How fast a model is to answer.
pub(super) const LATENCIES: &[&str] = &["standard", "optimized"];
/// Which capacity a call uses.
pub(super) const TIERS: &[&str] = &["default", "priority", "flex", "reserved"];
