//! Brings the jobs of one job type: one task owns the poll, the stream and their pace.
//!
//! [`machine`] decides; this shell waits for slots, the gateway and the time, and carries out.

mod machine;
mod news;
mod order;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use self::machine::{Action, Ask, Input, Machine};
pub(super) use self::order::Order;
use super::crew::Crew;
use super::job::HeldJob;
use super::slots::Slot;
use crate::telemetry::{Event, JobSource};
use crate::zeebe::{ActivatedJob, Error, JobStream};

/// While many slots are taken, so long is waited for others to become free, to poll once for all of them.
const GATHER: Duration = Duration::from_millis(20);

/// How often a poll that waits for a slot asks for those that are idle.
const RECALL_EVERY: Duration = Duration::from_secs(1);

/// The pause after a defect in the feed itself.
const AFTER_DEFECT: Duration = Duration::from_secs(1);

/// Feeds jobs into the queue until the token is cancelled. A defect in the feed does not end it.
pub(super) async fn run(
    crew: Arc<Crew>,
    order: Order,
    queue: mpsc::Sender<HeldJob>,
    stop: CancellationToken,
) {
    loop {
        let mut feed = Feed::new(Arc::clone(&crew), order.clone(), queue.clone());
        let fed = std::panic::AssertUnwindSafe(stop.run_until_cancelled(feed.run())).catch_unwind().await;
        drop(feed);
        match fed {
            Ok(_) => return,
            Err(_) => {
                let (job_type, message) = (&*order.job_type, "a defect of this program ended the feed");
                crew.telemetry.emit(Event::FeedRestarted { job_type, message });
                sleep(AFTER_DEFECT).await;
            }
        }
    }
}

type PollAnswer = (Vec<Slot>, Result<Vec<ActivatedJob>, Error>);

/// How far the poll is.
enum Poll {
    Idle,
    Slots(BoxFuture<'static, Vec<Slot>>),
    Ready(Vec<Slot>),
    Call(BoxFuture<'static, PollAnswer>),
}

/// How far the stream is.
enum Stream {
    None,
    /// Wants a slot, and lets the poll have one first: it is not open yet, or nothing was pushed.
    Parked(Option<Box<JobStream>>),
    /// Waits for a slot, which comes before anything is asked of the gateway.
    Slot(Option<Box<JobStream>>, BoxFuture<'static, Slot>),
    Opening(Slot, BoxFuture<'static, Result<JobStream, Error>>),
    /// Waits for the next job, and lends the slot if it is asked to.
    Reading(Slot, Box<JobStream>),
}

struct Feed {
    crew: Arc<Crew>,
    order: Order,
    queue: mpsc::Sender<HeldJob>,
    machine: Machine,
    poll: Poll,
    stream: Stream,
    recalls: watch::Receiver<u64>,
    /// What the gateway said last, for the log.
    said: Option<Error>,
}

/// What the shell has waited for.
enum Waited {
    Time,
    Slots(Vec<Slot>),
    Poll(PollAnswer),
    StreamSlot(Slot),
    StreamOpened(Result<JobStream, Error>),
    Stream(Result<Option<ActivatedJob>, Error>),
    Recall,
}

impl Feed {
    fn new(crew: Arc<Crew>, order: Order, queue: mpsc::Sender<HeldJob>) -> Self {
        let machine = Machine::new(&crew.options, order.streams, Instant::now());
        let recalls = crew.slots.recalls();
        Self { crew, order, queue, machine, poll: Poll::Idle, stream: Stream::None, recalls, said: None }
    }

    async fn run(&mut self) {
        if !self.order.streams {
            self.emit_stream_unavailable("streams are switched off, or there are fewer slots than job types");
        }
        self.step(Input::Tick);
        loop {
            let waited = self.wait().await;
            if let Some(input) = self.take_in(waited).await {
                self.step(input);
            }
        }
    }

    async fn wait(&mut self) -> Waited {
        let wake_at = self.machine.wake_at();
        let time = async {
            match wake_at {
                Some(wake_at) => sleep_until(wake_at).await,
                None => std::future::pending().await,
            }
        };
        let poll = async {
            match &mut self.poll {
                Poll::Slots(slots) => Waited::Slots(slots.await),
                Poll::Call(call) => Waited::Poll(call.await),
                Poll::Idle | Poll::Ready(_) => std::future::pending().await,
            }
        };
        let stream = async {
            match &mut self.stream {
                Stream::Slot(_, slot) => Waited::StreamSlot(slot.await),
                Stream::Opening(_, opening) => Waited::StreamOpened(opening.await),
                Stream::Reading(_, stream) => tokio::select! {
                    read = stream.next() => Waited::Stream(read),
                    Ok(()) = self.recalls.changed() => Waited::Recall,
                },
                Stream::None | Stream::Parked(_) => std::future::pending().await,
            }
        };
        tokio::select! {
            () = time => Waited::Time,
            waited = poll => waited,
            waited = stream => waited,
        }
    }

    /// Turns what was waited for into what the machine understands, and passes jobs on.
    async fn take_in(&mut self, waited: Waited) -> Option<Input> {
        match waited {
            Waited::Time => Some(Input::Tick),
            Waited::Slots(slots) => {
                self.poll = Poll::Ready(slots);
                self.unpark();
                Some(Input::SlotsReady)
            }
            Waited::Poll((slots, answer)) => {
                self.poll = Poll::Idle;
                Some(self.polled(slots, answer).await)
            }
            Waited::StreamSlot(slot) => self.stream_has_slot(slot),
            Waited::StreamOpened(opened) => match opened {
                Ok(stream) => {
                    if let Stream::Opening(slot, _) = std::mem::replace(&mut self.stream, Stream::None) {
                        self.stream = Stream::Reading(slot, Box::new(stream));
                    }
                    None
                }
                Err(error) => Some(self.stream_ended(Some(error))),
            },
            Waited::Stream(read) => Some(self.read(read)),
            Waited::Recall => {
                self.lend();
                self.unpark();
                None
            }
        }
    }

    // === the stream's slot ===

    /// Gives the slot of an idle stream back. What is pushed meanwhile waits with the gateway.
    fn lend(&mut self) {
        self.stream = match std::mem::replace(&mut self.stream, Stream::None) {
            Stream::Reading(slot, stream) => {
                drop(slot);
                Stream::Parked(Some(stream))
            }
            Stream::Slot(stream, _) => Stream::Parked(stream),
            other => other,
        };
    }

    /// Lets the stream wait for a slot, unless the poll does.
    fn unpark(&mut self) {
        if !self.poll_waits() {
            self.queue_stream();
        }
    }

    fn poll_waits(&self) -> bool {
        matches!(self.poll, Poll::Slots(_))
    }

    fn queue_stream(&mut self) {
        self.stream = match std::mem::replace(&mut self.stream, Stream::None) {
            Stream::Parked(stream) => Stream::Slot(stream, self.slot()),
            other => other,
        };
    }

    fn stream_has_slot(&mut self, slot: Slot) -> Option<Input> {
        match std::mem::replace(&mut self.stream, Stream::None) {
            Stream::Slot(Some(mut stream), _) => {
                self.recalls.mark_unchanged();
                // While the poll waits, the slot is for a job that is there already, and not to wait for one.
                let read = if self.poll_waits() { stream.next().now_or_never() } else { None };
                self.stream = Stream::Reading(slot, stream);
                if let Some(read) = read {
                    return Some(self.read(read));
                }
                if self.poll_waits() {
                    self.lend();
                }
                None
            }
            _ => {
                self.stream = Stream::Opening(slot, self.opening());
                Some(Input::StreamRead)
            }
        }
    }

    /// A poll goes before a stream that is idle or not open yet, here and elsewhere when no slot is free. A stream
    /// that waits for a slot stays before the poll: jobs may have been pushed, and their locks run.
    fn take_slots(&mut self) {
        let none_free = self.crew.slots.free() == 0;
        if matches!(self.stream, Stream::Slot(None, _))
            || (none_free && matches!(self.stream, Stream::Reading(..)))
        {
            self.lend();
        }
        if none_free {
            self.crew.slots.recall();
        }
        self.poll = Poll::Slots(self.slots());
    }

    // === answers ===

    async fn polled(&mut self, slots: Vec<Slot>, answer: Result<Vec<ActivatedJob>, Error>) -> Input {
        let jobs = match answer {
            Ok(jobs) => jobs,
            Err(error) => {
                let verdict = error.feed_verdict();
                self.said = Some(error);
                return Input::PollFailed(verdict);
            }
        };
        let (asked, got) = (slots.len(), jobs.len());
        self.crew.telemetry.emit(Event::Polled { job_type: &self.order.job_type, asked, got });
        let mut slots = slots.into_iter();
        for job in jobs {
            let slot = match slots.next() {
                Some(slot) => slot,
                // A gateway that gives more than it was asked for has to wait.
                None => self.crew.slots.acquire().await,
            };
            self.pass_on(HeldJob { job, slot, source: JobSource::Poll });
        }
        Input::PollAnswered { asked, got }
    }

    fn read(&mut self, read: Result<Option<ActivatedJob>, Error>) -> Input {
        match read {
            Ok(Some(job)) => self.pushed(job),
            Ok(None) => self.stream_ended(None),
            Err(error) => self.stream_ended(Some(error)),
        }
    }

    fn pushed(&mut self, job: ActivatedJob) -> Input {
        if let Stream::Reading(slot, stream) = std::mem::replace(&mut self.stream, Stream::None) {
            self.stream = Stream::Parked(Some(stream));
            // Behind a poll that waits already. Where one job was pushed, there may be more.
            self.queue_stream();
            self.pass_on(HeldJob { job, slot, source: JobSource::Stream });
        }
        Input::StreamJob
    }

    fn stream_ended(&mut self, error: Option<Error>) -> Input {
        self.stream = Stream::None;
        let verdict = error.as_ref().map(Error::feed_verdict);
        self.said = error;
        Input::StreamEnded(verdict)
    }

    /// There is always room: the queue is as long as there are slots, and each job in it has one. Only a worker
    /// that is being dropped no longer takes it, and then the job's lock runs out.
    fn pass_on(&self, job: HeldJob) {
        drop(self.queue.try_send(job));
    }

    fn step(&mut self, input: Input) {
        for action in self.machine.step(Instant::now(), input) {
            match action {
                Action::TakeSlots => self.take_slots(),
                Action::Poll(ask) => self.start_poll(ask),
                Action::OpenStream => {
                    self.stream = Stream::Parked(None);
                    self.unpark();
                }
                Action::CloseStream => self.stream = Stream::None,
                Action::Say(notice) => self.say(notice),
            }
        }
    }

    // === requests ===

    fn slot(&self) -> BoxFuture<'static, Slot> {
        let slots = self.crew.slots.clone();
        Box::pin(async move { slots.acquire().await })
    }

    /// Waits for one slot and takes what else is free.
    fn slots(&self) -> BoxFuture<'static, Vec<Slot>> {
        let slots = self.crew.slots.clone();
        Box::pin(async move {
            let mut acquired = std::pin::pin!(slots.acquire());
            let first = loop {
                tokio::select! {
                    slot = &mut acquired => break slot,
                    () = sleep(RECALL_EVERY) => slots.recall(),
                }
            };
            if slots.free() < slots.total() / 2 {
                sleep(GATHER).await;
            }
            let mut all = slots.take(slots.total());
            all.push(first);
            all
        })
    }

    fn start_poll(&mut self, ask: Ask) {
        let Poll::Ready(mut slots) = std::mem::replace(&mut self.poll, Poll::Idle) else {
            return;
        };
        slots.truncate(self.order.share(ask));
        let request = self.order.activation(&self.crew.options, slots.len(), ask);
        let client = self.crew.client.clone();
        self.poll = Poll::Call(Box::pin(async move {
            let answer = client.activate_jobs(&request).await;
            (slots, answer)
        }));
    }

    fn opening(&self) -> BoxFuture<'static, Result<JobStream, Error>> {
        let request = self.order.subscription(&self.crew.options);
        let client = self.crew.client.clone();
        Box::pin(async move { client.stream_jobs(&request).await })
    }
}
