//! Characters: white space, comments, keywords, names, strings.

use super::{Expected, Fatal, Parsed, Parser, Stop, names};
use crate::feel::{ast::Name, span::Span};

impl<'t> Parser<'t> {
    pub(super) fn rest(&self) -> &'t str {
        self.source.get(self.position..).unwrap_or_default()
    }

    pub(super) fn byte_at(&self, position: usize) -> Option<u8> {
        self.source.as_bytes().get(position).copied()
    }

    /// The next byte after white space and comments.
    pub(super) fn peek(&mut self) -> Parsed<Option<u8>> {
        self.skip_space()?;
        Ok(self.byte_at(self.position))
    }

    /// Skips white space and comments. A comment that does not end is the one mistake no alternative can heal.
    #[inline]
    pub(super) fn skip_space(&mut self) -> Parsed<()> {
        match self.byte_at(self.position) {
            Some(b'!'..=b'.' | b'0'..=b'~') | None => Ok(()),
            Some(_) => self.skip_space_here(),
        }
    }

    fn skip_space_here(&mut self) -> Parsed<()> {
        while let Some(byte) = self.byte_at(self.position) {
            match byte {
                b' ' | b'\t'..=b'\r' => self.position += 1,
                b'/' if self.byte_at(self.position + 1) == Some(b'/') => {
                    let length = self.rest().find('\n').unwrap_or(self.rest().len());
                    self.position += length;
                }
                b'/' if self.byte_at(self.position + 1) == Some(b'*') => self.skip_block_comment()?,
                _ if byte.is_ascii() => break,
                _ => match self.rest().chars().next() {
                    Some(char) if names::is_space(char) => self.position += char.len_utf8(),
                    _ => break,
                },
            }
        }
        Ok(())
    }

    fn skip_block_comment(&mut self) -> Parsed<()> {
        let inner = self.source.get(self.position + 2..).unwrap_or_default();
        match inner.find("*/") {
            Some(length) => {
                self.position += length + 4;
                Ok(())
            }
            None => Err(Stop::Fatal(Fatal::OpenComment { start: self.position })),
        }
    }

    /// Takes a token if it comes next, after white space. Keywords have no word boundary: `1or 2` is a disjunction.
    pub(super) fn take(&mut self, token: &str) -> Parsed<bool> {
        self.skip_space()?;
        let found = self.rest().starts_with(token);
        if found {
            self.position += token.len();
        }
        Ok(found)
    }

    /// Takes a token or notes that it was expected here.
    pub(super) fn need(&mut self, token: &str, expected: Expected) -> Parsed<()> {
        if self.take(token)? { Ok(()) } else { self.mismatch(expected) }
    }

    /// `identifier`: a Java identifier that is not exactly a reserved word.
    pub(super) fn identifier(&mut self) -> Option<Name> {
        let rest = self.rest();
        let length = names::identifier_length(rest);
        let word = rest.get(..length)?;
        if word.is_empty() || names::is_reserved(word) {
            return None;
        }
        let start = self.position;
        self.position += length;
        Some(Name(Span::new(start, self.position)))
    }

    /// `name`: an identifier, or anything between backticks.
    pub(super) fn name(&mut self) -> Parsed<Name> {
        self.skip_space()?;
        if self.byte_at(self.position) == Some(b'`') {
            let start = self.position + 1;
            if let Some(length) =
                self.source.get(start..).and_then(|rest| rest.find('`')).filter(|length| *length > 0)
            {
                self.position = start + length + 1;
                return Ok(Name(Span::new(start, start + length)));
            }
        } else if let Some(name) = self.identifier() {
            return Ok(name);
        }
        self.mismatch(Expected::Name)
    }

    /// `valueProperty | name`: `time offset` is the one name with a space.
    pub(super) fn property(&mut self) -> Parsed<Name> {
        self.skip_space()?;
        if self.rest().starts_with("time offset") {
            let start = self.position;
            self.position += "time offset".len();
            return Ok(Name(Span::new(start, self.position)));
        }
        self.name()
    }

    /// `identifierWithWhitespaces`: two identifiers or more, with plain spaces between.
    pub(super) fn spaced_identifier(&mut self) -> Option<Name> {
        let start = self.position;
        self.identifier()?;
        let mut end = None;
        while self.byte_at(self.position) == Some(b' ') {
            while self.byte_at(self.position) == Some(b' ') {
                self.position += 1;
            }
            if self.identifier().is_none() {
                break;
            }
            end = Some(self.position);
        }
        self.position = end.unwrap_or(start);
        end.map(|end| Name(Span::new(start, end)))
    }

    /// `parameterName`: may hold spaces.
    pub(super) fn parameter_name(&mut self) -> Parsed<Name> {
        self.skip_space()?;
        match self.spaced_identifier() {
            Some(name) => Ok(name),
            None => self.name(),
        }
    }

    /// The inside of a string in double quotes, with its escapes as written.
    pub(super) fn raw_string(&mut self) -> Parsed<&'t str> {
        self.skip_space()?;
        if self.byte_at(self.position) != Some(b'"') {
            return self.mismatch(Expected::String);
        }
        let start = self.position + 1;
        let mut end = start;
        loop {
            match self.byte_at(end) {
                Some(b'"') => break,
                Some(b'\\') => end += 2,
                Some(_) => end += 1,
                None => {
                    self.open_string = Some(start - 1);
                    return self.mismatch_at(start - 1, Expected::ClosedString);
                }
            }
        }
        self.position = end + 1;
        Ok(self.source.get(start..end).unwrap_or_default())
    }
}

/// Replaces escapes as the reference does: one backslash before n, r, t, b, f or a quote makes the control character or
/// the quote, two make one, any other stays.
pub(super) fn unescape(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((before, from)) = rest.find('\\').and_then(|at| rest.split_at_checked(at)) {
        text.push_str(before);
        let after = from.trim_start_matches('\\');
        let run = from.len() - after.len();
        let escaped = after.chars().next().and_then(control);
        match escaped {
            Some(char) if run == 1 => {
                text.push(char);
                rest = after.get(1..).unwrap_or_default();
            }
            Some(_) | None => {
                text.extend(std::iter::repeat_n('\\', run.div_ceil(2)));
                rest = after;
            }
        }
    }
    text.push_str(rest);
    text
}

fn control(letter: char) -> Option<char> {
    Some(match letter {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'b' => '\u{8}',
        'f' => '\u{c}',
        '\'' | '"' => letter,
        _ => return None,
    })
}
