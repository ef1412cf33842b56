//! `access` and `policy`: questions about connections.

use clap::{Args, Subcommand, ValueEnum};

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

/// `policy`
#[derive(Debug, Args)]
pub(crate) struct PolicyArgs {
    /// Only these connections
    #[arg(long = "connection", value_name = "NAME")]
    pub(crate) connections: Vec<String>,
    /// Guardrails that diagrams use, by id or ARN; those among the parameters of models are known
    #[arg(long = "guardrail", value_name = "ID")]
    pub(crate) guardrails: Vec<String>,
    /// Print who may assume the roles instead
    #[arg(long, value_name = "KIND", requires_ifs = TRUST_NEEDS)]
    pub(crate) trust: Option<Trust>,
    /// IRSA: the provider of the cluster, such as oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLE
    #[arg(long, value_name = "HOST/PATH", requires = "trust")]
    pub(crate) oidc_provider: Option<String>,
    /// IRSA: the account of the cluster, with its 12 digits
    #[arg(long, value_name = "ACCOUNT", requires = "trust")]
    pub(crate) account: Option<String>,
    /// IRSA and Pod Identity: the namespace of the service account
    #[arg(long, value_name = "NAME", default_value = "default")]
    pub(crate) namespace: String,
    /// IRSA and Pod Identity: the service account
    #[arg(long, value_name = "NAME", default_value = "bedrock-connector")]
    pub(crate) service_account: String,
    /// External id: the ARN of the identity that assumes the roles
    #[arg(long, value_name = "ARN", requires = "trust")]
    pub(crate) principal: Option<String>,
    #[command(flatten)]
    pub(crate) settings: SettingArgs,
    /// One JSON object with all policies, for machines
    #[arg(long)]
    pub(crate) json: bool,
}

/// What each kind of trust needs beside it.
const TRUST_NEEDS: [(&str, &str); 3] =
    [("irsa", "oidc_provider"), ("irsa", "account"), ("external-id", "principal")];

/// How a role is trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Trust {
    /// The tokens of a cluster's service account
    Irsa,
    /// EKS Pod Identity
    PodIdentity,
    /// An identity of another account that knows an external id
    ExternalId,
}

pub(super) const POLICY_EXAMPLES: &str = "\
The policies allow what the active connections and `check` use, and nothing else. There is one for each identity; whose
it is stands on standard error, so that the output is JSON. What nobody has configured stands as *: an account, above all.

Examples:
  bedrock-connector policy --config connector.toml --connection sales > policy.json
  bedrock-connector policy --config connector.toml --guardrail gr4rdr41l --json | jq '.policies[].title'
  bedrock-connector policy --trust irsa --account 123456789012 --namespace camunda \\
      --oidc-provider oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLE
  bedrock-connector policy --config connector.toml --trust external-id --principal arn:aws:iam::123456789012:role/worker

Exit codes: 0 printed, 1 there is nothing to allow, 64 the configuration or the command line is wrong.";
