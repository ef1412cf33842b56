//! What is said about variables that are set and are no setting of ours.

use super::env;
use super::reader::Reader;
use super::setting::PREFIX;

/// Sentences about what changes nothing, though somebody set it.
pub(crate) fn notices(variables: &[(String, String)]) -> Vec<String> {
    let mut notices: Vec<String> = variables.iter().filter_map(|(name, _)| notice(name)).collect();
    notices.sort();
    notices
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

/// Kubernetes sets these in every pod beside a service named `bedrock-connector`.
fn is_kubernetes_service(variable: &str) -> bool {
    variable
        .strip_prefix(PREFIX)
        .is_some_and(|name| name == "PORT" || name.starts_with("PORT_") || name.starts_with("SERVICE_"))
}
