//! `--dump-config`: the resolved configuration as a TOML file that could be used again, with comments that say
//! where each value came from.

use super::env;
use super::layers::{Items, Written};
use super::reader::Resolved;
use super::setting::{Form, Setting};

/// All settings by section; what is not set stands there as a comment.
pub(crate) fn toml(resolved: &Resolved) -> String {
    let mut text = String::new();
    for section in env::SECTIONS {
        let name = section
            .settings
            .first()
            .and_then(|setting| setting.key.split_once('.'))
            .map_or("", |(name, _)| name);
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&format!("[{name}]\n"));
        for setting in section.settings {
            text.push_str(&line(setting, resolved));
        }
    }
    text
}

fn line(setting: &Setting, resolved: &Resolved) -> String {
    let name = setting.key.split_once('.').map_or(setting.key, |(_, name)| name);
    if let Some(written) = resolved.written.get(setting.key) {
        return format!("{name} = {} # {}\n", written_value(setting, written), written.origin);
    }
    if let Some((value, from)) = resolved.derived.get(setting.key) {
        return format!("{name} = {} # from {from}\n", quoted(value));
    }
    if setting.default.is_empty() {
        return format!("# {name} is not set\n");
    }
    format!("{name} = {} # default\n", one_value(setting, setting.default))
}

fn written_value(setting: &Setting, written: &Written) -> String {
    match &written.items {
        Items::One(text) if setting.form.is_list() => list(&super::parse::list(text)),
        Items::One(text) => one_value(setting, text),
        Items::Many(items) => list(items),
    }
}

fn one_value(setting: &Setting, text: &str) -> String {
    let bare = match setting.form {
        Form::Count | Form::Port => text.trim().bytes().all(|byte| byte.is_ascii_digit()),
        Form::Switch => matches!(text.trim(), "true" | "false"),
        _ => false,
    };
    if bare { text.trim().to_owned() } else { quoted(text.trim()) }
}

fn list(items: &[String]) -> String {
    let items: Vec<String> = items.iter().map(|item| quoted(item)).collect();
    format!("[{}]", items.join(", "))
}

/// A basic string of TOML, which has JSON's escapes for all that JSON escapes.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string().replace('\u{7f}', "\\u007F")
}
