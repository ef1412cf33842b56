//! `journal`: what is kept, for whoever has to look after it.

use std::io::Write;

use bedrock_connector::clock::{Clock as _, SystemClock};
use bedrock_connector::config::{Config, Flags, JournalPlace, ProcessEnvironment};
use bedrock_connector::journal::{Archive, Error, Key, Slip};
use bedrock_connector::secrets::with_placeholders;
use serde_json::{Map, Value, json};

use super::Exit;
use super::output::{DIM, report};
use crate::cli::{JournalAction, PurgeArgs};

/// Carries an action out on the journal that the settings name.
pub(crate) fn run(action: &JournalAction) -> anyhow::Result<Exit> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut output = anstream::stdout().lock();
    match runtime.block_on(carry_out(action, &mut output)) {
        Err(error) if error.is::<Error>() => {
            writeln!(anstream::stderr().lock(), "{}", report(&error))?;
            Ok(Exit::Failed)
        }
        done => done,
    }
}

async fn carry_out(action: &JournalAction, output: &mut impl Write) -> anyhow::Result<Exit> {
    match action {
        JournalAction::List { settings, json } => {
            list(&Opened::at(&settings.0, Access::Read).await?, *json, output).await
        }
        JournalAction::Show { job_key, settings, json } => {
            show(&Opened::at(&settings.0, Access::Read).await?, *job_key, *json, output).await
        }
        JournalAction::Purge(arguments) => {
            purge(&Opened::at(&arguments.settings.0, Access::Change).await?, arguments, output).await
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Access {
    Read,
    Change,
}

/// A journal, and how people know it. There is nothing in a folder where no worker has been.
struct Opened {
    archive: Option<Archive>,
    place: String,
}

impl Opened {
    async fn at(flags: &Flags, access: Access) -> anyhow::Result<Self> {
        match Config::load(&ProcessEnvironment, flags)?.journal.place {
            JournalPlace::Folder(folder) => {
                let archive = match access {
                    Access::Read => Archive::read_folder(&folder)?,
                    Access::Change => Archive::open_folder(&folder)?,
                };
                Ok(Self { archive, place: folder.display().to_string() })
            }
            JournalPlace::Database(address) => {
                Ok(Self { archive: Some(Archive::connect(&address).await?), place: address.to_string() })
            }
            JournalPlace::Nowhere { message, .. } => Err(super::Usage(message.to_owned()).into()),
        }
    }

    async fn entries(&self) -> Result<Vec<(Key, Slip)>, Error> {
        match &self.archive {
            Some(archive) => archive.entries().await,
            None => Ok(Vec::new()),
        }
    }
}

async fn list(journal: &Opened, as_json: bool, output: &mut impl Write) -> anyhow::Result<Exit> {
    let entries = journal.entries().await?;
    if as_json {
        for (key, slip) in &entries {
            writeln!(output, "{}", Value::Object(described(key, slip)))?;
        }
        return Ok(Exit::Done);
    }
    let titles = ["JOB", "INSTANCE", "STORED", "BYTES"];
    let [job, instance, stored, bytes] = titles;
    writeln!(output, "{DIM}{job:20}  {instance:20}  {stored:20}  {bytes:>10}  JOB TYPE{DIM:#}")?;
    for (key, slip) in &entries {
        let (job, instance, stored) = (key.job_key, slip.process_instance_key, moment(slip.stored_at));
        let (bytes, job_type) = (slip.answer_bytes, &slip.job_type);
        writeln!(output, "{job:<20}  {instance:<20}  {stored:20}  {bytes:>10}  {job_type}")?;
    }
    writeln!(output, "{DIM}{} in {}{DIM:#}", entries.len(), journal.place)?;
    Ok(Exit::Done)
}

/// An entry without its answer.
fn described(key: &Key, slip: &Slip) -> Map<String, Value> {
    let parts = [
        ("jobKey", json!(key.job_key)),
        ("jobType", json!(slip.job_type)),
        ("processInstanceKey", json!(slip.process_instance_key)),
        ("storedAt", json!(moment(slip.stored_at))),
        ("answerBytes", json!(slip.answer_bytes)),
        ("engine", json!(&*key.engine)),
    ];
    parts.map(|(name, value)| (name.to_owned(), value)).into_iter().collect()
}

async fn show(
    journal: &Opened,
    job_key: i64,
    as_json: bool,
    output: &mut impl Write,
) -> anyhow::Result<Exit> {
    let mut found = Exit::Failed;
    for (key, slip) in journal.entries().await?.iter().filter(|(key, _)| key.job_key == job_key) {
        let Some(archive) = &journal.archive else { continue };
        let Some(entry) = archive.entry(key).await? else { continue };
        let answer = masked(serde_json::from_slice(&entry.answer)?);
        if as_json {
            let mut described = described(key, slip);
            described.extend([("answer".to_owned(), answer)]);
            writeln!(output, "{}", with_placeholders(&Value::Object(described).to_string()))?;
        } else {
            writeln!(output, "{DIM}{} {} {}{DIM:#}", key.engine, slip.job_type, moment(slip.stored_at))?;
            writeln!(output, "{}", with_placeholders(&format!("{answer:#}")))?;
        }
        found = Exit::Done;
    }
    if found == Exit::Failed {
        writeln!(anstream::stderr().lock(), "no entry for job {job_key} in {}", journal.place)?;
    }
    Ok(found)
}

async fn purge(journal: &Opened, arguments: &PurgeArgs, output: &mut impl Write) -> anyhow::Result<Exit> {
    let age = arguments.older_than.map(|age| i64::try_from(age.as_millis()).unwrap_or(i64::MAX));
    let before = age.map(|age| SystemClock.epoch_millis().saturating_sub(age));
    let goes = |key: &Key, slip: &Slip| match before {
        Some(before) => slip.stored_at < before,
        None => arguments.all || arguments.job_keys.contains(&key.job_key),
    };
    let entries = journal.entries().await?;
    let kept = entries.iter().filter(|(key, slip)| !goes(key, slip)).count();
    let going = entries.iter().filter(|(key, slip)| goes(key, slip));
    let keys: Vec<Key> = going.map(|(key, _)| key.clone()).collect();
    if let Some(archive) = &journal.archive {
        archive.remove(&keys).await?;
    }
    if arguments.json {
        let dropped: Vec<i64> = keys.iter().map(|key| key.job_key).collect();
        writeln!(output, "{}", json!({"dropped": dropped, "kept": kept}))?;
    } else {
        writeln!(output, "{} dropped, {kept} kept in {}", keys.len(), journal.place)?;
    }
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
            let of_guardrail = entries.contains_key("guardrailId");
            let mask = |(key, value): (String, Value)| {
                let value = match key.as_str() {
                    "role" => masked(value),
                    _ if of_user => without_texts(value),
                    // What was to be checked, whoever wrote it, and what was found in it.
                    "texts" if of_guardrail => without_texts(value),
                    "assessments" if of_guardrail => without_matches(value),
                    // What a guardrail found in a conversation.
                    "guardrail" => without_matches(value),
                    _ => masked(value),
                };
                (key, value)
            };
            Value::Object(entries.into_iter().map(mask).collect())
        }
        other => other,
    }
}

/// What a guardrail says without the words that it has found.
fn without_matches(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(without_matches).collect(),
        Value::Object(entries) => {
            let mask = |(key, value): (String, Value)| {
                let value = if key == "match" { without_texts(value) } else { without_matches(value) };
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
    fn what_a_guardrail_has_checked_and_found_is_masked() {
        let found = |text: &str| {
            json!([{
                "sensitiveInformationPolicy": {
                    "piiEntities": [{"type": "NAME", "match": text, "action": "BLOCKED"}],
                    "regexes": [{"name": "case", "match": text, "regex": "[A-Z]+"}],
                },
                "wordPolicy": {"customWords": [{"match": text, "action": "BLOCKED"}]},
            }])
        };
        let checked = |text: &str, found: Value| json!({"action": "GUARDRAIL_INTERVENED", "texts": [text], "assessments": found, "guardrailId": "gr1"});
        assert_eq!(
            masked(checked("my diagnosis", found("Erika"))),
            checked("*** (12 characters)", found("*** (5 characters)"))
        );
        let conversation = |text: &str| {
            json!({
                "text": "take a rest", "json": {"match": "the model's", "texts": ["the model's"]},
                "guardrail": {"intervened": true, "trace": {"inputAssessment": {"gr1": found(text)}}},
            })
        };
        assert_eq!(masked(conversation("Erika")), conversation("*** (5 characters)"));
    }

    #[test]
    fn moments_are_told_to_the_second() {
        assert_eq!(moment(1_700_000_000_999), "2023-11-14T22:13:20Z");
    }
}
