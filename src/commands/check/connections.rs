//! Connections: whose their identities are, and whether each model is there and granted. Nothing of this is paid for.

use std::sync::Arc;

use bedrock_connector::bedrock::{
    Ability, CallerError, Clients, Described, Description, Error, Finding, Prober, Who,
};
use bedrock_connector::config::Config;
use bedrock_connector::connections::{
    Authentication, Connection, Kind, Model, Provider, References, Upstream,
};
use bedrock_connector::{app, huggingface, policy};
use futures_util::FutureExt as _;
use serde_json::Value;

use super::report::Check;

/// The version of a guardrail that names none.
const DRAFT: &str = "DRAFT";

pub(super) async fn checks(config: &Config, clients: Arc<Clients>) -> Vec<Check> {
    let active: Vec<&Arc<Connection>> =
        config.connections.connections().filter(|connection| connection.active).collect();
    if active.is_empty() {
        return Vec::new();
    }
    let huggingface = match huggingface::Client::new(app::to_huggingface(clients.options())) {
        Ok(client) => client,
        Err(error) => {
            return vec![Check::failed("connections", error.to_string(), "check proxy and certificates")];
        }
    };
    let sdk = Arc::clone(&clients);
    let load_sdk = move || {
        let clients = Arc::clone(&sdk);
        async move { clients.base().await.clone() }.boxed()
    };
    let prober = Prober::new(clients, Arc::new(References::new(load_sdk)), huggingface);
    let mut checks = Vec::new();
    for connection in active {
        checks.extend(of_connection(&prober, connection, config.bedrock.streaming).await);
    }
    checks
}

async fn of_connection(prober: &Prober, connection: &Connection, streams: bool) -> Vec<Check> {
    let mut checks = Vec::new();
    let models = || connection.models.iter().filter(|model| model.active);
    let mut asked: Vec<(&Authentication, Option<&str>)> = Vec::new();
    for upstream in models().flat_map(|model| &model.upstreams) {
        let identity = (&upstream.authentication, upstream.account.as_deref());
        if !asked.contains(&identity) {
            asked.push(identity);
            checks.push(match connection.provider {
                Provider::Bedrock => identity_of(prober, connection, identity).await,
                Provider::HuggingFace => owner_of(prober, connection, &upstream.authentication).await,
            });
        }
    }
    for model in models() {
        for upstream in &model.upstreams {
            let name = match model.upstreams.len() {
                1 => format!("model {}/{}", connection.name, model.alias),
                _ => format!("model {}/{} ({})", connection.name, model.alias, upstream.name),
            };
            checks.extend(match connection.provider {
                Provider::Bedrock => at_bedrock(prober, &name, connection, model, upstream, streams).await,
                Provider::HuggingFace => {
                    let finding = prober.may_hosted(connection, model, upstream).await;
                    vec![told(&name, connection, "at Hugging Face", finding)]
                }
            });
        }
    }
    checks.extend(guardrails(prober, connection).await);
    checks
}

/// The guardrails that the models' parameters name, each once at each place. Those of diagrams are not known here.
async fn guardrails(prober: &Prober, connection: &Connection) -> Vec<Check> {
    let mut asked: Vec<(&str, &str, &Upstream)> = Vec::new();
    let mut checks = Vec::new();
    for model in connection.models.iter().filter(|model| model.active) {
        let Some(guardrail) = model.parameters.get("guardrail") else { continue };
        let text = |key: &str| guardrail.get(key).and_then(Value::as_str);
        let (Some(id), version) = (text("id"), text("version").unwrap_or(DRAFT)) else { continue };
        for upstream in &model.upstreams {
            let is_same = |(other_id, other_version, other): &(&str, &str, &Upstream)| {
                (*other_id, *other_version) == (id, version)
                    && (&other.authentication, &other.region, &other.endpoint)
                        == (&upstream.authentication, &upstream.region, &upstream.endpoint)
            };
            if asked.iter().any(is_same) {
                continue;
            }
            asked.push((id, version, upstream));
            let name = format!("guardrail {}/{id}", connection.name);
            let place = format!("in {}", upstream.region.as_deref().unwrap_or("its region"));
            let finding = prober.may_guard(upstream, id, version).await;
            checks.push(match finding {
                Finding::Absent { message } => Check::failed(
                    &name,
                    format!("version {version} is not there {place}: {message}"),
                    "correct id and version in the parameters of the model",
                ),
                finding => told(&name, connection, &place, finding),
            });
        }
    }
    checks
}

async fn owner_of(prober: &Prober, connection: &Connection, authentication: &Authentication) -> Check {
    let name = format!("connection {}", connection.name);
    let owner = match prober.owner(connection, authentication).await {
        Ok(owner) => owner,
        Err(error @ Error::HuggingFace(huggingface::Error::Service { status: 401, .. }))
        | Err(error @ Error::Credentials { .. }) => {
            return Check::failed(&name, format!("{}: {error}", error.code()), cure(&error));
        }
        Err(error) => {
            let message = format!("whose its token is, is not known: {error}");
            return Check::warning(&name, message, "nothing, if the Hub is closed off on purpose");
        }
    };
    let huggingface::Owner { name: user, organizations } = &owner;
    let of = match organizations.as_slice() {
        [] => String::new(),
        names => format!(", of {}", names.join(", ")),
    };
    match &connection.namespace {
        Some(namespace) if !owner.speaks_for(namespace) => Check::warning(
            &name,
            format!("the token of {user}{of}; {namespace}, which is to pay, is not among these"),
            "correct the namespace of the connection, or take a token of one of its members",
        ),
        _ => Check::ok(&name, format!("the token of {user}{of}")),
    }
}

async fn identity_of(
    prober: &Prober,
    connection: &Connection,
    (authentication, account): (&Authentication, Option<&str>),
) -> Check {
    let name = format!("connection {}", connection.name);
    match prober.who(authentication).await {
        Ok(Who::ApiKey) => Check::ok(&name, "an API key, which does not say whose it is"),
        Ok(Who::Caller(caller)) => match account {
            Some(expected) if expected != caller.account => Check::failed(
                &name,
                format!("{} is of the account {}, expected {expected}", caller.arn, caller.account),
                "correct the account of the connection, or its authentication",
            ),
            _ => Check::ok(&name, format!("{} (account {})", caller.arn, caller.account)),
        },
        Err(error @ CallerError::Unreachable { .. }) => {
            Check::warning(&name, error.to_string(), "nothing, if STS is closed off on purpose")
        }
        Err(error) => Check::failed(
            &name,
            error.to_string(),
            "correct the authentication of the connection, or the trust of its role",
        ),
    }
}

async fn at_bedrock(
    prober: &Prober,
    name: &str,
    connection: &Connection,
    model: &Model,
    upstream: &Upstream,
    streams: bool,
) -> Vec<Check> {
    let place = format!("in {}", upstream.region.as_deref().unwrap_or("its region"));
    let answer = prober.may(model, upstream, Ability::Answer).await;
    let is_granted = matches!(answer, Finding::Granted);
    let is_absent = matches!(answer, Finding::Absent { .. });
    let mut check = told(name, connection, &place, answer);
    if is_absent {
        if let Some(similar) = similar(prober, upstream).await {
            check = check.adding(&format!("; there is {similar}"));
        }
        return vec![check];
    }
    if !is_granted {
        return vec![check];
    }
    let mut checks = vec![check];
    checks.extend(described(prober, name, connection, model, upstream).await);
    if model.kind == Kind::Text {
        let mut abilities = vec![Ability::CountTokens];
        if streams {
            abilities.push(Ability::Stream);
        }
        for ability in abilities {
            // A model that cannot do it at all says so in another way than by a permission.
            if let Finding::Missing { action, resource } = prober.may(model, upstream, ability).await {
                let use_of_it = match ability {
                    Ability::Stream => "answers come in one piece without it",
                    Ability::Answer | Ability::CountTokens => "tasks that count tokens fail without it",
                };
                let message = format!("{}; {use_of_it}", lacks(&action, resource.as_deref()));
                checks.push(Check::warning(name, message, &remedy(connection)));
            }
        }
    }
    checks
}

/// What AWS says of the model. Who may not look may call it all the same.
async fn described(
    prober: &Prober,
    name: &str,
    connection: &Connection,
    model: &Model,
    upstream: &Upstream,
) -> Option<Check> {
    let region = upstream.region.as_deref().unwrap_or_default();
    let of = match policy::subject(&upstream.model_id, region, "*") {
        policy::Subject::Foundation { .. } => Described::Model(&upstream.model_id),
        policy::Subject::Profile { .. } | policy::Subject::ApplicationProfile { .. } => {
            Described::Profile(&upstream.model_id)
        }
        policy::Subject::Router { .. } | policy::Subject::Prompt { .. } | policy::Subject::Own { .. } => {
            return None;
        }
    };
    match prober.describe(upstream, of).await {
        Ok(Description { status: Some(status), .. }) if status != "ACTIVE" => Some(Check::warning(
            name,
            format!("AWS calls it {status}"),
            "plan its successor: such a model will go",
        )),
        Ok(Description { makes, .. }) if !makes.is_empty() && !makes_what(model.kind, &makes) => {
            Some(Check::failed(
                name,
                format!("it is configured as {}, and makes {}", model.kind, makes.join(", ")),
                "correct the kind of the model",
            ))
        }
        Ok(_) => None,
        Err(Error::Service { status: 403, .. }) => Some(Check::warning(
            name,
            match of {
                Described::Model(_) => lacks("bedrock:GetFoundationModel", None),
                Described::Profile(_) => lacks("bedrock:GetInferenceProfile", None),
            } + "; only this check uses it",
            &remedy(connection),
        )),
        // A private endpoint may lead to the runtime alone.
        Err(_) => None,
    }
}

fn makes_what(kind: Kind, makes: &[String]) -> bool {
    let wanted = match kind {
        Kind::Text => "TEXT",
        Kind::Embedding => "EMBEDDING",
        Kind::Image => "IMAGE",
    };
    makes.iter().any(|made| made == wanted)
}

/// The model of the region whose id is most like the one that is not there.
async fn similar(prober: &Prober, upstream: &Upstream) -> Option<String> {
    let models = prober.models(upstream).await.ok()?;
    let wanted = upstream.model_id.as_str();
    let common =
        |model: &String| model.chars().zip(wanted.chars()).take_while(|(one, other)| one == other).count();
    let best = models.into_iter().max_by_key(common)?;
    // The maker and a bit of the name, at least.
    let maker = wanted.split_once('.').map_or(wanted.len(), |(maker, _)| maker.len());
    (common(&best) > maker + 2).then_some(best)
}

fn told(name: &str, connection: &Connection, place: &str, finding: Finding) -> Check {
    match finding {
        Finding::Granted => Check::ok(name, format!("there and granted {place}")),
        Finding::Missing { action, resource } => {
            Check::failed(name, lacks(&action, resource.as_deref()), &remedy(connection))
        }
        Finding::NotEntitled { message } => Check::failed(
            name,
            format!("the account has no access to it {place}: {message}"),
            "ask for access to the model in the console of Bedrock",
        ),
        Finding::Absent { message } => Check::failed(
            name,
            format!("it is not there {place}: {message}"),
            "correct its id or its region; many models need an inference profile such as eu.…",
        ),
        Finding::Busy(error) => Check::warning(
            name,
            format!("there {place}, and takes no call just now: {}: {error}", error.code()),
            "nothing: tasks wait for it; what is often so may need a dedicated endpoint",
        ),
        Finding::Failed(error) => Check::failed(name, format!("{}: {error}", error.code()), cure(&error)),
    }
}

/// What helps against an error that is not about a policy.
fn cure(error: &Error) -> &'static str {
    match error {
        Error::Credentials { .. } | Error::Refused { .. } => {
            "correct the authentication of the connection, or the trust of its role"
        }
        Error::HuggingFace(huggingface::Error::Service { status, .. }) => match status {
            401 => "renew the API key of the connection",
            402 => "add credit to the account, or let another namespace pay",
            403 => "give the token the right to call inference providers, and ask for access to the model",
            500.. => "wait: Hugging Face, or the provider behind it, fails",
            _ => "check the id of the model and its endpoint",
        },
        Error::Connection { .. } | Error::HuggingFace(huggingface::Error::Connection { .. }) => {
            "check network, proxy and endpoint"
        }
        _ => "check credentials, network, proxy and endpoint",
    }
}

fn lacks(action: &str, resource: Option<&str>) -> String {
    let on = resource.map_or_else(String::new, |resource| format!(" on {resource}"));
    format!("no policy of its identity allows {action}{on}")
}

fn remedy(connection: &Connection) -> String {
    format!("give it the policy that `bedrock-connector policy --connection {}` prints", connection.name)
}
