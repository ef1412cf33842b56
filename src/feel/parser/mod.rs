//! The parser: scannerless recursive descent with ordered choice, one function a production.
//!
//! There is no lexer because there are no tokens: keywords have no word boundary (`1or 2`) and the keys of a context are
//! free text. The order of the alternatives is part of the language. A failed alternative leaves a note of what it
//! expected; the notes at the furthest place become the error.
//!
//! Ordered choice alone would read nested brackets again and again. Two things keep the work linear: what a bracket's
//! first operand was is handed over when `[a ..` turns out to be a range and not a list (`stash`), and an expression
//! that has failed at a place is not tried there again (`failed`).

mod call;
mod error;
mod expression;
mod names;
mod operators;
#[cfg(test)]
mod tests;
mod text;
mod value;

pub use self::error::{Expected, ParseError, ParseErrorKind};
pub(super) use self::names::is_plain;
use super::{ast::Expr, span::Span};

/// The longest text that is parsed.
pub const MAX_TEXT: usize = 256 * 1024;

/// How deep brackets, `if`s and functions may be nested.
pub const MAX_NESTING: u32 = 100;

/// How many alternatives may be tried for each byte of the text. What can be read takes some tens; only a text that
/// is malformed inside nested alternatives takes more, and then exponentially so.
const MAX_TRIES_PER_BYTE: usize = 500;

/// How many alternatives may be tried for any text, however short.
const MIN_TRIES: usize = 100_000;

type Parsed<T> = Result<T, Stop>;

/// Why a production did not match.
#[derive(Debug)]
enum Stop {
    /// The next alternative may try.
    Mismatch,
    /// No alternative can help.
    Fatal(Fatal),
}

#[derive(Debug)]
enum Fatal {
    OpenComment { start: usize },
    TooDeep { position: usize },
    TooAmbiguous { position: usize },
    NumberTooLong { span: Span },
    External { span: Span },
}

struct Parser<'t> {
    source: &'t str,
    position: usize,
    depth: u32,
    /// How many alternatives may still be tried.
    tries: usize,
    /// The furthest place where something was expected, and what.
    furthest: usize,
    expected: u64,
    /// A string without an end, for the hint.
    open_string: Option<usize>,
    /// Operands that were read behind a bracket for an alternative that then failed, by place.
    stash: Vec<(usize, usize, Expr)>,
    /// Where no expression begins.
    failed: Vec<usize>,
    /// Start and end of the arithmetic expression that was completed last.
    last_operand: (usize, usize),
    /// Start and end of the value that was completed last.
    last_value: (usize, usize),
    /// How many calls the place is an argument of; there an external function is not refused at once.
    in_call: u32,
    /// Whether a function is defined somewhere.
    defines_functions: bool,
}

/// A parsed text.
pub(super) struct Tree {
    pub(super) root: Expr,
    pub(super) defines_functions: bool,
}

/// Parses a text; one leading `=` is not part of the expression.
pub(super) fn parse(source: &str) -> Result<Tree, ParseError> {
    if source.len() > MAX_TEXT {
        return Err(ParseError::too_long(source.len()));
    }
    let trimmed = source.trim_start_matches(|char| char <= ' ');
    let start = source.len() - trimmed.len() + usize::from(trimmed.starts_with('='));
    let mut parser = Parser::new(source, start);
    match parser.whole() {
        Ok(root) => Ok(Tree { root, defines_functions: parser.defines_functions }),
        Err(Stop::Fatal(fatal)) => Err(ParseError::fatal(source, &fatal)),
        Err(Stop::Mismatch) => Err(ParseError::unexpected(source, start, &parser)),
    }
}

impl<'t> Parser<'t> {
    fn new(source: &'t str, start: usize) -> Parser<'t> {
        Parser {
            source,
            position: start,
            depth: 0,
            tries: MIN_TRIES.max(source.len().saturating_mul(MAX_TRIES_PER_BYTE)),
            furthest: start,
            expected: 0,
            open_string: None,
            stash: Vec::new(),
            failed: Vec::new(),
            last_operand: (0, 0),
            last_value: (0, 0),
            in_call: 0,
            defines_functions: false,
        }
    }

    /// `expression` up to the end of the text.
    fn whole(&mut self) -> Parsed<Expr> {
        let root = self.expression()?;
        self.skip_space()?;
        if self.position == self.source.len() { Ok(root) } else { self.mismatch(Expected::End) }
    }

    /// Notes what was expected at the present place and fails.
    fn mismatch<T>(&mut self, expected: Expected) -> Parsed<T> {
        self.mismatch_at(self.position, expected)
    }

    fn mismatch_at<T>(&mut self, position: usize, expected: Expected) -> Parsed<T> {
        self.note(position, expected);
        Err(Stop::Mismatch)
    }

    fn note(&mut self, position: usize, expected: Expected) {
        if position > self.furthest {
            self.furthest = position;
            self.expected = 0;
        }
        if position == self.furthest {
            self.expected |= expected.bit();
        }
    }

    /// Tries an alternative; after a mismatch the place is as before.
    fn attempt<T>(&mut self, alternative: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<Option<T>> {
        let start = self.position;
        let Some(tries) = self.tries.checked_sub(1) else {
            return Err(Stop::Fatal(Fatal::TooAmbiguous { position: start }));
        };
        self.tries = tries;
        match alternative(self) {
            Ok(value) => Ok(Some(value)),
            Err(Stop::Mismatch) => {
                self.position = start;
                Ok(None)
            }
            Err(stop @ Stop::Fatal(_)) => Err(stop),
        }
    }

    /// One level deeper, if the limit allows.
    fn nested<T>(&mut self, production: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth == MAX_NESTING {
            return Err(Stop::Fatal(Fatal::TooDeep { position: self.position }));
        }
        self.depth += 1;
        let result = production(self);
        self.depth -= 1;
        result
    }

    /// `item {"," item}`. A comma without an item behind it is not taken.
    fn separated<T>(&mut self, mut item: impl FnMut(&mut Self) -> Parsed<T>) -> Parsed<Vec<T>> {
        let mut items = Vec::with_capacity(4);
        items.push(item(self)?);
        loop {
            let next = self.attempt(|parser| {
                parser.need(",", Expected::Comma)?;
                item(parser)
            })?;
            match next {
                Some(next) => items.push(next),
                None => return Ok(items),
            }
        }
    }

    fn span_from(&self, start: usize) -> Span {
        Span::new(start, self.position)
    }
}
