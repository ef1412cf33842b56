//! Input that would bring the reference down: each gets a clear error, within bounded time and memory.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test runner")]

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::SystemTime,
};

use bedrock_connector::feel::{
    Context, EvaluationError, EvaluationErrorKind, Expression, Limits, MAX_TEXT, Options, ParseErrorKind,
    Value,
};
use serde_json::{Value as Json, json};

/// Runs on a thread with as much stack as a worker has, in a debug build too.
fn on_a_small_stack(test: impl FnOnce() + Send + 'static) {
    thread::Builder::new().stack_size(2 << 20).spawn(test).unwrap().join().unwrap();
}

fn parse_error(text: &str) -> ParseErrorKind {
    Expression::parse(text).unwrap_err().kind
}

fn evaluate_with(text: &str, limits: Limits) -> Result<Value, EvaluationError> {
    let variables = json!({"xs": [1, 2, 3]});
    let options = Options { limits, ..Options::new(SystemTime::UNIX_EPOCH) };
    let expression = Expression::parse(text).unwrap();
    expression.evaluate(&Context::from(&variables), &options).map(|evaluation| evaluation.value)
}

fn error(text: &str) -> EvaluationErrorKind {
    let error = evaluate_with(text, Limits::default()).unwrap_err();
    assert!(!error.message.is_empty());
    error.kind
}

fn value(text: &str) -> Json {
    evaluate_with(text, Limits::default()).unwrap().to_json()
}

#[test]
fn nesting_is_limited() {
    on_a_small_stack(|| {
        let openings = [
            "(",
            "[",
            "{a:",
            "f(",
            "f([",
            "x[",
            "if ",
            "if (",
            "function(x) ",
            "for x in (",
            "1 in (",
            "-(",
            "not(",
        ];
        for opening in openings {
            let kind = parse_error(&opening.repeat(10_000));
            assert_eq!(kind, ParseErrorKind::TooDeep, "{opening}");
        }
        assert_eq!(
            parse_error(&format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000))),
            ParseErrorKind::TooDeep
        );
    });
}

#[test]
fn what_the_limit_of_nesting_allows_is_parsed_printed_and_evaluated_on_a_small_stack() {
    on_a_small_stack(|| {
        let shapes = [
            ("(", "1", ")"),
            ("[", "1", "]"),
            ("{a: ", "1", "}"),
            ("-(", "1", ")"),
            ("abs(", "1", ")"),
            ("1 + (2 * (", "1", "))"),
            ("if true then ", "1", " else 2"),
            ("for x in [1] return ", "1", ""),
            ("[1][", "1", "]"),
            ("1 in (", "1", ")"),
            ("some x in [1] satisfies ", "true", ""),
            ("{f: function(x) ", "1", ", r: f(1)}.r"),
        ];
        for (open, inner, close) in shapes {
            let deepest = (1..=100).rev().find_map(|depth| {
                let text = format!("{}{inner}{}", open.repeat(depth), close.repeat(depth));
                Expression::parse(&text).ok()
            });
            let expression = deepest.unwrap();
            assert_eq!(
                Expression::parse(&expression.to_string()).unwrap().to_string(),
                expression.to_string()
            );
            let options = Options::new(SystemTime::UNIX_EPOCH);
            expression.evaluate(&Context::new(), &options).unwrap();
        }
    });
}

/// Each alternative of the grammar is tried at a place once, also when all fail in the end.
#[test]
fn text_that_fails_late_fails_fast() {
    for opening in [
        "[",
        "(",
        "f([",
        "if (",
        "[[",
        "for x in (",
        "1 in (",
        "x[(",
        "{a:[",
        "f(a:[",
        "1 in ([",
        "some x in (if [",
    ] {
        let depth = 98 / opening.matches(['[', '(', '{']).count().max(1) / 2;
        let text = format!("{}1 1", opening.repeat(depth));
        assert!(Expression::parse(&text).is_err());
        let text = format!("{}1..2", opening.repeat(depth));
        assert!(Expression::parse(&text).is_err());
    }
}

#[test]
fn long_texts_are_refused_or_parsed_in_linear_time() {
    assert_eq!(parse_error(&"1".repeat(1 << 20)), ParseErrorKind::TooLong { length: 1 << 20 });
    assert_eq!(parse_error(&" ".repeat(MAX_TEXT)), ParseErrorKind::Empty);
    assert_eq!(parse_error(&"9".repeat(MAX_TEXT)), ParseErrorKind::NumberTooLong);
    let sum = format!("1{}", " + 1".repeat(60_000));
    assert_eq!(value(&sum), json!(60_001));
    let list = format!("[{}1]", "[1],".repeat(60_000));
    assert!(Expression::parse(&list).is_ok());
    let conjunction = format!("true{}", " and true".repeat(25_000));
    assert_eq!(value(&conjunction), json!(true));
    let path = format!("{{a: 1}}{}", ".a".repeat(100_000));
    assert_eq!(value(&path), json!(null));
    assert!(matches!(parse_error(&"a[".repeat(100_000)), ParseErrorKind::TooDeep));
    assert!(matches!(parse_error(&format!("[{}", "1,".repeat(100_000))), ParseErrorKind::Unexpected { .. }));
}

#[test]
fn open_strings_and_comments_are_named() {
    assert_eq!(parse_error("\"abc"), ParseErrorKind::OpenString);
    assert_eq!(parse_error("\"abc\\\""), ParseErrorKind::OpenString);
    assert_eq!(parse_error("1 /* one"), ParseErrorKind::OpenComment);
    assert_eq!(parse_error(""), ParseErrorKind::Empty);
    assert_eq!(parse_error(" = // nothing"), ParseErrorKind::Empty);
}

#[test]
fn lists_and_strings_are_limited() {
    assert_eq!(error("for i in 1..10**9 return i"), EvaluationErrorKind::Size);
    assert_eq!(error("for i in 1..10**30 return i"), EvaluationErrorKind::Size);
    assert_eq!(error("for i in -1 * 10**300..10**300 return i"), EvaluationErrorKind::Size);
    assert_eq!(error("for i in 1..2000, j in 1..2000 return 1"), EvaluationErrorKind::Size);
    let doubled = "\"0123456789\"".to_owned();
    let doubling = (0..30).fold(doubled, |text, _| format!("(for s in [{text}] return s + s)[1]"));
    assert_eq!(error(&doubling), EvaluationErrorKind::Size);
    let lists =
        (0..25).fold("[1]".to_owned(), |list, _| format!("(for l in [{list}] return concatenate(l, l))[1]"));
    assert_eq!(error(&lists), EvaluationErrorKind::Size);
}

/// A value may share its parts, so that it is small in memory, but not when it is printed or compared.
#[test]
fn values_that_would_be_large_when_printed_are_limited() {
    assert_eq!(error("for i in 1..100 return [partial, partial]"), EvaluationErrorKind::Size);
    assert_eq!(error("for i in 1..1000000 return partial"), EvaluationErrorKind::Size);
    on_a_small_stack(|| {
        assert_eq!(error("context put({}, for i in 1..100000 return \"a\", 1)"), EvaluationErrorKind::Depth);
        assert_eq!(error("for i in 1..5000 return [partial[-1]]"), EvaluationErrorKind::Depth);
    });
}

#[test]
fn steps_are_limited() {
    assert_eq!(error("for i in 1..5000, j in 1..5000 return 1"), EvaluationErrorKind::Size);
    let limits = Limits { steps: 100_000, ..Limits::default() };
    for text in [
        "some i in 1..9999, j in 1..9999 satisfies i > j + 99999",
        "for i in 1..10000 return sum(for j in 1..1000 return j)",
        "for i in 1..10000 return distinct values(for j in 1..10000 return j)",
        "for i in 1..60000 return i + 1",
        "(for x in [for i in 1..1000 return i] return for i in 1..1000 return index of(x, i))",
        "(for x in [for i in 1..1000 return {a: i}] return for i in 1..1000 return x.a)",
    ] {
        assert_eq!(evaluate_with(text, limits).unwrap_err().kind, EvaluationErrorKind::Steps, "{text}");
    }
}

#[test]
fn exponents_are_limited() {
    assert_eq!(error("2**99999999999"), EvaluationErrorKind::Arithmetic);
    assert_eq!(error("0 ** -1"), EvaluationErrorKind::Arithmetic);
    assert_eq!(error("modulo(1, 0)"), EvaluationErrorKind::Arithmetic);
    assert_eq!(value("string length(string(9**99999)) < 100"), json!(true));
    assert_eq!(value("10**400"), json!("Infinity"));
}

#[test]
fn patterns_that_would_search_for_ever_are_given_up() {
    let text = "a".repeat(5000);
    for pattern in ["(a+)+$b", "(a|aa)+\\\\1$b", "(?=(a+)+b)a", "((a*)*)*\\\\2b"] {
        let expression = format!("matches(\"{text}\", \"{pattern}\")");
        match evaluate_with(&expression, Limits::default()) {
            Ok(value) => assert!(matches!(value, Value::Boolean(_) | Value::Null)),
            Err(error) => assert_eq!(error.kind, EvaluationErrorKind::Steps, "{pattern}"),
        }
    }
}

#[test]
fn functions_that_call_themselves_end() {
    on_a_small_stack(|| {
        let cyclic = "{c: {f: function(c) c.f(c)}, r: c.f(c)}";
        assert_eq!(error(cyclic), EvaluationErrorKind::Depth);
        let deeper = "{c: {f: function(c, n) [1][c.f(c, n + 1) = 1]}, r: c.f(c, 1)}";
        assert_eq!(error(deeper), EvaluationErrorKind::Depth);
        let sorting = "{c: {f: function(c) sort([1, 2], function(a, b) c.f(c))}, r: c.f(c)}";
        assert_eq!(error(sorting), EvaluationErrorKind::Depth);
    });
}

#[test]
fn the_caller_can_stop_an_evaluation() {
    let asked = AtomicUsize::new(0);
    let interrupt = || asked.fetch_add(1, Ordering::Relaxed) >= 2;
    let options = Options { interrupt: Some(&interrupt), ..Options::new(SystemTime::UNIX_EPOCH) };
    let expression = Expression::parse("for i in 1..900000 return i").unwrap();
    let error = expression.evaluate(&Context::new(), &options).unwrap_err();
    assert_eq!(error.kind, EvaluationErrorKind::Interrupted);
}

#[test]
fn invalid_escapes_are_kept() {
    assert_eq!(value(r#""\d\u00e9\q""#), json!(r"\d\u00e9\q"));
}

/// Found by fuzzing: each `(>k i (if` could be begun in several ways, all of which fail, so that the readings doubled
/// with each of them.
#[test]
fn readings_that_multiply_are_given_up() {
    let text = include_str!("feel/found/readings-that-multiply.feel");
    assert!(matches!(parse_error(text), ParseErrorKind::TooAmbiguous));
}
