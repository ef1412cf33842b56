//! The configuration: the options of every component, built once at the start from defaults, one TOML file, the
//! environment and flags, in that order.
//!
//! - `env` is the one list of settings with all their names; everything else here follows it.
//! - `layers` lays the sources over each other, `reader` takes typed values out and collects mistakes.
//! - Reading is pure: the environment stands behind a trait, and all mistakes are reported together.

mod dump;
pub mod env;
mod environment;
mod layers;
mod mistake;
mod notice;
pub mod parse;
mod reader;
mod setting;

#[cfg(test)]
mod tests;

use std::path::PathBuf;

pub use self::environment::{Environment, FixedEnvironment, ProcessEnvironment};
use self::layers::Layer;
pub use self::mistake::{Mistake, Mistakes};
use self::reader::{Reader, Resolved};
pub use self::setting::{Form, Name, Section, Setting};
use crate::admin;

/// The variable that names the file; the flag `--config` wins over it.
pub const FILE_VARIABLE: &str = "BEDROCK_CONNECTOR_CONFIG";

/// What the command line said about settings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Flags {
    /// The file of `--config`.
    pub file: Option<PathBuf>,
    /// Keys of settings and their texts.
    pub settings: Vec<(&'static str, String)>,
}

/// The options of every component.
#[derive(Debug, Clone)]
pub struct Config {
    pub admin: admin::Options,
    /// Sentences for the log: settings without effect, names that are probably misspelt.
    pub notices: Vec<String>,
    resolved: Resolved,
}

impl Config {
    /// Reads all sources. The file named by the flags or the environment is read from disk here.
    pub fn load(environment: &dyn Environment, flags: &Flags) -> Result<Self, Mistakes> {
        let variables = environment.variables();
        let mut mistakes = Vec::new();
        let file = flags.file.clone().or_else(|| {
            let named = variables.iter().find(|(name, value)| name == FILE_VARIABLE && !value.is_empty());
            named.map(|(_, path)| PathBuf::from(path))
        });
        let mut layers = Vec::new();
        if let Some(path) = file {
            match std::fs::read_to_string(&path) {
                Ok(text) => layers.push(Layer::file(&path, &text, &mut mistakes)),
                Err(error) => mistakes.push(Mistake::new(
                    path.display().to_string(),
                    None,
                    format!("the configuration file cannot be read: {error}"),
                )),
            }
        }
        layers.push(Layer::environment(&variables));
        layers.push(Layer::flags(&flags.settings));
        let written = layers::merged(layers, &mut mistakes);
        Self::from_reader(Reader::new(written, mistakes), &variables)
    }

    /// The resolved configuration as TOML, each value with where it came from, secrets hidden.
    pub fn dump(&self) -> String {
        dump::toml(&self.resolved)
    }

    fn from_reader(mut reader: Reader, variables: &[(String, String)]) -> Result<Self, Mistakes> {
        notice::refuse(&mut reader, variables);
        let admin = admin_options(&mut reader);
        let (mistakes, resolved) = reader.finish();
        if !mistakes.is_empty() {
            return Err(Mistakes(mistakes));
        }
        Ok(Self { admin, notices: notice::notices(variables), resolved })
    }
}

fn admin_options(reader: &mut Reader) -> admin::Options {
    let mut options = admin::Options::default();
    reader.port("admin.port", &mut options.port);
    if let Some(address) = reader.parsed("admin.address", |text| text.trim().parse().ok()) {
        options.address = address;
    }
    options
}
