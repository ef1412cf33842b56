//! Counts requests by a mark in what they ask, so that a long run can tell how often each of its process instances
//! asked, and need not keep what they asked.

use std::collections::BTreeMap;

use crate::emulator::guarded::Guarded;

/// How often something was asked, and what became of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Calls {
    /// All requests.
    pub made: usize,
    /// Those that were answered with status 200.
    pub answered: usize,
    /// Those that were answered with an error: nobody pays for them.
    pub refused: usize,
    /// Those whose client went away.
    pub abandoned: usize,
}

/// The counts, by what stands behind the mark.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    mark: Option<String>,
    counts: Guarded<BTreeMap<String, Calls>>,
}

impl Tally {
    /// Counts by the letters and digits that follow `mark` in a body; without a mark, nothing is counted.
    pub(crate) fn by(mark: Option<String>) -> Self {
        Self { mark, counts: Guarded::default() }
    }

    pub(crate) fn is_kept(&self) -> bool {
        self.mark.is_some()
    }

    /// What a body is counted under.
    pub(crate) fn name_in(&self, body: &str) -> Option<String> {
        let (_, behind) = body.split_once(self.mark.as_deref()?)?;
        Some(behind.chars().take_while(|letter| letter.is_ascii_alphanumeric()).collect())
    }

    pub(crate) fn count(&self, name: &str, count: impl FnOnce(&mut Calls)) {
        self.counts.with(|counts| count(counts.entry(name.to_owned()).or_default()));
    }

    pub(crate) fn all(&self) -> BTreeMap<String, Calls> {
        self.counts.with(|counts| counts.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_counted_under_the_word_behind_the_mark() {
        let tally = Tally::by(Some("instance ".to_owned()));
        assert_eq!(tally.name_in(r#"{"text": "instance 17: where?"}"#).as_deref(), Some("17"));
        assert_eq!(tally.name_in(r#"{"text": "where?"}"#), None);
        assert_eq!(Tally::default().name_in("instance 17"), None);
    }
}
