//! The built-in functions.
//!
//! A built-in is one entry of a table: its name, what it does, its signatures, and examples, which run as tests. Which
//! signature a call means is settled when the expression is parsed. The functions match their arguments as a whole:
//! what no case takes is refused, and the call is null.

mod boolean;
mod connector;
mod context;
mod conversion;
mod json;
mod list;
pub(super) mod literal;
mod numeric;
mod range;
mod sort;
mod statistics;
mod string;
mod temporal;
#[cfg(test)]
mod tests;

use std::{collections::HashMap, fmt, sync::LazyLock};

use super::{
    ast::Arguments,
    eval::Evaluator,
    failure::{EvaluationErrorKind, Outcome, Stop},
    span::Span,
    value::Value,
};

/// A built-in function.
#[derive(Debug)]
pub struct Builtin {
    /// Its name.
    pub name: &'static str,
    /// What it does, in a sentence.
    pub doc: &'static str,
    /// The ways it can be called; the first that fits is taken.
    pub signatures: &'static [Signature],
    /// Expressions and their values, as the value's text.
    pub examples: &'static [(&'static str, &'static str)],
}

/// One way to call a built-in.
pub struct Signature {
    /// The names of the parameters. A call may name some of them; the others are null then.
    pub parameters: &'static [&'static str],
    /// Whether the last parameter takes all further arguments.
    pub variadic: bool,
    /// Whether a function from outside may take its place.
    replaceable: bool,
    pub(super) run: Run,
}

type Run = fn(&mut Evaluator<'_>, &[Value]) -> Outcome;

impl fmt::Debug for Signature {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "({}{})", self.parameters.join(", "), if self.variadic { "..." } else { "" })
    }
}

impl Signature {
    const fn new(parameters: &'static [&'static str], run: Run) -> Signature {
        Signature { parameters, variadic: false, replaceable: false, run }
    }

    const fn variadic(parameters: &'static [&'static str], run: Run) -> Signature {
        Signature { parameters, variadic: true, replaceable: false, run }
    }

    const fn connector(parameters: &'static [&'static str], run: Run) -> Signature {
        Signature { parameters, variadic: false, replaceable: true, run }
    }

    pub(super) fn is_replaceable(&self) -> bool {
        self.replaceable
    }

    fn takes(&self, arguments: &Arguments, source: &str) -> bool {
        match arguments {
            Arguments::Positional(values) => {
                self.parameters.len() == values.len() || self.variadic && self.parameters.len() < values.len()
            }
            Arguments::Named(values) => {
                values.iter().all(|(name, _)| self.parameters.contains(&name.text(source)))
            }
        }
    }
}

impl Builtin {
    /// All ways to call it: `floor(n)` or `floor(n, scala)`.
    pub fn usage(&self) -> String {
        let usages: Vec<String> =
            self.signatures.iter().map(|signature| format!("`{}{signature:?}`", self.name)).collect();
        usages.join(" or ")
    }
}

const TABLES: [&[Builtin]; 10] = [
    boolean::TABLE,
    context::TABLE,
    conversion::TABLE,
    json::TABLE,
    list::TABLE,
    statistics::TABLE,
    numeric::TABLE,
    range::TABLE,
    string::TABLE,
    temporal::TABLE,
];

static BY_NAME: LazyLock<HashMap<&'static str, &'static Builtin>> =
    LazyLock::new(|| all().map(|builtin| (builtin.name, builtin)).collect());

/// All built-ins, by type; those of the connector come last.
pub fn all() -> impl Iterator<Item = &'static Builtin> {
    TABLES.into_iter().flatten().chain(connector::TABLE)
}

/// The built-in of this name.
pub(super) fn find(name: &str) -> Option<&'static Builtin> {
    BY_NAME.get(name).copied()
}

pub(super) fn names<'n>() -> impl Iterator<Item = &'n str> {
    all().map(|builtin| builtin.name)
}

/// The signature that a call means.
pub(super) fn resolve(name: &str, arguments: &Arguments, source: &str) -> Option<&'static Signature> {
    find(name)?.signatures.iter().find(|signature| signature.takes(arguments, source))
}

/// The arguments fit no case of the function: the call is null.
fn refused(arguments: &[Value]) -> Outcome {
    let shown: Vec<String> = arguments.iter().map(super::eval::described).collect();
    let message = match shown.as_slice() {
        [] => "it takes other arguments than none".to_owned(),
        shown => format!("it does not take {}", shown.join(", ")),
    };
    Err(Stop::error(message))
}

/// What throws in the reference: the evaluation ends.
fn thrown(kind: EvaluationErrorKind, message: impl fmt::Display) -> Stop {
    Stop::abort(kind, Span::default(), message.to_string())
}

fn arithmetic(error: impl fmt::Display) -> Stop {
    thrown(EvaluationErrorKind::Arithmetic, error)
}

fn argument(message: impl fmt::Display) -> Stop {
    thrown(EvaluationErrorKind::Argument, message)
}
