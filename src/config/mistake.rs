//! What is wrong with a configuration: every mistake at once, each with what to write instead.

use std::fmt;

/// One mistake, as the operator wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Where it stands: `environment variable X`, `flag --x`, `worker.lock in connector.toml`.
    pub place: String,
    /// What was found there; absent when nothing was, or when the value is a secret.
    pub found: Option<String>,
    /// What was expected, with an example.
    pub expected: String,
}

impl Mistake {
    pub(crate) fn new(place: impl Into<String>, found: Option<String>, expected: impl Into<String>) -> Self {
        Self { place: place.into(), found, expected: expected.into() }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.found {
            Some(found) => write!(f, "{}: found `{}`, {}", self.place, shortened(found), self.expected),
            None => write!(f, "{}: {}", self.place, self.expected),
        }
    }
}

/// The configuration cannot be used; the process ends with exit code 64 before it asks anybody for anything.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Mistakes(pub Vec<Mistake>);

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.len();
        write!(f, "{count} {} in the configuration", if count == 1 { "mistake" } else { "mistakes" })?;
        self.0.iter().try_for_each(|mistake| write!(f, "\n  {mistake}"))
    }
}

/// Values are shown to be recognised, not to be read in full.
fn shortened(text: &str) -> String {
    const SHOWN_CHARS: usize = 120;
    match text.char_indices().nth(SHOWN_CHARS) {
        None => text.escape_debug().to_string(),
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default().escape_debug()),
    }
}
