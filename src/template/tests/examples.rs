//! The diagrams in `examples/` are drawn with the templates as they are now.

use std::fs;
use std::path::Path;

use super::{entry, shipped};
use crate::template::entries::Entry;
use crate::template::model::Binding;

/// The texts of all service tasks, each with the file that it is in.
fn tasks() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let diagrams = files.filter(|path| path.extension().is_some_and(|extension| extension == "bpmn"));
    let mut tasks = Vec::new();
    for path in diagrams {
        let xml = fs::read_to_string(&path).unwrap();
        let texts = xml.split("<bpmn:serviceTask ").skip(1);
        let texts = texts.filter_map(|text| text.split("</bpmn:serviceTask>").next());
        tasks.extend(texts.map(|text| (path.display().to_string(), text.to_owned())));
    }
    tasks
}

/// The values of an attribute, in the order of the text.
fn values<'a>(text: &'a str, attribute: &str) -> impl Iterator<Item = &'a str> {
    text.split(&format!(" {attribute}=\""))
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect::<Vec<_>>()
        .into_iter()
}

fn writes(entry: &Entry, path: &str) -> bool {
    let binding = Binding::Input { name: path.to_owned() };
    entry.template.properties.iter().any(|field| field.binding == binding)
}

#[test]
fn every_task_of_ours_in_an_example_is_made_with_the_current_template() {
    let entries = shipped();
    let tasks = tasks();
    assert!(tasks.len() >= 5, "{tasks:?}");
    for (file, task) in tasks {
        let id = values(&task, "zeebe:modelerTemplate")
            .next()
            .unwrap_or_else(|| panic!("{file}: no template: {task}"));
        let made_with = entries.iter().find(|entry| entry.template.id == id);
        let made_with =
            entry(&entries, made_with.unwrap_or_else(|| panic!("{file}: {id} is none of ours")).name);
        let version = made_with.template.version.to_string();
        assert_eq!(values(&task, "zeebe:modelerTemplateVersion").next(), Some(version.as_str()), "{file}");
        assert_eq!(
            values(&task, "zeebe:modelerTemplateIcon").next(),
            Some(made_with.template.icon.contents.as_str()),
            "{file}"
        );
        assert!(task.contains(&format!("type=\"{}\"", made_with.job_type())), "{file}");
        for target in values(&task, "target") {
            assert!(writes(&made_with, target), "{file}: {} has no field for {target}", made_with.name);
        }
    }
}
