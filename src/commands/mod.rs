//! What each command does. Commands read the environment, write for people or machines, and may use `anyhow`;
//! the work itself is in the library.

pub(crate) mod access;
pub(crate) mod bench;
pub(crate) mod check;
pub(crate) mod demo;
pub(crate) mod emulator;
pub(crate) mod environment;
pub(crate) mod eval;
pub(crate) mod health;
mod input;
pub(crate) mod journal;
pub(crate) mod output;
pub(crate) mod policy;
pub(crate) mod run;
pub(crate) mod templates;

use bedrock_connector::config::Mistakes;

/// How the process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// What was asked for is done.
    Done,
    /// What was asked for has failed, and the output says why.
    Failed,
}

/// The command line asks for something that cannot be: a file that is not there, say.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Usage(pub(crate) String);

/// The exit codes of `--help`.
pub(crate) fn code(result: &anyhow::Result<Exit>) -> u8 {
    match result {
        Ok(Exit::Done) => 0,
        Ok(Exit::Failed) => 1,
        Err(error) if error.is::<Mistakes>() || error.is::<Usage>() => 64,
        // Whoever reads us has seen enough: `eval --jsonl | head`.
        Err(error) if output::is_closed_pipe(error) => 0,
        Err(_) => 70,
    }
}
