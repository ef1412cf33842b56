//! Who may assume a role.

use super::document::{Condition, Document, Statement};
use super::geography;

/// A service account of Kubernetes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceAccount {
    pub namespace: String,
    pub name: String,
}

/// The trust of a role for IRSA: tokens of the cluster's own provider for one service account. `provider` is its address
/// without the scheme, as in `oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLE`.
pub fn irsa(account: &str, provider: &str, of: &ServiceAccount) -> Document {
    let subject = format!("system:serviceaccount:{}:{}", of.namespace, of.name);
    let partition = partition_of(provider);
    let federated = format!("arn:{partition}:iam::{account}:oidc-provider/{provider}");
    document(Statement {
        sid: "TrustServiceAccount".to_owned(),
        principal: Some(("Federated", federated)),
        actions: vec!["sts:AssumeRoleWithWebIdentity".to_owned()],
        resources: Vec::new(),
        conditions: vec![
            Condition::new("StringEquals", format!("{provider}:aud"), "sts.amazonaws.com"),
            Condition::new("StringEquals", format!("{provider}:sub"), subject),
        ],
    })
}

/// The trust of a role for EKS Pod Identity, for one service account in any cluster of the account.
pub fn pod_identity(of: &ServiceAccount) -> Document {
    let tag = |name: &str, value: &str| {
        Condition::new("StringEquals", format!("aws:RequestTag/kubernetes-{name}"), value)
    };
    document(Statement {
        sid: "TrustPodIdentity".to_owned(),
        principal: Some(("Service", "pods.eks.amazonaws.com".to_owned())),
        actions: vec!["sts:AssumeRole".to_owned(), "sts:TagSession".to_owned()],
        resources: Vec::new(),
        conditions: vec![tag("namespace", &of.namespace), tag("service-account", &of.name)],
    })
}

/// The trust of a role that an identity of another account assumes, with an external id if one is agreed on.
pub fn external_id(principal: &str, external_id: Option<&str>) -> Document {
    let condition = external_id.map(|id| Condition::new("StringEquals", "sts:ExternalId", id));
    document(Statement {
        sid: "TrustConnector".to_owned(),
        principal: Some(("AWS", principal.to_owned())),
        actions: vec!["sts:AssumeRole".to_owned()],
        resources: Vec::new(),
        conditions: condition.into_iter().collect(),
    })
}

fn document(statement: Statement) -> Document {
    Document { statements: vec![statement] }
}

/// The partition of a cluster's provider, whose address has the region in it.
fn partition_of(provider: &str) -> &'static str {
    let region = provider.split('.').find(|label| label.matches('-').count() >= 2);
    geography::partition(region.unwrap_or_default())
}
