//! What the story looks like at a terminal: aligned, wrapped, and coloured where the reader has colours.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use serde_json::{Map, Value};

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

    pub(super) fn into_inner(self) -> W {
        self.out
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
        let style = tone.style();
        let options = textwrap::Options::new(WIDTH - TEXT_COLUMN);
        let lines = textwrap::wrap(text, options);
        let left_out = lines.len().saturating_sub(MOST_LINES);
        for (number, line) in lines.iter().take(MOST_LINES).enumerate() {
            let label = if number == 0 { label } else { "" };
            writeln!(
                self.out,
                "  {FAINT}{label:<indent$}{FAINT:#}{style}{line}{style:#}",
                indent = TEXT_COLUMN - 2
            )?;
        }
        if left_out > 0 {
            writeln!(self.out, "{:TEXT_COLUMN$}{FAINT}… {left_out} more lines{FAINT:#}", "")?;
        }
        self.out.flush()
    }

    /// All variables, those that `before` did not have or had otherwise in another colour.
    pub(super) fn variables(
        &mut self,
        label: &str,
        variables: &Map<String, Value>,
        before: &Map<String, Value>,
    ) -> io::Result<()> {
        if variables.is_empty() {
            return self.entry(label, "none", Tone::Faint);
        }
        let width = variables.keys().map(|name| name.chars().count()).max().unwrap_or(0).min(24);
        for (number, (name, value)) in variables.iter().enumerate() {
            let changed = before.get(name) != Some(value);
            let label = if number == 0 { label } else { "" };
            let tone = if changed { Tone::Changed } else { Tone::Faint };
            self.entry(label, &format!("{name:<width$}  {}", brief(value)), tone)?;
        }
        Ok(())
    }
}

/// A value on few lines: texts as they are, the rest as compact JSON.
pub(super) fn brief(value: &Value) -> String {
    const MOST_CHARACTERS: usize = 400;
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
        anstream::adapter::strip_str(&String::from_utf8(page.into_inner()).unwrap()).to_string()
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
    fn names_of_variables_are_aligned() {
        let variables = json!({"a": 1, "longer": "text"});
        let text = written(|page| page.variables("variables", variables.as_object().unwrap(), &Map::new()));
        assert_eq!(text, "  variables     a       1\n                longer  \"text\"\n");
    }
}
