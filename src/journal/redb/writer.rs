//! The one task that writes: answers that arrive together share a commit.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

use super::file::Change;
use super::shared::Shared;
use crate::journal::Error;

/// The most changes of one commit; it bounds what waits in memory.
const MAX_BATCH: usize = 256;
/// The most removals that wait for the storage to come back. What is beyond goes by age.
const MAX_LEFT_OVER: usize = 10_000;
/// How long a removal that nobody waits for may be put off.
const REMOVAL_DELAY: Duration = Duration::from_secs(1);

type Done = oneshot::Sender<Result<(), Error>>;

/// Something to write.
#[derive(Debug)]
pub(super) enum Order {
    Change {
        change: Change,
        /// Whoever waits for it to be durable.
        done: Option<Done>,
    },
    /// Writes all that waits and lets go of the file.
    Close { done: oneshot::Sender<()> },
}

#[derive(Debug)]
pub(super) struct Writer {
    shared: Arc<Shared>,
    orders: mpsc::Receiver<Order>,
    retry_pause: Duration,
    changes: Vec<Change>,
    waiting: Vec<Done>,
    closing: Option<oneshot::Sender<()>>,
    /// When the changes have to be written though nobody waits.
    due: Option<Instant>,
    /// When the storage is tried again.
    retry_at: Option<Instant>,
}

impl Writer {
    pub(super) fn new(shared: Arc<Shared>, orders: mpsc::Receiver<Order>, retry_pause: Duration) -> Self {
        Self {
            shared,
            orders,
            retry_pause,
            changes: Vec::new(),
            waiting: Vec::new(),
            closing: None,
            due: None,
            retry_at: None,
        }
    }

    /// Writes until it is told to close, or until nobody can give orders any more.
    pub(super) async fn run(mut self) {
        loop {
            self.look_after_storage();
            tokio::select! {
                order = self.orders.recv() => match order {
                    Some(order) => self.take(order),
                    None => break,
                },
                () = at(self.due) => self.write().await,
                () = at(self.retry_at) => self.retry().await,
                () = self.shared.given_up.notified() => {}
            }
            while self.changes.len() < MAX_BATCH && self.closing.is_none() {
                let Ok(order) = self.orders.try_recv() else { break };
                self.take(order);
            }
            if !self.waiting.is_empty() || self.changes.len() >= MAX_BATCH {
                self.write().await;
            }
            if self.closing.is_some() {
                break;
            }
        }
        self.write().await;
        self.shared.shut();
        if let Some(done) = self.closing {
            // Whoever asked may have stopped waiting.
            done.send(()).ok();
        }
    }

    fn take(&mut self, order: Order) {
        match order {
            Order::Change { change, done } => {
                self.changes.push(change);
                match done {
                    Some(done) => self.waiting.push(done),
                    None => {
                        self.due.get_or_insert_with(|| Instant::now() + REMOVAL_DELAY);
                    }
                }
            }
            Order::Close { done } => self.closing = Some(done),
        }
    }

    async fn write(&mut self) {
        self.due = None;
        if self.changes.is_empty() {
            return;
        }
        if !self.shared.is_open() {
            self.put_off();
            return;
        }
        let left_over = removals(&self.changes);
        let result = self.shared.write(std::mem::take(&mut self.changes)).await;
        if result.is_err() {
            self.changes = left_over;
        }
        self.answer(&result);
    }

    /// Without storage, answers are not kept; what was to be removed still is, once that can be done.
    fn put_off(&mut self) {
        self.changes = removals(&self.changes);
        let result = Err(self.shared.away());
        self.answer(&result);
    }

    fn answer(&mut self, result: &Result<(), Error>) {
        for done in self.waiting.drain(..) {
            done.send(result.clone()).ok();
        }
    }

    fn look_after_storage(&mut self) {
        if self.shared.is_open() {
            self.retry_at = None;
        } else {
            self.retry_at.get_or_insert_with(|| Instant::now() + self.retry_pause);
        }
    }

    async fn retry(&mut self) {
        self.retry_at = None;
        self.shared.open().await;
        if self.shared.is_open() {
            self.write().await;
        }
    }
}

fn removals(changes: &[Change]) -> Vec<Change> {
    let removed = changes.iter().filter_map(|change| match change {
        Change::Remove(key) => Some(Change::Remove(key.clone())),
        Change::Put(..) => None,
    });
    removed.take(MAX_LEFT_OVER).collect()
}

/// A moment, or never.
async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}
