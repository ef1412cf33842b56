use super::{Expected, ParseErrorKind, parse};

/// A text for each thing that can be expected, which ends where it is.
const ENDS: &[(Expected, &str)] = &[
    (Expected::Expression, "1 +"),
    (Expected::Name, "a."),
    (Expected::Operator, "1 1"),
    (Expected::And, "(true"),
    (Expected::Or, "(true"),
    (Expected::Of, "1 instance 2"),
    (Expected::In, "for x"),
    (Expected::DotDot, "for x in 1"),
    (Expected::Return, "for x in xs"),
    (Expected::Satisfies, "some x in xs"),
    (Expected::Then, "if a"),
    (Expected::Else, "if a then b"),
    (Expected::Comma, "[1"),
    (Expected::CloseBracket, "[1"),
    (Expected::CloseParenthesis, "(1"),
    (Expected::CloseBrace, "{a: 1"),
    (Expected::OpenParenthesis, "function"),
    (Expected::OpenBrace, "f(function() external"),
    (Expected::Colon, "{a"),
    (Expected::Key, "{a: 1,"),
    (Expected::String, "@"),
    (Expected::ClosedString, "\"a"),
    (Expected::Digits, "5."),
    (Expected::RangeEnd, "1 in [1..2"),
    (Expected::End, "1 1"),
];

#[test]
fn each_expectation_has_a_text_that_shows_it() {
    for expected in Expected::ALL {
        let (_, text) = ENDS.iter().find(|(one, _)| one == expected).unwrap();
        let kind = parse(text).map(|_| ()).unwrap_err().kind;
        if let ParseErrorKind::Unexpected { expected: all, .. } = kind {
            assert!(all.contains(expected), "{text}: {all:?}");
        } else {
            assert_eq!((kind, *expected), (ParseErrorKind::OpenString, Expected::ClosedString), "{text}");
        }
    }
}

#[test]
fn keywords_have_no_word_boundary() {
    for text in ["iftrue then 1 else 2", "1or 2", "true andfalse", "if a then \"b\" elsewhere", "a.b=1and c"]
    {
        assert!(parse(text).is_ok(), "{text}");
    }
}

#[test]
fn reserved_words_are_names_only_as_parts_of_longer_ones() {
    for text in
        ["nullable", "android", "input", "if", "for", "not", "date", "é", "$x", "_", "`a b`", "a.`and`"]
    {
        assert!(parse(text).is_ok(), "{text}");
    }
    // The built-in `or` is tried as a prefix, as in the reference.
    for text in ["and", "a.in", "order(1)", "1a", "a b", "😀", "``"] {
        assert!(parse(text).is_err(), "{text}");
    }
}

#[test]
fn what_the_grammar_leaves_out_is_no_expression() {
    for text in
        ["1e3", "5.", "1 < 2 < 3", "if a then b", "(f)(3)", "for i in [1..3] return i", "[1..5] = 1", "a b"]
    {
        assert!(parse(text).is_err(), "{text}");
    }
}
