//! A disk that misbehaves on request.

use std::fs::OpenOptions;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};

use ::redb::backends::FileBackend;
use ::redb::{Builder, Database, DatabaseError, StorageBackend};

use crate::journal::redb::file::Medium;

/// What tests set and count. Clones are the same disk.
#[derive(Debug, Clone, Default)]
pub(super) struct Disk {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// How many bytes can still be written.
    room: AtomicU64,
    read_only: AtomicBool,
    syncs: AtomicUsize,
    /// While it is stuck, nothing is made durable.
    stuck: Mutex<bool>,
    freed: Condvar,
}

impl Default for Shared {
    fn default() -> Self {
        Self {
            room: AtomicU64::new(u64::MAX),
            read_only: AtomicBool::new(false),
            syncs: AtomicUsize::new(0),
            stuck: Mutex::new(false),
            freed: Condvar::new(),
        }
    }
}

impl Disk {
    pub(super) fn has_room_for(&self, bytes: u64) {
        self.shared.room.store(bytes, Ordering::SeqCst);
    }

    pub(super) fn is_read_only(&self, read_only: bool) {
        self.shared.read_only.store(read_only, Ordering::SeqCst);
    }

    pub(super) fn is_stuck(&self, stuck: bool) {
        *self.shared.stuck.lock().unwrap() = stuck;
        self.shared.freed.notify_all();
    }

    pub(super) fn syncs(&self) -> usize {
        self.shared.syncs.load(Ordering::SeqCst)
    }
}

impl Medium for Disk {
    fn open(&self, builder: &Builder, path: &Path) -> Result<Database, DatabaseError> {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        builder
            .create_with_backend(Backend { file: FileBackend::new(file)?, shared: Arc::clone(&self.shared) })
    }
}

#[derive(Debug)]
struct Backend {
    file: FileBackend,
    shared: Arc<Shared>,
}

impl Backend {
    fn may_write(&self, bytes: u64) -> io::Result<()> {
        if self.shared.read_only.load(Ordering::SeqCst) {
            return Err(io::ErrorKind::ReadOnlyFilesystem.into());
        }
        let less = |room: u64| room.checked_sub(bytes);
        match self.shared.room.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less) {
            Ok(_) => Ok(()),
            Err(_) => Err(io::ErrorKind::StorageFull.into()),
        }
    }
}

impl StorageBackend for Backend {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.may_write(0)?;
        self.file.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.shared.syncs.fetch_add(1, Ordering::SeqCst);
        let stuck = self.shared.stuck.lock().unwrap();
        drop(self.shared.freed.wait_while(stuck, |stuck| *stuck).unwrap());
        self.file.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.may_write(data.len() as u64)?;
        self.file.write(offset, data)
    }
}
