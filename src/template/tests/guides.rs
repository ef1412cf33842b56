//! What the pages say is true.

use serde_json::Value;

use super::shipped;
use crate::connector::{CODES, json::kind};
use crate::template::guide::{evaluate, seen};

#[test]
fn every_example_gives_something_over_the_sample_answer() {
    for entry in shipped() {
        let variables = seen(&entry.guide.response);
        for part in &entry.guide.parts {
            let value = evaluate(part.example, &variables);
            let Ok(Value::Object(given)) = &value else {
                panic!("{}: {}: {value:?}", entry.name, part.example)
            };
            assert!(
                !given.is_empty() && given.values().all(|value| !value.is_null()),
                "{}: {given:?}",
                part.example
            );
        }
    }
}

/// What a page sets in bold is a field, under the name that it has on the screen.
#[test]
fn words_in_bold_are_labels() {
    let entries = shipped();
    let labels: Vec<_> =
        entries.iter().flat_map(|entry| &entry.template.properties).filter_map(|field| field.label).collect();
    for entry in &entries {
        let meanings = entry.guide.parts.iter().map(|part| part.meaning);
        for text in meanings.chain([entry.guide.purpose, entry.guide.answer]) {
            for bold in text.split("**").skip(1).step_by(2) {
                assert!(labels.contains(&bold), "{}: {bold}", entry.name);
            }
        }
    }
}

#[test]
fn every_part_of_the_sample_answer_is_explained_once() {
    for entry in shipped() {
        let Value::Object(response) = &entry.guide.response else { continue };
        let explained: Vec<_> = entry.guide.parts.iter().map(|part| part.path).collect();
        let parts: Vec<_> = response.keys().map(String::as_str).collect();
        let sorted = |mut paths: Vec<&str>| {
            paths.sort_unstable();
            paths.iter().map(|&path| path.to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(sorted(explained), sorted(parts), "{}", entry.name);
    }
}

#[test]
fn error_expressions_make_errors_of_what_they_are_for() {
    for entry in shipped() {
        assert!(entry.guide.errors.len() > 1, "{}", entry.name);
        for handled in &entry.guide.errors {
            let Value::Object(variables) = &handled.seen else {
                panic!("{} is no context", kind(&handled.seen))
            };
            let value = evaluate(handled.expression, variables).unwrap();
            let given = value.get("errorType").and_then(Value::as_str);
            assert!(matches!(given, Some("bpmnError" | "jobError")), "{}: {value}", handled.expression);
        }
    }
}

/// A code in an example is one that the worker or Bedrock has.
#[test]
fn error_codes_in_examples_exist() {
    const BEDROCK: &[&str] = &["AccessDeniedException", "ResourceNotFoundException", "ThrottlingException"];
    let known = |code: &str| BEDROCK.contains(&code) || CODES.iter().any(|entry| entry.code == code);
    for entry in shipped() {
        for handled in &entry.guide.errors {
            for rest in handled.expression.split("error.code = \"").skip(1) {
                let code = rest.split('"').next().unwrap();
                assert!(known(code), "{code}");
            }
        }
    }
}
