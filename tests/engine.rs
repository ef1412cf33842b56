//! The scenarios of the embedded gateway, and more, on a real Zeebe. Run by `cargo engine [NAME…]`; it never
//! passes by skipping: without a JDK or the distribution it says so and fails. `arguments.rs` says what it takes.

#![allow(
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::string_slice,
    reason = "a test program: it prints its results, and a panic is how it says that something is wrong"
)]

#[path = "engine/arguments.rs"]
mod arguments;
#[path = "engine/chaos/mod.rs"]
mod chaos;
#[path = "engine/checkpoint.rs"]
mod checkpoint;
#[path = "engine/diagrams.rs"]
mod diagrams;
#[path = "engine/documents.rs"]
mod documents;
#[path = "engine/line.rs"]
mod line;
#[allow(dead_code, reason = "parts of it are for the tests of the journal alone")]
#[path = "postgres/server.rs"]
mod postgres;
#[path = "engine/relay.rs"]
mod relay;
#[path = "engine/restart.rs"]
mod restart;

#[allow(dead_code, unused_imports, reason = "parts of it are for the embedded gateway alone")]
#[path = "it/scenarios/mod.rs"]
mod scenarios;
#[path = "engine/zeebe.rs"]
mod zeebe;

use std::panic::AssertUnwindSafe;
use std::process::ExitCode;

use futures_util::FutureExt;
use tokio::time::Instant;

use self::arguments::Arguments;
use self::chaos::World;
use self::diagrams::Diagram;
use self::scenarios::Stage;
use self::zeebe::{Installation, Zeebe};

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("the scenarios could not be run: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs what the arguments ask for and gives the number of failures.
async fn run() -> anyhow::Result<usize> {
    let arguments = Arguments::parse(std::env::args().skip(1))?;
    let scenarios: Vec<_> =
        all_scenarios()?.into_iter().filter(|scenario| arguments.want(&scenario.name())).collect();
    anyhow::ensure!(!scenarios.is_empty(), "no scenario has a name like {:?}", arguments.names);
    if arguments.list {
        scenarios.iter().for_each(|scenario| println!("{}", scenario.name()));
        return Ok(0);
    }
    let started = Instant::now();
    let zeebe = Zeebe::start(Installation::find_or_download().await?).await?;
    println!("Zeebe {} is up after {:.1} s\n", zeebe::VERSION, started.elapsed().as_secs_f64());
    let mut world = World { zeebe, is_long: arguments.long, seed: arguments.seed };
    let relay = relay::start(&world.zeebe.rest_address()).await?;
    let mut score = Score::default();
    for scenario in &scenarios {
        let begun = Instant::now();
        let outcome = AssertUnwindSafe(scenario.run(&mut world, &relay)).catch_unwind().await;
        score.note(&scenario.name(), outcome.is_ok(), begun.elapsed().as_secs_f64());
        world.zeebe.start_if_down().await?;
    }
    world.zeebe.kill().await?;
    println!("\n{} passed, {} failed", score.passed, score.failed);
    Ok(score.failed)
}

/// Something that a real engine is to show.
enum Scenario {
    /// Shared with the embedded gateway.
    Shared(&'static str, scenarios::Scenario),
    /// Drawn in a modeler.
    Drawn(Diagram),
    /// Shared, and in need of a document store.
    Stored(&'static str, scenarios::Scenario),
    Restart,
    Chaos(&'static str, chaos::Scenario),
}

/// All of them, in their order: those that kill the broker come last.
fn all_scenarios() -> anyhow::Result<Vec<Scenario>> {
    let shared = scenarios::ALL.iter().map(|(name, scenario)| Scenario::Shared(name, *scenario));
    let drawn = diagrams::given()?.into_iter().map(Scenario::Drawn);
    let chaos = chaos::ALL.iter().map(|(name, scenario)| Scenario::Chaos(name, *scenario));
    let stored = scenarios::WITH_A_STORE.iter().map(|(name, scenario)| Scenario::Stored(name, *scenario));
    Ok(shared.chain(drawn).chain(stored).chain([Scenario::Restart]).chain(chaos).collect())
}

impl Scenario {
    fn name(&self) -> String {
        match self {
            Self::Shared(name, _) | Self::Stored(name, _) | Self::Chaos(name, _) => (*name).to_owned(),
            Self::Drawn(diagram) => diagram.name(),
            Self::Restart => restart::NAME.to_owned(),
        }
    }

    /// Panics where the engine says something else. The relay stands before the engine's REST interface.
    async fn run(&self, world: &mut World, relay: &str) {
        let (grpc, rest) = (world.zeebe.grpc_address(), world.zeebe.rest_address());
        match self {
            Self::Shared(_, scenario) => scenario(&Stage::real(&grpc, &rest).await).await,
            Self::Drawn(diagram) => diagram.run(&Stage::real(&grpc, relay).await, relay).await,
            Self::Stored(_, scenario) => scenario(&Stage::real(&grpc, relay).await).await,
            Self::Restart => {
                let stage = Stage::real(&grpc, &rest).await;
                restart::the_worker_outlives_its_broker(&stage, &mut world.zeebe).await;
            }
            Self::Chaos(_, scenario) => scenario(world).await,
        }
    }
}

#[derive(Debug, Default)]
struct Score {
    passed: usize,
    failed: usize,
}

impl Score {
    fn note(&mut self, name: &str, passed: bool, took_secs: f64) {
        println!("{} {name} ({took_secs:.0} s)", if passed { "ok    " } else { "FAILED" });
        if passed {
            self.passed += 1;
        } else {
            self.failed += 1;
        }
    }
}
