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

use bedrock_connector::feel::{Cache, Context, Expression, HostFunction, Observer, Options, Span, Value};
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

/// Each file holds an expression below what is said about it.
#[test]
fn mistakes_are_explained_with_place_and_remedy() {
    let variables: Json = serde_json::from_str(VARIABLES_OF_MISTAKES).unwrap();
    let mut count = 0;
    for entry in fs::read_dir(package_file("tests/feel/diagnostics")).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let (expected, expression) = text.split_once("\n\n").unwrap();
        let expression = expression.trim_end_matches('\n');
        let found = explanation(expression, &Context::from(&variables));
        let found: Vec<String> =
            found.lines().map(|line| format!("// {line}").trim_end().to_owned()).collect();
        assert_eq!(found.join("\n"), expected, "{}", path.display());
        count += 1;
    }
    assert!(count > 30);
}

const VARIABLES_OF_MISTAKES: &str = r#"{
    "response": {
        "body": {"content": [{"type": "text", "text": "Hi"}], "usage": {"inputTokens": 1}},
        "stop-reason": "end",
        "when": "2026-03-15"
    },
    "items": [{"price": 1}, {"price": 2}],
    "my key": 1
}"#;

fn explanation(source: &str, context: &Context<'_>) -> String {
    let expression = match Expression::parse(source) {
        Ok(expression) => expression,
        Err(error) => return error.diagnostic(source).to_string(),
    };
    match expression.evaluate(context, &Options::new(now())) {
        Ok(evaluation) => {
            let diagnostics =
                evaluation.failures.iter().map(|failure| failure.diagnostic(source).to_string());
            diagnostics.collect::<Vec<_>>().join("\n")
        }
        Err(error) => error.diagnostic(source).to_string(),
    }
}

/// Every part with its text and value, the inner before the outer.
#[test]
fn an_observer_is_told_the_value_of_each_part() {
    #[derive(Default)]
    struct Trace(std::sync::Mutex<Vec<String>>);
    impl Observer for Trace {
        fn value(&self, _: Span, text: &str, value: &Value) {
            self.0.lock().unwrap().push(format!("{text} -> {value}"));
        }
    }
    let trace = Trace::default();
    let options = Options { observer: Some(&trace), ..Options::new(now()) };
    let variables = serde_json::json!({"xs": [1, 2]});
    let expression = Expression::parse("if xs[1] < 2 then sum(xs) else null").unwrap();
    expression.evaluate(&Context::from(&variables), &options).unwrap();
    let expected = [
        "xs[1] -> 1",
        "2 -> 2",
        "xs[1] < 2 -> true",
        "xs -> [1, 2]",
        "sum(xs) -> 3",
        "if xs[1] < 2 then sum(xs) else null -> 3",
    ];
    assert_eq!(*trace.0.lock().unwrap(), expected);
}

#[test]
fn functions_from_outside_come_before_those_of_the_connector() {
    let store = |arguments: &[Value]| match arguments {
        [Value::String(text)] => Ok(Value::from(format!("stored {text}"))),
        _ => Err("only texts can be stored".to_owned()),
    };
    let functions = [HostFunction { name: "createDocument", parameters: &["value"], call: &store }];
    let options = Options { functions: &functions, ..Options::new(now()) };
    let value = |text: &str| {
        let evaluation = Expression::parse(text).unwrap().evaluate(&Context::new(), &options).unwrap();
        (evaluation.value.to_json(), evaluation.failures.len())
    };
    assert_eq!(value("createDocument(\"a\")"), (serde_json::json!("stored a"), 0));
    assert_eq!(value("createDocument(value: \"a\")"), (serde_json::json!("stored a"), 0));
    assert_eq!(value("createDocument(1)"), (Json::Null, 1));
}

#[test]
fn expressions_are_shared_between_threads() {
    fn shared<T: Send + Sync + Clone>() {}
    shared::<Expression>();
    shared::<Value>();
    let cache = Cache::new(4);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let cache = &cache;
            scope.spawn(move || {
                for number in 0..50 {
                    let text = format!("{thread} + {}", number % 3);
                    assert_eq!(cache.get(&text).unwrap().to_string(), text);
                }
            });
        }
    });
    assert!(cache.get("1 +").is_err());
}

#[test]
fn what_is_printed_means_the_same() {
    let cases: Vec<Case> = fs::read_to_string(package_file("tests/feel/modeler.jsonl"))
        .unwrap()
        .lines()
        .map(Case::read)
        .collect();
    for case in &cases {
        let Ok(expression) = Expression::parse(&case.expression) else { continue };
        let printed = expression.to_string();
        assert_eq!(Expression::parse(&printed).unwrap().to_string(), printed, "{}", case.expression);
        if !["uuid", "random", "backoff"].iter().any(|name| printed.contains(name)) {
            let (one, two) = (evaluate(&case.expression, &case.context), evaluate(&printed, &case.context));
            assert_eq!(one.ok(), two.ok(), "{} printed as {printed}", case.expression);
        }
    }
}

/// The page on what differs from the standard says what is so.
#[test]
fn the_page_of_differences_is_right() {
    let page = fs::read_to_string(package_file("src/feel/differences.md")).unwrap();
    let mut count = 0;
    for row in page.lines().filter(|row| row.starts_with("| `")) {
        let (expression, rest) = if let Some(row) = row.strip_prefix("| `` ") {
            row.split_once(" `` | ").unwrap()
        } else {
            row.strip_prefix("| `").unwrap().split_once("` | ").unwrap()
        };
        let expected = rest.split(" |").next().unwrap();
        let found = match Expression::parse(expression) {
            Err(_) => "no expression".to_owned(),
            Ok(parsed) => match parsed.evaluate(&Context::new(), &Options::new(now())) {
                Ok(evaluation) => evaluation.value.to_string(),
                Err(_) => "fails".to_owned(),
            },
        };
        assert_eq!(found, expected, "{expression}");
        count += 1;
    }
    assert!(count > 50);
}
