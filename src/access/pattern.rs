//! Texts in which `*` stands for any characters.

use std::fmt;

/// A text to compare with, in which `*` stands for any characters, also for none. Case counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(String);

/// Why a text is no pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PatternError {
    /// It would match nothing that exists. Leave it out, or write `*`.
    #[error("an empty text matches nothing; write * for any")]
    Empty,
    /// Nothing that it is compared with can be that long.
    #[error("longer than 256 characters")]
    TooLong,
}

impl Pattern {
    const MAX_CHARS: usize = 256;

    /// Takes a text, in which only `*` is special.
    pub fn new(text: &str) -> Result<Self, PatternError> {
        if text.trim().is_empty() {
            return Err(PatternError::Empty);
        }
        if text.chars().count() > Self::MAX_CHARS {
            return Err(PatternError::TooLong);
        }
        Ok(Self(text.trim().to_owned()))
    }

    /// Whether the whole text is as the pattern says.
    pub fn matches(&self, text: &str) -> bool {
        let Some((head, rest)) = self.0.split_once('*') else { return self.0 == text };
        let (middle, tail) = rest.rsplit_once('*').unwrap_or(("", rest));
        let inner = text.strip_prefix(head).and_then(|text| text.strip_suffix(tail));
        let Some(mut inner) = inner else { return false };
        // Each piece is taken where it comes first: that leaves the most for those behind it.
        for piece in middle.split('*').filter(|piece| !piece.is_empty()) {
            match inner.split_once(piece) {
                Some((_, after)) => inner = after,
                None => return false,
            }
        }
        true
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
