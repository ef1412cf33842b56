//! What each identity of the connections does, and so has to be allowed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::document::{Condition, Document, Statement};
use super::geography;
use super::subject::{Subject, subject};
use crate::connections::{Authentication, Connection, Kind, Model, Provider, Reference, Upstream};

/// Whom a policy is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Principal {
    /// The identity of the process itself.
    Process,
    Role(String),
    /// The user of keys, by the place where the access key lies.
    Keys(String),
    /// The user of an API key, by the place where it lies.
    ApiKey(String),
    Profile(String),
}

/// What is used beyond what the connections tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Features {
    /// Guardrails of diagrams, by id or ARN.
    pub guardrails: Vec<String>,
    /// Whether answers are asked for as streams.
    pub streams: bool,
    /// The secrets of AWS that the process reads for tasks, whatever their connections are.
    pub secrets: Option<Secrets>,
}

impl Default for Features {
    fn default() -> Self {
        Self { guardrails: Vec::new(), streams: true, secrets: None }
    }
}

/// Secrets of AWS Secrets Manager in a region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Secrets {
    /// One, by its name or ARN.
    One { id: String, region: String },
    /// All whose names begin so.
    Beginning { prefix: String, region: String },
}

/// The policy of one identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrincipalPolicy {
    pub principal: Principal,
    /// The connections that need it.
    pub connections: BTreeSet<String>,
    pub document: Document,
}

/// What is allowed together: the actions of a topic belong to all of its resources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Topic {
    AskTextModels,
    AskTextModelsInOnePiece,
    AskOtherModels,
    RenderPrompts,
    ApplyGuardrails,
    UseApiKeys,
    LookAtModels,
    LookAtProfiles,
    ListModels,
    AssumeRoles,
    ReadSecrets,
}

impl Topic {
    /// The actions, in one place for all features.
    fn actions(self) -> &'static [&'static str] {
        match self {
            // Converse and ConverseStream are allowed by the actions of InvokeModel. Tokens are counted where they are used,
            // and IAM takes no policy that is much longer than it has to be.
            Self::AskTextModels => {
                &["bedrock:CountTokens", "bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"]
            }
            Self::AskTextModelsInOnePiece => &["bedrock:CountTokens", "bedrock:InvokeModel"],
            Self::AskOtherModels => &["bedrock:InvokeModel"],
            Self::RenderPrompts => &["bedrock:RenderPrompt"],
            Self::ApplyGuardrails => &["bedrock:ApplyGuardrail"],
            Self::UseApiKeys => &["bedrock:CallWithBearerToken"],
            Self::LookAtModels => &["bedrock:GetFoundationModel"],
            Self::LookAtProfiles => &["bedrock:GetInferenceProfile"],
            Self::ListModels => &["bedrock:ListFoundationModels"],
            Self::AssumeRoles => &["sts:AssumeRole"],
            Self::ReadSecrets => &["secretsmanager:GetSecretValue"],
        }
    }
}

/// What one identity needs: the resources of each topic under each set of conditions.
#[derive(Debug, Default)]
struct Needs {
    connections: BTreeSet<String>,
    resources: BTreeMap<(Topic, Vec<Condition>), BTreeSet<String>>,
}

impl Needs {
    fn add(&mut self, topic: Topic, resources: impl IntoIterator<Item = String>) {
        self.add_when(topic, Vec::new(), resources);
    }

    fn add_when(
        &mut self,
        topic: Topic,
        conditions: Vec<Condition>,
        resources: impl IntoIterator<Item = String>,
    ) {
        self.resources.entry((topic, conditions)).or_default().extend(resources);
    }

    fn document(self) -> Document {
        let mut numbers: BTreeMap<Topic, usize> = BTreeMap::new();
        let statement = |((topic, conditions), resources): ((Topic, _), BTreeSet<String>)| {
            let number = numbers.entry(topic).or_default();
            *number += 1;
            Statement {
                sid: if *number == 1 { format!("{topic:?}") } else { format!("{topic:?}{number}") },
                principal: None,
                actions: topic.actions().iter().map(|action| (*action).to_owned()).collect(),
                resources: resources.into_iter().collect(),
                conditions,
            }
        };
        Document { statements: self.resources.into_iter().map(statement).collect() }
    }
}

type AllNeeds = BTreeMap<Principal, Needs>;

/// The least policies for connections to Bedrock, one for each identity. Inactive ones and those to other providers
/// need none.
pub fn policies<'a>(
    connections: impl IntoIterator<Item = &'a Connection>,
    features: &Features,
) -> Vec<PrincipalPolicy> {
    let mut all = AllNeeds::new();
    for connection in connections {
        if !connection.active {
            continue;
        }
        if connection.provider == Provider::Bedrock {
            for model in connection.models.iter().filter(|model| model.active) {
                model
                    .upstreams
                    .iter()
                    .for_each(|upstream| call(&mut all, connection, model, upstream, features));
            }
        }
        read_secrets(&mut all, connection);
    }
    if let Some(secrets) = &features.secrets {
        all.entry(Principal::Process).or_default().add(Topic::ReadSecrets, [secrets.arn()]);
    }
    let policy = |(principal, needs): (Principal, Needs)| PrincipalPolicy {
        principal,
        connections: needs.connections.clone(),
        document: needs.document(),
    };
    all.into_iter().map(policy).collect()
}

/// What calls of a model at one of its places need.
fn call(
    all: &mut AllNeeds,
    connection: &Connection,
    model: &Model,
    upstream: &Upstream,
    features: &Features,
) {
    let region = upstream.region.as_deref().unwrap_or("*");
    let account = account(upstream);
    let needs = identity(all, &connection.name, &upstream.authentication);
    let subject = subject(&upstream.model_id, region, &account);
    let topic = match model.kind {
        Kind::Text if features.streams => Topic::AskTextModels,
        Kind::Text => Topic::AskTextModelsInOnePiece,
        Kind::Embedding | Kind::Image => Topic::AskOtherModels,
    };
    for (resources, conditions) in subject.called(region) {
        needs.add_when(topic, conditions, resources);
    }
    if let Subject::Prompt { arn } = &subject {
        needs.add(Topic::RenderPrompts, [arn.clone()]);
    }
    match subject.looked_at(region) {
        Some(("bedrock:GetInferenceProfile", arn)) => needs.add(Topic::LookAtProfiles, [arn]),
        Some((_, arn)) => needs.add(Topic::LookAtModels, [arn]),
        None => {}
    }
    // There is no resource to name for it.
    needs.add(Topic::ListModels, ["*".to_owned()]);
    let own = model.parameters.get("guardrail").and_then(|guardrail| guardrail.get("id")?.as_str());
    let guardrails = own.into_iter().chain(features.guardrails.iter().map(String::as_str));
    let guardrails: Vec<String> =
        guardrails.map(|guardrail| guardrail_arn(guardrail, region, &account)).collect();
    if !guardrails.is_empty() {
        needs.add(Topic::ApplyGuardrails, guardrails);
    }
}

fn guardrail_arn(guardrail: &str, region: &str, account: &str) -> String {
    match guardrail.starts_with("arn:") {
        true => guardrail.to_owned(),
        false => {
            format!("arn:{}:bedrock:{region}:{account}:guardrail/{guardrail}", geography::partition(region))
        }
    }
}

/// The account that is called: the one that is configured, or that of the role.
fn account(upstream: &Upstream) -> String {
    let of_role = |arn: &str| arn.split(':').nth(4).map(str::to_owned);
    let own = match &upstream.authentication {
        Authentication::AssumeRole { role, .. } | Authentication::WebIdentity { role, .. } => {
            of_role(&role.role_arn)
        }
        Authentication::OwnRole
        | Authentication::Keys { .. }
        | Authentication::ApiKey(_)
        | Authentication::Profile(_) => None,
    };
    upstream.account.clone().or(own).unwrap_or_else(|| "*".to_owned())
}

/// The needs of an identity. The one below it may have to assume a role, too.
fn identity<'a>(all: &'a mut AllNeeds, connection: &str, authentication: &Authentication) -> &'a mut Needs {
    if let Authentication::AssumeRole { role, base, .. } = authentication {
        identity(all, connection, base).add(Topic::AssumeRoles, [role.role_arn.clone()]);
    }
    let principal = Principal::of(authentication);
    let is_api_key = matches!(principal, Principal::ApiKey(_));
    let needs = all.entry(principal).or_default();
    needs.connections.insert(connection.to_owned());
    if is_api_key {
        needs.add(Topic::UseApiKeys, ["*".to_owned()]);
    }
    needs
}

impl Principal {
    fn of(authentication: &Authentication) -> Self {
        match authentication {
            Authentication::OwnRole => Self::Process,
            Authentication::AssumeRole { role, .. } | Authentication::WebIdentity { role, .. } => {
                Self::Role(role.role_arn.clone())
            }
            Authentication::Keys { access_key, .. } => Self::Keys(access_key.to_string()),
            Authentication::ApiKey(key) => Self::ApiKey(key.to_string()),
            Authentication::Profile(name) => Self::Profile(name.clone()),
        }
    }
}

/// Secrets of AWS are read as the process itself, whoever calls the model.
fn read_secrets(all: &mut AllNeeds, connection: &Connection) {
    let upstreams = connection.models.iter().flat_map(|model| &model.upstreams);
    let identities = upstreams.map(|upstream| &upstream.authentication).chain([&connection.authentication]);
    let secrets: BTreeSet<String> = identities.flat_map(references).filter_map(secret_arn).collect();
    if !secrets.is_empty() {
        identity(all, &connection.name, &Authentication::OwnRole).add(Topic::ReadSecrets, secrets);
    }
}

fn references(authentication: &Authentication) -> Vec<&Reference> {
    match authentication {
        Authentication::OwnRole | Authentication::Profile(_) | Authentication::WebIdentity { .. } => {
            Vec::new()
        }
        Authentication::Keys { access_key, secret_key, session_token } => {
            [access_key, secret_key].into_iter().chain(session_token).collect()
        }
        Authentication::ApiKey(key) => vec![key],
        Authentication::AssumeRole { external_id, base, .. } => {
            references(base).into_iter().chain(external_id).collect()
        }
    }
}

fn secret_arn(reference: &Reference) -> Option<String> {
    let Reference::AwsSecret { id, region, .. } = reference else { return None };
    let region = region.as_deref().unwrap_or("*").to_owned();
    Some(Secrets::One { id: id.clone(), region }.arn())
}

impl Secrets {
    fn arn(&self) -> String {
        let of = |region: &str, name: &str| {
            format!("arn:{}:secretsmanager:{region}:*:secret:{name}", geography::partition(region))
        };
        match self {
            Self::One { id, .. } if id.starts_with("arn:") => id.clone(),
            // Secrets Manager puts six characters behind a name.
            Self::One { id, region } => of(region, &format!("{id}-??????")),
            Self::Beginning { prefix, region } => of(region, &format!("{prefix}*")),
        }
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Process => f.write_str("the identity of the process"),
            Self::Role(arn) => write!(f, "the role {arn}"),
            Self::Keys(place) => write!(f, "the user of the access key {place}"),
            Self::ApiKey(place) => write!(f, "the user of the API key {place}"),
            Self::Profile(name) => write!(f, "the identity of the profile {name}"),
        }
    }
}
