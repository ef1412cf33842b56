//! The rules against a model of them that is too simple to be wrong.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::*;

/// Compares letter by letter and tries every length for a `*`: slow, and plainly what is meant.
fn simply_matches(pattern: &[char], text: &[char]) -> bool {
    match (pattern, text) {
        ([], []) => true,
        (['*', pattern @ ..], text) => {
            (0..=text.len()).any(|skipped| simply_matches(pattern, &text[skipped..]))
        }
        ([wanted, pattern @ ..], [found, text @ ..]) => wanted == found && simply_matches(pattern, text),
        _ => false,
    }
}

fn chars(text: &str) -> Vec<char> {
    text.chars().collect()
}

/// A rule as the file has it: lists of texts.
type Written = [Option<Vec<String>>; 3];

fn simply_allowed(rules: &[Written], asker: &[Option<String>; 3]) -> bool {
    let passes = |list: &Option<Vec<String>>, found: &Option<String>| match (list, found) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(list), Some(found)) => list.iter().any(|text| simply_matches(&chars(text), &chars(found))),
    };
    rules.iter().any(|lists| lists.iter().zip(asker).all(|(list, found)| passes(list, found)))
}

fn rule(written: &Written) -> Rule {
    let patterns = |list: &Option<Vec<String>>| {
        list.as_ref().map(|list| list.iter().map(|text| Pattern::new(text).expect("not empty")).collect())
    };
    Rule {
        tenants: patterns(&written[0]),
        processes: patterns(&written[1]),
        templates: patterns(&written[2]),
        description: None,
    }
}

/// Few letters, so that matches are as common as misses.
fn name() -> impl Strategy<Value = String> {
    "[ab]{0,4}"
}

fn pattern() -> impl Strategy<Value = String> {
    "[ab*]{1,4}"
}

fn written() -> impl Strategy<Value = Written> {
    let list = || option::weighted(0.6, vec(pattern(), 0..3));
    (list(), list(), list()).prop_map(|(tenants, processes, templates)| [tenants, processes, templates])
}

fn asker() -> impl Strategy<Value = [Option<String>; 3]> {
    (name(), name(), option::weighted(0.7, name()))
        .prop_map(|(tenant, process, template)| [Some(tenant), Some(process), template])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    /// A hundred sets of rules, each asked by twenty askers.
    #[test]
    fn rules_decide_as_the_simple_model_does(sets in vec(written(), 0..5), askers in vec(asker(), 20)) {
        let rules = Rules(sets.iter().map(rule).collect());
        for found in &askers {
            let asker = Asker {
                tenant: found[0].as_deref().unwrap_or_default(),
                process: found[1].as_deref().unwrap_or_default(),
                template: found[2].as_deref(),
            };
            let expected = simply_allowed(&sets, found);
            prop_assert_eq!(rules.allow(&asker), expected, "{:?} of {:?}", asker, sets);
            let explained = rules.explain(&asker).iter().any(RuleOutcome::grants);
            prop_assert_eq!(explained, expected, "the explanation for {:?} of {:?}", asker, sets);
        }
    }
}

fn matches(pattern: &str, text: &str) -> bool {
    Pattern::new(pattern).expect("a pattern").matches(text)
}

#[test]
fn a_star_stands_for_any_characters() {
    for (pattern, text, expected) in [
        ("order", "order", true),
        ("order", "Order", false),
        ("order", "orders", false),
        ("order-*", "order-", true),
        ("order-*", "order-check", true),
        ("*-check", "order-check", true),
        ("*", "", true),
        ("**", "x", true),
        ("a*b*a", "aba", true),
        ("a*a", "a", false),
        ("ab*ba", "aba", false),
        ("*b*b*", "abab", true),
        ("<default>", "<default>", true),
        ("a.c", "abc", false),
    ] {
        assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
    }
}

#[test]
fn what_matches_nothing_is_no_pattern() {
    assert_eq!(Pattern::new(" "), Err(PatternError::Empty));
    assert_eq!(Pattern::new(&"a".repeat(257)), Err(PatternError::TooLong));
}

#[test]
fn without_rules_nobody_may() {
    let asker = Asker { tenant: "a", process: "p", template: None };
    assert!(!Rules::default().allow(&asker));
    assert!(Rules(vec![Rule::default()]).allow(&asker), "a rule without lists is for all");
}

#[test]
fn the_explanation_names_what_was_found_and_expected() {
    let rules = Rules(vec![
        Rule {
            tenants: Some(vec![Pattern::new("acme").unwrap(), Pattern::new("b*").unwrap()]),
            ..Rule::default()
        },
        Rule { templates: Some(vec![Pattern::new("*").unwrap()]), ..Rule::default() },
    ]);
    let asker = Asker { tenant: "corp", process: "p", template: None };
    let texts: Vec<String> =
        rules.explain(&asker).iter().flat_map(|outcome| &outcome.misses).map(ToString::to_string).collect();
    assert_eq!(texts, ["tenant \"corp\" is none of acme, b*", "the task has no template, expected one of *"]);
}
