//! The configuration file of a worker.

use std::io::Write as _;
use std::path::Path;

/// A file for the worker, which a test may write anew.
#[derive(Debug)]
pub(crate) struct File(tempfile::NamedTempFile);

impl File {
    pub(crate) fn new(toml: &str) -> Self {
        let mut file = tempfile::NamedTempFile::new().expect("a file for the configuration");
        file.write_all(toml.as_bytes()).expect("the configuration is written");
        Self(file)
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// In one step, as Kubernetes swaps what it mounts.
    pub(crate) fn replace(&self, toml: &str) {
        let beside = self.path().with_extension("new");
        std::fs::write(&beside, toml).expect("the new configuration is written");
        std::fs::rename(&beside, self.path()).expect("the new configuration takes the place of the old one");
    }
}
