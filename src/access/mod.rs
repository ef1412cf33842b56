//! Who may use what: rules over tenant, process and element template.
//!
//! Rules only grant. Whoever matches none may not, so neither the order of rules nor a forgotten one opens anything. The
//! module is pure; what is granted is for others to say.

mod pattern;
mod rule;

#[cfg(test)]
mod tests;

pub use self::pattern::{Pattern, PatternError};
pub use self::rule::{Asker, Miss, Part, Rule, RuleOutcome, Rules};
