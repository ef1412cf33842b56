//! The templates, one module each.

mod compat;
mod converse;
mod embeddings;
mod guardrail;
mod image;
mod invoke_model;
mod parts;
mod tokens;

use super::guide::Guide;
use super::model::Template;
use super::options::Options;

/// A template with its documentation.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The name of its files, without their ending.
    pub name: &'static str,
    pub template: Template,
    pub guide: Guide,
}

/// The templates that fit the options, the most wanted first.
pub fn all(options: &Options) -> Vec<Entry> {
    const NATIVE: &[fn(&Options, &str) -> Option<Entry>] = &[
        converse::entry,
        invoke_model::entry,
        embeddings::entry,
        image::entry,
        tokens::entry,
        guardrail::entry,
    ];
    let mut entries = Vec::new();
    if let Some(job_type) = &options.native_type {
        entries.extend(NATIVE.iter().filter_map(|entry| entry(options, job_type)));
    }
    if let Some(job_type) = &options.compat_type {
        entries.extend(compat::entry(options, job_type));
    }
    for entry in &mut entries {
        entry.fit(options);
    }
    entries
}
