//! What this process holds against the other replicas.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};
use tokio::sync::Notify;

use crate::journal::Key;

/// How a claim stands with the server, as far as this process knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It does not hold the lock for us.
    Free,
    /// It was asked, and may hold it by now.
    Asked,
    /// It holds it.
    Held,
}

/// The claims of this process, by the number of their lock.
#[derive(Debug, Default)]
pub(super) struct Claims {
    state: Mutex<State>,
    /// There is something to let go of.
    pub(super) released: Notify,
}

#[derive(Debug, Default)]
struct State {
    standing: HashMap<i64, Standing>,
    /// Held on the present connection for somebody who has gone.
    released: Vec<i64>,
}

/// A claim; dropping it lets go of the lock.
#[derive(Debug)]
pub(super) struct Held {
    claims: Arc<Claims>,
    id: i64,
}

impl Claims {
    /// Begins to ask for a job. A process asks for each job only once at a time.
    pub(super) fn ask(self: &Arc<Self>, key: &Key) -> Held {
        let id = lock_id(key);
        self.with(|state| state.standing.insert(id, Standing::Free));
        Held { claims: Arc::clone(self), id }
    }

    /// What has to be locked again on a new connection. The old one has let go of everything.
    pub(super) fn renew(&self) -> Vec<i64> {
        self.with(|state| {
            state.released.clear();
            let held = state.standing.iter().filter(|(_, standing)| **standing == Standing::Held);
            held.map(|(id, _)| *id).collect()
        })
    }

    /// Another replica was faster on the new connection. Whoever holds the claim goes on without it.
    pub(super) fn gone(&self, id: i64) {
        self.with(|state| {
            if let Some(standing) = state.standing.get_mut(&id) {
                *standing = Standing::Free;
            }
        });
    }

    /// Takes what the server has to let go of.
    pub(super) fn take_released(&self) -> Vec<i64> {
        self.with(|state| std::mem::take(&mut state.released))
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Held {
    pub(super) fn id(&self) -> i64 {
        self.id
    }

    pub(super) fn stands(&self, standing: Standing) {
        self.claims.with(|state| state.standing.insert(self.id, standing));
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let is_held = self.claims.with(|state| {
            let is_held = state.standing.remove(&self.id).is_some_and(|standing| standing != Standing::Free);
            if is_held {
                state.released.push(self.id);
            }
            is_held
        });
        if is_held {
            self.claims.released.notify_one();
        }
    }
}

/// The number of a job's lock. Locks are shared by all programs that use the database; the text before the job
/// keeps ours apart from theirs.
fn lock_id(key: &Key) -> i64 {
    let mut hash = Sha256::new();
    hash.update("bedrock-connector claim\0");
    hash.update(&*key.engine);
    hash.update(key.job_key.to_le_bytes());
    let hash: [u8; 32] = hash.finalize().into();
    hash.first_chunk().map_or(0, |bytes| i64::from_le_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(job_key: i64) -> Key {
        Key { engine: "engine".into(), job_key }
    }

    #[test]
    fn a_claim_that_may_be_held_is_let_go_of_and_no_other() {
        let claims = Arc::new(Claims::default());
        for (standing, released) in [(Standing::Free, 0), (Standing::Asked, 1), (Standing::Held, 1)] {
            let held = claims.ask(&key(1));
            held.stands(standing);
            drop(held);
            assert_eq!(claims.take_released().len(), released, "{standing:?}");
        }
    }

    #[test]
    fn a_new_connection_takes_what_is_held_and_releases_nothing_of_the_old_one() {
        let claims = Arc::new(Claims::default());
        let (held, waiting, gone) = (claims.ask(&key(1)), claims.ask(&key(2)), claims.ask(&key(3)));
        held.stands(Standing::Held);
        waiting.stands(Standing::Free);
        gone.stands(Standing::Held);
        drop(gone);
        assert_eq!(claims.renew(), [held.id()]);
        assert_eq!(claims.take_released(), [0; 0]);
        claims.gone(held.id());
        drop(held);
        assert_eq!(claims.take_released(), [0; 0], "it is another replica's by now");
    }
}
