//! Policies as IAM reads them.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// A policy of an identity, or of a role's trust.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Document {
    pub statements: Vec<Statement>,
}

/// One grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Letters and digits; differs from those of the other statements.
    pub sid: String,
    /// Only in the trust of a role: the kind of principal, and which.
    pub principal: Option<(&'static str, String)>,
    pub actions: Vec<String>,
    /// None in the trust of a role, which is about the role itself.
    pub resources: Vec<String>,
    pub conditions: Vec<Condition>,
}

/// A condition: an operator, a key of the request, and what it has to be one of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Condition {
    pub operator: &'static str,
    pub key: String,
    pub values: Vec<String>,
}

impl Condition {
    pub(super) fn new(operator: &'static str, key: impl Into<String>, value: impl Into<String>) -> Self {
        Self { operator, key: key.into(), values: vec![value.into()] }
    }
}

impl Document {
    /// The policy as JSON, in the order in which IAM's own examples write it.
    pub fn to_json(&self) -> Value {
        let statements: Vec<Value> = self.statements.iter().map(Statement::to_json).collect();
        json!({ "Version": "2012-10-17", "Statement": statements })
    }

    /// All actions that it allows.
    pub fn actions(&self) -> impl Iterator<Item = &str> {
        self.statements.iter().flat_map(|statement| &statement.actions).map(String::as_str)
    }
}

impl Statement {
    fn to_json(&self) -> Value {
        let mut members = Map::new();
        members.insert("Sid".to_owned(), json!(self.sid));
        members.insert("Effect".to_owned(), json!("Allow"));
        if let Some((kind, who)) = &self.principal {
            members.insert("Principal".to_owned(), json!({ *kind: who }));
        }
        members.insert("Action".to_owned(), json!(self.actions));
        if !self.resources.is_empty() {
            members.insert("Resource".to_owned(), json!(self.resources));
        }
        if !self.conditions.is_empty() {
            members.insert("Condition".to_owned(), conditions(&self.conditions));
        }
        Value::Object(members)
    }
}

fn conditions(conditions: &[Condition]) -> Value {
    let mut by_operator: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for Condition { operator, key, values } in conditions {
        let value = match values.as_slice() {
            [value] => json!(value),
            values => json!(values),
        };
        by_operator.entry(operator).or_default().insert(key.clone(), value);
    }
    json!(by_operator)
}
