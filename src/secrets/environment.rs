//! Secrets in environment variables.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::source::Naming;
use super::{Scope, Secret, SecretProvider, SourceError};

/// How the names of secrets become names of environment variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvironmentOptions {
    /// Stands before every name, so that a process cannot read what is no secret of its own.
    pub prefix: String,
    pub naming: Naming,
}

impl Default for EnvironmentOptions {
    fn default() -> Self {
        Self { prefix: "SECRET_".into(), naming: Naming::default() }
    }
}

/// Secrets in environment variables.
#[derive(Debug)]
pub struct EnvironmentSecrets {
    options: EnvironmentOptions,
    values: BTreeMap<String, Secret>,
    /// Variables without the prefix: only their names, to say what to rename.
    others: BTreeSet<String>,
}

impl EnvironmentSecrets {
    /// Takes the variables of the environment; those without the prefix are forgotten but for their names.
    pub fn new(options: EnvironmentOptions, variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let (values, others): (Vec<_>, Vec<_>) =
            variables.into_iter().partition(|(name, _)| name.starts_with(&options.prefix));
        Self {
            values: values.into_iter().map(|(name, value)| (name, value.into())).collect(),
            others: others.into_iter().map(|(name, _)| name).collect(),
            options,
        }
    }

    fn variable(&self, name: &str, scope: &Scope) -> String {
        format!("{}{}", self.options.prefix, self.options.naming.full_name(name, scope))
    }
}

/// Spring, which Camunda's runtime asks, finds `MY_NAME` for `my.name` and `my-name`. Diagrams rely on it.
fn relaxed(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect()
}

impl SecretProvider for EnvironmentSecrets {
    fn get<'a>(
        &'a self,
        name: &'a str,
        scope: &'a Scope,
    ) -> BoxFuture<'a, Result<Option<Secret>, SourceError>> {
        let variable = self.variable(name, scope);
        let found = self.values.get(&variable).or_else(|| self.values.get(&relaxed(&variable)));
        std::future::ready(Ok(found.cloned())).boxed()
    }

    fn remedy(&self, name: &str, scope: &Scope) -> String {
        let variable = self.variable(name, scope);
        let bare = [name.to_owned(), relaxed(name)].into_iter().find(|name| self.others.contains(name));
        match bare {
            Some(bare) => format!("rename the environment variable {bare} to {variable}"),
            None => format!("set the environment variable {variable}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(options: EnvironmentOptions) -> EnvironmentSecrets {
        let variables = [
            ("SECRET_KEY", "general"),
            ("SECRET_MY_NAME", "relaxed"),
            ("SECRET_acme_KEY", "of the tenant"),
            ("SECRET_acme_order_KEY", "of the process"),
            ("KEY2", "not a secret of ours"),
        ];
        EnvironmentSecrets::new(options, variables.map(|(name, value)| (name.to_owned(), value.to_owned())))
    }

    fn scope() -> Scope {
        Scope { tenant_id: "acme".into(), bpmn_process_id: "order".into(), ..Scope::default() }
    }

    fn get(environment: &EnvironmentSecrets, name: &str) -> Option<String> {
        let found = environment.get(name, &scope()).now_or_never().expect("no waiting").expect("no failure");
        found.map(|secret| secret.expose().to_owned())
    }

    #[test]
    fn secrets_have_the_prefix() {
        let environment = environment(EnvironmentOptions::default());
        assert_eq!(get(&environment, "KEY").as_deref(), Some("general"));
        assert_eq!(get(&environment, "KEY2"), None);
        assert_eq!(get(&environment, "SECRET_KEY"), None);
    }

    #[test]
    fn other_case_dots_and_hyphens_are_found() {
        let environment = environment(EnvironmentOptions::default());
        for name in ["key", "my.name", "my-name", "My_Name"] {
            assert!(get(&environment, name).is_some(), "{name}");
        }
    }

    #[test]
    fn a_tenant_and_a_process_see_only_their_own() {
        let options = |naming| EnvironmentOptions { naming, ..EnvironmentOptions::default() };
        let environment_of_tenant = environment(options(Naming { by_tenant: true, by_process: false }));
        assert_eq!(get(&environment_of_tenant, "KEY").as_deref(), Some("of the tenant"));
        assert_eq!(get(&environment_of_tenant, "MY_NAME"), None);
        let by_both = environment(options(Naming { by_tenant: true, by_process: true }));
        assert_eq!(get(&by_both, "KEY").as_deref(), Some("of the process"));
    }

    #[test]
    fn the_remedy_names_the_variable() {
        let environment = environment(EnvironmentOptions::default());
        assert_eq!(environment.remedy("NOPE", &scope()), "set the environment variable SECRET_NOPE");
        assert_eq!(
            environment.remedy("KEY2", &scope()),
            "rename the environment variable KEY2 to SECRET_KEY2"
        );
    }

    #[test]
    fn no_value_is_printed() {
        assert!(!format!("{:?}", environment(EnvironmentOptions::default())).contains("general"));
    }
}
