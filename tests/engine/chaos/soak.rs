//! Full speed for a long time, while workers are killed and connections fail at random.

use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};

use super::stage::Worker;
use super::{Stage, Task, World, say, seconds};
use crate::line::{Condition, Line};

/// How many instances are open at any time.
const OPEN: usize = 200;

/// An answer needs so long at most from the model to the journal's disk, on a busy machine.
const IN_TRANSIT: Duration = Duration::from_millis(500);

/// What memory may grow by once the kills are over, in megabytes.
const MEMORY_GROWTH: f64 = 8.0;

pub(crate) async fn a_soak_with_random_kills_pays_for_no_more_than_was_in_flight(world: &mut World) {
    let (lasting, lock) = (world.lasts(seconds(60), seconds(20 * 60)), seconds(15));
    say(format!("{} s with seed {}", lasting.as_secs(), world.seed));
    let line = Line::to(&world.zeebe.grpc_address()).await.expect("a line");
    let stage = Stage::set(world, Task::named("soak")).await.with_gateway_at(&line.url());
    stage.model_takes(Duration::from_millis(300));
    let launch = stage
        .launch_with_lock(lock)
        .env("BEDROCK_CONNECTOR_LOG", "warn,bedrock_connector::commands::run=info");
    let worker = Worker::start(launch).await;

    let begin = Instant::now();
    let mut story = Story {
        stage: &stage,
        line: &line,
        worker: Some(worker),
        random: fastrand::Rng::with_seed(world.seed),
        begin,
        // After the last kill, memory is watched for as long as the kills took.
        kills_end: begin + lasting / 2,
        end: begin + lasting,
        told: Told::default(),
    };
    tokio::join!(keep_open(&stage, begin + lasting), story.unfold());
    stage.all_end_within(lock + seconds(30)).await;
    story.row();

    let Told { kills, in_flight, memory, .. } = story.told;
    let (calls, begun) = (stage.paid(), stage.begun());
    say(format!(
        "{begun} instances begun and ended, {calls} calls; {in_flight} calls were in flight at {kills} kills"
    ));
    assert!(calls >= begun, "every instance asked");
    assert!(
        calls <= begun + in_flight,
        "{calls} calls for {begun} instances and {in_flight} in flight at kills"
    );
    let (first, last) = (memory.first().expect("a row"), memory.last().expect("a row"));
    assert!(*last <= first + MEMORY_GROWTH, "memory grew after the last kill: {memory:?} MB");
}

/// Begins an instance for each that ends.
async fn keep_open(stage: &Stage, end: Instant) {
    while Instant::now() < end {
        stage.begin(OPEN.saturating_sub(stage.begun() - stage.ends.count())).await;
        sleep(Duration::from_millis(20)).await;
    }
}

/// What happens to the worker.
struct Story<'a> {
    stage: &'a Stage,
    line: &'a Line,
    worker: Option<Worker>,
    random: fastrand::Rng,
    begin: Instant,
    kills_end: Instant,
    end: Instant,
    told: Told,
}

/// What is told of it afterwards.
#[derive(Default)]
struct Told {
    kills: usize,
    cuts: usize,
    /// The calls in flight at the kills, together.
    in_flight: usize,
    /// The memory of the worker after the last kill, in megabytes.
    memory: Vec<f64>,
}

impl Story<'_> {
    async fn unfold(&mut self) {
        say("  after    begun    ended    calls  in flight at kills  kills  cuts  memory");
        let rows = (self.end - self.begin) / 20;
        let (mut next_row, mut next_event) = (self.begin + rows, self.begin + self.pause());
        while next_row.min(next_event) < self.end {
            if next_row <= next_event {
                sleep_until(next_row).await;
                self.row();
                next_row += rows;
            } else {
                sleep_until(next_event).await;
                self.event().await;
                next_event = Instant::now() + self.pause();
            }
        }
        sleep_until(self.end).await;
    }

    fn pause(&mut self) -> Duration {
        Duration::from_millis(self.random.u64(2_000..12_000))
    }

    async fn event(&mut self) {
        let lasting = Duration::from_millis(self.random.u64(500..4_000));
        match self.random.u8(0..10) {
            0..3 if Instant::now() < self.kills_end => self.kill().await,
            0..6 => {
                self.told.cuts += 1;
                self.line.cut_once().await;
            }
            6..8 => self.lasts(Condition::Silent, lasting).await,
            _ => self.lasts(Condition::Slow(Duration::from_millis(200)), lasting).await,
        }
    }

    async fn kill(&mut self) {
        let answered = self.answered();
        sleep(IN_TRANSIT).await;
        let worker = self.worker.take().expect("a worker is always there");
        self.told.kills += 1;
        self.told.in_flight += self.stage.bedrock.in_flight() + self.answered() - answered;
        self.worker = Some(worker.kill_and_restart().await);
    }

    /// How many calls were answered so far.
    fn answered(&self) -> usize {
        self.stage.calls().values().map(|calls| calls.answered).sum()
    }

    async fn lasts(&mut self, condition: Condition, lasting: Duration) {
        self.told.cuts += 1;
        self.line.turn(condition);
        sleep(lasting).await;
        self.line.turn(Condition::Fine);
    }

    fn row(&mut self) {
        let memory = self.worker.as_ref().map_or(0.0, Worker::memory);
        // What a worker needs at full speed is there some seconds after its start.
        if Instant::now() > self.kills_end + (self.end - self.begin) / 10 {
            self.told.memory.push(memory);
        }
        let Told { kills, cuts, in_flight, .. } = self.told;
        say(format!(
            "{:>5.0} s {:>8} {:>8} {:>8}  {in_flight:>18}  {kills:>5}  {cuts:>4}  {memory:>4.1} MB",
            self.begin.elapsed().as_secs_f64(),
            self.stage.begun(),
            self.stage.ends.count(),
            self.stage.paid(),
        ));
    }
}
