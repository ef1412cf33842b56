//! The arguments of `templates`.

use std::path::PathBuf;

use clap::Args;

use super::settings::SettingArgs;

/// `templates`
#[derive(Debug, Args)]
pub(crate) struct TemplatesArgs {
    /// The template to print; without it, and without a folder, they are listed
    #[arg(value_name = "NAME", conflicts_with_all = ["out", "docs", "check", "json"])]
    pub(crate) name: Option<String>,
    /// Write the templates into this folder
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Write their documentation into this folder
    #[arg(long, value_name = "DIR")]
    pub(crate) docs: Option<PathBuf>,
    /// Write nothing; say whether the files are what would be written
    #[arg(long)]
    pub(crate) check: bool,
    #[command(flatten)]
    pub(crate) settings: SettingArgs,
    /// One JSON object, for machines
    #[arg(long)]
    pub(crate) json: bool,
}

pub(super) const TEMPLATES_EXAMPLES: &str = "\
A modeler imports the files: Desktop Modeler from its folder resources/element-templates, Web Modeler by upload.
Job types, region, connections and models come from the configuration of the worker, so give it the same.

Examples:
  bedrock-connector templates
  bedrock-connector templates converse > converse.json
  bedrock-connector templates --out element-templates --docs docs/templates
  bedrock-connector templates --out element-templates --config bedrock-connector.toml
  bedrock-connector templates --out element-templates --template-engine 8.6
  bedrock-connector templates --out element-templates --template-models 'Nova=amazon.nova-pro-v1:0,amazon.nova-lite-v1:0'
  bedrock-connector templates --out element-templates --check

Exit codes: 0 done, 1 with --check: a file is missing or differs, 64 the configuration is wrong.";
