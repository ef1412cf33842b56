//! Why a task may or may not use a model, for a person.

use super::{Directory, Refusal};
use crate::access::{Asker, RuleOutcome, Rules};

/// The answer, and the rules that led to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// None: it is granted.
    pub refusal: Option<Refusal>,
    /// How the connection's rules went; none when there is no such connection.
    pub connection: Option<Vec<RuleOutcome>>,
    /// How the model's own rules went; none when it has none of its own.
    pub model: Option<Vec<RuleOutcome>>,
}

impl Directory {
    /// Decides as [`Directory::resolve`] does, and says how each rule went.
    pub fn explain(&self, connection: &str, model: &str, asker: &Asker<'_>) -> Explanation {
        let found = self.connection(connection);
        let rules =
            found.and_then(|connection| connection.model(model)).and_then(|model| model.access.as_ref());
        let outcomes = |rules: &Rules| rules.explain(asker);
        Explanation {
            refusal: self.resolve(connection, model, asker).err(),
            connection: found.map(|connection| outcomes(&connection.access)),
            model: rules.map(outcomes),
        }
    }
}
