//! Decides when to poll and when a stream is opened, and does neither. Time comes in, actions go out.
//!
//! The rules:
//! - A stream brings new jobs at once; polls bring what no stream pushes: jobs from before it was open and
//!   jobs that were given back. While a stream is open, polls do not wait at the gateway, so that they hold
//!   their slots for one round trip only, and they become rare when they bring nothing.
//! - Without a stream, polls wait at the gateway and follow each other.
//! - Failures are repeated for ever, with pauses that their verdict names. A poll without an answer holds its slots
//!   until its time is over, so after a failure one slot is risked at a time until there is an answer.
//! - A stream that is silent while polls bring what it should have pushed is replaced, and so is an old one.

use std::time::Duration;

use tokio::time::Instant;

use super::super::options::Options;
use crate::telemetry::{FeedProblem, StreamEnd};
use crate::zeebe::{Backoff, FeedVerdict};

/// A stream is taken for open when it has not failed for so long: gateways answer only with the first job.
const SETTLED_AFTER: Duration = Duration::from_secs(1);
/// So many answers of a busy engine in a row are worth a log line.
const BUSY_AFTER: u32 = 10;
/// A poll that came back empty sooner did not wait at the gateway.
const WAITED_FOR: Duration = Duration::from_secs(1);

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Input {
    /// The time of [`Machine::wake_at`] has come.
    Tick,
    /// There are slots for the poll.
    SlotsReady,
    PollAnswered {
        asked: usize,
        got: usize,
    },
    PollFailed(FeedVerdict),
    /// There is a slot for the new stream, and it is read.
    StreamRead,
    StreamJob,
    /// The gateway closed the stream, with an error or without.
    StreamEnded(Option<FeedVerdict>),
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// Wait for slots, then say [`Input::SlotsReady`].
    TakeSlots,
    /// Poll with the slots.
    Poll(Ask),
    OpenStream,
    CloseStream,
    Say(Notice),
}

/// How a poll is made: how many of the slots it may hold, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ask {
    /// With one slot, to see whether there are answers again.
    Trial,
    /// The gateway answers at once.
    Passing,
    /// The gateway waits for jobs if there are none.
    Waiting,
}

/// What is worth telling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Notice {
    PollRepeated { delay: Duration },
    StreamOpened,
    StreamEnded { end: StreamEnd, delay: Duration },
    StreamRepeated { delay: Duration },
    StreamUnavailable,
    Lost(FeedProblem),
    Restored,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Poll {
    Paused { until: Instant },
    WaitsForSlots,
    Running { since: Instant },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stream {
    /// Not wanted, or not possible.
    Off,
    Closed {
        until: Instant,
    },
    /// Asked for; the time is since it is read, which takes a slot.
    Opening {
        since: Option<Instant>,
    },
    Open {
        since: Instant,
        /// Since when it has brought nothing.
        silent: Instant,
        /// Whether a poll brought jobs in this silence that were to be pushed.
        missed: bool,
    },
}

/// The pace of one job type.
#[derive(Debug)]
pub(super) struct Machine {
    options: Options,
    poll: Poll,
    /// The last poll was not answered.
    poll_failed: bool,
    stream: Stream,
    poll_back_off: Backoff,
    stream_back_off: Backoff,
    /// The pause after the next empty poll beside a stream.
    idle: Duration,
    /// Polls still bring what was there before the stream was.
    catching_up: bool,
    busy: u32,
    problem: Option<FeedProblem>,
    up: bool,
}

impl Machine {
    pub(super) fn new(options: &Options, streams: bool, now: Instant) -> Self {
        Self {
            poll: Poll::Paused { until: now },
            poll_failed: false,
            stream: if streams { Stream::Closed { until: now } } else { Stream::Off },
            poll_back_off: Backoff::new(options.back_off),
            stream_back_off: Backoff::new(options.back_off),
            idle: options.idle_poll_min,
            catching_up: true,
            busy: 0,
            problem: None,
            up: false,
            options: options.clone(),
        }
    }

    /// Takes in what happened and says what to do.
    pub(super) fn step(&mut self, now: Instant, input: Input) -> Vec<Action> {
        let mut actions = Vec::new();
        match input {
            Input::Tick => {}
            Input::SlotsReady => {
                self.poll = Poll::Running { since: now };
                actions.push(Action::Poll(self.ask(now)));
            }
            Input::PollAnswered { asked, got } => self.poll_answered(now, asked, got, &mut actions),
            Input::PollFailed(verdict) => self.poll_failed(now, verdict, &mut actions),
            Input::StreamRead => self.stream_read(now),
            Input::StreamJob => self.stream_job(now, &mut actions),
            Input::StreamEnded(verdict) => self.stream_ended(now, verdict, &mut actions),
        }
        self.stream_due(now, &mut actions);
        self.poll_due(now, &mut actions);
        actions
    }

    /// When to say [`Input::Tick`] if nothing else happens before.
    pub(super) fn wake_at(&self) -> Option<Instant> {
        let poll = match self.poll {
            Poll::Paused { until } => Some(until),
            Poll::WaitsForSlots | Poll::Running { .. } => None,
        };
        let stream = match self.stream {
            Stream::Off => None,
            Stream::Closed { until } => Some(until),
            Stream::Opening { since } => since.map(|since| since + SETTLED_AFTER),
            Stream::Open { since, silent, missed } => {
                let aged = since + self.options.stream_max_age;
                let silent = silent + self.options.stream_inactivity;
                Some(if missed { silent.min(aged) } else { aged })
            }
        };
        poll.into_iter().chain(stream).min()
    }

    /// A stream is there, or is about to be: a poll that waits would keep the slots from it.
    fn expects_pushes(&self, now: Instant) -> bool {
        match self.stream {
            Stream::Opening { .. } | Stream::Open { .. } => true,
            Stream::Closed { until } => until <= now + SETTLED_AFTER,
            Stream::Off => false,
        }
    }

    // === polls ===

    fn poll_due(&mut self, now: Instant, actions: &mut Vec<Action>) {
        if matches!(self.poll, Poll::Paused { until } if until <= now) {
            self.poll = Poll::WaitsForSlots;
            actions.push(Action::TakeSlots);
        }
    }

    fn ask(&self, now: Instant) -> Ask {
        if self.poll_failed {
            Ask::Trial
        } else if !self.up || self.expects_pushes(now) {
            // The first answer shows that the gateway is there, so it may not be long in coming.
            Ask::Passing
        } else {
            Ask::Waiting
        }
    }

    fn poll_answered(&mut self, now: Instant, asked: usize, got: usize, actions: &mut Vec<Action>) {
        self.poll_failed = false;
        self.restored(actions);
        let full = got >= asked;
        self.note_missed(got, full);
        let delay = if full {
            Duration::ZERO
        } else if self.expects_pushes(now) {
            self.idle_delay(got)
        } else {
            self.waiting_delay(now, got)
        };
        self.poll = Poll::Paused { until: now + delay };
    }

    /// The pause beside a stream: it doubles while polls bring nothing.
    fn idle_delay(&mut self, got: usize) -> Duration {
        if got > 0 {
            self.idle = self.options.idle_poll_min;
            return self.idle;
        }
        let delay = self.idle;
        self.idle = self.idle.saturating_mul(2).min(self.options.idle_poll_max);
        // Workers that were started together need not poll together.
        delay.mul_f64(0.9 + 0.2 * fastrand::f64())
    }

    /// No pause between polls that wait at the gateway; where it does not let them wait, we do.
    fn waiting_delay(&mut self, now: Instant, got: usize) -> Duration {
        let waited = matches!(self.poll, Poll::Running { since } if now.duration_since(since) >= WAITED_FOR);
        if got > 0 || waited {
            self.poll_back_off.reset();
            return Duration::ZERO;
        }
        self.poll_back_off.next_delay().min(WAITED_FOR)
    }

    /// A poll that finds jobs after the backlog was drained found what the stream should have pushed.
    fn note_missed(&mut self, got: usize, full: bool) {
        if let Stream::Open { missed, .. } = &mut self.stream {
            *missed |= got > 0 && !full && !self.catching_up;
        }
        self.catching_up = full;
    }

    fn poll_failed(&mut self, now: Instant, verdict: FeedVerdict, actions: &mut Vec<Action>) {
        let delay = match verdict {
            FeedVerdict::Misconfigured | FeedVerdict::Unsupported => self.options.misconfigured_delay,
            FeedVerdict::Denied => self.options.denied_delay,
            FeedVerdict::Backoff
            | FeedVerdict::Reconnect
            | FeedVerdict::ReopenNow
            | FeedVerdict::Unauthenticated => self.poll_back_off.next_delay(),
        };
        self.poll = Poll::Paused { until: now + delay };
        self.poll_failed = true;
        actions.push(Action::Say(Notice::PollRepeated { delay }));
        self.lost(verdict, actions);
    }

    // === the stream ===

    fn stream_due(&mut self, now: Instant, actions: &mut Vec<Action>) {
        match self.stream {
            Stream::Closed { until } if until <= now => {
                self.stream = Stream::Opening { since: None };
                actions.push(Action::OpenStream);
            }
            Stream::Opening { since: Some(since) } if since + SETTLED_AFTER <= now => {
                self.stream_opened(now, actions);
            }
            Stream::Open { since, .. } if since + self.options.stream_max_age <= now => {
                self.replace_stream(StreamEnd::Aged, actions);
            }
            Stream::Open { silent, missed: true, .. } if silent + self.options.stream_inactivity <= now => {
                self.replace_stream(StreamEnd::Silent, actions);
            }
            Stream::Off | Stream::Closed { .. } | Stream::Opening { .. } | Stream::Open { .. } => {}
        }
    }

    fn stream_opened(&mut self, now: Instant, actions: &mut Vec<Action>) {
        self.stream = Stream::Open { since: now, silent: now, missed: false };
        self.stream_back_off.reset();
        self.catching_up = true;
        self.idle = self.options.idle_poll_min;
        actions.push(Action::Say(Notice::StreamOpened));
        self.poll_now(now);
    }

    /// Brings the next poll forward, for what came while no stream was open.
    fn poll_now(&mut self, now: Instant) {
        if let Poll::Paused { until } = &mut self.poll
            && self.problem.is_none()
        {
            *until = now.min(*until);
        }
    }

    fn replace_stream(&mut self, end: StreamEnd, actions: &mut Vec<Action>) {
        self.stream = Stream::Opening { since: None };
        actions.push(Action::CloseStream);
        actions.push(Action::Say(Notice::StreamEnded { end, delay: Duration::ZERO }));
        actions.push(Action::OpenStream);
    }

    fn stream_read(&mut self, now: Instant) {
        if let Stream::Opening { since } = &mut self.stream {
            *since = since.or(Some(now));
        }
    }

    fn stream_job(&mut self, now: Instant, actions: &mut Vec<Action>) {
        self.restored(actions);
        if matches!(self.stream, Stream::Opening { .. }) {
            self.stream_opened(now, actions);
        }
        if let Stream::Open { silent, missed, .. } = &mut self.stream {
            *silent = now;
            *missed = false;
        }
    }

    fn stream_ended(&mut self, now: Instant, verdict: Option<FeedVerdict>, actions: &mut Vec<Action>) {
        let was_open = matches!(self.stream, Stream::Open { .. });
        let delay = match verdict {
            Some(FeedVerdict::Unsupported) => self.options.stream_max_age,
            Some(FeedVerdict::Misconfigured) => self.options.misconfigured_delay,
            Some(FeedVerdict::Denied) => self.options.denied_delay,
            Some(
                FeedVerdict::Backoff
                | FeedVerdict::Reconnect
                | FeedVerdict::ReopenNow
                | FeedVerdict::Unauthenticated,
            )
            | None => self.stream_back_off.next_delay(),
        };
        self.stream = Stream::Closed { until: now + delay };
        let notice = match verdict {
            Some(FeedVerdict::Unsupported | FeedVerdict::Misconfigured | FeedVerdict::Denied) => {
                Notice::StreamUnavailable
            }
            None if was_open => Notice::StreamEnded { end: StreamEnd::Closed, delay },
            Some(_) if was_open => Notice::StreamEnded { end: StreamEnd::Failed, delay },
            Some(_) | None => Notice::StreamRepeated { delay },
        };
        actions.push(Action::Say(notice));
        // Polls carry on alone, and they notice soonest whether the gateway is away.
        self.poll_now(now);
    }

    // === the feed as a whole ===

    fn restored(&mut self, actions: &mut Vec<Action>) {
        self.busy = 0;
        self.problem = None;
        if !std::mem::replace(&mut self.up, true) {
            actions.push(Action::Say(Notice::Restored));
        }
    }

    fn lost(&mut self, verdict: FeedVerdict, actions: &mut Vec<Action>) {
        let problem = match verdict {
            FeedVerdict::Backoff => {
                self.busy += 1;
                (self.busy >= BUSY_AFTER).then_some(FeedProblem::Busy)
            }
            FeedVerdict::ReopenNow => None,
            FeedVerdict::Reconnect => Some(FeedProblem::Unavailable),
            FeedVerdict::Unauthenticated => Some(FeedProblem::Unauthenticated),
            FeedVerdict::Denied => Some(FeedProblem::Denied),
            FeedVerdict::Misconfigured | FeedVerdict::Unsupported => Some(FeedProblem::Misconfigured),
        };
        if let Some(problem) = problem
            && self.problem != Some(problem)
        {
            self.problem = Some(problem);
            self.up = false;
            actions.push(Action::Say(Notice::Lost(problem)));
        }
    }
}
