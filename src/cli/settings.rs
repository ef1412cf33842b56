//! A flag for every setting of the configuration.

use std::path::PathBuf;

use bedrock_connector::config::{self, Flags, Setting};
use clap::{Arg, ArgAction, ArgMatches, Args};

/// What the flags say, made from the list of settings so that none is missing.
#[derive(Debug, Clone, Default)]
pub(crate) struct SettingArgs(pub(crate) Flags);

/// What is common enough to be in the short help.
const COMMON: &[&str] = &[
    "gateway.grpc-address",
    "worker.max-jobs-active",
    "worker.lock",
    "worker.grace",
    "bedrock.throttle-patience",
    "secrets.mode",
    "journal.data-dir",
    "admin.port",
];

impl Args for SettingArgs {
    fn augment_args(command: clap::Command) -> clap::Command {
        let file = Arg::new("config")
            .long("config")
            .value_name("FILE")
            .help(format!("The configuration file, TOML [env: {}]", config::FILE_VARIABLE))
            .help_heading("Configuration")
            .value_parser(clap::value_parser!(PathBuf));
        config::env::SECTIONS.iter().fold(command.arg(file), |command, section| {
            command.args(section.settings.iter().map(|setting| argument(setting).help_heading(section.title)))
        })
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Self::augment_args(command)
    }
}

impl clap::FromArgMatches for SettingArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let written = |setting: &'static Setting| {
            matches.get_one::<String>(setting.key).map(|text| (setting.key, text.clone()))
        };
        let settings = config::env::settings().filter_map(written).collect();
        Ok(Self(Flags { file: matches.get_one::<PathBuf>("config").cloned(), settings }))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

fn argument(setting: &'static Setting) -> Arg {
    let default = match setting.default {
        "" => String::new(),
        default => format!(" [default: {default}]"),
    };
    let mut names = vec![setting.variable.to_owned()];
    names.extend(setting.others.iter().map(|name| name.shown()));
    Arg::new(setting.key)
        .long(setting.flag())
        .value_name(setting.form.placeholder())
        .action(ArgAction::Set)
        .allow_hyphen_values(true)
        .help(format!("{}{default} [env: {}]", setting.doc, setting.variable))
        .long_help(format!(
            "{}{default}\nFile: {}\nEnvironment: {}",
            setting.doc,
            setting.key,
            names.join(", ")
        ))
        .hide_short_help(!COMMON.contains(&setting.key))
}
