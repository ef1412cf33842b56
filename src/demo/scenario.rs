//! What belongs to an example beside its diagram: variables to start with, and what models and people answer.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::emulator::bedrock::{Act, Said, Step};

/// A file `NAME.demo.json` beside `NAME.bpmn`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Scenario {
    /// The variables at the start.
    pub variables: Map<String, Value>,
    /// What the emulated model answers, call by call; after the last it speaks for itself.
    answers: Vec<Value>,
    /// Results of elements that are not carried out, by element id; a list is taken in turn.
    pub results: BTreeMap<String, Value>,
}

/// Why a scenario cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScenarioError {
    /// The file is there, and cannot be opened.
    #[error("{} cannot be read", path.display())]
    Read { path: PathBuf, source: io::Error },
    /// The file is no scenario.
    #[error("{} is no scenario; expected an object of variables, answers and results", path.display())]
    Invalid { path: PathBuf, source: serde_json::Error },
}

impl Scenario {
    /// The scenario of the example that comes with the program.
    pub fn included() -> Self {
        let variables = serde_json::from_str(include_str!("support-answer.json")).unwrap_or_default();
        Self { variables, ..Self::default() }
    }

    /// The scenario beside a diagram; an empty one if there is no such file.
    pub fn beside(diagram: &Path) -> Result<Self, ScenarioError> {
        let path = diagram.with_extension("demo.json");
        match std::fs::read(&path) {
            Ok(text) => {
                serde_json::from_slice(&text).map_err(|source| ScenarioError::Invalid { path, source })
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(source) => Err(ScenarioError::Read { path, source }),
        }
    }

    /// Takes other answers.
    pub fn answer(&mut self, answers: &[Value]) {
        self.answers = answers.to_vec();
    }

    /// The answers, for the emulated Bedrock.
    pub fn steps(&self) -> impl Iterator<Item = Step> + '_ {
        self.answers.iter().map(|answer| Step::new(Act::Say(Said::read(answer))))
    }
}
