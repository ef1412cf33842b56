//! The connections for `--dump-config`: a part of a file that could be used again. Secrets stand there as the places
//! where they lie.

use std::fmt::Write;

use serde_json::Value;

use crate::access::{Pattern, Rules};
use crate::config::prices;
use crate::connections::{Authentication, Connection, Directory, Model, Provider, RoleSession, Upstream};

/// All connections as TOML.
pub(crate) fn toml(directory: &Directory) -> String {
    let mut text = String::new();
    for connection in directory.connections() {
        // Writing to a String cannot fail.
        write_connection(&mut text, connection).ok();
    }
    text
}

fn write_connection(text: &mut String, connection: &Connection) -> std::fmt::Result {
    write!(text, "\n[[connections]]\nname = {}\n", quoted(&connection.name))?;
    writeln!(text, "provider = {}", quoted(connection.provider.word()))?;
    line(text, "description", connection.description.as_deref())?;
    writeln!(text, "active = {}", connection.active)?;
    line(text, "region", connection.region.as_deref())?;
    line(text, "account", connection.account.as_deref())?;
    line(text, "endpoint", connection.endpoint.as_deref())?;
    line(text, "namespace", connection.namespace.as_deref())?;
    writeln!(text, "authentication = {}", authentication(&connection.authentication))?;
    write_rules(text, "connections.access", Some(&connection.access))?;
    for model in &connection.models {
        write_model(text, connection, model)?;
    }
    Ok(())
}

fn write_model(text: &mut String, connection: &Connection, model: &Model) -> std::fmt::Result {
    write!(text, "\n[[connections.models]]\nid = {}\n", quoted(&model.id))?;
    writeln!(text, "alias = {}\nkind = {}", quoted(&model.alias), quoted(model.kind.word()))?;
    line(text, "description", model.description.as_deref())?;
    writeln!(text, "active = {}", model.active)?;
    if !model.parameters.is_empty() {
        writeln!(text, "parameters = {}", inline(&Value::Object(model.parameters.clone())))?;
    }
    if let Some(price) = &model.price {
        writeln!(text, "price = {}", prices::inline(price))?;
    }
    if let Some(hosted) = &model.hosted {
        writeln!(text, "task = {}", quoted(hosted.task.word()))?;
        line(text, "endpoint", hosted.endpoint.as_deref())?;
    }
    if model.access.as_ref().is_some_and(|rules| rules.0.is_empty()) {
        writeln!(text, "access = []")?;
    }
    for upstream in &model.upstreams {
        write_upstream(text, connection, upstream)?;
    }
    write_rules(text, "connections.models.access", model.access.as_ref())
}

fn write_upstream(text: &mut String, connection: &Connection, upstream: &Upstream) -> std::fmt::Result {
    write!(text, "\n[[connections.models.upstreams]]\nname = {}\n", quoted(&upstream.name))?;
    writeln!(text, "id = {}\nweight = {}", quoted(&upstream.model_id), upstream.weight)?;
    if connection.provider == Provider::Bedrock {
        line(text, "region", upstream.region.as_deref())?;
        line(text, "account", upstream.account.as_deref())?;
    }
    line(text, "endpoint", upstream.endpoint.as_deref())?;
    writeln!(text, "authentication = {}", authentication(&upstream.authentication))
}

fn write_rules(text: &mut String, place: &str, rules: Option<&Rules>) -> std::fmt::Result {
    for rule in rules.map(|rules| rules.0.as_slice()).unwrap_or_default() {
        write!(text, "\n[[{place}]]\n")?;
        for (key, patterns) in
            [("tenants", &rule.tenants), ("processes", &rule.processes), ("templates", &rule.templates)]
        {
            if let Some(patterns) = patterns {
                writeln!(text, "{key} = {}", list(patterns))?;
            }
        }
        line(text, "description", rule.description.as_deref())?;
    }
    Ok(())
}

fn authentication(identity: &Authentication) -> String {
    match identity {
        Authentication::OwnRole => "{ kind = \"role\" }".to_owned(),
        Authentication::AssumeRole { role, external_id, base } => {
            let external_id =
                external_id.as_ref().map_or_else(String::new, |id| format!(", external-id = {id}"));
            let base = authentication(base);
            format!("{{ kind = \"assume-role\", {}{external_id}, base = {base} }}", session(role))
        }
        Authentication::Keys { access_key, secret_key, session_token } => {
            let token =
                session_token.as_ref().map_or_else(String::new, |token| format!(", session-token = {token}"));
            format!("{{ kind = \"keys\", access-key = {access_key}, secret-key = {secret_key}{token} }}")
        }
        Authentication::ApiKey(key) => format!("{{ kind = \"api-key\", api-key = {key} }}"),
        Authentication::Profile(name) => format!("{{ kind = \"profile\", profile = {} }}", quoted(name)),
        Authentication::WebIdentity { role, token_file } => {
            let token_file = quoted(&token_file.display().to_string());
            format!("{{ kind = \"web-identity\", {}, token-file = {token_file} }}", session(role))
        }
    }
}

fn session(role: &RoleSession) -> String {
    let name = role
        .session_name
        .as_ref()
        .map_or_else(String::new, |name| format!(", session-name = {}", quoted(name)));
    format!("role-arn = {}{name}", quoted(&role.role_arn))
}

/// A value as TOML writes it in one line. TOML has no null; there is none in what was read from it.
fn inline(value: &Value) -> String {
    match value {
        Value::Object(entries) if entries.is_empty() => "{}".to_owned(),
        Value::Object(entries) => {
            let entries: Vec<_> =
                entries.iter().map(|(key, value)| format!("{} = {}", quoted(key), inline(value))).collect();
            format!("{{ {} }}", entries.join(", "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(inline).collect::<Vec<_>>().join(", ")),
        Value::String(text) => quoted(text),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

fn line(text: &mut String, key: &str, value: Option<&str>) -> std::fmt::Result {
    match value {
        Some(value) => writeln!(text, "{key} = {}", quoted(value)),
        None => Ok(()),
    }
}

fn list(patterns: &[Pattern]) -> String {
    format!(
        "[{}]",
        patterns.iter().map(|pattern| quoted(&pattern.to_string())).collect::<Vec<_>>().join(", ")
    )
}

fn quoted(text: &str) -> String {
    crate::config::dump::quoted(text)
}
