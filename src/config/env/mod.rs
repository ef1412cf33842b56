//! The one list of settings: every key, variable and flag that this program knows, and the peer's names for it.
//!
//! The file, the environment, the flags, `--help`, `--dump-config` and the messages about mistakes are all made from
//! this list, so they cannot disagree.
//!
//! Where several names set the same thing, our own variable wins, then the Spring property of today
//! (`CAMUNDA_CLIENT_…`), then its older spellings in the order in which the Spring starter looks them up, then the
//! bare names of the Java clients (`CAMUNDA_…`, `ZEEBE_…`).

mod access;
mod budget;
mod connection;
mod surroundings;
mod work;

use super::setting::{Name, Section, Setting};

/// All settings, by section.
pub const SECTIONS: &[Section] = &[
    connection::GATEWAY,
    connection::AUTHENTICATION,
    connection::PROXY,
    work::WORKER,
    work::BEDROCK,
    access::ACCESS,
    access::RELOAD,
    budget::BUDGET,
    work::DOCUMENTS,
    work::SECRETS,
    work::JOURNAL,
    surroundings::ADMIN,
    surroundings::LOG,
    surroundings::TEMPLATES,
];

/// Names of the peer that are understood and change nothing here, each with the reason.
pub const WITHOUT_EFFECT: &[(Name, &str)] = surroundings::WITHOUT_EFFECT;

/// Names of the peer that would have to change something, and cannot here. Setting one is a mistake, because going
/// on without it would fail later and less clearly.
pub const REFUSED: &[(Name, &str)] = surroundings::REFUSED;

/// All settings in one row.
pub fn settings() -> impl Iterator<Item = &'static Setting> {
    SECTIONS.iter().flat_map(|section| section.settings)
}

/// The setting with this key.
pub fn setting(key: &str) -> Option<&'static Setting> {
    settings().find(|setting| setting.key == key)
}

/// The key that was probably meant.
pub(crate) fn similar_key(key: &str) -> Option<&'static str> {
    closest(key, settings().map(|setting| setting.key))
}

/// The variable of ours that was probably meant.
pub(crate) fn similar_variable(variable: &str) -> Option<&'static str> {
    closest(variable, settings().map(|setting| setting.variable))
}

/// The candidate that differs in the fewest letters, if those are few.
pub(crate) fn closest(text: &str, candidates: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    let farthest = 1 + text.len() / 6;
    candidates
        .map(|candidate| (distance(text, candidate), candidate))
        .filter(|(distance, _)| *distance <= farthest)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Levenshtein's distance: how many letters have to be put in, taken out or changed.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, l) in left.chars().enumerate() {
        let mut diagonal = i;
        let mut before = i + 1;
        let mut next = vec![before];
        for (above, r) in row.iter().skip(1).zip(&right) {
            before = (diagonal + usize::from(l != *r)).min(before + 1).min(above + 1);
            diagonal = *above;
            next.push(before);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::config::setting::Form;

    #[test]
    fn no_key_variable_flag_or_foreign_name_is_there_twice() {
        let mut seen = BTreeSet::new();
        for setting in settings() {
            let names = setting.others.iter().map(|name| name.shown());
            let own = [setting.key.to_owned(), setting.variable.to_owned(), format!("--{}", setting.flag())];
            for name in own.into_iter().chain(names) {
                assert!(seen.insert(name.clone()), "{name} of {} is there twice", setting.key);
            }
        }
        for (name, _) in WITHOUT_EFFECT.iter().chain(REFUSED) {
            assert!(seen.insert(name.shown()), "{} is there twice", name.shown());
        }
    }

    #[test]
    fn kubernetes_service_variables_are_no_settings() {
        for setting in settings() {
            let name = setting.variable.strip_prefix(crate::config::setting::PREFIX).unwrap_or_default();
            assert!(!name.starts_with("PORT") && !name.starts_with("SERVICE_"), "{}", setting.variable);
        }
    }

    #[test]
    fn every_setting_is_explained_in_a_sentence_without_its_full_stop() {
        for setting in settings() {
            assert!(
                setting.doc.len() > 15 && !setting.doc.ends_with('.'),
                "{}: {}",
                setting.key,
                setting.doc
            );
            if let Form::Choice(choices) = setting.form {
                assert!(setting.default.is_empty() || choices.contains(&setting.default), "{}", setting.key);
            }
        }
    }

    #[test]
    fn a_misspelt_name_is_recognised() {
        assert_eq!(similar_key("worker.max-job-active"), Some("worker.max-jobs-active"));
        assert_eq!(similar_variable("BEDROCK_CONNECTOR_LOK"), Some("BEDROCK_CONNECTOR_LOCK"));
        assert_eq!(similar_key("something.else"), None);
    }
}
