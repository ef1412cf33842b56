//! `eval`: FEEL at the terminal, and line by line for machines.

mod lines;
mod shown;

use std::io::{BufReader, Write as _};
use std::time::SystemTime;

use anyhow::Context as _;
use bedrock_connector::clock::{Clock as _, SystemClock};
use bedrock_connector::connector::json;
use bedrock_connector::feel::{Context, Expression, Options};
use serde_json::{Map, Value};

use super::{Exit, Usage};
use crate::cli::{EvalArgs, JsonSource};

/// Evaluates the expression, or the expressions on standard input.
pub(crate) fn run(arguments: &EvalArgs) -> anyhow::Result<Exit> {
    let now = arguments.now.unwrap_or_else(|| SystemClock.now());
    match &arguments.expression {
        Some(expression) => one(arguments, expression, now),
        None => {
            let input = BufReader::with_capacity(256 * 1024, std::io::stdin().lock());
            lines::answer(input, std::io::stdout().lock(), now).context("the lines could not be answered")?;
            Ok(Exit::Done)
        }
    }
}

fn one(arguments: &EvalArgs, source: &str, now: SystemTime) -> anyhow::Result<Exit> {
    let variables = match &arguments.context {
        Some(source) => variables(source)?,
        None => Map::new(),
    };
    let mut context = Context::new();
    context.extend(&variables);
    let trace = shown::Trace::default();
    let mut options = Options::new(now);
    if arguments.trace {
        options.observer = Some(&trace);
    }
    let result = match Expression::parse(source) {
        Ok(expression) => expression.evaluate(&context, &options).map_err(shown::Problem::Evaluation),
        Err(error) => Err(shown::Problem::Parse(error)),
    };
    if arguments.json {
        let mut output = anstream::stdout().lock();
        writeln!(output, "{:#}", shown::json(source, &result))?;
    } else {
        let mut notes = anstream::stderr().lock();
        trace.write(source, &mut notes)?;
        shown::write(source, &result, &mut anstream::stdout().lock(), &mut notes)?;
    }
    Ok(if result.is_ok() { Exit::Done } else { Exit::Failed })
}

fn variables(source: &JsonSource) -> anyhow::Result<Map<String, Value>> {
    match source.read()? {
        Value::Object(variables) => Ok(variables),
        other => Err(Usage(format!("--context is {}, expected an object", json::kind(&other))).into()),
    }
}
