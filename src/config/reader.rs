//! Takes settings out of what was written, one typed question after the other, and notes every mistake on the way.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use super::layers::{Items, VARIABLE, Written};
use super::mistake::Mistake;
use super::setting::{Form, Setting};
use super::{Purpose, env, parse};

/// Answers questions about settings. An absent or mistaken setting leaves the target as it was.
#[derive(Debug)]
pub(crate) struct Reader {
    asked: BTreeSet<&'static str>,
    pub(crate) purpose: Purpose,
    pub(crate) resolved: Resolved,
    pub(crate) mistakes: Vec<Mistake>,
}

impl Reader {
    pub(crate) fn new(
        written: BTreeMap<&'static str, Written>,
        purpose: Purpose,
        mistakes: Vec<Mistake>,
    ) -> Self {
        let resolved = Resolved { written, derived: BTreeMap::new() };
        Self { asked: BTreeSet::new(), purpose, resolved, mistakes }
    }

    /// Whether any source sets it.
    pub(crate) fn is_set(&self, key: &str) -> bool {
        self.resolved.written.contains_key(key)
    }

    /// Whether it comes from this environment variable, in upper or lower case.
    pub(crate) fn is_from_variable(&self, key: &str, variable: &str) -> bool {
        let from = |written: &Written| {
            written.origin.strip_prefix(VARIABLE).is_some_and(|it| it.eq_ignore_ascii_case(variable))
        };
        self.resolved.written.get(key).is_some_and(from)
    }

    /// A text, an address, a path or a secret as it was written.
    pub(crate) fn text(&mut self, key: &'static str) -> Option<String> {
        self.parsed(key, |text| Some(text.trim().to_owned()))
    }

    /// A path that need not exist yet.
    pub(crate) fn path(&mut self, key: &'static str) -> Option<PathBuf> {
        self.text(key).map(PathBuf::from)
    }

    /// A file that has to be there, because it would be missed only when it is needed.
    pub(crate) fn file(&mut self, key: &'static str) -> Option<PathBuf> {
        let path = self.path(key)?;
        if self.purpose == Purpose::Questions {
            return Some(path);
        }
        match std::fs::File::open(&path) {
            Ok(_) => Some(path),
            Err(error) => {
                self.mistake(key, format!("expected a file that can be read ({error})"));
                None
            }
        }
    }

    /// A folder that has to be there.
    pub(crate) fn folder(&mut self, key: &'static str) -> Option<PathBuf> {
        let path = self.path(key)?;
        if self.purpose == Purpose::Questions {
            return Some(path);
        }
        match std::fs::read_dir(&path) {
            Ok(_) => Some(path),
            Err(error) => {
                self.mistake(key, format!("expected a folder that can be read ({error})"));
                None
            }
        }
    }

    pub(crate) fn address(&mut self, key: &'static str, plain: bool) -> Option<String> {
        self.parsed(key, |text| parse::address(text, plain))
    }

    pub(crate) fn duration(&mut self, key: &'static str, target: &mut Duration) {
        self.into(key, target, parse::duration);
    }

    pub(crate) fn count(&mut self, key: &'static str, target: &mut usize) {
        self.into(key, target, |text| text.trim().parse().ok());
    }

    pub(crate) fn bytes(&mut self, key: &'static str, target: &mut usize) {
        self.into(key, target, parse::bytes);
    }

    pub(crate) fn port(&mut self, key: &'static str, target: &mut u16) {
        self.into(key, target, |text| text.trim().parse().ok());
    }

    pub(crate) fn switch(&mut self, key: &'static str) -> Option<bool> {
        self.parsed(key, parse::boolean)
    }

    pub(crate) fn list(&mut self, key: &'static str) -> Option<Vec<String>> {
        self.asked.insert(key);
        Some(match &self.resolved.written.get(key)?.items {
            Items::One(text) => parse::list(text),
            Items::Many(items) => items.iter().map(|item| item.trim().to_owned()).collect(),
        })
    }

    /// One of the choices of the setting's form; case, `-` and `_` do not matter.
    pub(crate) fn choice(&mut self, key: &'static str) -> Option<&'static str> {
        let Some(Setting { form: Form::Choice(choices), .. }) = env::setting(key) else { return None };
        let plain = |text: &str| text.trim().to_ascii_lowercase().replace(['-', '_'], "");
        self.parsed(key, |text| choices.iter().copied().find(|choice| plain(choice) == plain(text)))
    }

    /// Any other type, read by `parse`.
    pub(crate) fn parsed<T>(
        &mut self,
        key: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        debug_assert!(env::setting(key).is_some(), "{key} is not in the table");
        self.asked.insert(key);
        let value = match &self.resolved.written.get(key)?.items {
            Items::One(text) => parse(text),
            Items::Many(_) => None,
        };
        if value.is_none() {
            self.mistake(key, self.expected(key));
        }
        value
    }

    fn expected(&self, key: &str) -> String {
        if self.hides_password(key) {
            return parse::WITHOUT_USER.to_owned();
        }
        env::setting(key).map(|setting| setting.form.expected()).unwrap_or_default()
    }

    /// Whether an address is written with what may be a password.
    fn hides_password(&self, key: &str) -> bool {
        let is_address = env::setting(key).is_some_and(|setting| setting.form == Form::Address);
        let written = self.resolved.written.get(key).map(|written| written.items.shown());
        is_address && written.is_some_and(|text| parse::may_hold_password(&text))
    }

    fn into<T>(&mut self, key: &'static str, target: &mut T, parse: impl FnOnce(&str) -> Option<T>) {
        if let Some(value) = self.parsed(key, parse) {
            *target = value;
        }
    }

    /// Says that what stands under a key cannot be, though its form is right.
    pub(crate) fn mistake(&mut self, key: &'static str, expected: impl Into<String>) {
        let secret = env::setting(key).is_some_and(Setting::is_secret) || self.hides_password(key);
        let (place, found) = match self.resolved.written.get(key) {
            Some(written) => (written.origin.clone(), (!secret).then(|| written.items.shown())),
            None => (self.unset_place(key), None),
        };
        self.mistakes.push(Mistake::new(place, found, expected));
    }

    /// Notes a mistake that belongs to no single setting.
    pub(crate) fn mistake_at(&mut self, place: &str, expected: impl Into<String>) {
        self.mistakes.push(Mistake::new(place, None, expected));
    }

    /// Notes a mistake in a variable that stands for no single setting.
    pub(crate) fn mistake_in_variable(&mut self, variable: &str, found: &str, expected: &str) {
        self.mistakes.push(Mistake::new(format!("{VARIABLE}{variable}"), Some(found.to_owned()), expected));
    }

    /// Notes a value that follows from other settings, for `--dump-config`.
    pub(crate) fn derive(&mut self, key: &'static str, value: impl Into<String>, from: &str) {
        self.resolved.derived.insert(key, (value.into(), from.to_owned()));
    }

    /// The settings that nobody asked for; a test holds this empty.
    #[cfg(test)]
    pub(crate) fn unasked(&self) -> Vec<&'static str> {
        env::settings().map(|setting| setting.key).filter(|key| !self.asked.contains(key)).collect()
    }

    fn unset_place(&self, key: &'static str) -> String {
        env::setting(key)
            .map_or_else(|| key.to_owned(), |setting| format!("environment variable {}", setting.variable))
    }
}

impl Items {
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::One(text) => text.clone(),
            Self::Many(items) => items.join(", "),
        }
    }
}

/// Where each value came from.
///
/// It holds secrets until [`Resolved::without_secrets`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Resolved {
    pub(crate) written: BTreeMap<&'static str, Written>,
    /// Key to value and reason.
    pub(crate) derived: BTreeMap<&'static str, (String, String)>,
}

impl Resolved {
    /// The form in which it may be kept and shown.
    pub(crate) fn without_secrets(mut self) -> Self {
        for (key, written) in &mut self.written {
            if env::setting(key).is_some_and(Setting::is_secret) {
                written.items = Items::One("***".to_owned());
            }
        }
        self
    }
}
