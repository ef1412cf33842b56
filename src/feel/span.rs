//! Places in the text of an expression.

/// A stretch of the text, in bytes: `start` is the first, `end` the one after the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Span {
    /// The first byte.
    pub start: u32,
    /// The byte after the last.
    pub end: u32,
}

impl Span {
    /// Texts are limited far below 4 GB before any span is made.
    pub(super) fn new(start: usize, end: usize) -> Span {
        Span { start: start as u32, end: end as u32 }
    }

    /// From the start of this span to the end of the other.
    pub(super) fn to(self, other: Span) -> Span {
        Span { start: self.start, end: other.end }
    }

    /// The text under the span; empty if the span belongs to another text.
    pub fn text(self, source: &str) -> &str {
        source.get(self.start as usize..self.end as usize).unwrap_or_default()
    }
}
