//! `demo` walks every example in `examples/`, with the answers and the people of the file beside it.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn examples() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let files = std::fs::read_dir(folder).expect("examples").map(|entry| entry.expect("a file").path());
    files.filter(|path| path.extension().is_some_and(|extension| extension == "bpmn")).collect()
}

/// The steps that `demo` tells of.
fn walk(example: &Path) -> Vec<Value> {
    let output = Command::new(env!("CARGO_BIN_EXE_bedrock-connector"))
        .env_clear()
        .args(["demo", "--json"])
        .arg(example)
        .output()
        .expect("the program starts");
    let text = String::from_utf8_lossy(&output.stdout);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {error}\n{text}", example.display());
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[test]
fn demo_walks_every_example_to_its_end() {
    let mut answered: Vec<_> = examples()
        .iter()
        .map(|example| {
            let steps = walk(example);
            let of_kind = |kind: &str| steps.iter().filter(|step| step["step"] == kind).count();
            let last = steps.last().expect("an end");
            assert_eq!((&last["step"], &last["completed"]), (&"ended".into(), &true.into()), "{last}");
            let name = example.file_stem().expect("a name").to_string_lossy().into_owned();
            (name, of_kind("answered"))
        })
        .collect();
    answered.sort();
    let expected = [
        // Two rounds of tools, and the answer.
        ("agent-loop", 3),
        ("chat-with-memory", 2),
        ("document-summary", 1),
        ("human-review", 1),
        // An answer that is mended is one for the process.
        ("typed-extraction", 1),
    ];
    assert_eq!(answered, expected.map(|(name, answers)| (name.to_owned(), answers)));
}
