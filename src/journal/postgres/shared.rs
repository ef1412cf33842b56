//! What the handle and the writer share: the one connection, and what becomes of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::{Instant, timeout, timeout_at};

use super::Options;
use super::claims::Claims;
use super::session::{Ended, Session};
use crate::journal::condition::Condition;
use crate::journal::entry::Change;
use crate::journal::index::Because;
use crate::journal::writer::Storage;
use crate::journal::{Error, Host};

/// A connection that was lost is made again at once, or nearly so.
const FIRST_RETRY: Duration = Duration::from_millis(50);

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) options: Options,
    pub(super) claims: Arc<Claims>,
    condition: Condition,
    link: watch::Sender<Link>,
    given_up: Notify,
    /// Bytes that were put since the limits were looked after.
    unswept: AtomicU64,
}

/// The connection.
#[derive(Debug, Clone)]
enum Link {
    Open(Arc<Session>),
    /// Jobs wait for a new one only so long after this.
    Away {
        since: Instant,
    },
}

impl Shared {
    pub(super) fn new(options: Options, host: Arc<dyn Host>) -> Self {
        let condition = Condition::new(host, options.address.to_string());
        let (link, _) = watch::channel(Link::Away { since: Instant::now() });
        Self {
            options,
            claims: Arc::default(),
            condition,
            link,
            given_up: Notify::new(),
            unswept: AtomicU64::new(0),
        }
    }

    pub(super) fn now(&self) -> i64 {
        self.condition.host.epoch_millis()
    }

    /// The connection; where it was lost a moment ago, the next one.
    pub(super) async fn session(&self) -> Result<Arc<Session>, Error> {
        let mut link = self.link.subscribe();
        loop {
            let since = match &*link.borrow_and_update() {
                Link::Open(session) => return Ok(Arc::clone(session)),
                Link::Away { since } => *since,
            };
            let changed = timeout_at(since + self.options.patience, link.changed()).await;
            if !matches!(changed, Ok(Ok(()))) {
                return Err(self.away());
            }
        }
    }

    fn open_session(&self) -> Option<Arc<Session>> {
        match &*self.link.borrow() {
            Link::Open(session) => Some(Arc::clone(session)),
            Link::Away { .. } => None,
        }
    }

    /// Gives a connection up, if it is still the one in use, so that the writer makes another.
    pub(super) fn lost(&self, session: &Arc<Session>) {
        self.link.send_if_modified(|link| {
            let is_it = matches!(link, Link::Open(open) if Arc::ptr_eq(open, session));
            if is_it {
                *link = Link::Away { since: Instant::now() };
            }
            is_it
        });
        self.given_up.notify_one();
    }

    /// Puts out a replica that holds a lock and is connected and silent: it is frozen or cut off.
    pub(super) async fn put_out_silent(&self, session: &Session, lock: i64) {
        // Whoever may not end the sessions of others waits on.
        timeout(self.options.patience, session.put_out(lock, self.options.silence)).await.ok();
    }

    async fn connect(&self) -> Result<(Session, Ended), Error> {
        let (session, ended) = Session::open(&self.options.address, self.options.patience).await?;
        for lock in self.claims.renew() {
            if !session.lock(lock).await? {
                self.claims.gone(lock);
            }
        }
        let (entries, bytes) = session.total().await?;
        self.condition.opened(entries, bytes);
        Ok((session, ended))
    }

    /// Stays beside a connection while it is in use: lets go of claims, and hears of its end.
    async fn attend(self: Arc<Self>, session: Arc<Session>, mut ended: Ended) {
        let mut link = self.link.subscribe();
        loop {
            tokio::select! {
                biased;
                _ = link.changed() => {
                    let is_it = matches!(&*link.borrow_and_update(), Link::Open(open) if Arc::ptr_eq(open, &session));
                    if !is_it {
                        return;
                    }
                }
                reason = &mut ended => {
                    let reason = reason.unwrap_or_else(|_| "the connection has ended".to_owned());
                    let error = Error::Unreachable { place: self.condition.place.clone(), reason };
                    self.condition.complain(&error);
                    return self.lost(&session);
                }
                () = self.claims.released.notified() => {
                    let released = self.claims.take_released();
                    // A connection that fails in this lets go of everything by its end.
                    timeout(self.options.patience, session.unlock(&released)).await.ok();
                }
            }
        }
    }

    /// Where a connection does not answer, another may.
    fn give_up_slow(&self) -> Error {
        let error = Error::Slow { place: self.condition.place.clone(), patience: self.options.patience };
        self.condition.complain(&error);
        if let Some(session) = self.open_session() {
            self.lost(&session);
        }
        error
    }

    async fn try_sweep(&self, session: &Session) -> Result<(), Error> {
        self.unswept.store(0, Ordering::Relaxed);
        let (by_age, by_size) = session.sweep(&self.options.limits, self.now()).await?;
        for (count, because) in [(by_age, Because::Age), (by_size, Because::Size)] {
            self.condition.evicted(usize::try_from(count).unwrap_or(usize::MAX), because.as_str());
        }
        Ok(())
    }
}

impl Storage for Shared {
    fn is_open(&self) -> bool {
        self.open_session().is_some()
    }

    async fn open(self: Arc<Self>) {
        match self.connect().await {
            Ok((session, ended)) => {
                let session = Arc::new(session);
                self.link.send_replace(Link::Open(Arc::clone(&session)));
                self.condition.recovered();
                tokio::spawn(Arc::clone(&self).attend(session, ended));
            }
            Err(error) => self.condition.complain(&error),
        }
    }

    async fn write(&self, changes: Vec<Change>) -> Result<(), Error> {
        let Some(session) = self.open_session() else { return Err(self.away()) };
        let put: usize = changes.iter().map(Change::bytes).sum();
        let written = timeout(self.options.patience, session.write(changes)).await;
        match written.unwrap_or_else(|_| Err(self.give_up_slow())) {
            Ok(()) => self.condition.recovered(),
            Err(error) => {
                self.condition.complain(&error);
                if matches!(error, Error::Unreachable { .. }) {
                    self.lost(&session);
                }
                return Err(error);
            }
        }
        let unswept = self.unswept.fetch_add(put as u64, Ordering::Relaxed).saturating_add(put as u64);
        if unswept > self.options.limits.max_bytes / 8 {
            self.sweep().await;
        }
        Ok(())
    }

    async fn sweep(&self) {
        let Some(session) = self.open_session() else { return };
        let swept = timeout(self.options.patience, self.try_sweep(&session)).await;
        if let Err(error) = swept.unwrap_or_else(|_| Err(self.give_up_slow())) {
            self.condition.complain(&error);
        }
    }

    fn shut(&self) {
        self.link.send_replace(Link::Away { since: Instant::now() });
    }

    fn given_up(&self) -> &Notify {
        &self.given_up
    }

    fn retry_pause(&self, attempts: u32) -> Duration {
        let doubled = FIRST_RETRY.saturating_mul(1_u32.checked_shl(attempts).unwrap_or(u32::MAX));
        doubled.min(self.options.retry_pause)
    }

    fn patience(&self) -> Duration {
        self.options.patience
    }

    fn too_slow(&self) -> Error {
        self.give_up_slow()
    }

    fn away(&self) -> Error {
        Error::Away { place: self.condition.place.clone() }
    }
}
