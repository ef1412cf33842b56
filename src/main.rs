//! The program: arguments, then the configuration, then the command, then an exit code.

mod cli;
mod commands;

use std::io::Write as _;
use std::process::ExitCode;

use clap::FromArgMatches as _;

use self::cli::{Cli, Command};
use self::commands::{Exit, output};

fn main() -> ExitCode {
    commands::environment::without_empty_variables_of_aws();
    let parsed =
        cli::command().try_get_matches().and_then(|mut matches| Cli::from_arg_matches_mut(&mut matches));
    let cli = match parsed {
        Ok(cli) => cli,
        // Help and version are no errors; they go to standard output.
        Err(error) => {
            let code = if error.use_stderr() { 64 } else { 0 };
            return finish(error.print().map_err(anyhow::Error::from).map(|()| code));
        }
    };
    let result = run(&cli);
    let code = commands::code(&result);
    finish(match result {
        Err(error) if code != 0 => writeln!(anstream::stderr().lock(), "{}", output::report(&error))
            .map_err(anyhow::Error::from)
            .map(|()| code),
        Ok(_) | Err(_) => Ok(code),
    })
}

fn run(cli: &Cli) -> anyhow::Result<Exit> {
    match &cli.command {
        None => commands::run::run(&cli.run),
        Some(Command::Run(arguments)) => commands::run::run(arguments),
        Some(Command::Check(arguments)) => commands::check::run(arguments),
        Some(Command::Eval(arguments)) => commands::eval::run(arguments),
        Some(Command::Demo(arguments)) => commands::demo::run(arguments),
        Some(Command::Templates(arguments)) => commands::templates::run(arguments),
        Some(Command::Bench(arguments)) => commands::bench::run(arguments),
        Some(Command::Emulator(arguments)) => commands::emulator::run(arguments),
        Some(Command::Journal(arguments)) => commands::journal::run(&arguments.action),
        Some(Command::Access(arguments)) => commands::access::run(&arguments.action),
        Some(Command::Policy(arguments)) => commands::policy::run(arguments),
        Some(Command::Health(arguments)) => commands::health::run(arguments),
    }
}

/// Nothing is left to say when even the last words could not be written.
fn finish(result: anyhow::Result<u8>) -> ExitCode {
    ExitCode::from(result.unwrap_or(70))
}
