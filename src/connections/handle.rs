//! The connections in force.

use std::sync::{Arc, PoisonError, RwLock};

use super::{Directory, InlineCredentials};

/// What counts now. Clones see the same.
#[derive(Debug, Clone)]
pub struct Handle(Arc<RwLock<InForce>>);

/// One state of the connections, as a whole.
#[derive(Debug, Clone)]
struct InForce {
    directory: Arc<Directory>,
    inline: InlineCredentials,
}

impl Handle {
    /// With these from the start.
    pub fn new(directory: Arc<Directory>, inline: InlineCredentials) -> Self {
        Self(Arc::new(RwLock::new(InForce { directory, inline })))
    }

    /// The connections in force. Whoever keeps them goes on with them, whatever comes.
    pub fn directory(&self) -> Arc<Directory> {
        Arc::clone(&self.read().directory)
    }

    /// Both together, so that none is from before a change and the other from after it.
    pub fn in_force(&self) -> (Arc<Directory>, InlineCredentials) {
        let now = self.read();
        (Arc::clone(&now.directory), now.inline)
    }

    /// From here on these count, for tasks that are bound from now on.
    pub fn replace(&self, directory: Arc<Directory>, inline: InlineCredentials) {
        let mut now = self.0.write().unwrap_or_else(PoisonError::into_inner);
        *now = InForce { directory, inline };
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, InForce> {
        // It is replaced in one step, so a panic elsewhere leaves nothing half done behind.
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }
}
