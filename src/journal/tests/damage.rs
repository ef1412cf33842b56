//! Every known kind of bad storage, each with the behaviour that it wants.

use std::fs;
use std::time::Duration;

use ::redb::{
    Database, ReadableDatabase as _, ReadableTable as _, ReadableTableMetadata as _, TableDefinition,
};
use futures_util::future::join;

use super::medium::Disk;
use super::*;

const FILE: &str = "answers.redb";

/// Long enough to be on pages of its own, and different for each job.
fn answer(job: i64) -> Vec<u8> {
    format!("{job} ").repeat(3000).into_bytes()
}

/// A folder whose journal was closed in order with these many entries.
async fn filled(entries: i64) -> tempfile::TempDir {
    let (desk, folder) = (Desk::new(), tempfile::tempdir().unwrap());
    let redb = open(folder.path(), &desk).await;
    for job in 0..entries {
        redb.put(key(job), entry(1, &answer(job), &desk)).await.unwrap();
    }
    redb.close().await;
    folder
}

/// Whatever has become of the entries, none is wrong, and new ones are kept.
async fn holds_nothing_wrong(folder: &Path, entries: i64) -> Vec<String> {
    let desk = Desk::new();
    let redb = open(folder, &desk).await;
    for job in 0..entries {
        if let Ok(Some(found)) = redb.get(key(job)).await {
            assert!(found.answer == answer(job), "the answer to job {job} is another");
        }
    }
    let told = desk.told();
    if redb.put(key(99), entry(1, b"new", &desk)).await.is_ok() {
        assert_eq!(redb.get(key(99)).await.unwrap().unwrap().answer, b"new");
    } else {
        assert!(told.iter().any(|line| line.starts_with("unavailable")), "it said nothing: {told:?}");
    }
    redb.close().await;
    told
}

fn set_aside(folder: &Path) -> Vec<u64> {
    let names = fs::read_dir(folder).unwrap().map(Result::unwrap);
    let aside = names.filter(|file| file.file_name().to_string_lossy().starts_with("answers.redb.unusable-"));
    aside.map(|file| file.metadata().unwrap().len()).collect()
}

#[tokio::test]
async fn a_cut_file_is_set_aside_and_a_new_one_begun() {
    let whole = filled(20).await;
    let bytes = fs::read(whole.path().join(FILE)).unwrap();
    for length in [100, 5000, bytes.len() / 2, bytes.len() - 4096] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE), &bytes[..length]).unwrap();
        let told = holds_nothing_wrong(folder.path(), 20).await;
        assert_eq!(told, ["set aside", "opened with 0"], "cut to {length} of {}", bytes.len());
        assert_eq!(set_aside(folder.path()).len(), 1, "it is there for whoever wants to look at it");
    }
}

#[tokio::test]
async fn a_file_that_is_something_else_is_set_aside_whole() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(FILE), "notes, ".repeat(10_000)).unwrap();
    let told = holds_nothing_wrong(folder.path(), 1).await;
    assert_eq!(told, ["set aside", "opened with 0"]);
    assert_eq!(set_aside(folder.path()), [70_000]);
}

#[tokio::test]
async fn a_byte_that_has_changed_never_makes_another_answer() {
    let whole = filled(6).await;
    let bytes = fs::read(whole.path().join(FILE)).unwrap();
    let used = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    for step in 0..60 {
        let folder = tempfile::tempdir().unwrap();
        let mut damaged = bytes.clone();
        let at = if step < 30 { step * 10 } else { step * used / 60 };
        damaged[at] ^= 0x41;
        fs::write(folder.path().join(FILE), damaged).unwrap();
        holds_nothing_wrong(folder.path(), 6).await;
    }
}

#[tokio::test]
async fn an_entry_of_another_version_is_not_used_and_dropped() {
    const SLIPS: TableDefinition<'_, (&str, i64), &[u8]> = TableDefinition::new("slips");
    let folder = filled(2).await;
    let rows = |path: &Path| {
        let database = Database::open(path.join(FILE)).unwrap();
        let transaction = database.begin_read().unwrap();
        transaction.open_table(SLIPS).unwrap().len().unwrap()
    };
    {
        let database = Database::open(folder.path().join(FILE)).unwrap();
        let transaction = database.begin_write().unwrap();
        {
            let mut table = transaction.open_table(SLIPS).unwrap();
            let slip = table.get(("http://zeebe:26500", 0)).unwrap().unwrap().value().to_vec();
            let newer = String::from_utf8(slip).unwrap().replace("\"version\":1", "\"version\":2");
            table.insert(("http://zeebe:26500", 0), newer.as_bytes()).unwrap();
        }
        transaction.commit().unwrap();
    }
    assert_eq!(rows(folder.path()), 2);
    let desk = Desk::new();
    let redb = open(folder.path(), &desk).await;
    assert_eq!(redb.get(key(0)).await.unwrap(), None);
    assert!(redb.get(key(1)).await.unwrap().is_some());
    assert_eq!(desk.told(), ["opened with 1"]);
    redb.close().await;
    assert_eq!(rows(folder.path()), 1);
}

#[tokio::test(start_paused = true)]
async fn a_second_process_works_without_and_takes_over_when_the_first_ends() {
    let folder = tempfile::tempdir().unwrap();
    let (first_desk, second_desk) = (Desk::new(), Desk::new());
    let first = open(folder.path(), &first_desk).await;
    first.put(key(1), entry(1, b"first", &first_desk)).await.unwrap();
    let second = open(folder.path(), &second_desk).await;
    assert_eq!(second_desk.told(), ["unavailable: locked"]);
    let refused = second.put(key(2), entry(1, b"second", &second_desk)).await;
    assert!(matches!(refused, Err(Error::Away { .. })), "{refused:?}");
    assert!(matches!(second.get(key(1)).await, Err(Error::Away { .. })));
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(second_desk.told(), [""; 0], "it is said once, however often it is tried");

    first.close().await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(second.get(key(1)).await.unwrap().unwrap().answer, b"first");
    second.put(key(2), entry(1, b"second", &second_desk)).await.unwrap();
    assert_eq!(second_desk.told(), ["restored"]);
}

#[tokio::test(start_paused = true)]
async fn a_rejected_answer_goes_when_the_storage_is_back() {
    let (desk, folder, disk) = (Desk::new(), tempfile::tempdir().unwrap(), Disk::default());
    let host = Arc::clone(&desk) as Arc<dyn Host>;
    let redb = Redb::open_on(disk.clone(), Options::new(folder.path()), host).await;
    redb.put(key(1), entry(1, b"bad", &desk)).await.unwrap();
    disk.is_read_only(true);
    assert!(redb.remove(key(1), Removal::Now).await.is_err());
    disk.is_read_only(false);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(redb.get(key(1)).await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn a_full_disk_keeps_nothing_more_and_loses_nothing() {
    let (desk, folder, disk) = (Desk::new(), tempfile::tempdir().unwrap(), Disk::default());
    let host = Arc::clone(&desk) as Arc<dyn Host>;
    let redb = Redb::open_on(disk.clone(), Options::new(folder.path()), host).await;
    redb.put(key(1), entry(1, b"before", &desk)).await.unwrap();
    disk.has_room_for(10_000);
    let refused = redb.put(key(2), entry(1, &[0; 50_000], &desk)).await;
    assert!(matches!(refused, Err(Error::Full { .. })), "{refused:?}");
    assert_eq!(desk.told(), ["opened with 0", "unavailable: full"]);
    assert!(redb.put(key(3), entry(1, b"after", &desk)).await.is_err());
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(desk.told(), [""; 0], "it is said once");

    disk.has_room_for(u64::MAX);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(redb.get(key(1)).await.unwrap().unwrap().answer, b"before");
    assert_eq!(redb.get(key(2)).await.unwrap(), None, "what was refused is not there");
    redb.put(key(2), entry(1, &[0; 50_000], &desk)).await.unwrap();
    assert_eq!(desk.told(), ["restored"]);
}

#[tokio::test(start_paused = true)]
async fn a_read_only_disk_is_said_once_and_nobody_waits_for_it() {
    let (desk, folder, disk) = (Desk::new(), tempfile::tempdir().unwrap(), Disk::default());
    disk.is_read_only(true);
    let host = Arc::clone(&desk) as Arc<dyn Host>;
    let redb = Redb::open_on(disk.clone(), Options::new(folder.path()), host).await;
    assert!(matches!(redb.put(key(1), entry(1, b"a", &desk)).await, Err(Error::Away { .. })));
    assert!(matches!(redb.get(key(1)).await, Err(Error::Away { .. })));
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(desk.told(), ["unavailable: unwritable"]);
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_said_once() {
    let (desk, folder) = (Desk::new(), tempfile::tempdir().unwrap());
    let file = folder.path().join("a file and no folder");
    fs::write(&file, "").unwrap();
    let redb = open(&file.join("data"), &desk).await;
    assert!(redb.put(key(1), entry(1, b"a", &desk)).await.is_err());
    assert_eq!(desk.told(), ["unavailable: unwritable"]);
}

#[tokio::test]
async fn an_entry_that_is_being_replaced_is_read_as_it_was_and_no_damage() {
    let (desk, folder, disk) = (Desk::new(), tempfile::tempdir().unwrap(), Disk::default());
    let host = Arc::clone(&desk) as Arc<dyn Host>;
    let options = Options { patience: Duration::from_secs(60), ..Options::new(folder.path()) };
    let redb = Redb::open_on(disk.clone(), options, host).await;
    redb.put(key(1), entry(1, b"before", &desk)).await.unwrap();

    disk.is_stuck(true);
    let syncs = disk.syncs();
    let look = async {
        while disk.syncs() == syncs {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let found = redb.get(key(1)).await;
        disk.is_stuck(false);
        found
    };
    let (put, found) = join(redb.put(key(1), entry(2, b"after", &desk)), look).await;
    assert_eq!(found.unwrap().map(|found| found.answer).as_deref(), Some(&b"before"[..]));
    put.unwrap();
    assert_eq!(redb.get(key(1)).await.unwrap().unwrap().answer, b"after");
    assert_eq!(desk.told(), ["opened with 0"]);
}

#[tokio::test]
async fn a_disk_that_does_not_answer_holds_a_job_up_only_so_long() {
    let (desk, folder, disk) = (Desk::new(), tempfile::tempdir().unwrap(), Disk::default());
    let host = Arc::clone(&desk) as Arc<dyn Host>;
    let options = Options { patience: Duration::from_millis(50), ..Options::new(folder.path()) };
    let redb = Redb::open_on(disk.clone(), options, host).await;
    disk.is_stuck(true);
    let slow = redb.put(key(1), entry(1, b"late", &desk)).await;
    disk.is_stuck(false);
    assert!(matches!(slow, Err(Error::Slow { .. })), "{slow:?}");
    assert_eq!(desk.told(), ["opened with 0", "unavailable: slow"]);
    let kept = async { while redb.put(key(2), entry(1, b"again", &desk)).await.is_err() {} };
    tokio::time::timeout(Duration::from_secs(30), kept).await.expect("the disk answers again");
    assert!(desk.told().contains(&"restored".to_owned()));
}
