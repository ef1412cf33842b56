//! The machine alone: time is an argument here.

use std::time::Duration;

use proptest::prelude::*;
use tokio::time::Instant;

use super::machine::{Action, Ask, Input, Machine, Notice};
use crate::telemetry::{FeedProblem, StreamEnd};
use crate::worker::Options;
use crate::zeebe::{BackoffOptions, FeedVerdict};

const SECOND: Duration = Duration::from_secs(1);

fn options() -> Options {
    Options { back_off: BackoffOptions { jitter: 0.0, ..BackoffOptions::default() }, ..Options::default() }
}

/// A machine and its time.
struct Pace {
    machine: Machine,
    now: Instant,
}

impl Pace {
    fn new(streams: bool) -> Self {
        let now = Instant::now();
        Self { machine: Machine::new(&options(), streams, now), now }
    }

    /// With an open stream, the first poll answered and the second due.
    fn streaming() -> Self {
        let mut pace = Self::new(true);
        pace.tick();
        pace.input(Input::StreamRead);
        pace.sleep();
        pace.poll(10);
        pace.poll(1);
        pace
    }

    fn input(&mut self, input: Input) -> Vec<Action> {
        self.machine.step(self.now, input)
    }

    fn tick(&mut self) -> Vec<Action> {
        self.input(Input::Tick)
    }

    /// Lets time pass until the machine wants to go on.
    fn sleep(&mut self) -> Vec<Action> {
        self.now = self.machine.wake_at().expect("something to wait for").max(self.now);
        self.tick()
    }

    /// Answers the poll that is due, and says how long the machine waits before the next.
    fn poll(&mut self, got: usize) -> Duration {
        self.input(Input::SlotsReady);
        self.answer(got)
    }

    fn answer(&mut self, got: usize) -> Duration {
        let asked_again = self.input(Input::PollAnswered { asked: 10, got }).contains(&Action::TakeSlots);
        if asked_again { Duration::ZERO } else { self.until_poll() }
    }

    fn until_poll(&mut self) -> Duration {
        let start = self.now;
        while !self.sleep().contains(&Action::TakeSlots) {}
        self.now - start
    }
}

fn said(actions: &[Action]) -> Vec<Notice> {
    let notice = |action: &Action| match action {
        Action::Say(notice) => Some(*notice),
        _ => None,
    };
    actions.iter().filter_map(notice).collect()
}

#[test]
fn at_the_start_a_stream_is_opened_and_a_poll_is_made_that_does_not_wait() {
    let mut pace = Pace::new(true);
    assert_eq!(pace.tick(), [Action::OpenStream, Action::TakeSlots]);
    assert_eq!(pace.input(Input::SlotsReady), [Action::Poll(Ask::Passing)]);
    assert_eq!(said(&pace.input(Input::PollAnswered { asked: 1, got: 0 })), [Notice::Restored]);
}

#[test]
fn a_stream_that_does_not_fail_for_a_second_is_open() {
    let mut pace = Pace::new(true);
    pace.tick();
    assert_eq!(pace.machine.wake_at(), None, "without a slot, nothing has been asked for yet");
    pace.input(Input::StreamRead);
    assert_eq!(pace.machine.wake_at(), Some(pace.now + SECOND));
    assert_eq!(said(&pace.sleep()), [Notice::StreamOpened]);
}

#[test]
fn a_job_shows_that_the_stream_is_open() {
    let mut pace = Pace::new(true);
    pace.tick();
    pace.input(Input::StreamRead);
    assert_eq!(said(&pace.input(Input::StreamJob)), [Notice::Restored, Notice::StreamOpened]);
}

#[test]
fn empty_polls_beside_a_stream_become_rare_and_jobs_make_them_frequent_again() {
    let mut pace = Pace::streaming();
    let near = |found: Duration, secs: u64| {
        let wanted = Duration::from_secs(secs);
        assert!(found >= wanted.mul_f64(0.9) && found <= wanted.mul_f64(1.1), "{found:?}, not {wanted:?}");
    };
    for secs in [1, 2, 4, 8, 16, 30, 30] {
        near(pace.poll(0), secs);
    }
    near(pace.poll(1), 1);
    near(pace.poll(0), 1);
}

#[test]
fn a_full_answer_is_followed_by_the_next_poll_at_once() {
    let mut pace = Pace::streaming();
    for _ in 0..5 {
        assert_eq!(pace.poll(10), Duration::ZERO);
    }
}

#[test]
fn without_a_stream_polls_wait_and_follow_each_other() {
    let mut pace = Pace::new(false);
    assert_eq!(pace.tick(), [Action::TakeSlots]);
    pace.poll(0);
    assert_eq!(pace.input(Input::SlotsReady), [Action::Poll(Ask::Waiting)]);
    pace.now += 10 * SECOND;
    assert_eq!(pace.answer(0), Duration::ZERO, "the gateway has waited already");
}

#[test]
fn a_gateway_that_does_not_let_polls_wait_is_not_stormed() {
    let mut pace = Pace::new(false);
    pace.tick();
    let pauses: Vec<Duration> = (0..30).map(|_| pace.poll(0)).collect();
    assert!(pauses.iter().all(|pause| *pause >= Duration::from_millis(50)), "{pauses:?}");
    assert_eq!(pauses.last(), Some(&SECOND), "and its jobs do not wait for long");
    assert_eq!(pace.poll(1), Duration::ZERO);
}

#[test]
fn attempts_go_on_for_ever_with_growing_pauses() {
    let mut pace = Pace::new(false);
    pace.tick();
    let mut pauses = Vec::new();
    for _ in 0..200 {
        pace.input(Input::SlotsReady);
        pace.input(Input::PollFailed(FeedVerdict::Reconnect));
        pauses.push(pace.until_poll());
    }
    assert_eq!(pauses[0], Duration::from_millis(50));
    assert!(pauses.is_sorted());
    assert_eq!(pauses.last(), Some(&(5 * SECOND)));
}

#[test]
fn after_a_failure_one_slot_is_risked_until_there_is_an_answer() {
    for streams in [false, true] {
        let mut pace = Pace::new(streams);
        pace.tick();
        for verdict in [FeedVerdict::Backoff, FeedVerdict::Reconnect] {
            pace.input(Input::SlotsReady);
            pace.input(Input::PollFailed(verdict));
            pace.until_poll();
        }
        assert_eq!(pace.input(Input::SlotsReady), [Action::Poll(Ask::Trial)]);
        assert!(pace.input(Input::PollAnswered { asked: 1, got: 1 }).contains(&Action::TakeSlots));
        let all = if streams { Ask::Passing } else { Ask::Waiting };
        assert_eq!(pace.input(Input::SlotsReady), [Action::Poll(all)]);
    }
}

#[test]
fn each_change_of_state_is_said_once() {
    let mut pace = Pace::new(false);
    pace.tick();
    let mut notices = Vec::new();
    let failures = [
        FeedVerdict::Reconnect,
        FeedVerdict::Reconnect,
        FeedVerdict::Unauthenticated,
        FeedVerdict::Unauthenticated,
        FeedVerdict::Denied,
    ];
    for verdict in failures {
        pace.input(Input::SlotsReady);
        notices.extend(said(&pace.input(Input::PollFailed(verdict))));
        pace.until_poll();
    }
    for _ in 0..2 {
        pace.input(Input::SlotsReady);
        notices.extend(said(&pace.input(Input::PollAnswered { asked: 1, got: 1 })));
    }
    notices.retain(|notice| !matches!(notice, Notice::PollRepeated { .. }));
    let lost =
        [FeedProblem::Unavailable, FeedProblem::Unauthenticated, FeedProblem::Denied].map(Notice::Lost);
    assert_eq!(notices, [lost.as_slice(), &[Notice::Restored]].concat());
}

#[test]
fn back_pressure_is_said_when_it_lasts() {
    let mut pace = Pace::new(false);
    pace.tick();
    let mut lost = Vec::new();
    for attempt in 1..=20 {
        pace.input(Input::SlotsReady);
        let notices = said(&pace.input(Input::PollFailed(FeedVerdict::Backoff)));
        lost.extend(notices.contains(&Notice::Lost(FeedProblem::Busy)).then_some(attempt));
        pace.until_poll();
    }
    assert_eq!(lost, [10]);
}

#[test]
fn refusals_that_stay_are_met_with_long_pauses() {
    for (verdict, pause) in [
        (FeedVerdict::Denied, 60 * SECOND),
        (FeedVerdict::Misconfigured, 300 * SECOND),
        (FeedVerdict::Unsupported, 300 * SECOND),
    ] {
        let mut pace = Pace::new(false);
        pace.tick();
        pace.input(Input::SlotsReady);
        pace.input(Input::PollFailed(verdict));
        assert_eq!(pace.until_poll(), pause, "{verdict:?}");
    }
}

#[test]
fn a_gateway_without_streams_is_asked_again_after_hours_only() {
    let mut pace = Pace::new(true);
    pace.tick();
    pace.input(Input::StreamRead);
    let actions = pace.input(Input::StreamEnded(Some(FeedVerdict::Unsupported)));
    assert_eq!(said(&actions), [Notice::StreamUnavailable]);
    assert_eq!(pace.machine.wake_at(), Some(pace.now + 8 * 3600 * SECOND));
    pace.poll(0);
    assert_eq!(pace.input(Input::SlotsReady), [Action::Poll(Ask::Waiting)], "polls carry on alone");
}

#[test]
fn a_lost_stream_is_opened_again_and_polled_for_at_once() {
    let mut pace = Pace::streaming();
    // The next poll would be seconds away.
    while pace.poll(0) < 8 * SECOND {}
    pace.poll(0);
    let begin = pace.now;
    pace.input(Input::SlotsReady);
    pace.input(Input::PollAnswered { asked: 10, got: 0 });
    let actions = pace.input(Input::StreamEnded(Some(FeedVerdict::Reconnect)));
    let delay = Duration::from_millis(50);
    assert_eq!(said(&actions), [Notice::StreamEnded { end: StreamEnd::Failed, delay }]);
    assert!(actions.contains(&Action::TakeSlots), "{actions:?}");
    assert_eq!(pace.input(Input::SlotsReady), [Action::Poll(Ask::Passing)], "the stream is soon back");
    assert_eq!(pace.sleep(), [Action::OpenStream]);
    assert_eq!(pace.now - begin, delay);
}

#[test]
fn a_stream_that_cannot_be_opened_is_tried_for_ever() {
    let mut pace = Pace::new(true);
    pace.tick();
    for attempt in 0..100 {
        pace.input(Input::StreamRead);
        let actions = pace.input(Input::StreamEnded(Some(FeedVerdict::Backoff)));
        assert!(matches!(said(&actions)[..], [Notice::StreamRepeated { .. }]), "{attempt}: {actions:?}");
        assert_eq!(pace.sleep(), [Action::OpenStream]);
    }
}

#[test]
fn an_old_stream_is_replaced() {
    let mut pace = Pace::streaming();
    pace.now += 8 * 3600 * SECOND;
    let actions = pace.tick();
    let replaced = Notice::StreamEnded { end: StreamEnd::Aged, delay: Duration::ZERO };
    assert_eq!(actions[..3], [Action::CloseStream, Action::Say(replaced), Action::OpenStream]);
}

/// Whether the stream was replaced within two minutes of polls that bring so much.
fn replaced_by_polls(mut pace: Pace, got: &[usize]) -> bool {
    let end = pace.now + 120 * SECOND;
    let silent = Action::Say(Notice::StreamEnded { end: StreamEnd::Silent, delay: Duration::ZERO });
    let mut got = got.iter().copied().cycle();
    while pace.now < end {
        pace.input(Input::SlotsReady);
        let mut actions = pace.input(Input::PollAnswered { asked: 10, got: got.next().unwrap() });
        while !actions.contains(&Action::TakeSlots) {
            if actions.contains(&silent) {
                return true;
            }
            actions = pace.sleep();
        }
        // Round trips take time too.
        pace.now += Duration::from_millis(100);
        if pace.tick().contains(&silent) {
            return true;
        }
    }
    false
}

#[test]
fn a_silent_stream_is_replaced_only_when_polls_bring_what_it_should_have_pushed() {
    assert!(replaced_by_polls(Pace::streaming(), &[1]));
    assert!(replaced_by_polls(Pace::streaming(), &[0, 0, 1]));
    assert!(!replaced_by_polls(Pace::streaming(), &[0]), "nothing to do is no silence");
    assert!(!replaced_by_polls(Pace::streaming(), &[10]), "a backlog comes by polls");
    assert!(!replaced_by_polls(Pace::streaming(), &[10, 10, 4, 0]), "and so does its tail");
}

#[test]
fn a_stream_that_brings_jobs_is_not_replaced() {
    let mut pace = Pace::streaming();
    for _ in 0..100 {
        assert_eq!(said(&pace.input(Input::StreamJob)), []);
        pace.poll(1);
        pace.now += 2 * SECOND;
    }
}

/// What the shell around the machine is doing.
#[derive(Debug, Default)]
struct Shell {
    wants_slots: bool,
    polling: bool,
    stream: Option<bool>,
}

impl Shell {
    /// Carries out actions as the real one does, and checks that they fit together.
    fn carry_out(&mut self, actions: &[Action]) -> Result<(), TestCaseError> {
        for action in actions {
            match action {
                Action::TakeSlots => {
                    prop_assert!(!self.wants_slots && !self.polling, "one poll at a time");
                    self.wants_slots = true;
                }
                Action::Poll(_) => {
                    prop_assert!(!self.polling);
                    self.polling = true;
                }
                Action::OpenStream => {
                    prop_assert!(self.stream.is_none(), "one stream at a time");
                    self.stream = Some(false);
                }
                Action::CloseStream => {
                    prop_assert!(self.stream.is_some());
                    self.stream = None;
                }
                Action::Say(_) => {}
            }
        }
        Ok(())
    }

    /// What can happen now, chosen by two random numbers.
    fn possible(&mut self, what: u8, detail: u8) -> Input {
        let verdicts = [
            FeedVerdict::Backoff,
            FeedVerdict::Reconnect,
            FeedVerdict::ReopenNow,
            FeedVerdict::Misconfigured,
            FeedVerdict::Denied,
            FeedVerdict::Unauthenticated,
            FeedVerdict::Unsupported,
        ];
        let verdict = verdicts[usize::from(detail) % verdicts.len()];
        match what % 4 {
            0 if self.wants_slots => {
                self.wants_slots = false;
                Input::SlotsReady
            }
            0 if self.polling => {
                self.polling = false;
                match detail % 4 {
                    0 => Input::PollFailed(verdict),
                    got => Input::PollAnswered { asked: 3, got: usize::from(got) },
                }
            }
            1 if self.stream == Some(false) => {
                self.stream = Some(true);
                Input::StreamRead
            }
            2 if self.stream == Some(true) => Input::StreamJob,
            3 if self.stream.is_some() => {
                self.stream = None;
                Input::StreamEnded((!detail.is_multiple_of(8)).then_some(verdict))
            }
            _ => Input::Tick,
        }
    }
}

proptest! {
    #[test]
    fn whatever_happens_the_machine_goes_on_and_does_not_spin(
        streams in any::<bool>(),
        happenings in prop::collection::vec((any::<u8>(), any::<u8>(), 0u64..40_000), 1..300),
    ) {
        let mut pace = Pace::new(streams);
        let mut shell = Shell::default();
        for (what, detail, millis) in happenings {
            pace.now += Duration::from_millis(millis);
            let input = shell.possible(what, detail);
            let actions = pace.input(input);
            shell.carry_out(&actions)?;

            let again = pace.tick();
            prop_assert!(again.is_empty(), "nothing is due twice: {again:?} after {input:?}");
            let waits = shell.wants_slots || shell.polling;
            let wakes = pace.machine.wake_at();
            prop_assert!(waits || wakes.is_some(), "after {input:?} nothing would ever happen");
            prop_assert!(wakes.is_none_or(|at| at > pace.now), "after {input:?} it would spin");
        }
    }
}
