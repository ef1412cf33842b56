//! What a text that is no expression is told.

use std::fmt;

use super::{Fatal, MAX_NESTING, MAX_TEXT, Parser};
use crate::feel::{diagnostic::Diagnostic, parser::names, span::Span};

/// Why a text is no expression, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError {
    /// What is wrong.
    pub kind: ParseErrorKind,
    /// Where it is.
    pub span: Span,
    /// What may help.
    pub hint: Option<String>,
}

/// What is wrong with a text.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseErrorKind {
    /// The text holds nothing but white space and comments.
    Empty,
    /// Something else was expected; `found` is what stands there, empty at the end of the text.
    Unexpected {
        /// What stands there.
        found: String,
        /// What could stand there.
        expected: Vec<Expected>,
    },
    /// A string has no closing quote.
    OpenString,
    /// A `/*` has no `*/`.
    OpenComment,
    /// Brackets, `if`s or functions are nested beyond the limit.
    TooDeep,
    /// The text can be read in so many ways that trying them all would take too long.
    TooAmbiguous,
    /// The text is longer than the limit.
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// A number has more digits than the limit.
    NumberTooLong,
    /// A function is `external`: Java code is not run.
    ExternalFunction,
}

macro_rules! expected {
    ($($(#[$doc:meta])* $name:ident => $text:expr;)*) => {
        /// What could stand at a place. Each names a text that ends where it is expected.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Expected { $($(#[$doc])* $name,)* }

        impl Expected {
            pub(super) const ALL: &'static [Expected] = &[$(Expected::$name,)*];

            /// As it is named in messages.
            pub fn text(self) -> &'static str {
                match self { $(Expected::$name => $text,)* }
            }
        }
    };
}

expected! {
    /// `1 +`
    Expression => "an expression";
    /// `a.`
    Name => "a name";
    /// `1 `
    Operator => Expected::OPERATORS;
    /// `(true`
    And => "`and`";
    /// `(true`
    Or => "`or`";
    /// `1 instance 2`
    Of => "`of`";
    /// `for x`
    In => "`in`";
    /// `for x in 1`
    DotDot => "`..`";
    /// `for x in xs`
    Return => "`return`";
    /// `some x in xs`
    Satisfies => "`satisfies`";
    /// `if a`
    Then => "`then`";
    /// `if a then b`
    Else => "`else`";
    /// `[1`
    Comma => "`,`";
    /// `[1`
    CloseBracket => "`]`";
    /// `(1`
    CloseParenthesis => "`)`";
    /// `{a: 1`
    CloseBrace => "`}`";
    /// `function`
    OpenParenthesis => "`(`";
    /// `f(function() external`
    OpenBrace => "`{`";
    /// `{a`
    Colon => "`:`";
    /// `{a: 1,`
    Key => "a key";
    /// `@`
    String => "a string";
    /// `"a`
    ClosedString => "a closing `\"`";
    /// `5.`
    Digits => "digits";
    /// `x in [1..2`
    RangeEnd => "`]`, `)` or `[` at the end of the range";
    /// `1 1`
    End => "the end";
}

impl Expected {
    pub(super) fn bit(self) -> u64 {
        1 << self as u32
    }
}

impl ParseError {
    pub(super) fn too_long(length: usize) -> ParseError {
        ParseError { kind: ParseErrorKind::TooLong { length }, span: Span::default(), hint: None }
    }

    pub(super) fn fatal(source: &str, fatal: &Fatal) -> ParseError {
        let (kind, span) = match fatal {
            Fatal::OpenComment { start } => (ParseErrorKind::OpenComment, Span::new(*start, *start + 2)),
            Fatal::TooDeep { position } => (ParseErrorKind::TooDeep, found(source, *position)),
            Fatal::TooAmbiguous { position } => (ParseErrorKind::TooAmbiguous, found(source, *position)),
            Fatal::NumberTooLong { span } => (ParseErrorKind::NumberTooLong, *span),
            Fatal::External { span } => (ParseErrorKind::ExternalFunction, *span),
        };
        ParseError { kind, span, hint: None }
    }

    pub(super) fn unexpected(source: &str, start: usize, parser: &Parser<'_>) -> ParseError {
        if let Some(quote) = parser.open_string {
            return ParseError {
                kind: ParseErrorKind::OpenString,
                span: Span::new(quote, quote + 1),
                hint: None,
            };
        }
        let span = found(source, parser.furthest);
        if is_blank(source, start) {
            return ParseError { kind: ParseErrorKind::Empty, span, hint: None };
        }
        let expected: Vec<Expected> =
            Expected::ALL.iter().copied().filter(|one| parser.expected & one.bit() != 0).collect();
        let hint = hint(source, span, &expected);
        let kind = ParseErrorKind::Unexpected { found: span.text(source).to_owned(), expected };
        ParseError { kind, span, hint }
    }

    /// The message with line, caret and hint.
    pub fn diagnostic(&self, source: &str) -> Diagnostic {
        let label = match &self.kind {
            ParseErrorKind::Unexpected { expected, .. } => format!("expected {}", alternatives(expected)),
            ParseErrorKind::Empty => "expected an expression".to_owned(),
            ParseErrorKind::OpenString => "this quote is not closed".to_owned(),
            ParseErrorKind::OpenComment => "this comment is not closed by `*/`".to_owned(),
            ParseErrorKind::TooDeep => "here the limit is passed".to_owned(),
            ParseErrorKind::TooAmbiguous => "the reading was given up here".to_owned(),
            ParseErrorKind::TooLong { .. } => String::new(),
            ParseErrorKind::NumberTooLong => "this number".to_owned(),
            ParseErrorKind::ExternalFunction => "this function".to_owned(),
        };
        Diagnostic::new(self.to_string(), source, self.span, label, self.hint.clone())
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ParseErrorKind::Empty => formatter.write_str("the expression is empty"),
            ParseErrorKind::Unexpected { found, expected } if found.is_empty() => {
                write!(formatter, "the expression ends where {} is expected", alternatives(expected))
            }
            ParseErrorKind::Unexpected { found, expected } => {
                write!(formatter, "found `{found}` where {} is expected", alternatives(expected))
            }
            ParseErrorKind::OpenString => formatter.write_str("a string is not closed"),
            ParseErrorKind::OpenComment => formatter.write_str("a comment is not closed"),
            ParseErrorKind::TooDeep => {
                write!(formatter, "the expression is nested more than {MAX_NESTING} levels deep")
            }
            ParseErrorKind::TooAmbiguous => formatter.write_str(
                "the expression is malformed in a way that leaves too many readings to try; simplify it",
            ),
            ParseErrorKind::TooLong { length } => {
                write!(formatter, "the expression has {length} bytes, at most {MAX_TEXT} are allowed")
            }
            ParseErrorKind::NumberTooLong => formatter.write_str("a number has too many digits"),
            ParseErrorKind::ExternalFunction => {
                formatter.write_str("external functions are switched off: Java code is not run here")
            }
        }
    }
}

impl std::error::Error for ParseError {}

/// Whether nothing but white space and comments follows.
fn is_blank(source: &str, start: usize) -> bool {
    let mut parser = Parser::new(source, start);
    parser.skip_space().is_ok() && parser.position == source.len()
}

/// Says «a, b or c». When an expression may begin, or an operator go on, the finer alternatives say nothing new.
fn alternatives(expected: &[Expected]) -> String {
    let coarse = expected.contains(&Expected::Operator);
    let fine = [Expected::And, Expected::Or, Expected::DotDot];
    let names: Vec<&str> = if expected.contains(&Expected::Expression) {
        vec![Expected::Expression.text()]
    } else {
        let kept =
            expected.iter().filter(|one| !(coarse && fine.contains(one)) && **one != Expected::Operator);
        let mut names: Vec<&str> = kept.map(|one| one.text()).collect();
        if coarse {
            names.push("an operator");
        }
        names
    };
    match names.as_slice() {
        [] => "an expression".to_owned(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

/// The word or sign at a place.
fn found(source: &str, position: usize) -> Span {
    let rest = source.get(position..).unwrap_or_default();
    let word = names::identifier_length(rest).min(40);
    let length = if word > 0 { word } else { rest.chars().next().map_or(0, char::len_utf8) };
    Span::new(position, position + length)
}

/// Names the mistake, where it is a usual one.
fn hint(source: &str, span: Span, expected: &[Expected]) -> Option<String> {
    let before = source.get(..span.start as usize)?.trim_end();
    let found = source.get(span.start as usize..)?;
    let last_digit = before.ends_with(|char: char| char.is_ascii_digit());
    let text = if found.starts_with("==") || found.starts_with('=') && before.ends_with('=') {
        "equality is written with one `=`"
    } else if found.starts_with("&&") || found.starts_with('&') {
        "write `and`"
    } else if found.starts_with('|') {
        "write `or`"
    } else if found.starts_with('!') {
        "write `not(..)`"
    } else if found.starts_with('\'') {
        "strings are written in double quotes"
    } else if found.starts_with('%') {
        "the remainder of a division is `modulo(a, b)`"
    } else if found.starts_with("..") {
        RANGE
    } else if last_digit && found.starts_with(['e', 'E']) {
        "numbers have no exponent; write `* 10**n`"
    } else if before
        .strip_suffix('.')
        .is_some_and(|number| number.ends_with(|char: char| char.is_ascii_digit()))
    {
        "a point needs digits behind it"
    } else if expected.contains(&Expected::Else) {
        "`if` needs an `else`; write `else null` if there is nothing else"
    } else if before.ends_with(',') && found.starts_with(['}', ']', ')']) {
        "a comma stands only between two items"
    } else if found.starts_with(['<', '>', '=']) && ends_with_range(before) {
        RANGE
    } else if found.is_empty() || before.is_empty() {
        return None;
    } else if names::identifier_length(found) > 0
        && before.ends_with(|char: char| char.is_alphanumeric() || char == '_')
    {
        return Some(spaced_name(before, span.text(source)));
    } else if found.starts_with(['<', '>', '=']) {
        "comparisons cannot be chained; write `a < b and b < c`"
    } else {
        return None;
    };
    Some(text.to_owned())
}

const RANGE: &str =
    "a range can be an argument, a test behind `in`, or what `for` goes through, but no value";

fn ends_with_range(before: &str) -> bool {
    before.ends_with([']', ')', '[']) && before.rsplit(['(', '[']).take(2).any(|part| part.contains(".."))
}

fn spaced_name(before: &str, second: &str) -> String {
    let start = before.rfind(|char: char| !(char.is_alphanumeric() || char == '_')).map_or(0, |at| at + 1);
    let first = before.get(start..).unwrap_or_default();
    format!("a name with a space is written in backticks: `{first} {second}`")
}
