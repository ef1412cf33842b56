//! `demo`: one process instance from start to end, told as it happens.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use bedrock_connector::config::ProcessEnvironment;
use bedrock_connector::demo::{self, Diagram, Ending, Options, Scenario};
use serde_json::{Map, Value};
use tokio::runtime::Runtime;

use super::{Exit, Usage};
use crate::cli::{DemoArgs, JsonSource};

/// Walks the diagram.
pub(crate) fn run(arguments: &DemoArgs) -> anyhow::Result<Exit> {
    let (diagram, mut scenario) = match &arguments.diagram {
        None => (Diagram::included(), Scenario::included()),
        Some(path) => (read_diagram(path)?, Scenario::beside(path)?),
    };
    if let Some(given) = &arguments.vars {
        scenario.variables.extend(object(given)?);
    }
    let given = arguments.results.iter().map(|given| (given.element_id.clone(), given.result.clone()));
    scenario.results.extend(given);
    let options = Options { diagram, scenario, live: arguments.live, json: arguments.json };
    let walk = demo::run(options, &ProcessEnvironment, anstream::stdout());
    match Runtime::new()?.block_on(walk)? {
        Ending::Completed => Ok(Exit::Done),
        Ending::Cancelled | Ending::Stuck => Ok(Exit::Failed),
    }
}

fn read_diagram(path: &Path) -> anyhow::Result<Diagram> {
    let content = fs::read(path)
        .map_err(|error| Usage(format!("the diagram {} cannot be read: {error}", path.display())))?;
    let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    Ok(Diagram { name, content })
}

fn object(source: &JsonSource) -> anyhow::Result<Map<String, Value>> {
    match source.read().context("--vars")? {
        Value::Object(variables) => Ok(variables),
        _ => {
            Err(Usage("--vars: expected a JSON object, whose entries become the variables".to_owned()).into())
        }
    }
}
