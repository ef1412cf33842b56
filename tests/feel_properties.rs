//! What holds for every expression, not only for those in the tables: texts made at random from the words of the
//! language, and expressions put together from parts.

use std::time::SystemTime;

use bedrock_connector::feel::{
    Context, Expression, Limits, Options, regex,
    temporal::{Temporal, Zone, ZonedDateTime},
};
use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::{Value as Json, json};

/// Pieces that make an expression often enough.
const WORDS: &[&str] = &[
    " ",
    "1",
    "0.5",
    "-",
    "+",
    "*",
    "/",
    "**",
    "=",
    "!=",
    "<",
    ">=",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    ".",
    "..",
    "\"",
    "\"a\"",
    "a",
    "b",
    "list",
    "context",
    "null",
    "true",
    "if ",
    " then ",
    " else ",
    "for ",
    "i",
    " in ",
    " return ",
    "some ",
    "every ",
    " satisfies ",
    " and ",
    " or ",
    "not(",
    "between ",
    " instance of ",
    "string",
    "function(",
    "?",
    "item",
    "@",
    "@\"P1D\"",
    "@\"2026-03-15\"",
    "duration(",
    "string(",
    "count(",
    "sort(",
    "matches(",
    "get value(",
    "//",
    "/*",
    "*/",
    "\n",
    "`",
    "é",
    "😀",
    "\\",
    "time offset",
    "is defined(",
    "partition(",
    "1..3",
    "from json(",
];

fn variables() -> Json {
    json!({"a": 1, "b": "text", "list": [3, 1, 2], "context": {"a": {"b": [1, {"c": null}]}}})
}

/// The value, or why there is none. The limits keep each case short.
fn evaluate(expression: &Expression) -> Result<Json, String> {
    let limits = Limits { steps: 20_000, items: 2_000, text: 20_000, weight: 20_000 };
    let options = Options { limits, ..Options::new(SystemTime::UNIX_EPOCH) };
    match expression.evaluate(&Context::from(&variables()), &options) {
        Ok(evaluation) => Ok(evaluation.value.to_json()),
        Err(error) => Err(error.to_string()),
    }
}

/// An expression, by its text. Operands stand in parentheses, so that any part fits into any other.
fn expressions() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        "[0-9]{1,4}(\\.[0-9]{1,3})?",
        "\"[a-zé 0-9]{0,5}\"",
        select(vec!["a", "b", "list", "context", "context.a.b", "missing", "null", "true", "false"])
            .prop_map(String::from),
        select(vec![
            "@\"P1DT2H\"",
            "@\"P1Y\"",
            "@\"2026-03-29\"",
            "@\"10:20:30+01:00\"",
            "@\"2026-03-29T02:30:00@Europe/Berlin\""
        ])
        .prop_map(String::from),
    ];
    leaf.prop_recursive(5, 40, 4, |part| {
        let operators =
            vec!["+", "-", "*", "/", "**", "=", "!=", "<", "<=", ">", ">=", " and ", " or ", " in "];
        let functions =
            vec!["string", "count", "sum", "not", "abs", "floor", "is defined", "flatten", "to json", "date"];
        prop_oneof![
            (part.clone(), select(operators), part.clone())
                .prop_map(|(a, operator, b)| format!("({a}){operator}({b})")),
            (select(functions), part.clone()).prop_map(|(name, a)| format!("{name}({a})")),
            vec(part.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(", "))),
            (part.clone(), part.clone()).prop_map(|(a, b)| format!("{{x: {a}, \"y z\": {b}}}")),
            (part.clone(), part.clone()).prop_map(|(a, b)| format!("[{a}][{b}]")),
            part.clone().prop_map(|a| format!("{{x: {a}}}.x")),
            (part.clone(), part.clone(), part.clone())
                .prop_map(|(a, b, c)| format!("if {a} then {b} else {c}")),
            (part.clone(), part.clone()).prop_map(|(a, b)| format!("for i in [{a}, 1] return [i, {b}]")),
            (part.clone(), part.clone()).prop_map(|(a, b)| format!("some i in [{a}] satisfies i = ({b})")),
            (part.clone(), part.clone()).prop_map(|(a, b)| format!("({a}) between ({b}) and 10")),
            part.clone().prop_map(|a| format!("({a}) instance of number")),
            (part.clone(), part).prop_map(|(a, b)| format!("({a}) in [({b})..10]")),
        ]
    })
}

proptest! {
    #[test]
    fn any_text_is_parsed_or_refused_and_evaluated_or_ended(words in vec(select(WORDS), 0..24)) {
        let text = words.concat();
        match Expression::parse(&text) {
            Ok(expression) => prop_assert_eq!(evaluate(&expression), evaluate(&expression)),
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }

    #[test]
    fn a_printed_expression_is_the_same_expression(text in expressions()) {
        let expression = Expression::parse(&text).unwrap();
        let printed = expression.to_string();
        let again = Expression::parse(&printed).map_err(|error| TestCaseError::fail(format!("{printed}: {error}")))?;
        prop_assert_eq!(&printed, &again.to_string());
        // Failures quote the text, which may be written in another way.
        prop_assert_eq!(evaluate(&expression).ok(), evaluate(&again).ok(), "{}", printed);
    }

    #[test]
    fn a_date_and_time_is_read_as_it_is_written(
        seconds in -400_000_000_000i64..400_000_000_000,
        nanos in 0u32..1_000_000_000,
        hours in -18i32..=18,
    ) {
        let zone = Zone::parse(&format!("{hours:+03}:00")).unwrap();
        let zoned = ZonedDateTime::from_epoch(seconds, nanos, &zone).unwrap();
        prop_assert_eq!(Temporal::parse_at(&zoned.to_string()), Some(Temporal::ZonedDateTime(zoned.clone())));
        let local = zoned.local();
        prop_assert_eq!(Temporal::parse_at(&local.to_string()), Some(Temporal::LocalDateTime(local)));
        let time = zoned.to_zoned_time();
        prop_assert_eq!(Temporal::parse_at(&time.to_string()), Some(Temporal::ZonedTime(time)));
    }

    #[test]
    fn a_region_shows_the_same_instant(
        seconds in -400_000_000_000i64..400_000_000_000,
        id in select(vec!["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "UTC", "GMT+05:30"]),
    ) {
        let zone = Zone::parse(id).unwrap();
        let zoned = ZonedDateTime::from_epoch(seconds, 0, &zone).unwrap();
        prop_assert_eq!(zoned.zone_id(), Some(id));
        // The text of the result has the offset, so that it is exact also where an hour comes twice.
        let text = zoned.to_iso_text();
        if zoned.offset().seconds() % 60 == 0 && (0..=9_999).contains(&zoned.date().year()) {
            prop_assert_eq!(Temporal::parse_at(&text), Some(Temporal::ZonedDateTime(zoned)));
        }
    }

    #[test]
    fn a_duration_in_json_is_read_as_it_is_written(seconds in any::<i32>(), millis in 0i64..1_000, months in any::<i32>()) {
        let text = format!("PT{seconds}S");
        let Some(Temporal::DayTimeDuration(whole)) = Temporal::parse_duration(&text) else {
            return Err(TestCaseError::fail(text));
        };
        let Some(Temporal::DayTimeDuration(part)) = Temporal::parse_duration(&format!("PT0.{millis:03}S")) else {
            return Err(TestCaseError::fail("a fraction"));
        };
        let duration = whole.plus(part).unwrap();
        prop_assert_eq!(
            Temporal::parse_duration(&duration.to_json_text()),
            Some(Temporal::DayTimeDuration(duration))
        );
        prop_assert_eq!(duration.minus(part).unwrap(), whole);
        if let Some(period @ Temporal::YearMonthDuration(months)) = Temporal::parse_duration(&format!("P{months}M")) {
            prop_assert_eq!(Temporal::parse_duration(&months.to_string()), Some(period));
        }
    }

    #[test]
    fn patterns_match_or_are_refused(
        parts in vec(select(vec![
            "a", "b", ".", "\\d", "\\w", "\\b", "^", "$", "(", ")", "(?:", "(?=", "(?<=", "(?i)", "[", "]", "[^", "a-c", "&&",
            "*", "+", "?", "{2}", "{1,2}", "|", "\\1", "\\p{L}", "\\Q", "\\E", "\\", "é", "\n",
        ]), 0..10),
        text in "[abA1é \n]{0,8}",
    ) {
        let pattern = parts.concat();
        let found = regex::matches(&text, &pattern, "");
        let occurrences = regex::extract(&text, &pattern);
        prop_assert_eq!(found.ok(), occurrences.as_ref().ok().map(|found| !found.is_empty()));
        if found.is_ok() {
            // Every occurrence by itself leaves the text as it is.
            prop_assert_eq!(regex::replace(&text, &pattern, "$0", "", 1_000), Ok(text.clone()));
            let pieces = regex::split(&text, &pattern).unwrap();
            prop_assert!(pieces.len() <= occurrences.unwrap_or_default().len() + 1);
        }
    }
}
