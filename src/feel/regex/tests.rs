//! The tables below were answered by `java.util.regex`.

use super::{Error, extract, matches, replace, split};

/// The answer as text, or the kind of error, of which the two that make null are told apart by their first words.
fn show(result: Result<String, Error>) -> String {
    match result {
        Ok(text) => text,
        Err(Error::InvalidPattern) => "invalid regular expression".to_owned(),
        Err(Error::InvalidReplacement) => "invalid replacement".to_owned(),
        Err(error) => format!("unexpected: {error}"),
    }
}

#[test]
fn matches_as_java_does() {
    for (input, pattern, flags, expected) in [
        ("abc", "^[a-z]+$", "", "true"),
        ("abc\n", "c$", "", "true"),
        ("abc\r\n", "c$", "", "true"),
        ("a\nb", "^b", "", "false"),
        ("a\nb", "^b", "m", "true"),
        ("a\n", "^$", "m", "false"),
        ("", "^$", "m", "false"),
        ("a\nb", "a.b", "", "false"),
        ("a\nb", "a.b", "s", "true"),
        ("a\u{85}b", "a.b", "", "false"),
        ("ABC", "b", "i", "true"),
        ("É", "é", "i", "false"),
        ("É", "(?iu)é", "", "true"),
        ("K", "k", "i", "true"),
        ("٣", "\\d", "", "false"),
        ("٣", "(?U)\\d", "", "true"),
        ("é", "\\w", "", "false"),
        ("é", "\\bé", "", "false"),
        ("ab", "a b", "x", "true"),
        ("ab", "a[ ]b", "x", "invalid regular expression"),
        ("a b", "a\\ b", "x", "true"),
        ("ab", "a # comment\nb", "x", "true"),
        ("abab", "(ab)\\1", "", "true"),
        ("ab", "(x)?b\\1", "", "false"),
        ("a", "\\2(a)", "", "false"),
        ("xaab", "(?<=xa+)b", "", "true"),
        ("ab", "(?<=(a|b)+)c", "", "invalid regular expression"),
        ("abc", "[a-c&&[^b]]{2}", "", "false"),
        ("ac", "^[a-c&&[^b]]+$", "", "true"),
        ("b", "[ab&&[bc]a]", "", "true"),
        ("]", "[]a]", "", "true"),
        ("a", "[", "", "invalid regular expression"),
        ("a", "(", "", "invalid regular expression"),
        ("a", ")", "", "invalid regular expression"),
        ("a", "*a", "", "invalid regular expression"),
        ("a", "a**", "", "invalid regular expression"),
        ("a{", "a{", "", "invalid regular expression"),
        ("}", "}", "", "true"),
        ("aa", "a{2}{3}", "", "true"),
        ("aaa", "a{,3}", "", "invalid regular expression"),
        ("a.b", "\\Qa.b\\E", "", "true"),
        ("A", "\\p{Lower}", "", "false"),
        ("A", "\\p{Lower}", "i", "true"),
        ("é", "\\p{Alpha}", "", "false"),
        ("é", "\\p{IsAlphabetic}", "", "true"),
        ("é", "\\p{javaLowerCase}", "", "true"),
        ("é", "\\p{Foo}", "", "invalid regular expression"),
        ("α", "\\p{InGreek}", "", "true"),
        ("α", "\\p{InGre^ek}", "", "invalid regular expression"),
        ("α", "\\p{IsGreek}", "", "true"),
        ("\r\n", "^\\R$", "", "true"),
        ("\u{a0}", "\\h", "", "true"),
        ("\u{a0}", "\\s", "", "false"),
        ("aaab", "a++ab", "", "false"),
        ("aab", "(?>a*)ab", "", "false"),
        ("x", "\\y", "", "invalid regular expression"),
        ("A", "\\x41", "", "true"),
        ("A", "\\u0041", "", "true"),
        ("A", "\\0101", "", "true"),
        ("😀", "^.$", "", "true"),
        ("😀", "\\uD83D\\uDE00", "", "true"),
        ("b", "(?i)B", "", "true"),
        ("aB", "(?i:A)b", "", "false"),
        ("a\\", "a\\", "", "invalid regular expression"),
        ("abc", "(?<n>b)\\k<n>", "", "false"),
        ("abbc", "(?<n>b)\\k<n>", "", "true"),
        ("a", "(?<n>a)(?<n>b)", "", "invalid regular expression"),
    ] {
        assert_eq!(
            show(matches(input, pattern, flags).map(|found| found.to_string())),
            expected,
            "{pattern:?} in {input:?} with {flags:?}"
        );
    }
}

#[test]
fn replaces_as_java_does() {
    for (input, pattern, replacement, flags, expected) in [
        ("abc", "b", "[$0]", "", "a[b]c"),
        ("abc", "(b)(c)", "$2$1", "", "acb"),
        ("abc", "b", "$1", "", "invalid replacement"),
        ("xyz", "b", "$1", "", "xyz"),
        ("abc", "(?<n>b)", "<${n}>", "", "a<b>c"),
        ("abc", "b", "${n}", "", "invalid replacement"),
        ("abc", "b", "\\$", "", "a$c"),
        ("abc", "b", "$", "", "invalid replacement"),
        ("abc", "b", "\\", "", "invalid replacement"),
        ("abc", "(b)|(c)", "[$2]", "", "a[][c]"),
        ("abc", "", "-", "", "-a-b-c-"),
        ("aab", "a*", "-", "", "--b-"),
        ("abc", "(b)", "$10", "", "ab0c"),
        ("a1b22", "[0-9]+", "#", "", "a#b#"),
        ("ABC", "b", "x", "i", "AxC"),
        ("abc", "[", "x", "", "invalid regular expression"),
        ("a\nb", "$", "!", "m", "a!\nb!"),
        ("a\r\nb\n", "$", "!", "m", "a!\r\nb!\n!"),
        ("a\r\nb\n", "$", "!", "", "a\r\nb!\n!"),
        ("a\r\nb\n", "^", ">", "m", ">a\r\n>b\n"),
    ] {
        assert_eq!(
            show(replace(input, pattern, replacement, flags, 1_000)),
            expected,
            "{pattern:?} by {replacement:?} in {input:?} with {flags:?}"
        );
    }
}

#[test]
fn splits_as_java_does() {
    for (input, delimiter, expected) in [
        ("a;b;;c;", ";", "a|b||c|"),
        ("", ";", ""),
        ("abc", "", "a|b|c|"),
        (";a", ";", "|a"),
        ("a1b22c", "[0-9]+", "a|b|c"),
        ("abc", "(?=b)", "a|bc"),
        ("abc", "[", "invalid regular expression"),
        ("John Doe", "\\s", "John|Doe"),
    ] {
        assert_eq!(
            show(split(input, delimiter).map(|pieces| pieces.join("|"))),
            expected,
            "{delimiter:?} in {input:?}"
        );
    }
}

#[test]
fn extracts_as_java_does() {
    for (input, pattern, expected) in [
        ("references are 1234, 1256, 1378", "12[0-9]*", "1234|1256"),
        ("abc", "x*", "|||"),
        ("abc", "[", "invalid regular expression"),
        ("aAa", "a", "a|a"),
    ] {
        assert_eq!(
            show(extract(input, pattern).map(|found| found.join("|"))),
            expected,
            "{pattern:?} in {input:?}"
        );
    }
}

#[test]
fn unknown_flags_are_ignored() {
    assert_eq!(matches("A", "a", "gi"), Ok(true));
    assert_eq!(matches("A", "a", "dU"), Ok(false));
}

#[test]
fn endless_searches_end() {
    let text = "a".repeat(40);
    assert_eq!(matches(&text, r"^(a+)+$\1b", ""), Ok(false));
    assert_eq!(matches(&text, r"^(?:(a|aa|aaa)*)*\1b$", ""), Err(Error::TooManySteps));
    assert_eq!(matches(&text, "^(a+)+b$", ""), Ok(false));
}

#[test]
fn what_is_too_large_or_unknown_is_an_error() {
    assert_eq!(matches("a", "(?:(?:a{999}){999}){999}", ""), Err(Error::Unsupported));
    assert_eq!(matches("a", &"(".repeat(10_000), ""), Err(Error::Unsupported));
    assert_eq!(matches("a", &"[".repeat(10_000), ""), Err(Error::Unsupported));
    assert_eq!(matches("a", r"\X", ""), Err(Error::Unsupported));
}

#[test]
fn long_results_are_refused() {
    let text = "a".repeat(1_000);
    assert_eq!(replace(&text, "a", "bb", "", 2_000).map(|text| text.len()), Ok(2_000));
    assert_eq!(replace(&text, "a", "bb", "", 1_999), Err(Error::TooLong));
    assert_eq!(replace(&text, "(?s).+", "$0$0$0", "", 2_999), Err(Error::TooLong));
    assert_eq!(replace(&text, "x", "y", "", 999), Err(Error::TooLong));
}

#[test]
fn many_patterns_do_not_pile_up() {
    for number in 0..2_000 {
        assert_eq!(matches(&number.to_string(), &format!("^{number}$"), ""), Ok(true));
    }
}
