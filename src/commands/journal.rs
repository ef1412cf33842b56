//! `journal`: what is kept, for whoever has to look after it.

use std::io::Write;
use std::path::PathBuf;

use bedrock_connector::clock::{Clock as _, SystemClock};
use bedrock_connector::config::{Config, Flags, JournalPlace, ProcessEnvironment};
use bedrock_connector::journal::{Archive, Error, Key, Slip};
use bedrock_connector::secrets::with_placeholders;
use serde_json::{Value, json};

use super::Exit;
use super::output::{DIM, report};
use crate::cli::{JournalAction, PurgeArgs};

/// Carries an action out on the folder that the settings name.
pub(crate) fn run(action: &JournalAction) -> anyhow::Result<Exit> {
    let mut output = anstream::stdout().lock();
    let done = match action {
        JournalAction::List { settings, json } => list(&folder(&settings.0)?, *json, &mut output),
        JournalAction::Show { job_key, settings } => show(&folder(&settings.0)?, *job_key, &mut output),
        JournalAction::Purge(arguments) => purge(&folder(&arguments.settings.0)?, arguments, &mut output),
    };
    match done {
        Err(error) if error.is::<Error>() => {
            writeln!(anstream::stderr().lock(), "{}", report(&error))?;
            Ok(Exit::Failed)
        }
        done => done,
    }
}

fn folder(flags: &Flags) -> anyhow::Result<PathBuf> {
    match Config::load(&ProcessEnvironment, flags)?.journal.place {
        JournalPlace::Folder(folder) => Ok(folder),
        JournalPlace::Nowhere { message, .. } => Err(super::Usage(message.to_owned()).into()),
    }
}

fn list(folder: &PathBuf, as_json: bool, output: &mut impl Write) -> anyhow::Result<Exit> {
    let archive = Archive::read(folder)?;
    let entries: Vec<_> = archive.iter().flat_map(Archive::entries).collect();
    if as_json {
        for (key, slip) in entries {
            let entry = json!({
                "jobKey": key.job_key,
                "jobType": slip.job_type,
                "processInstanceKey": slip.process_instance_key,
                "storedAt": moment(slip.stored_at),
                "answerBytes": slip.answer_bytes,
                "engine": &*key.engine,
            });
            writeln!(output, "{entry}")?;
        }
        return Ok(Exit::Done);
    }
    writeln!(
        output,
        "{DIM}{:20}  {:20}  {:20}  {:>10}  JOB TYPE{DIM:#}",
        "JOB", "INSTANCE", "STORED", "BYTES"
    )?;
    for (key, slip) in &entries {
        let (instance, stored) = (slip.process_instance_key, moment(slip.stored_at));
        writeln!(
            output,
            "{:<20}  {instance:<20}  {stored:20}  {:>10}  {}",
            key.job_key, slip.answer_bytes, slip.job_type
        )?;
    }
    writeln!(output, "{DIM}{} in {}{DIM:#}", entries.len(), folder.display())?;
    Ok(Exit::Done)
}

fn show(folder: &PathBuf, job_key: i64, output: &mut impl Write) -> anyhow::Result<Exit> {
    let archive = Archive::read(folder)?;
    let mut found = Exit::Failed;
    for (key, _) in archive.iter().flat_map(Archive::entries).filter(|(key, _)| key.job_key == job_key) {
        let Some(entry) = archive.as_ref().map_or(Ok(None), |archive| archive.entry(key))? else { continue };
        let answer: Value = serde_json::from_slice(&entry.answer)?;
        writeln!(output, "{DIM}{} {} {}{DIM:#}", key.engine, entry.job_type, moment(entry.stored_at))?;
        writeln!(output, "{}", with_placeholders(&format!("{:#}", masked(answer))))?;
        found = Exit::Done;
    }
    if found == Exit::Failed {
        writeln!(anstream::stderr().lock(), "no entry for job {job_key} in {}", folder.display())?;
    }
    Ok(found)
}

fn purge(folder: &PathBuf, arguments: &PurgeArgs, output: &mut impl Write) -> anyhow::Result<Exit> {
    let Some(mut archive) = Archive::open(folder)? else {
        writeln!(output, "nothing to drop in {}", folder.display())?;
        return Ok(Exit::Done);
    };
    let age = arguments.older_than.map(|age| i64::try_from(age.as_millis()).unwrap_or(i64::MAX));
    let before = age.map(|age| SystemClock.epoch_millis().saturating_sub(age));
    let goes = |key: &Key, slip: &Slip| match before {
        Some(before) => slip.stored_at < before,
        None => arguments.all || arguments.job_keys.contains(&key.job_key),
    };
    let entries = archive.entries().filter(|(key, slip)| goes(key, slip));
    let keys: Vec<Key> = entries.map(|(key, _)| key.clone()).collect();
    archive.remove(&keys)?;
    writeln!(output, "{} dropped, {} kept", keys.len(), archive.entries().count())?;
    let missed = arguments.job_keys.iter().any(|job| !keys.iter().any(|key| key.job_key == *job));
    Ok(if missed { Exit::Failed } else { Exit::Done })
}

fn moment(epoch_millis: i64) -> String {
    let moment = jiff::Timestamp::from_millisecond(epoch_millis);
    moment.map_or_else(|_| epoch_millis.to_string(), |moment| format!("{moment:.0}"))
}

/// The answer without what the user had said: a prompt is nobody's business who only looks after answers.
fn masked(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(masked).collect(),
        Value::Object(entries) => {
            let of_user = entries.get("role").is_some_and(|role| role == "user");
            let mask = |(key, value): (String, Value)| {
                let value = if of_user && key != "role" { without_texts(value) } else { masked(value) };
                (key, value)
            };
            Value::Object(entries.into_iter().map(mask).collect())
        }
        other => other,
    }
}

fn without_texts(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(format!("*** ({} characters)", text.chars().count())),
        Value::Array(items) => items.into_iter().map(without_texts).collect(),
        Value::Object(entries) => {
            entries.into_iter().map(|(key, value)| (key, without_texts(value))).collect()
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_user_said_is_masked_and_what_the_model_said_is_not() {
        let conversation = json!([
            {"role": "user", "contentList": [{"text": "my diagnosis"}]},
            {"role": "assistant", "contentList": [{"text": "take a rest"}]},
        ]);
        let expected = json!([
            {"role": "user", "contentList": [{"text": "*** (12 characters)"}]},
            {"role": "assistant", "contentList": [{"text": "take a rest"}]},
        ]);
        assert_eq!(masked(conversation.clone()), expected);
        assert_eq!(masked(json!({"messages": conversation})), json!({"messages": expected}));
    }

    #[test]
    fn moments_are_told_to_the_second() {
        assert_eq!(moment(1_700_000_000_999), "2023-11-14T22:13:20Z");
    }
}
