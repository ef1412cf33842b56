//! What a setting is: one row gives its key in the file, its variable, its flag and its line in the help.

/// Our own variables begin with this. No setting is called `PORT`, `HOST` or `SERVICE_…` after it: Kubernetes sets
/// `BEDROCK_CONNECTOR_PORT` and the like by itself in every pod beside a service named `bedrock-connector`.
pub(crate) const PREFIX: &str = "BEDROCK_CONNECTOR_";

/// One setting.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Its place in the TOML file, `section.name`.
    pub key: &'static str,
    /// The environment variable that we document, which wins over all others.
    pub variable: &'static str,
    /// What its text looks like.
    pub form: Form,
    /// The value without any source, as it would be written; empty when there is none.
    pub default: &'static str,
    /// Names that the peer and the Java clients use for it; an earlier one wins over a later one.
    pub others: &'static [Name],
    /// One sentence for the operator.
    pub doc: &'static str,
}

impl Setting {
    /// The flag, without its dashes.
    pub fn flag(&self) -> String {
        self.variable.strip_prefix(PREFIX).unwrap_or(self.variable).to_ascii_lowercase().replace('_', "-")
    }

    /// All its variables, in the order in which they win.
    pub fn names(&self) -> impl Iterator<Item = Name> {
        std::iter::once(Name::Exact(self.variable)).chain(self.others.iter().copied())
    }

    /// Whether its value must never be shown.
    pub fn is_secret(&self) -> bool {
        matches!(self.form, Form::Secret | Form::SecretAddress)
    }
}

/// A group of settings: a section of the file and a heading of the help.
#[derive(Debug, Clone, Copy)]
pub struct Section {
    /// What the group is about.
    pub title: &'static str,
    /// Its settings.
    pub settings: &'static [Setting],
}

/// What the text of a setting looks like. `expected` says it to whoever wrote something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Text,
    Secret,
    Path,
    Address,
    /// An address that holds a password.
    SecretAddress,
    Duration,
    Count,
    Bytes,
    Port,
    Switch,
    List,
    /// Numbers above zero, each for one model or for all others.
    Quotas,
    /// Amounts of money, each for one name or for all others.
    Amounts,
    Choice(&'static [&'static str]),
}

impl Form {
    /// Whether it may be written as a list.
    pub(crate) fn is_list(self) -> bool {
        matches!(self, Self::List | Self::Quotas | Self::Amounts)
    }

    /// Completes the sentence «found `x`, …».
    pub fn expected(self) -> String {
        match self {
            Self::Text => "expected a text".to_owned(),
            Self::Secret => "expected a text, which is never shown".to_owned(),
            Self::Path => "expected the path of a file or folder".to_owned(),
            Self::Address => "expected an address such as https://host:26500".to_owned(),
            Self::SecretAddress => {
                "expected an address such as postgres://user:password@host/name".to_owned()
            }
            Self::Duration => "expected an ISO-8601 duration such as PT60S, or milliseconds".to_owned(),
            Self::Count => "expected a whole number, not negative".to_owned(),
            Self::Bytes => "expected a number of bytes, such as 5242880 or 5MB".to_owned(),
            Self::Port => "expected a port from 0 to 65535".to_owned(),
            Self::Switch => "expected true or false".to_owned(),
            Self::List => "expected items with commas between them".to_owned(),
            Self::Quotas => {
                "expected a number above zero, or MODEL=NUMBER, with commas between them".to_owned()
            }
            Self::Amounts => {
                "expected an amount of money such as 2.50, or NAME=AMOUNT, with commas between them"
                    .to_owned()
            }
            Self::Choice(choices) => format!("expected one of {}", choices.join(", ")),
        }
    }

    /// How the help shows the value.
    pub fn placeholder(self) -> String {
        let word = match self {
            Self::Choice(choices) => return choices.join("|"),
            Self::Text | Self::Secret => "TEXT",
            Self::Path => "PATH",
            Self::Address | Self::SecretAddress => "ADDRESS",
            Self::Duration => "DURATION",
            Self::Count => "NUMBER",
            Self::Bytes => "BYTES",
            Self::Port => "PORT",
            Self::Switch => "BOOL",
            Self::List => "LIST",
            Self::Quotas => "QUOTAS",
            Self::Amounts => "AMOUNTS",
        };
        word.to_owned()
    }
}

/// A name under which others set the same thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Name {
    /// A variable spelled exactly so.
    Exact(&'static str),
    /// A Spring property such as `camunda.client.grpc-address`. As a variable it is written in upper case with `_`
    /// for each dot, and its dashes left out (`CAMUNDA_CLIENT_GRPCADDRESS`), kept, or written as `_` too.
    Spring(&'static str),
    /// All properties of Spring that begin so, such as `operate.client`.
    Family(&'static str),
}

impl Name {
    /// Whether a variable of the environment is this name.
    pub fn matches(self, variable: &str) -> bool {
        match self {
            Self::Exact(name) => name == variable,
            Self::Spring(property) => {
                same_folded(variable, property, |c| c != '-') || same_folded(variable, property, |_| true)
            }
            Self::Family(family) => {
                let mut ends = variable.match_indices(['_', '.']).map(|(end, _)| end);
                ends.any(|end| variable.get(..end).is_some_and(|start| Self::Spring(family).matches(start)))
            }
        }
    }

    /// For list properties, Spring numbers the items: `…_TENANTIDS_0`, `…_TENANTIDS[1]`.
    pub fn matches_item(self, variable: &str) -> Option<usize> {
        let variable = variable.trim_end_matches(['_', ']']);
        let (name, index) = variable.rsplit_once(['_', '['])?;
        let index = index.parse().ok()?;
        (matches!(self, Self::Spring(_)) && self.matches(name)).then_some(index)
    }

    /// What is left of a name when only letters and digits count, in upper case. The keys of Spring's maps are compared
    /// so, because a variable cannot hold the rest.
    pub(crate) fn letters_and_digits(name: &str) -> String {
        name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect()
    }

    /// The spelling that the documentation shows.
    pub fn shown(self) -> String {
        match self {
            Self::Exact(name) => name.to_owned(),
            Self::Spring(property) => property.replace('-', "").replace('.', "_").to_ascii_uppercase(),
            Self::Family(family) => format!("{}_*", Self::Spring(family).shown()),
        }
    }
}

/// Compares letter by letter, without case, with dots and dashes as underscores, over the characters that `keep` lets.
fn same_folded(left: &str, right: &str, keep: fn(char) -> bool) -> bool {
    let fold = |c: char| if matches!(c, '.' | '-') { '_' } else { c.to_ascii_uppercase() };
    let left = left.chars().filter(|&c| keep(c)).map(fold);
    left.eq(right.chars().filter(|&c| keep(c)).map(fold))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spring_names_are_found_in_each_usual_spelling() {
        let name = Name::Spring("camunda.client.grpc-address");
        for variable in [
            "CAMUNDA_CLIENT_GRPCADDRESS",
            "CAMUNDA_CLIENT_GRPC_ADDRESS",
            "CAMUNDA_CLIENT_GRPC-ADDRESS",
            "camunda.client.grpc-address",
            "camunda_client_grpcaddress",
        ] {
            assert!(name.matches(variable), "{variable}");
        }
        for variable in
            ["CAMUNDACLIENTGRPCADDRESS", "CAMUNDA_CLIENT_GRPCADDRES", "CAMUNDA_CLIENT_GRPCADDRESS_2", ""]
        {
            assert!(!name.matches(variable), "{variable}");
        }
    }

    #[test]
    fn a_family_is_all_that_begins_with_its_name() {
        let name = Name::Family("camunda.connector.secret-resolver");
        for variable in
            ["CAMUNDA_CONNECTOR_SECRETRESOLVER_X", "camunda.connector.secret-resolver.legacy.mode"]
        {
            assert!(name.matches(variable), "{variable}");
        }
        for variable in ["CAMUNDA_CONNECTOR_SECRETRESOLVER", "CAMUNDA_CONNECTOR_SECRETRESOLVERS_X", ""] {
            assert!(!name.matches(variable), "{variable}");
        }
        assert_eq!(name.shown(), "CAMUNDA_CONNECTOR_SECRETRESOLVER_*");
    }

    #[test]
    fn items_of_lists_are_numbered() {
        let name = Name::Spring("camunda.client.worker.defaults.tenant-ids");
        assert_eq!(name.matches_item("CAMUNDA_CLIENT_WORKER_DEFAULTS_TENANTIDS_0"), Some(0));
        assert_eq!(name.matches_item("CAMUNDA_CLIENT_WORKER_DEFAULTS_TENANTIDS_12_"), Some(12));
        assert_eq!(name.matches_item("camunda.client.worker.defaults.tenant-ids[3]"), Some(3));
        assert_eq!(name.matches_item("CAMUNDA_CLIENT_WORKER_DEFAULTS_TENANTIDS"), None);
    }
}
