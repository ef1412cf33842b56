//! How an evaluation looks to people, and as one JSON object.

use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

use bedrock_connector::feel::{
    Diagnostic, Evaluation, EvaluationError, Failure, Observer, ParseError, Span, Value,
};
use serde_json::json;

use crate::commands::output::{BAD, BOLD, DIM, WARN};

/// Why there is no value.
#[derive(Debug)]
pub(super) enum Problem {
    Parse(ParseError),
    Evaluation(EvaluationError),
}

type Outcome = Result<Evaluation, Problem>;

/// The value on `output`, everything about it on `notes`.
pub(super) fn write(
    source: &str,
    outcome: &Outcome,
    output: &mut impl Write,
    notes: &mut impl Write,
) -> io::Result<()> {
    let (failures, problem) = match outcome {
        Ok(evaluation) => (&evaluation.failures[..], None),
        Err(Problem::Evaluation(error)) => (&error.failures[..], Some(error.diagnostic(source))),
        Err(Problem::Parse(error)) => (&[][..], Some(error.diagnostic(source))),
    };
    // A loop fails at the same place again and again; once is enough for people.
    let mut told = Vec::new();
    for failure in failures.iter().map(|failure| failure.diagnostic(source)) {
        if !told.contains(&failure) {
            write!(notes, "{WARN}why{WARN:#}: ")?;
            diagnostic(&failure, notes)?;
            told.push(failure);
        }
    }
    if let Some(problem) = problem {
        write!(notes, "{BAD}error{BAD:#}: ")?;
        diagnostic(&problem, notes)?;
    }
    if let Ok(evaluation) = outcome {
        writeln!(output, "{:#}", evaluation.value.to_json())?;
        output.flush()?;
        writeln!(notes, "{DIM}{}{DIM:#}", evaluation.value.kind().name())?;
    }
    Ok(())
}

/// As `Display` of the diagnostic, with colours.
fn diagnostic(diagnostic: &Diagnostic, notes: &mut impl Write) -> io::Result<()> {
    let number = diagnostic.line.to_string();
    let margin = " ".repeat(number.len());
    let before = diagnostic.text.chars().take(diagnostic.column.saturating_sub(1));
    let indent: String = before.map(|char| if char == '\t' { '\t' } else { ' ' }).collect();
    writeln!(notes, "{BOLD}{}{BOLD:#}", diagnostic.message)?;
    writeln!(notes, "{DIM}{margin} |{DIM:#}")?;
    writeln!(notes, "{DIM}{number} |{DIM:#} {}", diagnostic.text)?;
    let caret = "^".repeat(diagnostic.width);
    writeln!(notes, "{DIM}{margin} |{DIM:#} {indent}{BAD}{caret} {}{BAD:#}", diagnostic.label)?;
    match &diagnostic.hint {
        Some(hint) => writeln!(notes, "{DIM}{margin} ={DIM:#} hint: {hint}"),
        None => Ok(()),
    }
}

/// Everything as one object.
pub(super) fn json(source: &str, outcome: &Outcome) -> serde_json::Value {
    let failures = |failures: &[Failure]| -> Vec<serde_json::Value> {
        let entry = |failure: &Failure| {
            let diagnostic = failure.diagnostic(source);
            json!({
                "kind": failure.kind.name(),
                "message": failure.message,
                "line": diagnostic.line,
                "column": diagnostic.column,
                "hint": failure.hint,
            })
        };
        failures.iter().map(entry).collect()
    };
    match outcome {
        Ok(evaluation) => json!({
            "result": evaluation.value.to_json(),
            "type": evaluation.value.kind().name(),
            "failures": failures(&evaluation.failures),
        }),
        Err(Problem::Parse(error)) => {
            json!({ "error": place(&error.diagnostic(source)), "phase": "parse", "kind": "PARSE" })
        }
        Err(Problem::Evaluation(error)) => json!({
            "error": place(&error.diagnostic(source)),
            "phase": "eval",
            "kind": error.kind.name(),
            "failures": failures(&error.failures),
        }),
    }
}

fn place(diagnostic: &Diagnostic) -> serde_json::Value {
    json!({
        "message": diagnostic.message,
        "line": diagnostic.line,
        "column": diagnostic.column,
        "hint": diagnostic.hint,
    })
}

/// The values of the parts, in the order in which they were found.
#[derive(Debug, Default)]
pub(super) struct Trace(Mutex<Vec<(Span, Result<String, String>)>>);

/// So many parts are shown; a loop has very many.
const MOST_PARTS: usize = 1_000;

impl Trace {
    fn push(&self, span: Span, result: Result<String, String>) {
        let mut parts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if parts.len() <= MOST_PARTS {
            parts.push((span, result));
        }
    }

    pub(super) fn write(&self, source: &str, notes: &mut impl Write) -> io::Result<()> {
        let parts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let texts: Vec<String> = parts.iter().map(|(span, _)| shortened(span.text(source), 48)).collect();
        let width = texts.iter().map(|text| text.chars().count()).max().unwrap_or(0);
        for ((_, result), text) in parts.iter().zip(&texts).take(MOST_PARTS) {
            match result {
                Ok(value) => writeln!(notes, "{text:width$} {DIM}={DIM:#} {}", shortened(value, 72))?,
                Err(reason) => writeln!(notes, "{text:width$} {BAD}!{BAD:#} {}", shortened(reason, 72))?,
            }
        }
        if parts.len() > MOST_PARTS {
            writeln!(notes, "{DIM}… and more{DIM:#}")?;
        }
        Ok(())
    }
}

impl Observer for Trace {
    fn value(&self, span: Span, _text: &str, value: &Value) {
        self.push(span, Ok(value.to_json().to_string()));
    }

    fn failed(&self, span: Span, _text: &str, reason: &str) {
        self.push(span, Err(reason.to_owned()));
    }
}

/// One line, cut to a width.
fn shortened(text: &str, width: usize) -> String {
    let mut line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((end, _)) = line.char_indices().nth(width.saturating_sub(1)) {
        line.truncate(end);
        line.push('…');
    }
    line
}
