//! `authentication`: as whom, with references in the place of secrets.

use std::path::PathBuf;

use config::{Value, ValueKind};

use super::table::{Sink, Table};
use crate::config::{Purpose, parse};
use crate::connections::{Authentication, Reference, RoleForm, RoleSession};
use crate::secret::Secret;

const KINDS: &[&str] = &["role", "assume-role", "keys", "api-key", "profile", "web-identity"];

const REFERENCE: &str = "expected where the secret lies: { env = \"VARIABLE\" }, { file = \"/path\" } or \
                         { aws-secret = \"name\", key = \"member\" }";

/// What stands under `authentication`; none when nothing does, or when it is wrong.
pub(super) fn read(table: &mut Table<'_>, sink: &mut Sink<'_, '_>) -> Option<Authentication> {
    let inner = table.table(sink, "authentication")?;
    identity(inner, sink, true)
}

fn identity(mut table: Table<'_>, sink: &mut Sink<'_, '_>, may_assume: bool) -> Option<Authentication> {
    if !table.has("kind") {
        table.value("kind");
        table.mistake(sink, "kind", format!("expected one of {}", KINDS.join(", ")));
        return None;
    }
    let kind = table.word(sink, "kind", KINDS, |word| KINDS.iter().copied().find(|kind| *kind == word))?;
    let read = match kind {
        "role" => Some(Authentication::OwnRole),
        "assume-role" if !may_assume => {
            table.mistake(sink, "kind", "expected an identity that assumes no further role");
            return None;
        }
        "assume-role" => assume_role(&mut table, sink),
        "keys" => keys(&mut table, sink),
        "api-key" => secret(&mut table, sink, "api-key").map(Authentication::ApiKey),
        "profile" => {
            let expected = "expected the name of a profile of AWS's shared files";
            table.required(sink, "profile", expected).map(Authentication::Profile)
        }
        _ => web_identity(&mut table, sink),
    };
    table.finish(sink);
    read
}

fn assume_role(table: &mut Table<'_>, sink: &mut Sink<'_, '_>) -> Option<Authentication> {
    let role = role(table, sink);
    let external_id = table.value("external-id").and_then(|value| external_id(value, table, sink));
    let base = match table.table(sink, "base") {
        Some(base) => identity(base, sink, false),
        None => Some(Authentication::OwnRole),
    };
    if matches!(base, Some(Authentication::ApiKey(_))) {
        let expected = "expected an identity of AWS, because an API key cannot assume a role";
        table.mistake(sink, "base", expected);
    }
    Some(Authentication::AssumeRole { role: role?, external_id, base: Box::new(base?) })
}

fn keys(table: &mut Table<'_>, sink: &mut Sink<'_, '_>) -> Option<Authentication> {
    let access_key = secret(table, sink, "access-key");
    let secret_key = secret(table, sink, "secret-key");
    let session_token = table.has("session-token").then(|| secret(table, sink, "session-token"));
    table.value("session-token");
    Some(Authentication::Keys {
        access_key: access_key?,
        secret_key: secret_key?,
        session_token: match session_token {
            Some(read) => Some(read?),
            None => None,
        },
    })
}

fn web_identity(table: &mut Table<'_>, sink: &mut Sink<'_, '_>) -> Option<Authentication> {
    let role = role(table, sink);
    let expected =
        "expected the path of the token, such as /var/run/secrets/eks.amazonaws.com/serviceaccount/token";
    let token_file = table.required(sink, "token-file", expected).map(PathBuf::from);
    Some(Authentication::WebIdentity { role: role?, token_file: token_file? })
}

fn role(table: &mut Table<'_>, sink: &mut Sink<'_, '_>) -> Option<RoleSession> {
    let expected = format!("expected {}", RoleForm::ARN);
    let role_arn = table.required(sink, "role-arn", &expected);
    let role_arn = role_arn.filter(|arn| table.check(sink, "role-arn", RoleForm::is_arn(arn), &expected));
    let session_name = table.text(sink, "session-name").filter(|name| {
        let expected = format!("expected {}", RoleForm::SESSION_NAME);
        table.check(sink, "session-name", RoleForm::is_session_name(name), &expected)
    });
    Some(RoleSession { role_arn: role_arn?, session_name })
}

/// An external id is no secret at AWS, and some operators treat it as one.
fn external_id(value: &Value, table: &Table<'_>, sink: &mut Sink<'_, '_>) -> Option<Reference> {
    let ValueKind::String(text) = &value.kind else { return reference(value, table, sink, "external-id") };
    if !RoleForm::is_external_id(text) {
        let expected = format!("expected {}, or a reference", RoleForm::EXTERNAL_ID);
        table.hidden_mistake(sink, "external-id", expected);
        return None;
    }
    Some(Reference::Text(text.clone()))
}

fn secret(table: &mut Table<'_>, sink: &mut Sink<'_, '_>, key: &'static str) -> Option<Reference> {
    match table.value(key) {
        Some(value) => reference(value, table, sink, key),
        None => {
            sink.mistake(&table.place_of(key), None, REFERENCE);
            None
        }
    }
}

/// A text in the place of a reference is probably the secret itself, so it is not shown.
fn reference(value: &Value, table: &Table<'_>, sink: &mut Sink<'_, '_>, key: &str) -> Option<Reference> {
    let place = table.place_of(key);
    let ValueKind::Table(entries) = &value.kind else {
        sink.mistake(&place, None, REFERENCE);
        return None;
    };
    let given: Vec<&str> =
        ["env", "file", "aws-secret"].into_iter().filter(|key| entries.contains_key(*key)).collect();
    let mut table = Table::open(place.clone(), value, sink)?;
    let read = match given.as_slice() {
        ["env"] => table.text(sink, "env").and_then(|variable| from_environment(&table, sink, variable)),
        ["file"] => table.text(sink, "file").and_then(|path| from_file(&table, sink, path.into())),
        ["aws-secret"] => aws_secret(&mut table, sink),
        _ => {
            sink.mistake(&place, None, REFERENCE);
            return None;
        }
    };
    table.finish(sink);
    read
}

fn from_environment(table: &Table<'_>, sink: &mut Sink<'_, '_>, variable: String) -> Option<Reference> {
    if sink.surroundings.purpose == Purpose::Questions {
        return Some(Reference::Environment { variable, value: None });
    }
    let found = sink
        .surroundings
        .variables
        .iter()
        .find(|(name, value)| *name == variable && !value.trim().is_empty());
    let Some((_, value)) = found else {
        const EXPECTED: &str = "expected a variable of the environment that is set";
        if is_variable(&variable) {
            table.mistake(sink, "env", EXPECTED);
        } else {
            table.hidden_mistake(sink, "env", EXPECTED);
        }
        return None;
    };
    let value = Secret::from(value.trim());
    Some(Reference::Environment { variable, value: Some(value) })
}

/// Whether a text is written as variables are; any other may be the secret itself.
fn is_variable(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

fn from_file(table: &Table<'_>, sink: &mut Sink<'_, '_>, path: PathBuf) -> Option<Reference> {
    if sink.surroundings.purpose == Purpose::Questions {
        return Some(Reference::File(path));
    }
    match std::fs::read_to_string(&path) {
        Ok(text) if text.trim().is_empty() => {
            table.mistake(sink, "file", "expected a file that is not empty")
        }
        Ok(_) => return Some(Reference::File(path)),
        Err(error) => {
            let expected = format!("expected a file that can be read ({error})");
            // What is no path may be the secret itself.
            if path.is_absolute() {
                table.mistake(sink, "file", expected);
            } else {
                table.hidden_mistake(sink, "file", expected);
            }
        }
    }
    None
}

fn aws_secret(table: &mut Table<'_>, sink: &mut Sink<'_, '_>) -> Option<Reference> {
    let id = table.text(sink, "aws-secret");
    let key = table.text(sink, "key");
    let region = table.text(sink, "region");
    if let Some(region) = &region {
        let expected = "expected an AWS region such as eu-central-1";
        table.check(sink, "region", parse::region(region).is_some(), expected);
    }
    Some(Reference::AwsSecret { id: id?, key, region })
}
