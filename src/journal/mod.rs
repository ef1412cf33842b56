//! The journal: an answer that was paid is kept until the engine has it.
//!
//! # What an entry holds
//!
//! One entry for each job, found by the name of its engine ([`Engine`]) and the job's key. It holds
//!
//! - the fingerprint of the request, so that it is only used for the very same question;
//! - the answer as JSON text, as expressions see it as `response`;
//! - when it was stored, the job's type and its process instance, for limits and for people;
//! - a checksum and a version, so that nothing else than what was stored is ever taken for an answer.
//!
//! In place of an answer it may hold notes on one: what was paid on the way to it, kept by an attempt that has more to
//! ask, or to do, before its answer is whole. They have a fingerprint of their own, so that they never pass for an answer.
//!
//! No secret is in it: where an answer repeats a secret of its job, the secret's name is kept in its place.
//!
//! # Its life
//!
//! ```text
//! claimed ── stored? ──────────────── yes: used, the model is not asked
//!               │ no
//!           model asked ── answer ── put, durable ── result expression ── report
//!                                                                           │
//!    completed, or error thrown ──────────────────── removed soon ──────────┤
//!    no word from the engine, or it has no such job ─ kept ─────────────────┤
//!    failed because the answer could not be mapped ─ kept ──────────────────┤
//!    failed because `jobError` asked for it ──────── removed before the report
//! ```
//!
//! # Invariants
//!
//! 1. *Durable before it is used.* [`Claim::keep`] returns when the entry would survive the end of the process.
//!    Nothing is mapped or reported before. Answers that arrive together share one commit.
//! 2. *Never another answer.* An entry of another request, of another engine, of another version, too old, or
//!    changed on disk is not used.
//! 3. *One attempt at a time.* When a lock ran out and the job came back while its call still runs, the second
//!    attempt waits for the first one's answer ([`Journal::claim`]) in place of asking again. Processes that share
//!    a database wait for each other in the same way, and a process that ends lets the others on at once.
//! 4. *It never stands in the way.* Storage that is corrupt, full, read-only, slow or in use by another process
//!    means that answers are not kept. It is said once, counted, and tried again; jobs go on meanwhile.
//! 5. *It is bounded*, in size and age: the oldest go first. A removal may come late or, when the process is
//!    killed, not at all; nobody asks for such an entry, and it goes by age.
//! 6. *A rejected answer is gone before the engine may ask again:* `jobError` wants a new one, so the entry
//!    goes before the failure is reported. It is the one case in which a lost report costs a second call.
//!
//! Where entries are is a [`Store`]: a file of this process alone ([`Redb`]), or a database that replicas share
//! ([`Postgres`]). The journal knows neither jobs nor Bedrock, and imports no other module of this program.

mod archive;
mod claims;
mod condition;
mod entry;
mod error;
mod index;
pub mod postgres;
mod redb;
mod store;
#[cfg(test)]
mod tests;
mod writer;

use std::fmt::Debug;
use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

pub use self::archive::Archive;
use self::claims::{Claims, Hold};
pub use self::entry::{Entry, Fingerprint, Key, Slip};
pub use self::error::{Cause, Error, Host, Notice};
pub use self::index::Limits;
pub use self::postgres::Postgres;
pub use self::redb::{Options, Redb};
pub use self::store::{Guard, Removal, Store};

/// Knows how the engine is told from others that share the storage.
pub trait Engine: Debug + Send + Sync {
    /// Always the same, for as long as the engine's jobs live. It is asked when there is a job of it.
    fn name(&self) -> BoxFuture<'_, Arc<str>>;
}

/// An engine whose name is known beforehand.
impl Engine for Arc<str> {
    fn name(&self) -> BoxFuture<'_, Arc<str>> {
        std::future::ready(Self::clone(self)).boxed()
    }
}

/// The journal of the jobs of one engine. Clones are the same one.
#[derive(Debug, Clone)]
pub struct Journal {
    open: Option<Open>,
}

#[derive(Debug, Clone)]
struct Open {
    engine: Arc<dyn Engine>,
    store: Arc<dyn Store>,
    claims: Claims,
}

/// What is stored about a request, as JSON text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stored {
    /// The whole answer.
    Answer(Vec<u8>),
    /// What an attempt has paid that did not come to a whole answer.
    Notes(Vec<u8>),
}

/// The right to ask for the answer to a job. Dropping it lets the next attempt on.
#[derive(Debug)]
pub struct Claim {
    store: Arc<dyn Store>,
    key: Key,
    /// None when the storage could not be asked: whether another process has the job is not known then.
    _guard: Option<Guard>,
    _hold: Hold,
}

impl Journal {
    /// Keeps nothing.
    pub fn off() -> Self {
        Self { open: None }
    }

    /// Keeps answers of an engine in a store.
    pub fn new(engine: impl Engine + 'static, store: Arc<dyn Store>) -> Self {
        Self { open: Some(Open { engine: Arc::new(engine), store, claims: Claims::default() }) }
    }

    /// Waits until no other attempt, here or in another process on the same storage, asks for the answer to the
    /// job. `None` without a journal.
    pub async fn claim(&self, job_key: i64) -> Option<Claim> {
        let open = self.open.as_ref()?;
        let hold = open.claims.hold(job_key).await;
        let key = open.key(job_key).await;
        // Storage that cannot be asked keeps nobody waiting, and has said so itself.
        let guard = open.store.claim(key.clone()).await.ok();
        Some(Claim { store: Arc::clone(&open.store), key, _guard: guard, _hold: hold })
    }

    /// Drops the entry of a job.
    pub async fn forget(&self, job_key: i64, removal: Removal) -> Result<(), Error> {
        match &self.open {
            Some(open) => open.store.remove(open.key(job_key).await, removal).await,
            None => Ok(()),
        }
    }

    /// Makes everything durable and lets go of the storage.
    pub async fn close(&self) {
        if let Some(open) = &self.open {
            open.store.close().await;
        }
    }
}

impl Open {
    async fn key(&self, job_key: i64) -> Key {
        Key { engine: self.engine.name().await, job_key }
    }
}

impl Claim {
    /// What is stored about this very request.
    pub async fn stored(&self, fingerprint: &Fingerprint) -> Result<Option<Stored>, Error> {
        let Some(entry) = self.store.get(self.key.clone()).await? else { return Ok(None) };
        Ok(if entry.fingerprint == *fingerprint {
            Some(Stored::Answer(entry.answer))
        } else if entry.fingerprint == entry::notes_on(fingerprint) {
            Some(Stored::Notes(entry.answer))
        } else {
            None
        })
    }

    /// The stored answer to this very request.
    pub async fn answer(&self, fingerprint: &Fingerprint) -> Result<Option<Vec<u8>>, Error> {
        Ok(match self.stored(fingerprint).await? {
            Some(Stored::Answer(answer)) => Some(answer),
            Some(Stored::Notes(_)) | None => None,
        })
    }

    /// Keeps an answer. It is durable when this returns.
    pub async fn keep(&self, entry: Entry) -> Result<(), Error> {
        self.store.put(self.key.clone(), entry).await
    }
}
