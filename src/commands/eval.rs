//! `eval`: FEEL at the terminal.

use super::Exit;
use crate::cli::EvalArgs;

pub(crate) fn run(_arguments: &EvalArgs) -> anyhow::Result<Exit> {
    anyhow::bail!("not wired yet")
}
