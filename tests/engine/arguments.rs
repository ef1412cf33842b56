//! What `cargo engine` is told.

use anyhow::{Context, Result, bail};

/// The arguments of one run.
#[derive(Debug, Default)]
pub(crate) struct Arguments {
    /// Texts of which the name of a scenario has to hold one; none wants all.
    pub names: Vec<String>,
    /// `--list`: says the names and runs nothing.
    pub list: bool,
    /// `--long`: the long forms.
    pub long: bool,
    /// `--seed NUMBER`: for what is left to chance.
    pub seed: u64,
}

impl Arguments {
    pub(crate) fn parse(mut given: impl Iterator<Item = String>) -> Result<Self> {
        let mut arguments = Self { seed: 1, ..Self::default() };
        while let Some(argument) = given.next() {
            match argument.as_str() {
                // `cargo engine -- --long` hands on the dashes, too.
                "--" => {}
                "--list" => arguments.list = true,
                "--long" => arguments.long = true,
                "--seed" => {
                    let seed = given.next().context("--seed wants a number")?;
                    arguments.seed =
                        seed.parse().with_context(|| format!("--seed {seed}: expected a number"))?;
                }
                flag if flag.starts_with('-') => {
                    bail!("{flag} is unknown; expected [--list] [--long] [--seed NUMBER] [NAME…]")
                }
                name => arguments.names.push(name.to_owned()),
            }
        }
        Ok(arguments)
    }

    pub(crate) fn want(&self, name: &str) -> bool {
        self.names.is_empty() || self.names.iter().any(|text| name.contains(text.as_str()))
    }
}
