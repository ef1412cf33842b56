//! The process environment behind a trait: it is read once, and parsing it is a pure function of what was read.

use std::fmt::Debug;

/// What the process was started with. Everything that depends on the environment takes one of these.
pub trait Environment: Debug {
    /// All variables, names as they were set.
    fn variables(&self) -> Vec<(String, String)>;

    /// The value of one variable, by its exact name.
    fn get(&self, name: &str) -> Option<String> {
        self.variables().into_iter().find(|(found, _)| found == name).map(|(_, value)| value)
    }
}

/// The environment of this process. Text that is not UTF-8 is read with replacement characters, so that the
/// message about it can still name the variable.
#[derive(Debug, Clone, Copy, Default)]
pub struct ProcessEnvironment;

impl Environment for ProcessEnvironment {
    fn variables(&self) -> Vec<(String, String)> {
        std::env::vars_os()
            .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()))
            .collect()
    }
}

/// A fixed environment, for tests and for commands that must not depend on the machine (`demo`, `bench`).
#[derive(Debug, Clone, Default)]
pub struct FixedEnvironment(Vec<(String, String)>);

impl FixedEnvironment {
    /// An environment with exactly these variables.
    pub fn new<const N: usize>(variables: [(&str, &str); N]) -> Self {
        Self(variables.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec())
    }
}

impl From<Vec<(String, String)>> for FixedEnvironment {
    fn from(variables: Vec<(String, String)>) -> Self {
        Self(variables)
    }
}

impl Environment for FixedEnvironment {
    fn variables(&self) -> Vec<(String, String)> {
        self.0.clone()
    }
}
