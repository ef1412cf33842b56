//! `bench`: what the worker needs for its work.

use bedrock_connector::bench::{self, JournalPlace, Load};
use tokio::runtime::Runtime;

use super::Exit;
use crate::cli::BenchArgs;

/// Measures, and prints each line when it is known.
pub(crate) fn run(arguments: &BenchArgs) -> anyhow::Result<Exit> {
    let runtime = Runtime::new()?;
    let mut out = anstream::stdout().lock();
    if !arguments.json {
        bench::head(&mut out)?;
    }
    for load in loads(arguments) {
        let figures = runtime.block_on(bench::measure(&load))?;
        match arguments.json {
            true => std::io::Write::write_all(&mut out, format!("{}\n", figures.to_json()).as_bytes())?,
            false => bench::row(&mut out, &figures)?,
        }
    }
    Ok(Exit::Done)
}

/// What was asked for, or all loads that say something.
fn loads(arguments: &BenchArgs) -> Vec<Load> {
    let journal = match &arguments.journal {
        None => JournalPlace::Nowhere,
        Some(url) if url.contains("://") => JournalPlace::Database(url.clone()),
        Some(folder) => JournalPlace::Folder(folder.into()),
    };
    let mut loads = match (arguments.jobs, arguments.latency, arguments.max_jobs_active) {
        (None, None, None) => Load::defaults(),
        (jobs, latency, in_flight) => {
            let default = Load::default();
            vec![Load {
                jobs: jobs.unwrap_or(default.jobs),
                latency: latency.unwrap_or(default.latency),
                in_flight: in_flight.unwrap_or(default.in_flight),
                ..default
            }]
        }
    };
    for load in &mut loads {
        load.journal.clone_from(&journal);
    }
    loads
}
