//! Whose a token is.

use serde_json::Value;

use super::{Client, Error, place};
use crate::secrets::Secret;

/// The owner of a token, as Hugging Face knows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Owner {
    pub name: String,
    /// Those that the token shows.
    pub organizations: Vec<String>,
}

impl Client {
    /// Asks whose a token is. `endpoint` stands in the place of Hugging Face, unless it is one of its own.
    pub async fn owner(&self, endpoint: Option<&str>, token: &Secret) -> Result<Owner, Error> {
        let told = self.get(&format!("{}/api/whoami-v2", place::hub(endpoint)), token).await?;
        Owner::read(&told).ok_or_else(|| Error::Unreadable {
            model: "whoami".to_owned(),
            reason: "it names nobody".to_owned(),
        })
    }
}

impl Owner {
    /// Whether it may let this user or organization pay, as far as can be seen.
    pub fn speaks_for(&self, namespace: &str) -> bool {
        self.name == namespace || self.organizations.iter().any(|name| name == namespace)
    }

    fn read(told: &Value) -> Option<Self> {
        let name = |value: &Value| value.get("name").and_then(Value::as_str).map(str::to_owned);
        let organizations = told.get("orgs").and_then(Value::as_array).into_iter().flatten();
        Some(Self { name: name(told)?, organizations: organizations.filter_map(name).collect() })
    }
}

#[cfg(test)]
mod unit {
    use serde_json::json;

    use super::*;

    #[test]
    fn who_says_nothing_of_organizations_has_none() {
        let owner = Owner::read(&json!({"type": "user", "name": "ada"})).expect("an owner");
        assert!(owner.speaks_for("ada") && !owner.speaks_for("acme"));
        let owner = Owner::read(&json!({"name": "ada", "orgs": [{"name": "acme"}, {}]})).expect("an owner");
        assert!(owner.speaks_for("acme"));
        assert_eq!(Owner::read(&json!({"error": "no"})), None);
    }
}
