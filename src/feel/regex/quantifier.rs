//! Quantifiers, and which of them Java allows in a look-behind.

use super::{Error, translate::Translator};

/// What a quantifier stands behind.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece {
    /// Something without width that the regex crate does not let repeat.
    Assertion,
    /// A place such as the start of a line.
    Anchor,
    /// One character, whichever way it is written.
    Char,
    /// Anything else.
    Part,
}

impl Translator {
    /// The quantifier behind what was written from `start` on, if there is one.
    pub(super) fn quantifier(&mut self, start: usize, piece: Piece) -> Result<(), Error> {
        let (least, most) = match self.source.peek() {
            '?' => (0, Some(1)),
            '*' => (0, None),
            '+' => (1, None),
            '{' => self.count()?,
            _ => return Ok(()),
        };
        let suffix = self.source.next();
        // In a look-behind Java takes any number of one character for bounded, if it is greedy or comes first.
        let is_first = || {
            let before = self.out.get(..start).unwrap_or_default();
            before.ends_with("(?<=") || before.ends_with("(?<!")
        };
        let is_bounded = match piece {
            Piece::Assertion | Piece::Anchor => true,
            Piece::Char => !matches!(suffix, '?' | '+') || is_first(),
            Piece::Part => false,
        };
        if most.is_none() && !is_bounded {
            self.unbounded += 1;
        }
        if piece == Piece::Assertion {
            // What has no width may be there or not, more than once makes no difference, and the crate refuses it.
            match (least, most, suffix) {
                (_, Some(0), _) => self.out.truncate(start),
                (0, _, '?') => self.wrap(start, "(?:|"),
                (0, _, _) => self.wrap(start, "(?:"),
                _ => {}
            }
            if least == 0 && most != Some(0) && suffix != '?' {
                self.out.insert(self.out.len() - 1, '|');
            }
        } else {
            self.out += &match (least, most) {
                (0, Some(1)) => "?".to_owned(),
                (0, None) => "*".to_owned(),
                (1, None) => "+".to_owned(),
                (least, None) => format!("{{{least},}}"),
                (least, Some(most)) => format!("{{{least},{most}}}"),
            };
            match suffix {
                '?' => self.out.push('?'),
                '+' => self.wrap(start, "(?>"),
                _ => {}
            }
        }
        if matches!(suffix, '?' | '+') {
            self.source.next();
        }
        Ok(())
    }

    fn wrap(&mut self, start: usize, opening: &str) {
        self.out.insert_str(start, opening);
        self.out.push(')');
    }

    /// `{2}`, `{2,}` or `{2,3}`; stops at the closing brace.
    fn count(&mut self) -> Result<(i32, Option<i32>), Error> {
        let mut char = self.source.skip();
        if !char.is_ascii_digit() {
            return Err(Error::InvalidPattern);
        }
        let least = self.number(&mut char)?;
        let mut most = Some(least);
        if char == ',' {
            char = self.source.read();
            most = if char == '}' { None } else { Some(self.number(&mut char)?) };
        }
        if char != '}' || most.is_some_and(|most| most < least) {
            return Err(Error::InvalidPattern);
        }
        self.source.unread();
        Ok((least, most))
    }

    /// Digits from this one on, which may also be none.
    fn number(&mut self, char: &mut char) -> Result<i32, Error> {
        let mut number = 0i32;
        while let Some(digit) = char.to_digit(10) {
            number = number
                .checked_mul(10)
                .and_then(|ten| ten.checked_add(digit as i32))
                .ok_or(Error::InvalidPattern)?;
            *char = self.source.read();
        }
        Ok(number)
    }
}
