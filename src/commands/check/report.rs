//! What the checks found, as aligned lines or as one JSON object.

use std::io::{self, Write};

use serde_json::json;

use crate::commands::output::{BAD, DIM, GOOD, WARN};

/// How one thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Ok,
    /// It works, but somebody should know.
    Warning,
    Failed,
}

/// One line of the report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Check {
    name: String,
    state: State,
    message: String,
    remedy: Option<String>,
}

impl Check {
    pub(super) fn ok(name: &str, message: impl Into<String>) -> Self {
        Self { name: name.to_owned(), state: State::Ok, message: message.into(), remedy: None }
    }

    pub(super) fn warning(name: &str, message: impl Into<String>, remedy: &str) -> Self {
        let remedy = Some(remedy.to_owned());
        Self { name: name.to_owned(), state: State::Warning, message: message.into(), remedy }
    }

    pub(super) fn failed(name: &str, message: impl Into<String>, remedy: &str) -> Self {
        let remedy = Some(remedy.to_owned());
        Self { name: name.to_owned(), state: State::Failed, message: message.into(), remedy }
    }
}

impl Check {
    /// The same with more to say.
    pub(super) fn adding(mut self, text: &str) -> Self {
        self.message.push_str(text);
        self
    }
}

/// All lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Report(pub(super) Vec<Check>);

impl Report {
    pub(super) fn is_ok(&self) -> bool {
        self.0.iter().all(|check| check.state != State::Failed)
    }

    pub(super) fn write(&self, json: bool, output: &mut impl Write) -> io::Result<()> {
        if json { self.write_json(output) } else { self.write_lines(output) }
    }

    fn write_lines(&self, output: &mut impl Write) -> io::Result<()> {
        let width = self.0.iter().map(|check| check.name.chars().count()).max().unwrap_or(0);
        for Check { name, state, message, remedy } in &self.0 {
            let style = match state {
                State::Ok => GOOD,
                State::Warning => WARN,
                State::Failed => BAD,
            };
            writeln!(output, "{name:width$}  {style}{:7}{style:#}  {message}", state.word())?;
            if let Some(remedy) = remedy {
                writeln!(output, "{:width$}           {DIM}→ {remedy}{DIM:#}", "")?;
            }
        }
        Ok(())
    }

    fn write_json(&self, output: &mut impl Write) -> io::Result<()> {
        let entry = |check: &Check| {
            json!({
                "name": check.name,
                "ok": check.state != State::Failed,
                "state": check.state.word(),
                "message": check.message,
                "remedy": check.remedy,
            })
        };
        let checks: Vec<_> = self.0.iter().map(entry).collect();
        writeln!(output, "{:#}", json!({ "ok": self.is_ok(), "checks": checks }))
    }
}

impl State {
    fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed => "failed",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        Report(vec![
            Check::ok("gateway", "8.10.0"),
            Check::warning("region", "none", "set AWS_REGION"),
            Check::failed("credentials", "none", "give some"),
        ])
    }

    #[test]
    fn lines_are_aligned_and_remedies_stand_below() {
        let mut text = Vec::new();
        report().write(false, &mut anstream::StripStream::new(&mut text)).unwrap();
        let expected = "\
gateway      ok       8.10.0
region       warning  none
                      → set AWS_REGION
credentials  failed   none
                      → give some
";
        assert_eq!(String::from_utf8(text).unwrap(), expected);
    }

    #[test]
    fn a_warning_is_no_failure() {
        assert!(!report().is_ok());
        assert!(Report(vec![Check::warning("region", "none", "set AWS_REGION")]).is_ok());
    }
}
