//! `journal`: what is done with the answers that are kept.

use std::time::Duration;

use clap::{Args, Subcommand};

use super::settings::SettingArgs;
use super::values::duration;

/// `journal`
#[derive(Debug, Args)]
pub(crate) struct JournalArgs {
    #[command(subcommand)]
    pub(crate) action: JournalAction,
}

/// What is done with the journal.
#[derive(Debug, Subcommand)]
pub(crate) enum JournalAction {
    /// List the entries, the oldest first; a worker may be at work meanwhile
    List {
        #[command(flatten)]
        settings: SettingArgs,
        /// One JSON object for each entry, for machines
        #[arg(long)]
        json: bool,
    },
    /// Show the answer to a job, with the user's part of the conversation masked
    Show {
        /// The job
        #[arg(value_name = "JOB_KEY")]
        job_key: i64,
        #[command(flatten)]
        settings: SettingArgs,
        /// One JSON object, for machines
        #[arg(long)]
        json: bool,
    },
    /// Drop entries, their jobs ask the model again; no worker may use a folder meanwhile, a database may be in use
    Purge(PurgeArgs),
}

/// `journal purge`
#[derive(Debug, Args)]
pub(crate) struct PurgeArgs {
    /// Only these jobs
    #[arg(value_name = "JOB_KEY", required_unless_present_any = ["all", "older_than"])]
    pub(crate) job_keys: Vec<i64>,
    /// All entries
    #[arg(long, conflicts_with_all = ["job_keys", "older_than"])]
    pub(crate) all: bool,
    /// Only entries that are older than this
    #[arg(long, value_name = "DURATION", value_parser = duration, conflicts_with = "job_keys")]
    pub(crate) older_than: Option<Duration>,
    /// One JSON object, for machines
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) settings: SettingArgs,
}

pub(super) const JOURNAL_EXAMPLES: &str = "\
Examples:
  bedrock-connector journal list
  bedrock-connector journal list --json --data-dir /data | jq .jobKey
  bedrock-connector journal show 2251799813685281
  bedrock-connector journal purge --older-than P1D
  bedrock-connector journal purge --all

Exit codes: 0 done, 1 there is no such entry or the journal cannot be used, 64 the configuration is wrong.";
