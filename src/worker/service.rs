//! The worker as a whole: start, supervision, and an end in order.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use super::crew::Crew;
use super::feed::{self, Order};
use super::finished::Finished;
use super::handle::{Board, Handle};
use super::job::{self, Ended, HeldJob};
use super::options::{Options, OptionsError};
use super::slots::Slots;
use crate::clock::Clock;
use crate::connector::Runtime;
use crate::journal::Journal;
use crate::telemetry::{Event, Telemetry};
use crate::zeebe::Client;

/// Takes jobs of all types that the runtime's connectors serve, and works on them.
#[derive(Debug)]
pub struct Worker {
    crew: Arc<Crew>,
    orders: Vec<Order>,
}

/// What became of the jobs that ran when the worker was told to stop.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Drained {
    /// Came to their own end.
    pub finished: usize,
    /// Given back to the engine with their retries kept.
    pub handed_back: usize,
    /// Left to come back when their lock runs out.
    pub abandoned: usize,
}

impl Options {
    /// Builds a worker, or says everything that is wrong with the options.
    pub fn build(
        self,
        client: Client,
        runtime: Runtime,
        journal: Journal,
        telemetry: Telemetry,
        clock: Arc<dyn Clock>,
    ) -> Result<Worker, Vec<OptionsError>> {
        let errors = self.check(runtime.registry().iter().map(|(job_type, _)| &**job_type));
        if !errors.is_empty() {
            return Err(errors);
        }
        let orders = self.orders(&runtime);
        let slots = Slots::new(self.max_jobs_active);
        let board = Arc::new(Board::default());
        for order in &orders {
            board.update(&order.job_type, |_| {});
        }
        let crew = Crew {
            client,
            runtime,
            journal,
            telemetry,
            clock,
            options: self,
            slots,
            board,
            finished: Finished::default(),
            hand_back: CancellationToken::new(),
        };
        Ok(Worker { crew: Arc::new(crew), orders })
    }

    fn orders(&self, runtime: &Runtime) -> Vec<Order> {
        let count = runtime.registry().iter().count();
        // A stream holds a slot while it waits, so there must be one for each, or some would never be opened.
        let streams = self.stream && self.max_jobs_active >= count;
        // A poll that waits at the gateway leaves a slot for each stream, and for the polls of other types.
        let for_polls = self.max_jobs_active.saturating_sub(if streams { count } else { 0 });
        let waiting_share = for_polls.div_ceil(count.max(1)).max(1);
        let passing_share = (self.max_jobs_active / (2 * count.max(1))).max(1);
        let order = |(job_type, connector): (&Arc<str>, &Arc<dyn crate::connector::Connector>)| Order {
            job_type: Arc::clone(job_type),
            worker: self.worker_name.clone().unwrap_or_else(|| connector.name().to_owned()),
            fetch_variables: connector.input_variables().iter().map(|name| (*name).to_owned()).collect(),
            streams,
            waiting_share,
            passing_share,
        };
        runtime.registry().iter().map(order).collect()
    }
}

impl Worker {
    /// Looks at this worker from elsewhere.
    pub fn handle(&self) -> Handle {
        Handle { slots: self.crew.slots.clone(), board: Arc::clone(&self.crew.board) }
    }

    /// Works until the token is cancelled, then ends in order: no new jobs, running jobs finish within the
    /// grace period, the rest is given back. Dropping the future stops everything at once; jobs then come
    /// back when their locks run out.
    pub async fn run(self, shutdown: CancellationToken) -> Drained {
        let (sender, queue) = mpsc::channel(self.crew.slots.total());
        let mut feeds = JoinSet::new();
        let stop = CancellationToken::new();
        for order in &self.orders {
            feeds.spawn(feed::run(Arc::clone(&self.crew), order.clone(), sender.clone(), stop.clone()));
        }
        drop(sender);
        let job_types: Vec<&str> = self.orders.iter().map(|order| &*order.job_type).collect();
        let slots = self.crew.slots.total();
        self.crew.telemetry.emit(Event::WorkerStarted { slots, job_types: &job_types.join(", ") });

        let mut jobs = Jobs { crew: Arc::clone(&self.crew), running: JoinSet::new(), queue };
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = jobs.work() => {}
        }
        stop.cancel();
        while feeds.join_next().await.is_some() {}
        jobs.drain().await
    }
}

/// The jobs of a worker, each in a task of its own.
struct Jobs {
    crew: Arc<Crew>,
    running: JoinSet<Ended>,
    queue: mpsc::Receiver<HeldJob>,
}

impl Jobs {
    /// Starts what the feeds bring. It ends only when there are no feeds.
    async fn work(&mut self) {
        loop {
            tokio::select! {
                held = self.queue.recv() => match held {
                    Some(held) => self.start(held),
                    None => return,
                },
                // Ended tasks are collected, so that their memory is.
                Some(_) = self.running.join_next() => {}
            }
        }
    }

    fn start(&mut self, held: HeldJob) {
        self.running.spawn(job::run(Arc::clone(&self.crew), held));
    }

    async fn drain(mut self) -> Drained {
        let begin = Instant::now();
        let options = &self.crew.options;
        let (grace, hand_back_time) = (options.grace, options.hand_back_time);
        // What came with the last answer has a lock already; it is worked on or given back like the rest.
        while let Ok(held) = self.queue.try_recv() {
            self.start(held);
        }
        while self.running.try_join_next().is_some() {}
        self.crew.telemetry.emit(Event::DrainStarted { in_flight: self.running.len(), grace });

        let mut drained = Drained::default();
        self.collect(begin + grace, &mut drained).await;
        self.crew.hand_back.cancel();
        self.collect(begin + grace + hand_back_time, &mut drained).await;
        drained.abandoned += self.running.len();
        self.running.shutdown().await;

        let Drained { finished, handed_back, abandoned } = drained;
        let took = begin.elapsed();
        self.crew.telemetry.emit(Event::Drained { finished, handed_back, abandoned, took });
        drained
    }

    /// Waits for jobs to end, up to a moment.
    async fn collect(&mut self, until: Instant, drained: &mut Drained) {
        while let Ok(Some(ended)) = timeout_at(until, self.running.join_next()).await {
            match ended {
                Ok(Ended::Acknowledged | Ended::Lost) => drained.finished += 1,
                Ok(Ended::HandedBack) => drained.handed_back += 1,
                Ok(Ended::Abandoned) | Err(_) => drained.abandoned += 1,
            }
        }
    }
}
