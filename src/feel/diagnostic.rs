//! Messages that show the place: the line, a caret under what is meant, and a hint.

use std::fmt;

use super::span::Span;

/// A message about a place in a text. The parts are open, so that a terminal can colour them; [`fmt::Display`] renders
/// them plainly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// What is wrong.
    pub message: String,
    /// The line that holds the place.
    pub text: String,
    /// Its number, from 1.
    pub line: usize,
    /// The column of the first marked character, from 1.
    pub column: usize,
    /// How many characters are marked, at least one.
    pub width: usize,
    /// What stands beside the mark.
    pub label: String,
    /// What may help.
    pub hint: Option<String>,
}

/// Longer lines are cut around the place.
const MAX_LINE: usize = 160;

impl Diagnostic {
    pub(super) fn new(
        message: String,
        source: &str,
        span: Span,
        label: String,
        hint: Option<String>,
    ) -> Diagnostic {
        let start = floor_boundary(source, span.start as usize);
        let (before, from) = source.split_at_checked(start).unwrap_or((source, ""));
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = before.matches('\n').count() + 1;
        let head = before.get(line_start..).unwrap_or_default();
        let tail = from.lines().next().unwrap_or_default();
        let marked = span.text(source).lines().next().unwrap_or_default().chars().count().max(1);
        let skipped = head.chars().count().saturating_sub(MAX_LINE / 2);
        let mut text: String = head.chars().skip(skipped).collect();
        let column = text.chars().count() + 1;
        text.extend(tail.chars().take(MAX_LINE.saturating_sub(column)));
        let width = marked.min((text.chars().count() + 1).saturating_sub(column - 1)).max(1);
        Diagnostic { message, text, line, column, width, label, hint }
    }
}

fn floor_boundary(source: &str, mut at: usize) -> usize {
    at = at.min(source.len());
    while !source.is_char_boundary(at) {
        at -= 1;
    }
    at
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.line.to_string();
        let margin = " ".repeat(number.len());
        let indent: String = self
            .text
            .chars()
            .take(self.column - 1)
            .map(|char| if char == '\t' { '\t' } else { ' ' })
            .collect();
        writeln!(formatter, "{}", self.message)?;
        writeln!(formatter, "{margin} |")?;
        writeln!(formatter, "{number} | {}", self.text)?;
        write!(formatter, "{margin} | {indent}{}", "^".repeat(self.width))?;
        if !self.label.is_empty() {
            write!(formatter, " {}", self.label)?;
        }
        if let Some(hint) = &self.hint {
            write!(formatter, "\n{margin} = hint: {hint}")?;
        }
        Ok(())
    }
}
