//! Rules, and why one does not match.

use std::fmt;

use super::Pattern;

/// Who wants to use something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asker<'a> {
    pub tenant: &'a str,
    pub process: &'a str,
    /// The element template of the task. Whoever draws the diagram sets it, unlike the other two, which the engine says.
    pub template: Option<&'a str>,
}

/// One grant. A list that is absent lets any pass; the lists that are there must all have a match.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rule {
    pub tenants: Option<Vec<Pattern>>,
    pub processes: Option<Vec<Pattern>>,
    pub templates: Option<Vec<Pattern>>,
    /// What the rule is for, shown when it is explained.
    pub description: Option<String>,
}

/// All grants of one thing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules(pub Vec<Rule>);

/// What a rule looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Tenant,
    Process,
    Template,
}

/// A part of a rule that does not match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Miss {
    pub part: Part,
    /// None: the task was made without an element template.
    pub found: Option<String>,
    pub expected: Vec<Pattern>,
}

/// How one rule went. It grants when nothing is amiss.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleOutcome {
    /// Counted from 1, as people count.
    pub number: usize,
    pub description: Option<String>,
    pub misses: Vec<Miss>,
}

impl RuleOutcome {
    /// Whether this rule lets the asker pass.
    pub fn grants(&self) -> bool {
        self.misses.is_empty()
    }
}

impl Rules {
    /// Whether any rule lets the asker pass.
    pub fn allow(&self, asker: &Asker<'_>) -> bool {
        self.0.iter().any(|rule| rule.misses(asker).next().is_none())
    }

    /// How each rule goes, in the order in which they are written.
    pub fn explain(&self, asker: &Asker<'_>) -> Vec<RuleOutcome> {
        let outcome = |(index, rule): (usize, &Rule)| RuleOutcome {
            number: index + 1,
            description: rule.description.clone(),
            misses: rule.misses(asker).collect(),
        };
        self.0.iter().enumerate().map(outcome).collect()
    }
}

impl Rule {
    fn misses<'a>(&'a self, asker: &Asker<'a>) -> impl Iterator<Item = Miss> + use<'a> {
        let parts = [
            (Part::Tenant, &self.tenants, Some(asker.tenant)),
            (Part::Process, &self.processes, Some(asker.process)),
            (Part::Template, &self.templates, asker.template),
        ];
        parts.into_iter().filter_map(|(part, patterns, found)| {
            let patterns = patterns.as_ref()?;
            let met = found.is_some_and(|found| patterns.iter().any(|pattern| pattern.matches(found)));
            let miss = || Miss { part, found: found.map(str::to_owned), expected: patterns.clone() };
            (!met).then(miss)
        })
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tenant => "tenant",
            Self::Process => "process",
            Self::Template => "template",
        })
    }
}

impl fmt::Display for Miss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.found {
            Some(found) => write!(f, "{} {found:?} is none of", self.part)?,
            None => write!(f, "the task has no {}, expected one of", self.part)?,
        }
        let expected: Vec<String> = self.expected.iter().map(ToString::to_string).collect();
        write!(f, " {}", expected.join(", "))
    }
}
