//! `access`: questions about connections.

use clap::{Args, Subcommand};

use super::settings::SettingArgs;

/// `access`
#[derive(Debug, Args)]
pub(crate) struct AccessArgs {
    #[command(subcommand)]
    pub(crate) action: AccessAction,
}

/// What is asked about access.
#[derive(Debug, Subcommand)]
pub(crate) enum AccessAction {
    /// Say whether a task may use a model of a connection, and which rules led to it
    Explain(ExplainArgs),
}

/// `access explain`
#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// The id of the process
    #[arg(long, value_name = "ID")]
    pub(crate) process: String,
    /// The id of the tenant
    #[arg(long, value_name = "ID", default_value = "<default>")]
    pub(crate) tenant: String,
    /// The id of the task's element template; without it, a task that was made without one
    #[arg(long, value_name = "ID")]
    pub(crate) template: Option<String>,
    /// The name of the connection
    #[arg(long, value_name = "NAME")]
    pub(crate) connection: String,
    /// The alias or the id of the model
    #[arg(long, value_name = "ALIAS")]
    pub(crate) model: String,
    #[command(flatten)]
    pub(crate) settings: SettingArgs,
    /// One JSON object, for machines
    #[arg(long)]
    pub(crate) json: bool,
}

pub(super) const ACCESS_EXAMPLES: &str = "\
Examples:
  bedrock-connector access explain --config connector.toml --process order-check --connection sales --model nova
  bedrock-connector access explain --tenant acme --process order-check --template com.example.ask \\
      --connection sales --model nova --json

Exit codes: 0 it may, 1 it may not, 64 the configuration is wrong.";
