//! The examples in `docs/` are taken by the program as they stand there.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// What the examples refer to.
const VARIABLES: [(&str, &str); 6] = [
    ("BEDROCK_SECRET_KEY", "s"),
    ("HF_TOKEN", "hf_token"),
    ("KEY_ID_1", "AKID1"),
    ("ACCESS_KEY_1", "s"),
    ("KEY_ID_2", "AKID2"),
    ("ACCESS_KEY_2", "s"),
];

/// The blocks of a page that are files for the worker.
fn examples(page: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(page);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let blocks = text.split("\n```").filter_map(|block| block.strip_prefix("toml\n"));
    blocks.map(|block| format!("{block}\n")).collect()
}

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bedrock-connector"))
        .args(arguments)
        .env_clear()
        .envs(VARIABLES)
        .env("AWS_REGION", "eu-west-1")
        .output()
        .expect("the program runs")
}

/// Writes the one example of a page to a file that the program reads.
fn file(page: &str) -> tempfile::NamedTempFile {
    let examples = examples(page);
    let [example] = examples.as_slice() else { panic!("{page} has {} examples", examples.len()) };
    let file = tempfile::NamedTempFile::new().expect("a file");
    fs::write(file.path(), example).expect("it is written");
    file
}

fn names_of_connections(toml: &str) -> BTreeSet<String> {
    let tables = toml.split("[[connections]]").skip(1);
    let name = |table: &str| {
        let line = table.lines().find_map(|line| line.strip_prefix("name = \""))?;
        line.strip_suffix('"').map(str::to_owned)
    };
    tables.filter_map(name).collect()
}

#[test]
fn examples_are_taken_as_they_stand() {
    for (page, connections) in [
        (
            "coming-from-conductor.md",
            &["bedrock-titan", "bedrock-cohere", "bedrock-by-keys", "hugging-face"][..],
        ),
        ("coming-from-dial.md", &["dial"]),
    ] {
        let file = file(page);
        let path = file.path().display().to_string();
        let dumped = run(&["run", "--dump-config", "--config", &path]);
        let output = String::from_utf8_lossy(&dumped.stdout).into_owned();
        assert_eq!(dumped.status.code(), Some(0), "{page}: {}", String::from_utf8_lossy(&dumped.stderr));
        let expected = connections.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(names_of_connections(&output), expected, "{page}: {output}");
        assert!(
            output.contains("inline-credentials = \"refused\""),
            "{page}: its rules can be walked around"
        );
    }
}

#[test]
fn examples_give_access_as_the_pages_say() {
    for (page, [process, tenant, connection, model], expected) in [
        ("coming-from-conductor.md", ["support-answer", "<default>", "bedrock-titan", "titan-embed-v2"], 0),
        ("coming-from-conductor.md", ["other", "<default>", "bedrock-titan", "titan-embed-v2"], 1),
        ("coming-from-conductor.md", ["any", "sales", "bedrock-cohere", "embed"], 0),
        ("coming-from-conductor.md", ["any", "marketing", "bedrock-cohere", "embed"], 1),
        ("coming-from-conductor.md", ["any", "sales", "bedrock-cohere", "cohere-command-r"], 1),
        ("coming-from-conductor.md", ["any", "any", "bedrock-by-keys", "nova"], 0),
        ("coming-from-conductor.md", ["support-answer", "any", "hugging-face", "llama"], 0),
        ("coming-from-dial.md", ["any", "analysts", "dial", "claude-sonnet"], 0),
        ("coming-from-dial.md", ["report-week", "any", "dial", "claude-sonnet"], 0),
        ("coming-from-dial.md", ["report-week", "any", "dial", "embeddings"], 1),
        ("coming-from-dial.md", ["report-index", "any", "dial", "embeddings"], 0),
    ] {
        let file = file(page);
        let path = file.path().display().to_string();
        let explained = run(&[
            "access",
            "explain",
            "--config",
            &path,
            "--process",
            process,
            "--tenant",
            tenant,
            "--connection",
            connection,
            "--model",
            model,
        ]);
        let output = String::from_utf8_lossy(&explained.stdout);
        assert_eq!(explained.status.code(), Some(expected), "{page} {process} {tenant} {model}: {output}");
    }
}
