//! The migration page: its tables of variables are made from the list of settings, and no documented variable is
//! missing there.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use bedrock_connector::config::env::{REFUSED, SECTIONS, WITHOUT_EFFECT, settings};
use bedrock_connector::config::{Name, Setting};

const PAGE: &str = "docs/migration.md";
const DOCUMENTED: &str = include_str!("../fixtures/documented-variables.txt");
const BEGIN: &str =
    "<!-- The tables up to the end mark are made from src/config/env; a test keeps them so. -->\n";
const END: &str = "\n<!-- End of the tables. -->";

/// Families of variables that are read beside the list of settings; the page's prose has them.
const BESIDE: &[&str] =
    &["CONNECTOR_HTTP_PROXY_", "CONNECTOR_HTTPS_PROXY_", "CONNECTOR_HTTP_NON_PROXY_HOSTS"];

fn page() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE)).expect("the page can be read")
}

#[test]
fn the_tables_of_variables_say_what_the_list_of_settings_says() {
    let page = page();
    let (before, rest) = page.split_once(BEGIN).expect("the tables begin");
    let (written, after) = rest.split_once(END).expect("the tables end");
    let expected = tables();
    if written.trim() != expected.trim() {
        let fresh = Path::new(env!("CARGO_TARGET_TMPDIR")).join("migration.md");
        std::fs::write(&fresh, format!("{before}{BEGIN}\n{expected}{END}{after}"))
            .expect("it can be written");
        panic!("{PAGE} is not what the settings yield; look at {} and copy it there", fresh.display());
    }
}

#[test]
fn every_variable_that_camunda_documents_is_known() {
    let documented = DOCUMENTED.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let others = || WITHOUT_EFFECT.iter().chain(REFUSED).map(|(name, _)| *name);
    let mut count = 0;
    for variable in documented {
        let names = settings().flat_map(Setting::names).chain(others());
        let is_known = names.into_iter().any(|name| name.matches(variable))
            || BESIDE.iter().any(|family| variable.starts_with(family));
        assert!(is_known, "{variable} is documented, and nothing is said about it here");
        count += 1;
    }
    assert!(count > 200, "the list of documented variables is cut short");
}

#[test]
fn what_is_read_beside_the_list_stands_in_the_prose() {
    let page = page();
    let (prose, _) = page.split_once(BEGIN).expect("the tables begin");
    for family in BESIDE {
        assert!(prose.contains(&format!("`{family}")), "{family}");
    }
}

fn tables() -> String {
    let mut text = String::from("### Variables that mean here what they mean there\n");
    for section in SECTIONS {
        let rows: String = section.settings.iter().filter_map(row).collect();
        if !rows.is_empty() {
            let head = "| Camunda's names, an earlier one wins | ours, which wins over them | default | what it sets |";
            write!(text, "\n#### {}\n\n{head}\n| --- | --- | --- | --- |\n{rows}", section.title)
                .expect("text has room");
        }
    }
    text.push_str("\n### Variables that are understood and change nothing\n\nEach is told at the start, if it is set.\n");
    text.push_str(&by_reason(WITHOUT_EFFECT, "why"));
    text.push_str(
        "\n### Variables that end the start\n\nGoing on without them would fail later and less clearly.\n",
    );
    text.push_str(&by_reason(REFUSED, "why, and what to do"));
    text
}

/// None for a setting that only we have.
fn row(setting: &Setting) -> Option<String> {
    if setting.others.is_empty() {
        return None;
    }
    let names: Vec<_> = setting.others.iter().map(|name| code(*name)).collect();
    let default = if setting.default.is_empty() { String::new() } else { format!("`{}`", setting.default) };
    Some(format!("| {} | `{}` | {default} | {} |\n", names.join(", "), setting.variable, setting.doc))
}

/// Names with the same reason share a row, at the place of the first.
fn by_reason(names: &[(Name, &str)], heading: &str) -> String {
    let mut order: Vec<&str> = Vec::new();
    let mut grouped: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (name, reason) in names {
        if !grouped.contains_key(reason) {
            order.push(reason);
        }
        grouped.entry(reason).or_default().push(code(*name));
    }
    let mut text = format!("\n| name | {heading} |\n| --- | --- |\n");
    for reason in order {
        writeln!(text, "| {} | {reason} |", grouped[reason].join(", ")).expect("text has room");
    }
    text
}

fn code(name: Name) -> String {
    format!("`{}`", name.shown())
}
