//! Which characters make a name, and which are white space.

use std::sync::LazyLock;

use fancy_regex::Regex;

/// Words that are no names. `if`, `for`, `not` and `date` are not among them.
const RESERVED: [&str; 11] =
    ["null", "true", "false", "function", "in", "return", "then", "else", "satisfies", "and", "or"];

#[expect(clippy::expect_used, reason = "a fixed pattern that the tests compile")]
static START: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^[\p{L}\p{Nl}\p{Sc}\p{Pc}]$").expect("valid pattern"));

#[expect(clippy::expect_used, reason = "a fixed pattern that the tests compile")]
static PART: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^[\p{L}\p{Nl}\p{Sc}\p{Pc}\p{Nd}\p{Mn}\p{Mc}\p{Cf}\x00-\x08\x0e-\x1b\x7f-\x9f]$")
        .expect("valid pattern")
});

pub(in crate::feel) fn is_reserved(word: &str) -> bool {
    (2..=9).contains(&word.len()) && RESERVED.contains(&word)
}

/// Whether the text is a name that needs no backticks.
pub(in crate::feel) fn is_plain(text: &str) -> bool {
    !text.is_empty() && identifier_length(text) == text.len() && !is_reserved(text)
}

/// FEEL's white space (DMN 1.5, 10.3.1.2, rules 61 and 62).
pub(super) fn is_space(char: char) -> bool {
    matches!(
        char,
        '\t'..='\r' | ' ' | '\u{85}' | '\u{a0}' | '\u{1680}' | '\u{180e}' | '\u{2000}'..='\u{200b}'
            | '\u{2028}' | '\u{2029}' | '\u{202f}' | '\u{205f}' | '\u{3000}' | '\u{feff}'
    )
}

/// The bytes of the Java identifier that the text begins with.
pub(super) fn identifier_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    if !bytes.first().is_some_and(|byte| is_ascii_part(*byte) && !byte.is_ascii_digit() || !byte.is_ascii()) {
        return 0;
    }
    let ascii = bytes.iter().take_while(|byte| is_ascii_part(**byte)).count();
    match bytes.get(ascii) {
        Some(byte) if !byte.is_ascii() || byte.is_ascii_control() => identifier_length_by_char(text),
        Some(_) | None => ascii,
    }
}

fn identifier_length_by_char(text: &str) -> usize {
    let mut length = 0;
    for char in text.chars() {
        let fits = if length == 0 { is_start(char) } else { is_part(char) };
        if !fits {
            break;
        }
        length += char.len_utf8();
    }
    length
}

fn is_ascii_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$'
}

fn is_start(char: char) -> bool {
    match char {
        'a'..='z' | 'A'..='Z' | '_' | '$' => true,
        // Java asks per UTF-16 unit, and a surrogate is no letter.
        '\u{80}'..='\u{ffff}' => class_holds(&START, char),
        _ => false,
    }
}

fn is_part(char: char) -> bool {
    match char {
        '0'..='9' => true,
        '\0'..='\u{8}' | '\u{e}'..='\u{1b}' | '\u{7f}'..='\u{ffff}' => {
            class_holds(&PART, char) && !is_space(char)
        }
        _ => is_start(char),
    }
}

fn class_holds(class: &Regex, char: char) -> bool {
    class.is_match(char.encode_utf8(&mut [0; 4])).unwrap_or(false)
}
