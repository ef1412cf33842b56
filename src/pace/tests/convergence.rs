//! How soon the pace finds what is granted, and how little it asks for more than that.

use std::time::Duration;

use proptest::prelude::*;

use super::service::World;
use crate::pace::machine::Quota;

const SECOND: Duration = Duration::from_secs(1);

fn steady(per_second: f64) -> Vec<(Duration, f64)> {
    vec![(Duration::ZERO, per_second)]
}

#[test]
fn five_hundred_calls_at_twenty_a_second_are_hardly_refused_after_ten_seconds() {
    for (burst, answers_after) in [(1.0, 800), (20.0, 20), (20.0, 800), (20.0, 5_000), (100.0, 800)] {
        let answers_after = Duration::from_millis(answers_after);
        let seen = World { burst, answers_after, ..World::default() }.run();
        let (refused, attempts) = seen.refused_from(10 * SECOND);
        assert_eq!(seen.finished, 500);
        assert!(refused * 20 <= attempts, "burst {burst}: {refused} of {attempts}");
        // It would take 25 s at exactly what is granted; a burst saves some of that, its search costs some.
        assert!(seen.took < 40 * SECOND + answers_after, "burst {burst}: {:?}", seen.took);
    }
}

#[test]
fn quotas_of_all_sizes_are_found_and_used() {
    for per_second in [0.05_f64, 0.1, 0.5, 2.0, 20.0, 200.0, 2_000.0] {
        let ends_after = Duration::from_secs_f64((400.0 / per_second).max(60.0));
        let world = World {
            grants: steady(per_second),
            burst: per_second.max(1.0),
            calls: 1_000_000,
            slots: if per_second > 100.0 { 5_000 } else { 500 },
            ends_after,
            ..World::default()
        };
        let seen = world.run();
        let (refused, attempts) = seen.refused_from(ends_after / 4);
        let used = f64::from(u32::try_from(seen.granted_between(ends_after / 4, ends_after)).unwrap());
        let granted = ends_after.as_secs_f64() * 0.75 * per_second;
        assert!(refused * 20 <= attempts, "{per_second} a second: {refused} of {attempts} are refused");
        assert!(used >= granted * 0.85, "{per_second} a second: {used} of {granted} are used");
    }
}

#[test]
fn a_larger_grant_is_found_in_seconds_and_a_smaller_one_at_once() {
    let grants = vec![(Duration::ZERO, 20.0), (30 * SECOND, 200.0), (60 * SECOND, 10.0)];
    let seen =
        World { grants, calls: 20_000, slots: 1_000, ends_after: 90 * SECOND, ..World::default() }.run();
    let used = seen.granted_between(45 * SECOND, 60 * SECOND);
    assert!(used >= 15 * 200 * 9 / 10, "15 s after there was more: {used} of 3000");
    let (refused, attempts) = seen.refused_from(65 * SECOND);
    assert!(refused * 20 <= attempts, "5 s after there was less: {refused} of {attempts}");
}

#[test]
fn an_outage_costs_few_calls_and_is_forgotten_soon() {
    let grants = vec![(Duration::ZERO, 100.0), (20 * SECOND, 0.0), (80 * SECOND, 100.0)];
    let seen = World {
        grants,
        burst: 100.0,
        calls: 20_000,
        slots: 1_000,
        ends_after: 150 * SECOND,
        ..World::default()
    }
    .run();
    let (refused, _) = seen.refused_from(21 * SECOND);
    let (later, _) = seen.refused_from(80 * SECOND);
    assert!(refused - later <= 40, "{} calls in the outage", refused - later);
    let used = seen.granted_between(120 * SECOND, 150 * SECOND);
    assert!(used >= 30 * 100 * 9 / 10, "40 s after it: {used} of 3000");
}

#[test]
fn what_the_operator_allows_is_never_passed() {
    let quota = Quota { requests_per_minute: Some(120.0), tokens_per_minute: None };
    let world = World { grants: steady(50.0), quota, calls: 300, ..World::default() };
    let seen = world.run();
    assert_eq!(seen.refused_from(Duration::ZERO).0, 0);
    for start in 0..100 {
        let within = seen.granted_between(start * SECOND, (start + 1) * SECOND);
        assert!(within <= 4, "second {start}: {within}, and 2 more after a pause are all that may be");
    }
    assert_eq!(seen.granted_between(10 * SECOND, 110 * SECOND), 200);
}

#[test]
fn a_service_that_names_a_pause_gets_it() {
    let retry_after = Some(7 * SECOND);
    let world =
        World { grants: steady(0.2), burst: 5.0, calls: 30, slots: 30, retry_after, ..World::default() };
    let refuses_after = world.refuses_after;
    let seen = world.run();
    let refused: Vec<Duration> =
        seen.attempts.iter().filter(|attempt| !attempt.granted).map(|attempt| attempt.at).collect();
    for at in refused {
        let news = at + refuses_after;
        let too_soon = |other: &&super::service::Attempt| other.at > news && other.at < news + 7 * SECOND;
        assert_eq!(seen.attempts.iter().filter(too_soon).count(), 0, "after the refusal at {at:?}");
    }
}

fn grants() -> impl Strategy<Value = Vec<(Duration, f64)>> {
    let rate = prop_oneof![Just(0.0), 0.05..1.0, 1.0..50.0, 50.0..500.0];
    let later = prop::collection::vec((1u32..90, rate), 0..8);
    (later, 0.1..50.0).prop_map(|(later, last)| {
        let mut at = Duration::ZERO;
        let mut grants = Vec::new();
        for (length, rate) in later {
            grants.push((at, rate));
            at += length * SECOND;
        }
        grants.push((at, last));
        grants
    })
}

/// However the service grants: all calls finish, none waits for long without need, and few are refused.
fn progress_without_flood(world: World) -> Result<(), TestCaseError> {
    let World { burst, calls, slots, .. } = world;
    let (phases, pause) = (world.grants.len(), world.retry_after.unwrap_or_default());
    let most = world.grants.iter().map(|(_, rate)| *rate).fold(0.0, f64::max);
    // With calls waiting, one goes at least this often: the slowest pace, a pause, and a slot that is given back.
    let longest = 31 * SECOND + pause + world.answers_after + world.refuses_after;
    let seen = world.run();
    prop_assert_eq!(seen.finished, calls);
    for pair in seen.attempts.windows(2) {
        prop_assert!(pair[1].at - pair[0].at <= longest, "{:?} to {:?}", pair[0].at, pair[1].at);
    }
    // Calls that went together and are not refused yet count as granted, so the first guess may be as large as they are.
    let at_once = f64::from(u32::try_from(slots).unwrap());
    let bound = 2.0 * (most + burst) + at_once;
    prop_assert!(seen.fastest <= bound, "{} a second of {most}, {burst} at once", seen.fastest);
    let (refused, _) = seen.refused_from(Duration::ZERO);
    prop_assert!(refused <= 2 * slots + calls + 60 * phases, "{refused} refusals for {calls} calls");
    Ok(())
}

#[test]
fn calls_that_come_together_and_need_not_wait_raise_nothing() {
    // After the first refusal a few calls come each time that those before have their answers, and all may go.
    let world = World {
        grants: steady(8.0),
        burst: 10.7,
        calls: 600,
        slots: 11,
        answers_after: Duration::from_millis(2137),
        refuses_after: Duration::from_millis(1),
        ..World::default()
    };
    progress_without_flood(world).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_granted_there_is_progress_and_no_flood(
        grants in grants(),
        burst in 1.0..200.0_f64,
        calls in 1usize..600,
        slots in 1usize..300,
        answers_millis in 1u64..20_000,
        refuses_millis in 1u64..2_000,
        pause in prop::option::of(0u64..60),
    ) {
        progress_without_flood(World {
            grants,
            burst,
            calls,
            slots: slots.min(calls),
            answers_after: Duration::from_millis(answers_millis),
            refuses_after: Duration::from_millis(refuses_millis),
            retry_after: pause.map(Duration::from_secs),
            ends_after: 48 * 3600 * SECOND,
            ..World::default()
        })?;
    }
}
