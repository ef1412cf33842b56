//! The language, text in and value out: what a modeler writes, and the standard's test kit, both answered by feel-scala.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test runner: what it reads is at hand, and it prints what it counts"
)]

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bedrock_connector::feel::{Context, Expression, Options};
use serde_json::{Map, Value as Json};

/// The clock of the cases: 2026-03-15T10:20:30.123Z.
fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(1_773_570_030_123)
}

struct Case {
    id: String,
    expression: String,
    context: Json,
    /// None if the evaluation must fail.
    expected: Option<Json>,
    suppressed: Option<Vec<String>>,
}

impl Case {
    fn read(line: &str) -> Case {
        let case: Map<String, Json> = serde_json::from_str(line).unwrap();
        let text = |key: &str| case[key].as_str().unwrap().to_owned();
        let kind = |failure: &Json| failure.as_str().or_else(|| failure["type"].as_str()).unwrap().to_owned();
        let fails = case.get("error") == Some(&Json::Bool(true));
        Case {
            id: text("id"),
            expression: text("expr"),
            context: case.get("ctx").cloned().unwrap_or_default(),
            expected: (!fails).then(|| case["expected"].clone()),
            suppressed: case
                .get("suppressed")
                .map(|list| list.as_array().unwrap().iter().map(kind).collect()),
        }
    }

    /// `modeler/val/001` belongs to the section `val`, `tck/2/0001/001/..` to `2/0001`.
    fn section(&self) -> String {
        let parts: Vec<&str> = self.id.split('/').collect();
        match parts.as_slice() {
            ["tck", level, test, ..] => format!("{level}/{test}"),
            [_, section, ..] => (*section).to_owned(),
            _ => self.id.clone(),
        }
    }

    /// What differs from the reference; None if nothing does.
    fn difference(&self) -> Option<String> {
        let outcome = evaluate(&self.expression, &self.context);
        match (&self.expected, outcome) {
            (None, Err(_)) => None,
            (None, Ok((value, _))) => Some(format!("expected a failure, found {value}")),
            (Some(expected), Err(message)) => {
                Some(format!("expected {expected}, found the failure {message}"))
            }
            (Some(expected), Ok((value, failures))) => {
                if !equal(expected, &value) {
                    return Some(format!("expected {expected}, found {value}"));
                }
                let suppressed = self.suppressed.as_ref().filter(|kinds| **kinds != failures)?;
                Some(format!("expected the failures {suppressed:?}, found {failures:?}"))
            }
        }
    }
}

fn evaluate(expression: &str, context: &Json) -> Result<(Json, Vec<String>), String> {
    let expression = Expression::parse(expression).map_err(|error| error.to_string())?;
    let evaluation = expression
        .evaluate(&Context::from(context), &Options::new(now()))
        .map_err(|error| error.to_string())?;
    let kinds = evaluation.failures.iter().map(|failure| failure.kind.name().to_owned()).collect();
    Ok((evaluation.value.to_json(), kinds))
}

/// Numbers by value as doubles, whole ones exactly; contexts whatever their order.
fn equal(one: &Json, two: &Json) -> bool {
    match (one, two) {
        (Json::Number(one), Json::Number(two)) => match (one.as_i64(), two.as_i64()) {
            (Some(one), Some(two)) => one == two,
            _ => one.as_f64() == two.as_f64(),
        },
        (Json::Array(one), Json::Array(two)) => {
            one.len() == two.len() && one.iter().zip(two).all(|(one, two)| equal(one, two))
        }
        (Json::Object(one), Json::Object(two)) => {
            one.len() == two.len()
                && one.iter().all(|(key, value)| two.get(key).is_some_and(|other| equal(value, other)))
        }
        (one, two) => one == two,
    }
}

/// Runs the cases, prints the counts of each section and the differences, and returns the ids that differ.
fn run(file: &Path) -> (usize, Vec<String>) {
    let cases: Vec<Case> = fs::read_to_string(file).unwrap().lines().map(Case::read).collect();
    let mut sections: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let mut differing = Vec::new();
    for case in &cases {
        let counts = sections.entry(case.section()).or_default();
        counts.1 += 1;
        match case.difference() {
            None => counts.0 += 1,
            Some(difference) => {
                println!("{} `{}`\n    {difference}", case.id, case.expression);
                differing.push(case.id.clone());
            }
        }
    }
    for (section, (agreeing, all)) in &sections {
        println!("{section:>12} {agreeing:>4} of {all:>4}");
    }
    println!("{}: {} of {}", file.display(), cases.len() - differing.len(), cases.len());
    (cases.len(), differing)
}

fn package_file(path: &str) -> std::path::PathBuf {
    Path::new(file!()).parent().unwrap().parent().unwrap().join(path)
}

#[test]
fn what_modelers_write_means_what_it_means_in_camunda() {
    let (count, differing) = run(&package_file("tests/feel/modeler.jsonl"));
    assert_eq!(count, 811);
    assert_eq!(differing, Vec::<String>::new());
}

#[test]
fn expressions_of_the_test_kit_mean_what_they_mean_in_camunda() {
    let file = package_file("../shared/feel/tck.jsonl");
    if !file.exists() {
        println!(
            "NOT RUN: {} is not there, so the 3,143 cases of the test kit were not tried",
            file.display()
        );
        return;
    }
    let (count, differing) = run(&file);
    assert_eq!(count, 3143);
    let ledger: Vec<&str> = LEDGER.iter().map(|(id, _)| *id).collect();
    assert_eq!(differing, ledger);
}

/// Cases that differ, each with the reason. The list may only get shorter.
const LEDGER: &[(&str, &str)] = &[];
