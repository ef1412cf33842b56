//! The journal in a database, seen through its trait.

use std::sync::Arc;
use std::time::Duration;

use bedrock_connector::journal::postgres::{Options, Postgres};
use bedrock_connector::journal::{Error, Host, Journal, Limits, Removal, Store};
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use tokio::time::{sleep, timeout};

use super::desk::{Desk, entry, key};
use super::server::Server;

const PATIENCE: Duration = Duration::from_secs(60);

async fn replica(server: &Server, desk: &Arc<Desk>) -> Postgres {
    let options = Options { patience: Duration::from_secs(20), ..Options::new(server.address()) };
    Postgres::open(options, Arc::clone(desk) as Arc<dyn Host>).await
}

async fn impatient(server: &Server, desk: &Arc<Desk>) -> Postgres {
    let patience = Duration::from_millis(200);
    let options = Options { patience, retry_pause: patience, ..Options::new(server.address()) };
    Postgres::open(options, Arc::clone(desk) as Arc<dyn Host>).await
}

#[track_caller]
fn engine() -> Arc<str> {
    key(1).engine
}

#[tokio::test]
async fn what_one_replica_keeps_the_other_finds() {
    let (server, desk) = (Server::start().await, Desk::new());
    // Both make the tables at the same time.
    let (one, two, _) =
        tokio::join!(replica(&server, &desk), replica(&server, &desk), replica(&server, &desk));
    assert_eq!(desk.told(), ["opened with 0"; 3]);
    one.put(key(1), entry(1, b"first", &desk)).await.unwrap();
    assert_eq!(two.get(key(1)).await.unwrap(), Some(entry(1, b"first", &desk)));
    two.put(key(1), entry(2, b"second", &desk)).await.unwrap();
    assert_eq!(one.get(key(1)).await.unwrap(), Some(entry(2, b"second", &desk)));
    one.remove(key(1), Removal::Now).await.unwrap();
    assert_eq!(two.get(key(1)).await.unwrap(), None);
    two.put(key(2), entry(1, b"kept", &desk)).await.unwrap();
    one.close().await;
    two.close().await;
    let again = replica(&server, &desk).await;
    assert_eq!(again.get(key(2)).await.unwrap(), Some(entry(1, b"kept", &desk)));
    assert_eq!(desk.told(), ["opened with 1"]);
}

#[tokio::test]
async fn answers_that_arrive_together_share_a_commit() {
    let (server, desk) = (Server::start().await, Desk::new());
    let replica = replica(&server, &desk).await;
    let commits = async || {
        let client = server.client().await;
        let row = client.query_one("SELECT pg_current_xact_id()::text::bigint", &[]).await.unwrap();
        row.get::<_, i64>(0)
    };
    let before = commits().await;
    let puts = (0..200).map(|job| replica.put(key(job), entry(1, b"together", &desk)));
    assert!(join_all(puts).await.iter().all(Result::is_ok));
    let count = commits().await - before;
    assert!(count <= 10, "{count} transactions for 200 answers");
}

#[tokio::test]
async fn the_second_replica_waits_for_the_first_ones_answer() {
    let (server, desk) = (Server::start().await, Desk::new());
    let one = Journal::new(engine(), Arc::new(replica(&server, &desk).await));
    let two = Journal::new(engine(), Arc::new(replica(&server, &desk).await));
    let first = one.claim(1).await.unwrap();
    let mut second = std::pin::pin!(two.claim(1));
    assert!(timeout(Duration::from_millis(300), &mut second).await.is_err(), "it waits");
    assert!(timeout(PATIENCE, two.claim(2)).await.is_ok(), "another job has nothing to do with it");
    first.keep(entry(1, b"hello", &desk)).await.unwrap();
    drop(first);
    let second = timeout(PATIENCE, second).await.expect("it is let on").unwrap();
    assert_eq!(second.answer(&[1; 32]).await.unwrap().as_deref(), Some(&b"hello"[..]));
}

#[tokio::test]
async fn an_attempt_that_is_dropped_while_it_asks_leaves_no_lock() {
    let (server, desk) = (Server::start().await, Desk::new());
    let (one, two) = (replica(&server, &desk).await, replica(&server, &desk).await);
    for job in 0..50 {
        // Sent, and dropped before the answer is there.
        assert!(one.claim(key(job)).now_or_never().is_none());
        timeout(PATIENCE, two.claim(key(job))).await.expect("nobody holds it").unwrap();
    }
}

#[tokio::test]
async fn a_replica_that_ends_lets_the_others_on() {
    let (server, desk) = (Server::start().await, Desk::new());
    let (one, two) = (replica(&server, &desk).await, replica(&server, &desk).await);
    let held = one.claim(key(1)).await.unwrap();
    let mut second = std::pin::pin!(two.claim(key(1)));
    assert!(timeout(Duration::from_millis(300), &mut second).await.is_err());
    one.close().await;
    timeout(PATIENCE, second).await.expect("it is let on").unwrap();
    drop(held);
}

#[tokio::test]
async fn a_replica_that_is_connected_and_silent_is_put_out() {
    let (server, desk) = (Server::start().await, Desk::new());
    let silence = Duration::from_millis(500);
    let options = Options { silence, ..Options::new(server.address()) };
    let frozen = replica(&server, &desk).await;
    let _held = frozen.claim(key(1)).await.unwrap();
    let other = Postgres::open(options, Arc::clone(&desk) as Arc<dyn Host>).await;
    timeout(PATIENCE, other.claim(key(1))).await.expect("it is let on").unwrap();
}

#[tokio::test]
async fn claims_outlive_a_connection() {
    let (server, desk) = (Server::start().await, Desk::new());
    let (one, two) = (replica(&server, &desk).await, replica(&server, &desk).await);
    let held = one.claim(key(1)).await.unwrap();
    two.close().await;
    server.cut_connections().await;
    one.put(key(2), entry(1, b"over the next one", &desk)).await.unwrap();
    let three = replica(&server, &desk).await;
    let mut waiting = std::pin::pin!(three.claim(key(1)));
    assert!(timeout(Duration::from_millis(300), &mut waiting).await.is_err(), "it is held again");
    drop(held);
    timeout(PATIENCE, waiting).await.expect("it is let on").unwrap();
}

#[tokio::test]
async fn a_server_that_comes_back_soon_is_waited_for() {
    let (mut server, desk) = (Server::start().await, Desk::new());
    let replica = replica(&server, &desk).await;
    replica.put(key(1), entry(1, b"before", &desk)).await.unwrap();
    server.kill();
    let mut found = std::pin::pin!(replica.get(key(1)));
    let mut kept = std::pin::pin!(replica.put(key(2), entry(1, b"meanwhile", &desk)));
    assert!((&mut found).now_or_never().is_none());
    assert!((&mut kept).now_or_never().is_none());
    server.restart().await;
    assert_eq!(found.await.unwrap(), Some(entry(1, b"before", &desk)));
    kept.await.unwrap();
    assert_eq!(replica.get(key(2)).await.unwrap(), Some(entry(1, b"meanwhile", &desk)));
    assert_eq!(desk.told(), ["opened with 0", "unavailable: unreachable", "restored"]);
}

#[tokio::test]
async fn a_server_that_stays_away_is_said_once_and_taken_again_when_it_is_back() {
    let (mut server, desk) = (Server::start().await, Desk::new());
    let replica = impatient(&server, &desk).await;
    replica.put(key(1), entry(1, b"before", &desk)).await.unwrap();
    server.kill();
    for _ in 0..3 {
        let refused = replica.put(key(2), entry(1, b"lost", &desk)).await;
        assert!(refused.is_err(), "{refused:?}");
        assert!(replica.get(key(1)).await.is_err());
        assert!(replica.claim(key(1)).await.is_err(), "nobody is kept waiting");
    }
    let told = desk.told();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[1].starts_with("unavailable"), "{told:?}");
    replica.remove(key(1), Removal::Soon).await.unwrap();
    server.restart().await;
    let back = async { while replica.put(key(3), entry(1, b"after", &desk)).await.is_err() {} };
    timeout(PATIENCE, back).await.expect("it is taken again");
    assert_eq!(desk.told(), ["restored"]);
    let gone = async { while replica.get(key(1)).await.unwrap().is_some() {} };
    timeout(PATIENCE, gone).await.expect("what was to go soon goes when that can be done");
}

#[tokio::test]
async fn a_database_that_is_away_at_the_start_is_taken_when_it_comes() {
    let (mut server, desk) = (Server::start().await, Desk::new());
    server.kill();
    let replica = impatient(&server, &desk).await;
    assert_eq!(desk.told(), ["unavailable: unreachable"]);
    server.restart().await;
    let kept = async { while replica.put(key(1), entry(1, b"kept", &desk)).await.is_err() {} };
    timeout(PATIENCE, kept).await.expect("it is taken");
    assert_eq!(desk.told(), ["restored"]);
}

#[tokio::test]
async fn a_user_that_may_not_make_tables_is_told_so() {
    let (server, desk) = (Server::start().await, Desk::new());
    let client = server.client().await;
    client.batch_execute("CREATE ROLE reader LOGIN; REVOKE ALL ON SCHEMA public FROM PUBLIC").await.unwrap();
    let url = server.url().replace("user=tester", "user=reader");
    let options = Options::new(bedrock_connector::journal::postgres::Address::parse(&url).unwrap());
    let replica = Postgres::open(options, Arc::clone(&desk) as Arc<dyn Host>).await;
    assert_eq!(desk.told(), ["unavailable: refused"]);
    replica.close().await;
}

#[tokio::test]
async fn a_database_that_takes_no_writes_is_told_and_keeps_nobody_waiting() {
    let (server, desk) = (Server::with(&["default_transaction_read_only=on"]).await, Desk::new());
    let replica = impatient(&server, &desk).await;
    assert!(replica.put(key(1), entry(1, b"a", &desk)).await.is_err());
    let told = desk.told();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("unavailable"), "{told:?}");
}

#[tokio::test]
async fn tables_of_a_later_version_are_left_alone() {
    let (server, desk) = (Server::start().await, Desk::new());
    replica(&server, &desk).await.close().await;
    let client = server.client().await;
    client.execute("UPDATE bedrock_connector_journal SET version = 99", &[]).await.unwrap();
    let replica = impatient(&server, &desk).await;
    assert!(matches!(replica.put(key(1), entry(1, b"a", &desk)).await, Err(Error::Away { .. })));
    assert_eq!(desk.told(), ["opened with 0", "unavailable: newer"]);
}

#[tokio::test]
async fn an_entry_of_another_version_or_one_that_was_changed_is_not_used() {
    let (server, desk) = (Server::start().await, Desk::new());
    let replica = replica(&server, &desk).await;
    for job in 0..3 {
        replica.put(key(job), entry(1, b"good", &desk)).await.unwrap();
    }
    let client = server.client().await;
    let change = async |what: &str| {
        client.execute(&format!("UPDATE bedrock_connector_answers SET {what}"), &[]).await.unwrap();
    };
    change("version = 2 WHERE job_key = 0").await;
    change("answer = 'evil' WHERE job_key = 1").await;
    assert_eq!(replica.get(key(0)).await.unwrap(), None);
    assert_eq!(replica.get(key(1)).await.unwrap(), None);
    assert!(replica.get(key(2)).await.unwrap().is_some());
    replica.put(key(1), entry(1, b"good again", &desk)).await.unwrap();
    assert_eq!(replica.get(key(1)).await.unwrap(), Some(entry(1, b"good again", &desk)));
}

#[tokio::test]
async fn the_oldest_go_when_there_are_too_many() {
    let (server, desk) = (Server::start().await, Desk::new());
    let limits = Limits { max_bytes: 30_000, keep: Duration::from_secs(60) };
    let options = Options { limits, ..Options::new(server.address()) };
    let replica = Postgres::open(options, Arc::clone(&desk) as Arc<dyn Host>).await;
    for job in 0..4 {
        replica.put(key(job), entry(1, &[0; 9000], &desk)).await.unwrap();
        desk.pass(1);
    }
    assert_eq!(replica.get(key(0)).await.unwrap(), None);
    assert!(replica.get(key(1)).await.unwrap().is_some());
    let too_large = replica.put(key(4), entry(1, &[0; 30_000], &desk)).await;
    assert!(matches!(too_large, Err(Error::TooLarge { .. })), "{too_large:?}");
    desk.pass(61_000);
    assert_eq!(replica.get(key(3)).await.unwrap(), None, "too old to be used, before it is dropped");
    replica.put(key(5), entry(1, &[0; 9000], &desk)).await.unwrap();
    assert_eq!(desk.told(), ["opened with 0", "evicted 1 by size", "evicted 3 by age"]);
}

#[tokio::test]
async fn what_is_to_go_soon_goes_without_anything_else_to_write() {
    let (server, desk) = (Server::start().await, Desk::new());
    let replica = replica(&server, &desk).await;
    replica.put(key(1), entry(1, b"hello", &desk)).await.unwrap();
    replica.remove(key(1), Removal::Soon).await.unwrap();
    let gone = async {
        while replica.get(key(1)).await.unwrap().is_some() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, gone).await.expect("it goes within seconds");
}
