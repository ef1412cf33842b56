//! `access`: who may use what, and why.

use std::io::{self, Write};

use bedrock_connector::access::{Asker, RuleOutcome};
use bedrock_connector::config::{Config, ProcessEnvironment};
use bedrock_connector::connections::Explanation;
use serde_json::{Value, json};

use super::Exit;
use super::output::{BAD, DIM, GOOD};
use crate::cli::{AccessAction, ExplainArgs};

/// Answers a question about access by the configuration as the worker would read it.
pub(crate) fn run(action: &AccessAction) -> anyhow::Result<Exit> {
    let AccessAction::Explain(arguments) = action;
    let config = Config::load_without_secrets(&ProcessEnvironment, &arguments.settings.0)?;
    let asker = Asker {
        tenant: &arguments.tenant,
        process: &arguments.process,
        template: arguments.template.as_deref(),
    };
    let explanation = config.connections.explain(&arguments.connection, &arguments.model, &asker);
    let mut output = anstream::stdout().lock();
    match arguments.json {
        true => writeln!(output, "{:#}", as_json(&explanation))?,
        false => write_lines(arguments, &explanation, &mut output)?,
    }
    Ok(if explanation.refusal.is_none() { Exit::Done } else { Exit::Failed })
}

fn write_lines(
    arguments: &ExplainArgs,
    explanation: &Explanation,
    output: &mut impl Write,
) -> io::Result<()> {
    let ExplainArgs { connection, model, .. } = arguments;
    match &explanation.refusal {
        None => {
            writeln!(output, "{GOOD}granted{GOOD:#}  the model {model:?} of the connection {connection:?}")?
        }
        Some(refusal) => writeln!(output, "{BAD}refused{BAD:#}  {}: {refusal}", refusal.code())?,
    }
    if let Some(rules) = &explanation.connection {
        write_rules(&format!("connection {connection}"), rules, output)?;
    }
    if let Some(rules) = &explanation.model {
        write_rules(&format!("model {model}"), rules, output)?;
    }
    Ok(())
}

fn write_rules(of: &str, rules: &[RuleOutcome], output: &mut impl Write) -> io::Result<()> {
    if rules.is_empty() {
        return writeln!(output, "  {of}: no rule, so nobody may use it");
    }
    for rule in rules {
        let description = rule.description.as_deref().map_or_else(String::new, |text| format!(" ({text})"));
        let verdict = if rule.grants() {
            "grants it".to_owned()
        } else {
            let misses: Vec<_> = rule.misses.iter().map(ToString::to_string).collect();
            format!("does not match: {}", misses.join("; "))
        };
        writeln!(output, "  {of}, rule {}{DIM}{description}{DIM:#}: {verdict}", rule.number)?;
    }
    Ok(())
}

fn as_json(explanation: &Explanation) -> Value {
    let rules = |outcomes: &Option<Vec<RuleOutcome>>| {
        outcomes.as_ref().map(|outcomes| outcomes.iter().map(rule_as_json).collect::<Vec<_>>())
    };
    json!({
        "granted": explanation.refusal.is_none(),
        "code": explanation.refusal.as_ref().map(|refusal| refusal.code()),
        "message": explanation.refusal.as_ref().map(ToString::to_string),
        "connectionRules": rules(&explanation.connection),
        "modelRules": rules(&explanation.model),
    })
}

fn rule_as_json(rule: &RuleOutcome) -> Value {
    json!({
        "number": rule.number,
        "description": rule.description,
        "grants": rule.grants(),
        "misses": rule.misses.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}
