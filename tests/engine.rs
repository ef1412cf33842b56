//! The scenarios of the embedded gateway, and more, on a real Zeebe. Run by `cargo engine [NAME…]`; it never
//! passes by skipping: without a JDK or the distribution it says so and fails.

#![allow(
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::string_slice,
    reason = "a test program: it prints its results, and a panic is how it says that something is wrong"
)]

#[path = "engine/diagrams.rs"]
mod diagrams;
#[path = "engine/documents.rs"]
mod documents;
#[path = "engine/relay.rs"]
mod relay;
#[path = "engine/restart.rs"]
mod restart;

#[path = "it/scenarios/mod.rs"]
mod scenarios;
#[path = "engine/zeebe.rs"]
mod zeebe;

use std::panic::AssertUnwindSafe;
use std::process::ExitCode;

use futures_util::FutureExt;
use tokio::time::Instant;

use self::scenarios::Stage;
use self::zeebe::{Installation, Zeebe};

#[tokio::main]
async fn main() -> ExitCode {
    let wanted: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    match run(&wanted).await {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("the scenarios could not be run: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs all scenarios whose names hold one of the wanted texts and gives the number of failures.
async fn run(wanted: &[String]) -> anyhow::Result<usize> {
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|text| name.contains(text.as_str()));
    let started = Instant::now();
    let mut zeebe = Zeebe::start(Installation::find_or_download().await?).await?;
    println!("Zeebe {} is up after {:.1} s\n", zeebe::VERSION, started.elapsed().as_secs_f64());
    let mut score = Score::default();
    for (name, scenario) in scenarios::ALL.iter().filter(|(name, _)| is_wanted(name)) {
        let stage = Stage::real(&zeebe.grpc_address(), &zeebe.rest_address()).await;
        score.note(name, AssertUnwindSafe(scenario(&stage)).catch_unwind().await.is_ok());
    }
    let relay = relay::start(&zeebe.rest_address()).await?;
    for diagram in diagrams::given()?.iter().filter(|diagram| is_wanted(&diagram.name())) {
        let stage = Stage::real(&zeebe.grpc_address(), &relay).await;
        let outcome = AssertUnwindSafe(diagram.run(&stage, &relay)).catch_unwind();
        score.note(&diagram.name(), outcome.await.is_ok());
    }
    if is_wanted(documents::NAME) {
        let stage = Stage::real(&zeebe.grpc_address(), &relay).await;
        let outcome = AssertUnwindSafe(documents::an_answer_becomes_a_document(&stage)).catch_unwind();
        score.note(documents::NAME, outcome.await.is_ok());
    }
    if is_wanted(restart::NAME) {
        let stage = Stage::real(&zeebe.grpc_address(), &zeebe.rest_address()).await;
        let outcome = AssertUnwindSafe(restart::the_worker_outlives_its_broker(&stage, &mut zeebe));
        score.note(restart::NAME, outcome.catch_unwind().await.is_ok());
    }
    zeebe.kill().await?;
    println!("\n{} passed, {} failed", score.passed, score.failed);
    anyhow::ensure!(score.passed + score.failed > 0, "no scenario has a name like {wanted:?}");
    Ok(score.failed)
}

#[derive(Debug, Default)]
struct Score {
    passed: usize,
    failed: usize,
}

impl Score {
    fn note(&mut self, name: &str, passed: bool) {
        println!("{} {name}", if passed { "ok    " } else { "FAILED" });
        if passed {
            self.passed += 1;
        } else {
            self.failed += 1;
        }
    }
}
