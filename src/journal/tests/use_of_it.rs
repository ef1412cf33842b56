//! How answers are kept, found and dropped while all is well.

use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::join_all;

use super::medium::Disk;
use super::*;

const FOLDER_IS_MADE: &str = "some/folder";

#[tokio::test]
async fn an_entry_is_for_its_engine_its_job_and_its_request_alone() {
    let (desk, folder) = (Desk::new(), tempfile::tempdir().unwrap());
    let store: Arc<dyn Store> = Arc::new(open(&folder.path().join(FOLDER_IS_MADE), &desk).await);
    let journal = Journal::new(Arc::<str>::from("http://zeebe:26500"), Arc::clone(&store));
    let claim = journal.claim(1).await.unwrap();
    claim.keep(entry(1, b"hello", &desk)).await.unwrap();
    assert_eq!(claim.answer(&[1; 32]).await.unwrap().as_deref(), Some(&b"hello"[..]));
    assert_eq!(claim.answer(&[2; 32]).await.unwrap(), None, "another request");
    assert_eq!(journal.claim(2).await.unwrap().answer(&[1; 32]).await.unwrap(), None, "another job");
    let elsewhere = Journal::new(Arc::<str>::from("http://other:26500"), store);
    assert_eq!(elsewhere.claim(1).await.unwrap().answer(&[1; 32]).await.unwrap(), None, "another engine");
    assert_eq!(desk.told(), ["opened with 0"]);
}

#[tokio::test]
async fn a_second_attempt_waits_for_the_first_ones_answer() {
    let (desk, folder) = (Desk::new(), tempfile::tempdir().unwrap());
    let journal = Journal::new(Arc::<str>::from("engine"), Arc::new(open(folder.path(), &desk).await));
    let first = journal.claim(1).await.unwrap();
    let mut second = std::pin::pin!(journal.claim(1));
    assert!((&mut second).now_or_never().is_none());
    first.keep(entry(1, b"hello", &desk)).await.unwrap();
    drop(first);
    let found = second.await.unwrap().answer(&[1; 32]).await.unwrap();
    assert_eq!(found.as_deref(), Some(&b"hello"[..]));
}

#[tokio::test]
async fn without_a_journal_nobody_waits_and_nothing_is_kept() {
    let journal = Journal::off();
    assert!(journal.claim(1).await.is_none());
    journal.forget(1, Removal::Now).await.unwrap();
    journal.close().await;
}

#[tokio::test]
async fn answers_that_arrive_together_share_a_commit() {
    let (desk, folder, disk) = (Desk::new(), tempfile::tempdir().unwrap(), Disk::default());
    let host = Arc::clone(&desk) as Arc<dyn Host>;
    let redb = Redb::open_on(disk.clone(), Options::new(folder.path()), host).await;
    let before = disk.syncs();
    redb.put(key(1000), entry(1, b"alone", &desk)).await.unwrap();
    let for_one = disk.syncs() - before;
    assert!(for_one > 0, "it is durable");

    let before = disk.syncs();
    let puts = (0..200).map(|job| redb.put(key(job), entry(1, b"together", &desk)));
    assert!(join_all(puts).await.iter().all(Result::is_ok));
    let for_all = disk.syncs() - before;
    assert!(for_all <= 5 * for_one, "{for_all} syncs for 200 answers, {for_one} for one");
}

#[tokio::test]
async fn the_oldest_go_when_there_are_too_many() {
    let (desk, folder) = (Desk::new(), tempfile::tempdir().unwrap());
    let limits = Limits { max_bytes: 30_000, keep: Duration::from_secs(60) };
    let options = Options { limits, ..Options::new(folder.path()) };
    let redb = Redb::open(options, Arc::clone(&desk) as Arc<dyn Host>).await;
    for job in 0..3 {
        redb.put(key(job), entry(1, &[0; 9000], &desk)).await.unwrap();
        desk.pass(1);
    }
    redb.put(key(3), entry(1, &[0; 9000], &desk)).await.unwrap();
    assert_eq!(redb.get(key(0)).await.unwrap(), None);
    assert!(redb.get(key(1)).await.unwrap().is_some());
    let too_large = redb.put(key(4), entry(1, &[0; 30_000], &desk)).await;
    assert!(matches!(too_large, Err(Error::TooLarge { .. })), "{too_large:?}");
    assert!(redb.get(key(3)).await.unwrap().is_some(), "what cannot be kept drives nothing out");
    desk.pass(61_000);
    assert_eq!(redb.get(key(3)).await.unwrap(), None, "too old to be used, before it is dropped");
    redb.put(key(5), entry(1, b"young", &desk)).await.unwrap();
    assert_eq!(desk.told(), ["opened with 0", "evicted 1 by size", "evicted 3 by age"]);
}

#[tokio::test]
async fn what_is_to_go_soon_goes_without_anything_else_to_write() {
    let (desk, folder) = (Desk::new(), tempfile::tempdir().unwrap());
    let redb = open(folder.path(), &desk).await;
    redb.put(key(1), entry(1, b"hello", &desk)).await.unwrap();
    redb.remove(key(1), Removal::Soon).await.unwrap();
    let gone = async {
        while redb.get(key(1)).await.unwrap().is_some() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), gone).await.expect("it goes within seconds");
}
