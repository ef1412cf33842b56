//! What messages call an input.

use std::collections::BTreeSet;
use std::sync::Mutex;

use super::INPUTS;

/// The paths that a reader has asked for.
#[derive(Debug, Default)]
pub(super) struct Recorder(Mutex<BTreeSet<String>>);

impl Recorder {
    fn add(&self, path: &str) {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(general(path));
    }

    /// What was read, without the contexts around it.
    pub(super) fn into_leaves(self) -> BTreeSet<String> {
        let paths = self.0.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        let holds_others = |path: &String| {
            let inside = format!("{path}.");
            paths.iter().any(|other| other.starts_with(&inside))
        };
        paths.iter().filter(|path| !holds_others(path)).cloned().collect()
    }
}

/// How a reader names what it reads.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::bedrock) enum Names<'a> {
    /// By the path alone: with a template that is not ours, our labels are not on the screen.
    #[default]
    Paths,
    /// By the label of our template, with the path.
    Labels,
    /// As [`Self::Labels`], and keeps what was read.
    #[allow(private_interfaces, reason = "it is made by the recording reader only")]
    Recorded(&'a Recorder),
}

impl Names<'_> {
    pub(in crate::bedrock) fn of(self, path: &str) -> String {
        match (self, label(path)) {
            (Self::Paths, _) | (_, None) => path.to_owned(),
            (Self::Labels | Self::Recorded(_), Some(label)) => format!("{label} ({path})"),
        }
    }

    /// Keeps what was read, where that is asked for.
    pub(in crate::bedrock) fn read(self, path: &str) {
        if let Self::Recorded(recorder) = self {
            recorder.add(path);
        }
    }
}

/// The contexts around fields that have no field of their own, as the groups of the templates are called.
const CONTEXTS: &[(&str, &str)] = &[
    ("authentication", "Authentication"),
    ("data.guardrail", "Guardrail"),
    ("data.promptCaching", "Prompt caching"),
    ("data.reasoning", "Reasoning"),
];

/// The label of the field that this path is in, or of the fields that it holds.
fn label(path: &str) -> Option<&'static str> {
    let general = general(path);
    let is_in = |known: &str| {
        general.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    let found = INPUTS.iter().filter(|input| is_in(input.path)).max_by_key(|input| input.path.len());
    let context = || CONTEXTS.iter().find(|(path, _)| *path == general).map(|(_, label)| *label);
    found.map(|input| input.label).or_else(context)
}

/// `data.tools[2].name` is one of `data.tools[].name`.
fn general(path: &str) -> String {
    let mut general = String::with_capacity(path.len());
    let mut in_brackets = false;
    for c in path.chars() {
        in_brackets = c == '[' || (in_brackets && c != ']');
        if !in_brackets || c == '[' {
            general.push(c);
        }
    }
    general
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_goes_by_its_label_and_path() {
        for (path, expected) in [
            ("data.systemPrompt", "System prompt (data.systemPrompt)"),
            ("data.tools[2].name", "Tools (data.tools[2].name)"),
            ("data.tools[2].toolSpec.x", "Tools (data.tools[2].toolSpec.x)"),
            ("data.toolsAndMore", "data.toolsAndMore"),
            ("data", "data"),
            ("data.promptCaching", "Prompt caching (data.promptCaching)"),
            ("data.promptCaching.ttl", "Cache lifetime (data.promptCaching.ttl)"),
            ("data.promptCaching.more", "data.promptCaching.more"),
        ] {
            assert_eq!(Names::Labels.of(path), expected);
            assert_eq!(Names::Paths.of(path), path);
        }
    }
}
