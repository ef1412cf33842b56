//! Compiled patterns, kept because the same few patterns run over many values.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError};

use fancy_regex::{Regex, RegexBuilder};

use super::{
    Error,
    source::Flags,
    translate::{self, Translation},
};

/// How many patterns are kept. Expressions use few; patterns made from data must not pile up.
const CAPACITY: usize = 256;
/// Longer patterns are compiled anew each time.
const LONGEST_KEPT: usize = 4_096;
const STEP_LIMIT: usize = 1_000_000;
const SIZE_LIMIT: usize = 4 << 20;

type Patterns = HashMap<Flags, HashMap<String, Result<Arc<Pattern>, Error>>>;

/// A mutex of the standard library will do: it is held for a look into the map only, never while compiling or matching,
/// and there is nothing asynchronous here.
static PATTERNS: LazyLock<Mutex<Patterns>> = LazyLock::new(Mutex::default);

/// A pattern and what it was compiled to so far.
#[derive(Debug)]
pub(super) struct Pattern {
    translation: Translation,
    for_any_text: OnceLock<Result<Regex, Error>>,
    for_plain_text: OnceLock<Result<Regex, Error>>,
}

impl Pattern {
    /// The expression to use for this text. Text in ASCII without line breaks needs less care with `$`, `^` and `\b`,
    /// and what needs no care can be matched without backtracking.
    pub(super) fn regex(&self, input: &str) -> Result<&Regex, Error> {
        let is_plain = || {
            !input.is_empty() && input.bytes().all(|byte| byte.is_ascii() && byte != b'\n' && byte != b'\r')
        };
        let (cell, pattern) = match &self.translation.for_plain_text {
            Some(pattern) if is_plain() => (&self.for_plain_text, pattern),
            Some(_) | None => (&self.for_any_text, &self.translation.for_any_text),
        };
        cell.get_or_init(|| compile(pattern)).as_ref().map_err(|error| *error)
    }

    pub(super) fn group_count(&self) -> usize {
        self.translation.group_count
    }

    pub(super) fn group(&self, name: &str) -> Option<usize> {
        self.translation.names.get(name).copied()
    }
}

/// The pattern with these flags, from the cache if it is there.
pub(super) fn pattern(pattern: &str, flags: &str) -> Result<Arc<Pattern>, Error> {
    let flags = Flags::from_letters(flags);
    let kept = |patterns: &Patterns| patterns.get(&flags)?.get(pattern).cloned();
    // Nothing can be left half done in the map, so a panic elsewhere is no reason to give it up.
    if let Some(found) = kept(&PATTERNS.lock().unwrap_or_else(PoisonError::into_inner)) {
        return found;
    }
    let translated = translate::translate(pattern, flags).map(|translation| {
        Arc::new(Pattern { translation, for_any_text: OnceLock::new(), for_plain_text: OnceLock::new() })
    });
    if pattern.len() <= LONGEST_KEPT {
        let mut patterns = PATTERNS.lock().unwrap_or_else(PoisonError::into_inner);
        if patterns.values().map(HashMap::len).sum::<usize>() >= CAPACITY {
            patterns.clear();
        }
        patterns.entry(flags).or_default().insert(pattern.to_owned(), translated.clone());
    }
    translated
}

fn compile(pattern: &str) -> Result<Regex, Error> {
    RegexBuilder::new(pattern)
        .backtrack_limit(STEP_LIMIT)
        .delegate_size_limit(SIZE_LIMIT)
        .build()
        .map_err(|_| Error::Unsupported)
}
