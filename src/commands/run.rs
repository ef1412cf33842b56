//! `run`: the worker, until it is told to stop.

use std::io::Write as _;
use std::sync::Arc;

use bedrock_connector::app::{App, Reloader, Running};
use bedrock_connector::clock::SystemClock;
use bedrock_connector::config::{Config, Flags, ProcessEnvironment};
use bedrock_connector::telemetry::{self, LogFilter, Telemetry};
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};
use tracing::{info, warn};

use super::Exit;
use crate::cli::RunArgs;

/// Reads the configuration and runs the worker with it.
pub(crate) fn run(arguments: &RunArgs) -> anyhow::Result<Exit> {
    let config = Config::load(&ProcessEnvironment, &arguments.settings.0)?;
    if arguments.dump_config {
        write!(anstream::stdout().lock(), "{}", config.dump())?;
        return Ok(Exit::Done);
    }
    let filter = telemetry::init(&config.log)?;
    for notice in &config.notices {
        warn!("{notice}");
    }
    runtime()?.block_on(work(config, arguments.settings.0.clone(), filter))
}

/// Deeply nested variables are walked by recursion; the stack has room for the deepest that are let in, also in
/// a build without optimisation.
fn runtime() -> std::io::Result<Runtime> {
    const STACK_BYTES: usize = 8 << 20;
    Builder::new_multi_thread().enable_all().thread_stack_size(STACK_BYTES).build()
}

async fn work(config: Config, flags: Flags, filter: LogFilter) -> anyhow::Result<Exit> {
    let mut orders = Orders::listen()?;
    let gateway = config.gateway.address.clone();
    let telemetry = Telemetry::new(Arc::new(SystemClock));
    let load = move || Config::load(&ProcessEnvironment, &flags);
    let app = App::new(config, telemetry).log_filter(filter).reload_with(load);
    let mut running = Box::pin(app.start()).await?;
    info!(
        version = env!("CARGO_PKG_VERSION"),
        gateway,
        admin = %running.admin_address(),
        "Started; health and metrics are served"
    );
    let reloader = running.reloader();
    tokio::select! {
        () = orders.obey(&reloader) => stop(running, orders).await,
        drained = running.ended() => anyhow::bail!("the worker has ended by itself: {drained:?}"),
    }
}

/// Stops in order; a second order stops at once, and the jobs come back when their locks run out.
async fn stop(running: Running, mut orders: Orders) -> anyhow::Result<Exit> {
    tokio::select! {
        _ = running.stop() => Ok(Exit::Done),
        () = orders.stop() => {
            warn!("Told to stop a second time: stopping at once, jobs come back when their locks run out");
            Ok(Exit::Failed)
        }
    }
}

/// The signals by which a person or an orchestrator ends a process.
struct Orders {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
    /// Not to stop: to look at the configuration again.
    hang_up: tokio::signal::unix::Signal,
}

impl Orders {
    fn listen() -> anyhow::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// Reloads the configuration as often as it is told to, and returns when it is told to stop.
    async fn obey(&mut self, reloader: &Reloader) {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return,
                _ = self.interrupt.recv() => return,
                _ = self.hang_up.recv() => reloader.reload().await,
            }
        }
    }

    async fn stop(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
