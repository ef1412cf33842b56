//! `eval --jsonl`: one line in, one line out, for any number of lines.

use std::io::{self, BufRead, Read as _, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::SystemTime;

use bedrock_connector::feel::{Context, Expression, Options};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// A longer line is answered by an error and skipped, so that memory stays bounded whatever comes.
const LONGEST_LINE: usize = 64 * 1024 * 1024;

/// What a line asks.
#[derive(Debug, Deserialize)]
struct Case {
    #[serde(default)]
    expr: Option<Value>,
    #[serde(default)]
    ctx: Option<Value>,
}

/// Answers every line until the input ends. Only the input or the output itself can fail.
pub(super) fn answer(mut input: impl BufReadMore, output: impl Write, now: SystemTime) -> io::Result<()> {
    let mut output = io::BufWriter::new(output);
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = (&mut input).take(LONGEST_LINE as u64 + 1).read_until(b'\n', &mut line)?;
        if read == 0 {
            return output.flush();
        }
        let answered = if line.last() != Some(&b'\n') && line.len() > LONGEST_LINE {
            skip_line(&mut input)?;
            Some(error_line(Value::Null, "input", &format!("the line is longer than {LONGEST_LINE} bytes")))
        } else {
            answer_line(&line, now)
        };
        if let Some(answered) = answered {
            writeln!(output, "{answered}")?;
        }
        // Whoever talks to us line by line waits for the answer; whoever pipes a file gets them in large pieces.
        if !input.has_more() {
            output.flush()?;
        }
    }
}

/// An input that knows whether it could go on without waiting.
pub(super) trait BufReadMore: BufRead {
    fn has_more(&self) -> bool;
}

impl<R: io::Read> BufReadMore for io::BufReader<R> {
    fn has_more(&self) -> bool {
        !self.buffer().is_empty()
    }
}

fn skip_line(input: &mut impl BufRead) -> io::Result<()> {
    loop {
        let buffer = input.fill_buf()?;
        let (consumed, done) = match buffer.iter().position(|byte| *byte == b'\n') {
            Some(end) => (end + 1, true),
            None => (buffer.len(), buffer.is_empty()),
        };
        input.consume(consumed);
        if done {
            return Ok(());
        }
    }
}

/// The answer to a line; none to a blank one.
fn answer_line(line: &[u8], now: SystemTime) -> Option<Value> {
    if line.trim_ascii().is_empty() {
        return None;
    }
    let object: Map<String, Value> = match serde_json::from_slice(line) {
        Ok(object) => object,
        Err(error) => return Some(error_line(Value::Null, "input", &format!("not a JSON object: {error}"))),
    };
    let id = object.get("id").cloned().unwrap_or(Value::Null);
    let case = Case { expr: object.get("expr").cloned(), ctx: object.get("ctx").cloned() };
    // A fault in the engine costs the line that it was found by, not the stream.
    let answered = catch_unwind(AssertUnwindSafe(|| evaluate(&id, case, now)));
    Some(
        answered.unwrap_or_else(|_| {
            error_line(id, "eval", "the evaluation broke off by a fault of this program")
        }),
    )
}

fn evaluate(id: &Value, case: Case, now: SystemTime) -> Value {
    let Some(Value::String(source)) = case.expr else {
        return error_line(id.clone(), "input", "expr is missing or no text");
    };
    let variables = match case.ctx {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(variables)) => variables,
        Some(_) => return error_line(id.clone(), "input", "ctx is no object"),
    };
    let expression = match Expression::parse(&source) {
        Ok(expression) => expression,
        Err(error) => return error_line(id.clone(), "parse", &error.to_string()),
    };
    let mut context = Context::new();
    context.extend(&variables);
    match expression.evaluate(&context, &Options::new(now)) {
        Ok(evaluation) => {
            let mut answered = json!({ "id": id, "result": evaluation.value.to_json() });
            if !evaluation.failures.is_empty()
                && let Value::Object(answered) = &mut answered
            {
                let kinds = evaluation.failures.iter().map(|failure| failure.kind.name().into()).collect();
                answered.insert("suppressed".to_owned(), Value::Array(kinds));
            }
            answered
        }
        Err(error) => error_line(id.clone(), "eval", &error.to_string()),
    }
}

/// The phase is `input`, `parse` or `eval`.
fn error_line(id: Value, phase: &str, message: &str) -> Value {
    json!({ "id": id, "error": message, "phase": phase })
}
