//! What is said about variables that are set and are no setting of ours.

use super::env;
use super::proxy::Proxies;
use super::reader::Reader;
use super::setting::PREFIX;
use super::worker::{self, JobTypes};

/// Sentences about what changes nothing, though somebody set it.
pub(crate) fn notices(
    reader: &Reader,
    variables: &[(String, String)],
    job_types: &JobTypes,
    proxies: &Proxies,
) -> Vec<String> {
    let overrides: Vec<_> =
        job_types.served().filter_map(|job_type| worker::overridden_lock(variables, job_type)).collect();
    let mut notices: Vec<String> = variables
        .iter()
        .filter(|(name, _)| overrides.iter().all(|(override_name, _)| override_name != name))
        .filter_map(|(name, value)| notice(name).or_else(|| weakened(name, value)))
        .collect();
    notices.extend(beside_the_proxy(reader, proxies));
    notices.sort();
    notices
}

/// Through a proxy the guard against private addresses is the proxy's, so somebody has to decide.
fn beside_the_proxy(reader: &Reader, proxies: &Proxies) -> Option<String> {
    let Proxies { outbound, .. } = proxies;
    let is_undecided = !reader.is_set("documents.proxy");
    (is_undecided && (outbound.https.is_some() || outbound.http.is_some())).then(|| {
        "documents behind URLs are fetched beside the proxy; BEDROCK_CONNECTOR_DOCUMENT_PROXY=true sends them through \
         it, if it does not lead to private hosts, and false says that this is meant"
            .to_owned()
    })
}

/// Notes a mistake for each name of the peer that would have to change something and cannot.
pub(crate) fn refuse(reader: &mut Reader, variables: &[(String, String)]) {
    for (variable, value) in variables {
        if value.trim().is_empty() {
            continue;
        }
        for (_, reason) in env::REFUSED.iter().filter(|(name, _)| name.matches(variable)) {
            reader.mistake_at(&format!("environment variable {variable}"), *reason);
        }
    }
}

fn notice(variable: &str) -> Option<String> {
    if let Some((_, reason)) = env::WITHOUT_EFFECT.iter().find(|(name, _)| name.matches(variable)) {
        return Some(format!("{variable} has no effect: {reason}"));
    }
    let unknown = variable.starts_with(PREFIX)
        && variable != super::FILE_VARIABLE
        && !is_kubernetes_service(variable)
        && env::settings().all(|setting| setting.names().all(|name| !name.matches(variable)));
    unknown.then(|| match env::similar_variable(variable) {
        Some(similar) => format!("{variable} is no setting; did you mean {similar}?"),
        None => format!("{variable} is no setting"),
    })
}

/// What is understood, and means less or more than whoever set it may think.
fn weakened(variable: &str, value: &str) -> Option<String> {
    let is = |key: &str| env::setting(key).is_some_and(|it| it.names().any(|name| name.matches(variable)));
    match value.trim().to_ascii_lowercase().as_str() {
        "lax" | "disabled" if is("secrets.mode") => Some(format!(
            "{variable} is taken as fields: secrets are resolved in credentials and configuration, and in prompts \
             only those that BEDROCK_CONNECTOR_SECRETS_ALLOWED names"
        )),
        "" if is("secrets.prefix") => Some(format!(
            "{variable} is empty, so a process can name every variable of the environment as a secret; set a prefix"
        )),
        _ => None,
    }
}

/// Kubernetes sets these in every pod beside a service named `bedrock-connector`.
fn is_kubernetes_service(variable: &str) -> bool {
    variable
        .strip_prefix(PREFIX)
        .is_some_and(|name| name == "PORT" || name.starts_with("PORT_") || name.starts_with("SERVICE_"))
}
