//! What the story looks like at a terminal: aligned, wrapped, and coloured where the reader has colours.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use serde_json::Value;

const WIDTH: usize = 100;
/// Where the texts of a task begin; labels stand to the left of it.
const TEXT_COLUMN: usize = 16;
/// A value that takes more lines than this is cut in the middle of the story; `--json` has it whole.
const MOST_LINES: usize = 14;

const PLAIN: Style = Style::new();
const STRONG: Style = Style::new().bold();
const FAINT: Style = Style::new().dimmed();
const ASKED: Style = AnsiColor::Cyan.on_default();
const ANSWERED: Style = AnsiColor::Green.on_default();
const CHANGED: Style = AnsiColor::Yellow.on_default();
const WRONG: Style = AnsiColor::Red.on_default().bold();

/// How a text is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Plain,
    Strong,
    Faint,
    Asked,
    Answered,
    Changed,
    Wrong,
}

impl Tone {
    fn style(self) -> Style {
        match self {
            Self::Plain => PLAIN,
            Self::Strong => STRONG,
            Self::Faint => FAINT,
            Self::Asked => ASKED,
            Self::Answered => ANSWERED,
            Self::Changed => CHANGED,
            Self::Wrong => WRONG,
        }
    }
}

/// Writes the story; the writer takes the colours out again where there is no terminal.
#[derive(Debug)]
pub(super) struct Page<W> {
    out: W,
}

impl<W: Write> Page<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out }
    }

    pub(super) fn blank(&mut self) -> io::Result<()> {
        writeln!(self.out)
    }

    /// A heading: a sign, a name, and what kind of thing it is.
    pub(super) fn heading(&mut self, sign: &str, name: &str, kind: &str, tone: Tone) -> io::Result<()> {
        let style = tone.style();
        writeln!(self.out, "{style}{sign}{style:#} {STRONG}{name}{STRONG:#}  {FAINT}{kind}{FAINT:#}")
    }

    /// A labelled text, wrapped into its column.
    pub(super) fn entry(&mut self, label: &str, text: &str, tone: Tone) -> io::Result<()> {
        self.wrapped(label, "", text, tone)
    }

    /// Variables by name, as long as they are.
    pub(super) fn variables<'a>(
        &mut self,
        label: &str,
        variables: impl Iterator<Item = (&'a String, &'a Value)> + Clone,
        tone: Tone,
    ) -> io::Result<()> {
        let width = variables.clone().map(|(name, _)| name.chars().count()).max().unwrap_or(0).min(24);
        for (number, (name, value)) in variables.enumerate() {
            let label = if number == 0 { label } else { "" };
            self.wrapped(label, &format!("{name:<width$}  "), &brief(value), tone)?;
        }
        Ok(())
    }

    /// Writes `label`, `head` and then `text`, whose further lines stand below its first one.
    fn wrapped(&mut self, label: &str, head: &str, text: &str, tone: Tone) -> io::Result<()> {
        let style = tone.style();
        let column = TEXT_COLUMN + head.chars().count();
        let lines = textwrap::wrap(text, WIDTH.saturating_sub(column).max(20));
        let left_out = lines.len().saturating_sub(MOST_LINES);
        for (number, line) in lines.iter().take(MOST_LINES).enumerate() {
            match number {
                0 => write!(self.out, "  {FAINT}{label:<indent$}{FAINT:#}{head}", indent = TEXT_COLUMN - 2)?,
                _ => write!(self.out, "{:column$}", "")?,
            }
            writeln!(self.out, "{style}{line}{style:#}")?;
        }
        if left_out > 0 {
            writeln!(self.out, "{:column$}{FAINT}… {left_out} more lines{FAINT:#}", "")?;
        }
        self.out.flush()
    }
}

/// A value on few lines: texts as they are, the rest as compact JSON.
pub(super) fn brief(value: &Value) -> String {
    const MOST_CHARACTERS: usize = 240;
    let text = value.to_string();
    match text.char_indices().nth(MOST_CHARACTERS) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn written(write: impl FnOnce(&mut Page<Vec<u8>>) -> io::Result<()>) -> String {
        let mut page = Page::new(Vec::new());
        write(&mut page).unwrap();
        anstream::adapter::strip_str(&String::from_utf8(page.out).unwrap()).to_string()
    }

    #[test]
    fn long_texts_stay_in_their_column() {
        let text = written(|page| page.entry("asked", &"word ".repeat(60), Tone::Plain));
        assert!(text.lines().count() > 2);
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        assert!(text.lines().skip(1).all(|line| line.starts_with(&" ".repeat(TEXT_COLUMN))), "{text}");
    }

    #[test]
    fn a_text_without_end_is_cut() {
        let text = written(|page| page.entry("answer", &"word\n".repeat(100), Tone::Plain));
        assert_eq!(text.lines().count(), MOST_LINES + 1);
        assert!(text.contains("more lines"), "{text}");
    }

    #[test]
    fn names_and_values_of_variables_are_aligned() {
        let variables = json!({"a": 1, "longer": "word ".repeat(30)});
        let text =
            written(|page| page.variables("variables", variables.as_object().unwrap().iter(), Tone::Plain));
        let columns: Vec<_> = text.lines().map(|line| line.split_at(24).0.trim_end().to_owned()).collect();
        assert_eq!(columns, ["  variables     a", "                longer", ""], "{text}");
    }
}
