//! The files in the repository are what the command writes.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::shipped;
use crate::template::page;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// The names and texts of the files in a folder.
fn files(folder: &str) -> BTreeMap<String, String> {
    let files = fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.is_file());
    files
        .map(|path| {
            (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(path).unwrap())
        })
        .collect()
}

#[track_caller]
fn assert_same(folder: &str, expected: BTreeMap<String, String>) {
    let found = files(folder);
    let names = |files: &BTreeMap<String, String>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&found), names(&expected), "the files in {folder}");
    for (name, text) in expected {
        assert!(
            found[&name] == text,
            "{folder}/{name} is not what `templates --out element-templates --docs docs/templates` writes"
        );
    }
}

#[test]
fn the_templates_in_the_repository_are_those_of_the_command() {
    let expected = shipped().iter().map(|e| (format!("{}.json", e.name), e.template.to_json())).collect();
    assert_same("element-templates", expected);
}

#[test]
fn the_pages_in_the_repository_are_those_of_the_command() {
    let entries = shipped();
    let mut expected: BTreeMap<_, _> = entries.iter().map(|e| (format!("{}.md", e.name), e.page())).collect();
    expected.insert("README.md".into(), page::index(&entries));
    assert_same("docs/templates", expected);
}

#[test]
fn links_of_the_pages_lead_to_files() {
    for (name, text) in files("docs/templates") {
        let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for link in links.filter(|link| !link.starts_with("https://")) {
            assert!(root().join("docs/templates").join(link).exists(), "{name}: {link}");
        }
    }
}
