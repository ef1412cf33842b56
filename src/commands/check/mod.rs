//! `check`: is everything in place? One line for each thing, with what to do where something is not.

mod aws;
mod connections;
mod gateway;
mod report;

use std::sync::Arc;
use std::time::Duration;

use bedrock_connector::bedrock::{self, Clients};
use bedrock_connector::config::{Config, Mistakes, ProcessEnvironment};

use self::report::{Check, Report};
use super::Exit;
use crate::cli::CheckArgs;

/// Checks what the arguments say. A wrong configuration ends it at once, because everything else depends on it.
pub(crate) fn run(arguments: &CheckArgs) -> anyhow::Result<Exit> {
    let config = match Config::load(&ProcessEnvironment, &arguments.settings.0) {
        Ok(config) => config,
        Err(mistakes) => return wrong_configuration(arguments, mistakes),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let report = runtime.block_on(checks(&config, &arguments.models));
    report.write(arguments.json, &mut anstream::stdout().lock())?;
    Ok(if report.is_ok() { Exit::Done } else { Exit::Failed })
}

/// People get the mistakes as from `run`; machines get them in the form in which they get everything.
fn wrong_configuration(arguments: &CheckArgs, mistakes: Mistakes) -> anyhow::Result<Exit> {
    if arguments.json {
        let checks = mistakes
            .0
            .iter()
            .map(|mistake| Check::failed("configuration", mistake.to_string(), "correct it"));
        Report(checks.collect()).write(true, &mut anstream::stdout().lock())?;
    }
    Err(mistakes.into())
}

async fn checks(config: &Config, models: &[String]) -> Report {
    let mut checks = vec![configuration(config)];
    let warning =
        |notice: &String| Check::warning("configuration", notice.clone(), "change it, if it is not meant");
    checks.extend(config.notices.iter().map(warning));
    let engine = gateway::checks(config);
    let aws = async {
        // Who checks wants to know that a model throttles, not to wait for it.
        let options = bedrock::Options { throttle_patience: Duration::ZERO, ..config.bedrock.clone() };
        match Clients::new(options) {
            Ok(clients) => {
                let clients = Arc::new(clients);
                let mut checks = aws::checks(config, Arc::clone(&clients), models).await;
                checks.extend(connections::checks(config, clients).await);
                checks
            }
            Err(error) => {
                vec![Check::failed("credentials", error.to_string(), "check proxy and certificates")]
            }
        }
    };
    let (engine, aws) = tokio::join!(engine, aws);
    checks.extend(engine);
    checks.extend(aws);
    Report(checks)
}

fn configuration(config: &Config) -> Check {
    let types: Vec<&str> = config.job_types.served().collect();
    Check::ok("configuration", format!("serves {}", types.join(" and ")))
}
