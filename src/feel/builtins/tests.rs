use std::{collections::HashSet, time::SystemTime};

use super::{all, connector};
use crate::feel::{Context, Expression, Options};

#[test]
fn each_example_gives_what_it_says() {
    let options = Options::new(SystemTime::UNIX_EPOCH);
    for builtin in all() {
        assert!(!builtin.examples.is_empty(), "{} has no example", builtin.name);
        for (example, expected) in builtin.examples {
            let evaluation = Expression::parse(example).unwrap().evaluate(&Context::new(), &options).unwrap();
            assert_eq!(evaluation.value.to_string(), *expected, "{example}");
        }
    }
}

#[test]
fn each_built_in_is_described_and_there_once() {
    let names: HashSet<&str> = all().map(|builtin| builtin.name).collect();
    assert_eq!(names.len(), all().count());
    assert_eq!(names.len(), 102 + connector::TABLE.len());
    for builtin in all() {
        assert!(builtin.doc.ends_with('.'), "{}", builtin.name);
        assert!(
            builtin.examples.iter().all(|(example, _)| example.contains(builtin.name)),
            "{}",
            builtin.name
        );
    }
}

#[test]
fn built_ins_have_the_signatures_of_the_reference() {
    let signatures: usize = all().map(|builtin| builtin.signatures.len()).sum();
    let of_the_connector: usize = connector::TABLE.iter().map(|builtin| builtin.signatures.len()).sum();
    assert_eq!(signatures - of_the_connector, 136);
}
