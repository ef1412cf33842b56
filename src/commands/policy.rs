//! `policy`: what AWS has to allow for the connections.

use std::io::Write;

use bedrock_connector::config::{Config, ProcessEnvironment};
use bedrock_connector::connections::{Authentication, Connection, Reference};
use bedrock_connector::policy::{self, Document, Features, PrincipalPolicy, Secrets, ServiceAccount};
use bedrock_connector::secrets::{AwsLayout, AwsOptions};
use serde_json::{Value, json};

use super::{Exit, Usage};
use crate::cli::{PolicyArgs, Trust};
use crate::commands::output::DIM;

/// What IAM takes as one managed policy, blanks not counted.
const LONGEST: usize = 6144;

/// A policy and whose it is, in words.
struct Titled {
    title: String,
    connections: Vec<String>,
    document: Document,
}

/// Prints the policies for the configuration as the worker would read it.
pub(crate) fn run(arguments: &PolicyArgs) -> anyhow::Result<Exit> {
    let config = Config::load_without_secrets(&ProcessEnvironment, &arguments.settings.0)?;
    let chosen = chosen(&config, &arguments.connections)?;
    let found = match arguments.trust {
        None => allowed(&config, &chosen, arguments),
        Some(kind) => trusted(kind, &chosen, arguments)?,
    };
    write(&found, arguments.json)?;
    Ok(if found.is_empty() { Exit::Failed } else { Exit::Done })
}

fn chosen<'a>(config: &'a Config, names: &[String]) -> Result<Vec<&'a Connection>, Usage> {
    if names.is_empty() {
        return Ok(config.connections.connections().map(AsRef::as_ref).collect());
    }
    let find = |name: &String| {
        let found = config.connections.connection(name).map(AsRef::as_ref);
        found.ok_or_else(|| {
            let known: Vec<&str> =
                config.connections.connections().map(|other| other.name.as_str()).collect();
            Usage(format!("--connection is {name:?}, expected one of the connections {}", known.join(", ")))
        })
    };
    names.iter().map(find).collect()
}

fn allowed(config: &Config, connections: &[&Connection], arguments: &PolicyArgs) -> Vec<Titled> {
    let features = Features {
        guardrails: arguments.guardrails.clone(),
        // Tasks of the compat type get their answers in one piece.
        streams: config.bedrock.streaming && config.job_types.native.is_some(),
        // They are nobody's in particular, so they are no part of what single connections need.
        secrets: config.secrets.aws.as_ref().filter(|_| arguments.connections.is_empty()).map(secrets),
    };
    let titled = |PrincipalPolicy { principal, connections, document }| Titled {
        title: format!("What {principal} is to be allowed"),
        connections: connections.into_iter().collect(),
        document,
    };
    policy::policies(connections.iter().copied(), &features).into_iter().map(titled).collect()
}

/// What the process reads in Secrets Manager for placeholders in tasks.
fn secrets(options: &AwsOptions) -> Secrets {
    let region = options.region.clone();
    match &options.layout {
        AwsLayout::Object(id) | AwsLayout::Whole(id) => Secrets::One { id: id.clone(), region },
        AwsLayout::Each(prefix) => Secrets::Beginning { prefix: prefix.clone(), region },
    }
}

fn trusted(kind: Trust, connections: &[&Connection], arguments: &PolicyArgs) -> Result<Vec<Titled>, Usage> {
    let account =
        ServiceAccount { namespace: arguments.namespace.clone(), name: arguments.service_account.clone() };
    let of_service_account = |document| {
        let title =
            format!("Who may assume the role of the service account {}/{}", account.namespace, account.name);
        vec![Titled { title, connections: Vec::new(), document }]
    };
    Ok(match kind {
        Trust::Irsa => {
            let provider = arguments.oidc_provider.as_deref().unwrap_or_default();
            let provider = provider.trim_start_matches("https://").trim_end_matches('/');
            let number = arguments.account.as_deref().unwrap_or_default();
            if number.len() != 12 || !number.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(Usage(format!(
                    "--account is {number:?}, expected the 12 digits of an AWS account"
                )));
            }
            of_service_account(policy::irsa(number, provider, &account))
        }
        Trust::PodIdentity => of_service_account(policy::pod_identity(&account)),
        Trust::ExternalId => {
            let principal = arguments.principal.as_deref().unwrap_or_default();
            roles(connections, principal)?
        }
    })
}

/// The trust of each role that a connection assumes.
fn roles(connections: &[&Connection], principal: &str) -> Result<Vec<Titled>, Usage> {
    let mut found: Vec<Titled> = Vec::new();
    for connection in connections {
        let upstreams = connection.models.iter().flat_map(|model| &model.upstreams);
        for identity in upstreams.map(|upstream| &upstream.authentication) {
            let Authentication::AssumeRole { role, external_id, .. } = identity else { continue };
            let external_id = match external_id {
                None => None,
                Some(Reference::Text(text)) => Some(text.as_str()),
                Some(reference) => {
                    let name = &connection.name;
                    return Err(Usage(format!(
                        "the external id of the connection {name:?} is kept as a secret ({reference}), and a trust \
                         policy would show it; write the policy of {} by hand",
                        role.role_arn
                    )));
                }
            };
            let title = format!("Who may assume the role {}", role.role_arn);
            match found.iter_mut().find(|known| known.title == title) {
                Some(known) if !known.connections.contains(&connection.name) => {
                    known.connections.push(connection.name.clone());
                }
                Some(_) => {}
                None => found.push(Titled {
                    title,
                    connections: vec![connection.name.clone()],
                    document: policy::external_id(principal, external_id),
                }),
            }
        }
    }
    Ok(found)
}

/// Whose policy it is goes to standard error, so that the output can be given to AWS as it is.
fn write(found: &[Titled], json: bool) -> anyhow::Result<()> {
    let mut output = anstream::stdout().lock();
    let mut notes = anstream::stderr().lock();
    if found.is_empty() {
        writeln!(notes, "No active connection needs anything of AWS.")?;
    }
    if json {
        let entry = |titled: &Titled| -> Value {
            json!({
                "title": titled.title,
                "connections": titled.connections,
                "policy": titled.document.to_json(),
            })
        };
        let policies: Vec<Value> = found.iter().map(entry).collect();
        writeln!(output, "{:#}", json!({ "policies": policies }))?;
        return Ok(());
    }
    for Titled { title, connections, document } in found {
        let used = match connections.as_slice() {
            [] => String::new(),
            names => format!(" (connections: {})", names.join(", ")),
        };
        writeln!(notes, "{DIM}{title}{used}:{DIM:#}")?;
        let length = document.to_json().to_string().len();
        if length > LONGEST {
            writeln!(
                notes,
                "It has {length} characters, and IAM takes {LONGEST} in one policy: print the connections one by one."
            )?;
        }
        writeln!(output, "{:#}", document.to_json())?;
    }
    Ok(())
}
