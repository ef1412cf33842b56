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

use super::report::Check;

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
    if connection.provider == Provider::Bedrock {
        let mut asked: Vec<(&Authentication, Option<&str>)> = Vec::new();
        for upstream in models().flat_map(|model| &model.upstreams) {
            let identity = (&upstream.authentication, upstream.account.as_deref());
            if !asked.contains(&identity) {
                asked.push(identity);
                checks.push(identity_of(prober, connection, identity).await);
            }
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
    checks
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
        Finding::Failed(error) => Check::failed(
            name,
            format!("{}: {error}", error.code()),
            "check credentials, network, proxy and endpoint",
        ),
    }
}

fn lacks(action: &str, resource: Option<&str>) -> String {
    let on = resource.map_or_else(String::new, |resource| format!(" on {resource}"));
    format!("no policy of its identity allows {action}{on}")
}

fn remedy(connection: &Connection) -> String {
    format!("give it the policy that `bedrock-connector policy --connection {}` prints", connection.name)
}
