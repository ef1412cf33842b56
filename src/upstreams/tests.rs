//! The choice among upstreams, step by step and at random.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use tokio::time::Instant;

use super::balance::{Balance, Change, Options, Verdict};
use super::{Pool, Pools};
use crate::access::Rules;
use crate::connections::{Authentication, Connection, Directory, Granted, Kind, Model, Provider, Upstream};
use crate::telemetry::Telemetry;

fn balance(weights: &[u32]) -> Balance {
    Balance::new(weights.iter().copied(), Options::default())
}

fn after(now: Instant, secs: u64) -> Instant {
    now + Duration::from_secs(secs)
}

/// Gives one call to whoever is next, and ends it at once.
fn call(balance: &mut Balance, now: Instant, verdict: Verdict) -> usize {
    let index = balance.pick(now, &[]).expect("there is one");
    balance.settle(index, verdict, now);
    index
}

#[tokio::test]
async fn the_least_loaded_is_next_in_proportion_to_the_weights() {
    let now = Instant::now();
    let mut balance = balance(&[3, 1]);
    let given: Vec<usize> = (0..8).map(|_| balance.pick(now, &[]).expect("there is one")).collect();
    assert_eq!(given.iter().filter(|index| **index == 0).count(), 6, "{given:?}");
}

#[tokio::test]
async fn calls_one_after_the_other_are_shared_too() {
    let now = Instant::now();
    let mut balance = balance(&[2, 1, 1]);
    let mut counts = BTreeMap::new();
    for _ in 0..400 {
        *counts.entry(call(&mut balance, now, Verdict::Served)).or_insert(0) += 1;
    }
    assert_eq!(counts, BTreeMap::from([(0, 200), (1, 100), (2, 100)]));
}

#[tokio::test]
async fn a_call_is_offered_each_upstream_once() {
    let now = Instant::now();
    let mut balance = balance(&[1, 1]);
    let first = balance.pick(now, &[]).expect("there is one");
    let second = balance.pick(now, &[first]).expect("there is another");
    assert_ne!(first, second);
    assert_eq!(balance.pick(now, &[first, second]), None);
}

#[tokio::test]
async fn a_throttled_upstream_comes_last_until_it_has_rested() {
    let now = Instant::now();
    let mut balance = balance(&[1, 1]);
    let throttled = balance.pick(now, &[]).expect("there is one");
    balance.settle(throttled, Verdict::Throttled, now);
    for _ in 0..5 {
        assert_ne!(call(&mut balance, now, Verdict::Served), throttled);
    }
    let other = 1 - throttled;
    assert_eq!(balance.pick(now, &[other]), Some(throttled), "it is better than none");
    balance.settle(throttled, Verdict::Unknown, now);
    assert_eq!(call(&mut balance, after(now, 1), Verdict::Served), throttled, "it is behind in its share");
}

#[tokio::test]
async fn a_failing_upstream_is_opened_tried_and_closed() {
    let now = Instant::now();
    let mut balance = balance(&[1, 1]);
    for failure in 1..=5 {
        let index = balance.pick(now, &[1]).expect("only the first one is left");
        let change = balance.settle(index, Verdict::Failed, now);
        assert_eq!(change, (failure == 5).then_some(Change::Opened));
    }
    for _ in 0..5 {
        assert_eq!(call(&mut balance, now, Verdict::Served), 1);
    }
    // One trial when it is due, and no second beside it.
    let due = after(now, 5);
    assert_eq!(balance.pick(due, &[]), Some(0));
    assert_eq!(balance.pick(due, &[]), Some(1));
    assert_eq!(balance.settle(0, Verdict::Failed, due), None);
    // The next one comes after twice the time.
    assert_eq!(balance.pick(after(due, 9), &[]), Some(1));
    let due = after(due, 10);
    assert_eq!(balance.pick(due, &[]), Some(0));
    assert_eq!(balance.settle(0, Verdict::Served, due), Some(Change::Closed));
    assert!(!balance.is_open(0));
}

#[tokio::test]
async fn when_all_fail_a_call_is_made_all_the_same() {
    let now = Instant::now();
    let mut balance = balance(&[1]);
    for _ in 0..20 {
        assert_eq!(call(&mut balance, now, Verdict::Failed), 0);
    }
    assert!(balance.is_open(0));
}

#[tokio::test]
async fn a_trial_that_is_given_up_leaves_room_for_another() {
    let now = Instant::now();
    let mut balance = balance(&[1, 1]);
    for _ in 0..5 {
        let index = balance.pick(now, &[1]).expect("only the first one is left");
        balance.settle(index, Verdict::Failed, now);
    }
    let due = after(now, 5);
    assert_eq!(balance.pick(due, &[]), Some(0));
    balance.settle(0, Verdict::Unknown, due);
    assert_eq!(balance.pick(due, &[]), Some(0));
}

#[tokio::test]
async fn a_call_that_is_given_up_was_given_all_the_same() {
    let now = Instant::now();
    let mut balance = balance(&[1, 1]);
    let first = call(&mut balance, now, Verdict::Unknown);
    assert_ne!(call(&mut balance, now, Verdict::Unknown), first);
    let next = call(&mut balance, now, Verdict::Unused);
    assert_eq!(call(&mut balance, now, Verdict::Served), next, "what was not sent does not count");
}

// === pools ===

fn granted(upstreams: &[&str]) -> Granted {
    let upstream = |name: &&str| Upstream {
        name: (*name).into(),
        model_id: "m".into(),
        weight: 1,
        region: None,
        endpoint: None,
        account: None,
        authentication: Authentication::OwnRole,
    };
    let model = Arc::new(Model {
        id: "m".into(),
        alias: "nova".into(),
        kind: Kind::Text,
        description: None,
        active: true,
        parameters: serde_json::Map::new(),
        price: None,
        upstreams: upstreams.iter().map(upstream).collect(),
        access: None,
        hosted: None,
    });
    let connection = Arc::new(Connection {
        name: "pool".into(),
        provider: Provider::Bedrock,
        description: None,
        active: true,
        account: None,
        region: None,
        endpoint: None,
        namespace: None,
        authentication: Authentication::OwnRole,
        models: vec![Arc::clone(&model)],
        access: Rules::default(),
    });
    Granted { connection, model }
}

fn directory(granted: &Granted) -> Directory {
    Directory::new(vec![Connection::clone(&granted.connection)])
}

/// Sends calls that are dropped after this time.
async fn drop_calls(pool: &Arc<Pool>, count: usize, after: Duration) {
    let ends = Instant::now() + Duration::from_secs(10);
    let mut leases: Vec<_> = (0..count).map(|_| pool.round().offer().expect("an upstream")).collect();
    leases.iter_mut().for_each(|lease| lease.begin(Some(ends)));
    tokio::time::advance(after).await;
}

#[tokio::test(start_paused = true)]
async fn calls_that_hang_until_their_limit_are_failures_and_those_that_are_dropped_before_are_not() {
    let telemetry = Telemetry::no_op();
    let pool = Pools::new(Options::default(), telemetry.clone()).of(&granted(&["one"]));
    drop_calls(&pool, 20, Duration::from_secs(9)).await;
    let open = "upstream_open{connection=\"pool\",model=\"nova\",upstream=\"one\"} 1";
    assert!(!telemetry.render().contains(open), "{}", telemetry.render());
    drop_calls(&pool, 5, Duration::from_secs(10)).await;
    let page = telemetry.render();
    assert!(page.contains(open) && page.contains("upstream=\"one\",code=\"CALL_TIMED_OUT\"} 5"), "{page}");
}

#[tokio::test(start_paused = true)]
async fn what_leaves_the_configuration_is_told_no_longer() {
    let telemetry = Telemetry::no_op();
    let pools = Pools::new(Options::default(), telemetry.clone());
    let (before, after) = (granted(&["one"]), granted(&["two"]));
    let is_told = || telemetry.render().contains("upstream_open{");
    let gone: [&dyn Fn(); 3] =
        [&|| drop(pools.of(&after)), &|| pools.keep_those_of(&directory(&after)), &|| {
            pools.keep_those_of(&Directory::default())
        }];
    for leave in gone {
        let pool = pools.of(&before);
        let late: Vec<_> = (0..9).map(|_| pool.round().offer().expect("an upstream")).collect();
        drop_calls(&pool, 5, Duration::from_secs(10)).await;
        assert!(is_told());
        pools.keep_those_of(&directory(&before));
        assert!(
            Arc::ptr_eq(&pool, &pools.of(&before)) && is_told(),
            "a file that says the same changes nothing"
        );
        leave();
        assert!(!is_told(), "{}", telemetry.render());
        // A call that was under way tells nothing of it any more.
        late.into_iter().for_each(|lease| lease.end(Verdict::Failed, "x"));
        assert!(!is_told(), "{}", telemetry.render());
    }
}

#[derive(Debug, Clone, Copy)]
enum Step {
    /// Begins a call that has tried the upstreams of this mask.
    Begin(u8),
    /// Ends the call of this number, if it is open.
    End(usize, u8),
    Wait(u16),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..8_u8).prop_map(Step::Begin),
        4 => (0..16_usize, 0..5_u8).prop_map(|(call, verdict)| Step::End(call, verdict)),
        1 => (0..10_000_u16).prop_map(Step::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever happens: who is tried is not offered, somebody is offered while one is left, calls in flight add up,
    /// and no upstream in trouble is taken while a good one is there.
    #[test]
    fn the_choice_keeps_its_promises(weights in prop::collection::vec(1..9_u32, 1..4), steps in prop::collection::vec(step(), 1..120)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let mut now = runtime.block_on(async { Instant::now() });
        let mut balance = balance(&weights);
        let mut open: Vec<usize> = Vec::new();
        for step in steps {
            match step {
                Step::Begin(mask) => {
                    let tried: Vec<usize> = (0..weights.len()).filter(|index| mask & (1 << index) != 0).collect();
                    let picked = balance.pick(now, &tried);
                    prop_assert_eq!(picked.is_some(), tried.len() < weights.len());
                    prop_assert!(picked.is_none_or(|index| !tried.contains(&index)));
                    open.extend(picked);
                }
                Step::End(call, verdict) if call < open.len() => {
                    let index = open.swap_remove(call);
                    let verdicts =
                        [Verdict::Served, Verdict::Throttled, Verdict::Failed, Verdict::Unknown, Verdict::Unused];
                    let verdict = verdicts[usize::from(verdict)];
                    let was_open = balance.is_open(index);
                    let change = balance.settle(index, verdict, now);
                    prop_assert_eq!(change == Some(Change::Opened), !was_open && balance.is_open(index));
                    prop_assert_eq!(change == Some(Change::Closed), was_open && !balance.is_open(index));
                }
                Step::End(..) => {}
                Step::Wait(millis) => now += Duration::from_millis(millis.into()),
            }
            for index in 0..weights.len() {
                let expected = open.iter().filter(|other| **other == index).count();
                prop_assert_eq!(usize::try_from(balance.in_flight(index)).expect("few"), expected);
            }
        }
    }
}
