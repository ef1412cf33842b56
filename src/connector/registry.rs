//! Which connector serves which job type.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Connector;

/// The connectors of this process by job type.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    by_job_type: BTreeMap<Arc<str>, Arc<dyn Connector>>,
}

impl Registry {
    /// Serves a job type with a connector. A type that is served already changes its connector.
    #[must_use]
    pub fn with(mut self, job_type: &str, connector: Arc<dyn Connector>) -> Self {
        self.by_job_type.insert(job_type.into(), connector);
        self
    }

    /// The connector of a job type.
    pub fn get(&self, job_type: &str) -> Option<&Arc<dyn Connector>> {
        self.by_job_type.get(job_type)
    }

    /// All job types with their connectors.
    pub fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &Arc<dyn Connector>)> {
        self.by_job_type.iter()
    }
}
