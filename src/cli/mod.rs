//! The command line: what can be asked for, and in which words. What is done about it is in `commands`.

mod connections;
mod journal;
mod settings;
mod templates;
mod values;

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use bedrock_connector::config;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

use self::connections::{ACCESS_EXAMPLES, POLICY_EXAMPLES};
pub(crate) use self::connections::{AccessAction, AccessArgs, ExplainArgs, PolicyArgs, Trust};
use self::journal::JOURNAL_EXAMPLES;
pub(crate) use self::journal::{JournalAction, JournalArgs, PurgeArgs};
use self::settings::SettingArgs;
use self::templates::TEMPLATES_EXAMPLES;
pub(crate) use self::templates::TemplatesArgs;
pub(crate) use self::values::{ElementResult, JsonSource};
use self::values::{duration, instant};

const ABOUT: &str = "Takes jobs from Camunda 8 and calls models on Amazon Bedrock";

const EXAMPLES: &str = "\
Without a command it runs the worker.

Examples:
  bedrock-connector                               the worker, configured by the environment
  bedrock-connector demo                          try it: no engine, no AWS account
  bedrock-connector eval '= a + 1' --context '{\"a\": 41}'
  bedrock-connector check                         is everything in place?

Exit codes:
   0  done
   1  what was asked for has failed: the expression, a check, the walk
  64  the command line or the configuration is wrong; every mistake is listed
  70  the program could not start, or broke off; the log says why";

/// The whole command line.
#[derive(Debug, Parser)]
#[command(name = "bedrock-connector", version, about = ABOUT, args_conflicts_with_subcommands = true)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) run: RunArgs,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Take jobs and work on them until SIGTERM
    #[command(after_long_help = RUN_HELP)]
    Run(RunArgs),
    /// Try a diagram with the real worker, an embedded gateway and an emulated Bedrock
    #[command(after_help = DEMO_EXAMPLES)]
    Demo(DemoArgs),
    /// Evaluate a FEEL expression
    #[command(after_help = EVAL_EXAMPLES)]
    Eval(EvalArgs),
    /// Look whether the configuration, the gateway, the credentials and the models are in order
    #[command(after_help = CHECK_EXAMPLES)]
    Check(CheckArgs),
    /// Ask the worker beside it how it is, as a container's health check does
    #[command(after_help = HEALTH_EXAMPLES)]
    Health(HealthArgs),
    /// Write the element templates for modelers, with your job types and models in them
    #[command(after_help = TEMPLATES_EXAMPLES)]
    Templates(TemplatesArgs),
    /// Look at the answers that are kept until the engine has them
    #[command(after_help = JOURNAL_EXAMPLES)]
    Journal(JournalArgs),
    /// Look who may use which connection
    #[command(after_help = ACCESS_EXAMPLES)]
    Access(AccessArgs),
    /// Print what AWS has to allow: the least IAM policies for the connections, and the trust of their roles
    #[command(after_help = POLICY_EXAMPLES)]
    Policy(PolicyArgs),
    /// Measure the worker against the embedded gateway and the emulated Bedrock
    #[command(after_help = BENCH_EXAMPLES)]
    Bench(BenchArgs),
    /// Serve the emulated Bedrock or Hugging Face alone, for other clients
    #[command(hide = true)]
    Emulator(EmulatorArgs),
}

/// `run`
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) settings: SettingArgs,
    /// Print the resolved configuration, secrets hidden, and where each value came from
    #[arg(long)]
    pub(crate) dump_config: bool,
}

/// `check`
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub(crate) settings: SettingArgs,
    /// Models that must answer; each costs one small call
    #[arg(long = "model", value_name = "MODEL_ID")]
    pub(crate) models: Vec<String>,
    /// One JSON object, for machines
    #[arg(long)]
    pub(crate) json: bool,
}

/// `health`
#[derive(Debug, Args)]
pub(crate) struct HealthArgs {
    /// What is asked
    #[arg(default_value = "readiness")]
    pub(crate) group: HealthGroup,
    #[command(flatten)]
    pub(crate) settings: SettingArgs,
}

/// The questions of orchestrators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum HealthGroup {
    /// Whether jobs can be taken and worked on
    Readiness,
    /// Whether the process answers at all
    Liveness,
    /// Whether it has started
    Startup,
}

impl HealthGroup {
    /// Where the worker answers it.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Readiness => "/actuator/health/readiness",
            Self::Liveness => "/actuator/health/liveness",
            Self::Startup => "/actuator/health/startup",
        }
    }
}

/// `eval`
#[derive(Debug, Args)]
pub(crate) struct EvalArgs {
    /// The expression; a leading = is allowed
    #[arg(required_unless_present = "jsonl", allow_hyphen_values = true)]
    pub(crate) expression: Option<String>,
    /// The variables: a JSON object, or @FILE
    #[arg(long, short, value_name = "JSON|@FILE")]
    pub(crate) context: Option<JsonSource>,
    /// Read lines {"id", "expr", "ctx"} and answer each by a line {"id", "result"} or {"id", "error"}
    #[arg(long, conflicts_with_all = ["expression", "context", "json", "trace"])]
    pub(crate) jsonl: bool,
    /// The time that now() and today() give, such as 2026-03-15T10:20:30Z; the machine's without it
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    pub(crate) now: Option<SystemTime>,
    /// Show the value of every part of the expression
    #[arg(long, conflicts_with = "json")]
    pub(crate) trace: bool,
    /// One JSON object, for machines
    #[arg(long)]
    pub(crate) json: bool,
}

/// `demo`
#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// The diagram; without it, an included example. A file NAME.demo.json beside NAME.bpmn has variables to start with,
    /// answers of the model, and results of tasks that are none of ours
    #[arg(value_name = "FILE.bpmn")]
    pub(crate) diagram: Option<PathBuf>,
    /// Variables at the start, over those of the file beside the diagram: a JSON object, or @FILE
    #[arg(long, value_name = "JSON|@FILE")]
    pub(crate) vars: Option<JsonSource>,
    /// The result of a task that is none of ours; a list is taken in turn
    #[arg(long = "set", value_name = "ELEMENT=JSON")]
    pub(crate) results: Vec<ElementResult>,
    /// Call Bedrock itself, which costs money
    #[arg(long)]
    pub(crate) live: bool,
    /// One JSON object for each step, for machines
    #[arg(long)]
    pub(crate) json: bool,
}

/// `bench`
#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    /// How many jobs
    #[arg(long, value_name = "NUMBER")]
    pub(crate) jobs: Option<usize>,
    /// How long the emulated model takes for each answer
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) latency: Option<Duration>,
    /// How many jobs the worker holds at once
    #[arg(long, value_name = "NUMBER")]
    pub(crate) max_jobs_active: Option<usize>,
    /// Keep answers meanwhile: a folder, or the URL of a PostgreSQL database
    #[arg(long, value_name = "PLACE")]
    pub(crate) journal: Option<String>,
    /// One JSON object, for machines
    #[arg(long)]
    pub(crate) json: bool,
}

/// `emulator`
#[derive(Debug, Args)]
pub(crate) struct EmulatorArgs {
    /// The port on 127.0.0.1; 0 takes any free one, which is printed
    #[arg(long, default_value_t = 0)]
    pub(crate) port: u16,
    /// Hugging Face instead of Bedrock
    #[arg(long, conflicts_with = "roles")]
    pub(crate) huggingface: bool,
    /// Also give out credentials of this role, by STS, IMDSv2 and as a container's; the address is the second line. With a
    /// token, the role is for whoever brings that as a web identity
    #[arg(long = "role", value_name = "ARN[=TOKEN]")]
    pub(crate) roles: Vec<String>,
}

/// The command line as clap knows it. The settings work at the top level too, but are shown under `run`.
pub(crate) fn command() -> clap::Command {
    Cli::command().mut_args(|argument| {
        let id = argument.get_id().as_str();
        let hidden = config::env::setting(id).is_some() || matches!(id, "config" | "dump_config");
        argument.hide(hidden)
    })
}

const RUN_HELP: &str = "\
Every setting can be given as a flag, as an environment variable, or in the TOML file of --config; flags win over the
environment, the environment over the file. Where several variables set the same thing, the first one named wins.
An empty variable counts as not set. Durations are ISO-8601 (PT60S) or milliseconds.

Examples:
  bedrock-connector run --config connector.toml --max-jobs-active 64
  CAMUNDA_CLIENT_GRPCADDRESS=http://zeebe:26500 bedrock-connector
  bedrock-connector run --dump-config";

const DEMO_EXAMPLES: &str = "\
Examples:
  bedrock-connector demo
  bedrock-connector demo claim.bpmn --vars '{\"claim\": \"Water in the cellar\"}'
  bedrock-connector demo claim.bpmn --vars @claim.json --set approve='{\"ok\": true}'
  bedrock-connector demo claim.bpmn --live";

const EVAL_EXAMPLES: &str = "\
Examples:
  bedrock-connector eval '= response.usage.totalTokens > 100' --context @answer.json
  bedrock-connector eval 'for x in 1..3 return x * x'
  bedrock-connector eval 'a.b' --context '{\"a\": {}}' --trace
  bedrock-connector eval --jsonl < cases.jsonl

Exit codes: 0 a value (null too), 1 the expression cannot be read or evaluated. With --jsonl, 0 when all lines of
the input were answered.";

const CHECK_EXAMPLES: &str = "\
Examples:
  bedrock-connector check
  bedrock-connector check --model eu.anthropic.claude-sonnet-4-20250514-v1:0
  bedrock-connector check --json | jq '.checks[] | select(.ok | not)'

For each connection it says whose its identity is, whether that is the right account, and whether each model is there and
granted; where a policy lacks something, which action. None of this costs anything.

Exit codes: 0 all is well, 1 something is not, 64 the configuration is wrong.";

const HEALTH_EXAMPLES: &str = "\
Examples:
  bedrock-connector health
  bedrock-connector health liveness --server-port 8081

Exit codes: 0 UP, 1 not UP or no answer.";

const BENCH_EXAMPLES: &str = "\
Without arguments it measures work without waiting, and waiting with 32 and with 1,000 jobs at once.

Examples:
  bedrock-connector bench
  bedrock-connector bench --jobs 1000 --latency PT2S --max-jobs-active 500 --json";

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(arguments: &[&str]) -> Result<Cli, clap::Error> {
        let arguments = std::iter::once("bedrock-connector").chain(arguments.iter().copied());
        let mut matches = command().try_get_matches_from(arguments)?;
        clap::FromArgMatches::from_arg_matches_mut(&mut matches)
    }

    #[test]
    fn the_definition_is_consistent() {
        command().debug_assert();
    }

    #[test]
    fn without_a_command_flags_belong_to_run() {
        let cli = parsed(&["--lock", "PT30S", "--config", "a.toml"]).unwrap();
        assert!(cli.command.is_none());
        assert_eq!(cli.run.settings.0.file, Some("a.toml".into()));
        assert_eq!(cli.run.settings.0.settings, [("worker.lock", "PT30S".to_owned())]);
    }

    #[test]
    fn run_takes_the_same_flags() {
        let cli = parsed(&["run", "--max-jobs-active", "5", "--server-port=0"]).unwrap();
        let Some(Command::Run(run)) = cli.command else { panic!("{cli:?}") };
        let expected = [("worker.max-jobs-active", "5".to_owned()), ("admin.port", "0".to_owned())];
        assert_eq!(run.settings.0.settings, expected);
    }

    #[test]
    fn an_expression_may_begin_with_a_minus() {
        let cli = parsed(&["eval", "-1 + 2"]).unwrap();
        let Some(Command::Eval(eval)) = cli.command else { panic!("{cli:?}") };
        assert_eq!(eval.expression.as_deref(), Some("-1 + 2"));
    }

    #[test]
    fn eval_needs_an_expression_or_lines() {
        assert!(parsed(&["eval"]).is_err());
        assert!(parsed(&["eval", "--jsonl"]).is_ok());
        assert!(parsed(&["eval", "1", "--jsonl"]).is_err());
    }
}
