//! `run`: the worker, until it is told to stop.

use std::io::Write as _;

use bedrock_connector::config::{Config, ProcessEnvironment};

use super::Exit;
use crate::cli::RunArgs;

/// Reads the configuration and runs the worker with it.
pub(crate) fn run(arguments: &RunArgs) -> anyhow::Result<Exit> {
    let config = Config::load(&ProcessEnvironment, &arguments.settings.0)?;
    if arguments.dump_config {
        write!(anstream::stdout().lock(), "{}", config.dump())?;
        return Ok(Exit::Done);
    }
    anyhow::bail!("the worker is not wired yet")
}
