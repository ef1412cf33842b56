//! Holds what ARCHITECTURE.md promises about the sources: arrows between modules point one way, and the
//! layers that may be lifted out stand alone.

#![allow(clippy::string_slice, reason = "positions come from searches in the same text")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Each module with the modules it may name. `clock` and `telemetry` may be used by all that come after them.
/// A module that is not listed here fails the test, so that a new one finds its place first.
const LAYERS: &[(&str, &[&str])] = &[
    ("clock", &[]),
    ("proto", &[]),
    ("secret", &[]),
    ("feel", &[]),
    ("journal", &[]),
    ("telemetry", &["clock"]),
    ("pace", &["telemetry"]),
    ("secrets", &["clock", "telemetry", "secret"]),
    ("connector", &["clock", "telemetry", "feel", "secrets"]),
    ("access", &[]),
    ("cost", &["clock", "telemetry", "connector", "access"]),
    ("connections", &["clock", "telemetry", "connector", "secrets", "secret", "access", "cost"]),
    ("upstreams", &["telemetry", "connections"]),
    ("policy", &["connections"]),
    ("huggingface", &["connector", "connections", "secrets"]),
    ("documents", &["clock", "telemetry", "connector", "secrets"]),
    (
        "bedrock",
        &[
            "clock",
            "telemetry",
            "connector",
            "cost",
            "connections",
            "upstreams",
            "huggingface",
            "documents",
            "pace",
            "secrets",
        ],
    ),
    ("zeebe", &["clock", "telemetry", "proto", "secret"]),
    ("worker", &["clock", "telemetry", "zeebe", "connector", "journal"]),
    ("emulator", &["clock", "telemetry", "proto", "feel"]),
    ("template", &["feel", "bedrock", "connector"]),
    ("admin", &["telemetry"]),
    ("config", EVERY_COMPONENT),
    ("app", EVERY_COMPONENT_AND_CONFIG),
    ("cli", &[]),
    ("demo", EVERYTHING_BELOW_COMMANDS),
    ("bench", EVERYTHING_BELOW_COMMANDS),
    ("commands", EVERYTHING_BELOW_COMMANDS),
];

const EVERY_COMPONENT: &[&str] = &[
    "clock",
    "telemetry",
    "secret",
    "secrets",
    "connector",
    "access",
    "cost",
    "connections",
    "upstreams",
    "huggingface",
    "documents",
    "pace",
    "bedrock",
    "zeebe",
    "worker",
    "journal",
    "admin",
    "template",
];
const EVERY_COMPONENT_AND_CONFIG: &[&str] = &[
    "clock",
    "telemetry",
    "secret",
    "secrets",
    "connector",
    "access",
    "cost",
    "connections",
    "upstreams",
    "huggingface",
    "documents",
    "pace",
    "bedrock",
    "zeebe",
    "worker",
    "journal",
    "admin",
    "config",
];
const EVERYTHING_BELOW_COMMANDS: &[&str] = &[
    "clock",
    "telemetry",
    "secret",
    "secrets",
    "connector",
    "access",
    "cost",
    "connections",
    "upstreams",
    "huggingface",
    "documents",
    "pace",
    "bedrock",
    "zeebe",
    "worker",
    "journal",
    "admin",
    "config",
    "app",
    "cli",
    "demo",
    "bench",
    "emulator",
    "feel",
    "template",
    "policy",
    "proto",
];

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the sources can be listed") {
        let path = entry.expect("an entry can be read").path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") && !is_test(&path) {
            found.push(path);
        }
    }
}

/// Tests may use whatever they need.
fn is_test(path: &Path) -> bool {
    let path = path.strip_prefix(sources()).unwrap_or(path);
    path.components().any(|part| part.as_os_str() == "tests" || part.as_os_str() == "tests.rs")
}

/// The part of a file before its tests, which stand at its end.
fn without_tests(text: &str) -> &str {
    text.find("#[cfg(test)]\nmod ").map_or(text, |at| &text[..at])
}

/// The top-level module that a file belongs to; `lib.rs` and `main.rs` belong to none.
fn module_of(file: &Path) -> Option<String> {
    let relative = file.strip_prefix(sources()).expect("the file is below src");
    let first = relative.components().next()?.as_os_str().to_str()?;
    let name = first.strip_suffix(".rs").unwrap_or(first);
    (!matches!(name, "lib" | "main")).then(|| name.to_owned())
}

/// The modules of ours that a text names as `crate::module`, also inside `use crate::{a, b}`.
fn modules_named_in(text: &str) -> BTreeSet<String> {
    let code: String =
        text.lines().map(|line| line.split("//").next().unwrap_or("")).collect::<Vec<_>>().join("\n");
    let mut named = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        // `$crate::` and `some_crate::` are other words.
        if code[..at].ends_with(|before: char| before == '_' || before == '$' || before.is_alphanumeric()) {
            continue;
        }
        let rest = &code[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(group) => named.extend(heads_of_group(group)),
            None => named.extend(identifier(rest)),
        }
    }
    named
}

fn identifier(text: &str) -> Option<String> {
    let end = text.find(|c: char| c != '_' && !c.is_alphanumeric()).unwrap_or(text.len());
    (end > 0).then(|| text[..end].to_owned())
}

/// The first word of each item of a braced use group, up to the brace that closes it.
fn heads_of_group(group: &str) -> Vec<String> {
    let (mut depth, mut heads, mut at_head) = (0_usize, Vec::new(), true);
    for (at, character) in group.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => at_head = true,
            _ if depth == 0 && at_head && !character.is_whitespace() => {
                heads.extend(identifier(&group[at..]));
                at_head = false;
            }
            _ => {}
        }
    }
    heads
}

#[test]
fn arrows_between_modules_point_one_way() {
    let mut files = Vec::new();
    rust_files(&sources(), &mut files);
    assert!(files.len() > 20, "the sources were found");
    let mut wrong = Vec::new();
    for file in files {
        let Some(module) = module_of(&file) else { continue };
        let Some((_, allowed)) = LAYERS.iter().find(|(name, _)| *name == module) else {
            wrong.push(format!("{}: module `{module}` has no place in LAYERS", file.display()));
            continue;
        };
        let text = fs::read_to_string(&file).expect("a source file is text");
        for named in modules_named_in(without_tests(&text)) {
            let known = LAYERS.iter().any(|(name, _)| *name == named);
            if known && named != module && !allowed.contains(&named.as_str()) {
                wrong.push(format!("{}: `{module}` may not use `{named}`", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "wrong arrows:\n{}", wrong.join("\n"));
}

#[test]
fn feel_has_neither_async_nor_input_and_output() {
    let mut files = Vec::new();
    rust_files(&sources().join("feel"), &mut files);
    for file in files {
        let text = fs::read_to_string(&file).expect("a source file is text");
        for forbidden in ["async fn", "tokio::", "std::fs", "std::net", "std::env", "std::io"] {
            assert!(!text.contains(forbidden), "{} uses {forbidden}", file.display());
        }
    }
}

#[test]
fn the_check_sees_wrong_arrows() {
    let text = "use crate::{feel::Value, worker::{Slots, zeebe}};\n// crate::journal\nfn f() { crate::bedrock::g() }";
    let named: Vec<_> = modules_named_in(text).into_iter().collect();
    assert_eq!(named, ["bedrock", "feel", "worker"]);
}
