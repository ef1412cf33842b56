//! What is said at the start about connections that are not what somebody may take them for.

use std::path::Path;

use crate::bedrock::{DefaultIdentity, Options};
use crate::connections::{Authentication, Connection, Directory, InlineCredentials};

/// Sentences for the log: connections that nobody may use, and those whose rules can be walked around.
pub(crate) fn notices(directory: &Directory, inline: InlineCredentials, bedrock: &Options) -> Vec<String> {
    let closed =
        directory.connections().filter(|connection| connection.active && connection.access.0.is_empty());
    let text = |name: &str| format!("the connection {name} has no access rule, so nobody may use it");
    let mut notices: Vec<String> = closed.map(|connection| text(&connection.name)).collect();
    notices.extend(walked_around(directory, inline, bedrock));
    notices
}

/// What this process is to AWS it lends to every task that names no connection, and rules do not ask such a task.
fn walked_around(directory: &Directory, inline: InlineCredentials, bedrock: &Options) -> Option<String> {
    if inline == InlineCredentials::Refused || bedrock.default_identity == DefaultIdentity::Refused {
        return None;
    }
    let token_file = bedrock.web_identity_token_file.as_deref();
    let connections = directory.connections();
    let open =
        connections.filter(|connection| connection.active && uses_what_is_lent(connection, token_file));
    let names: Vec<&str> = open.map(|connection| connection.name.as_str()).collect();
    (!names.is_empty()).then(|| {
        format!(
            "tasks that name no connection may call models with the identity of this process, which these connections \
             use as well: {}; so their access rules keep nobody out until access.inline-credentials is refused",
            names.join(", ")
        )
    })
}

fn uses_what_is_lent(connection: &Connection, token_file: Option<&Path>) -> bool {
    let models = connection.models.iter().filter(|model| model.active);
    let upstreams = models.flat_map(|model| &model.upstreams).map(|upstream| &upstream.authentication);
    // What is done without a model is done with the connection's own.
    std::iter::once(&connection.authentication).chain(upstreams).any(|it| is_lent(it, token_file))
}

/// Whether a task could name the same identity by itself.
fn is_lent(authentication: &Authentication, token_file: Option<&Path>) -> bool {
    match authentication {
        Authentication::OwnRole | Authentication::Profile(_) => true,
        Authentication::AssumeRole { base, .. } => is_lent(base, token_file),
        Authentication::WebIdentity { token_file: own, .. } => token_file == Some(own.as_path()),
        Authentication::Keys { .. } | Authentication::ApiKey(_) => false,
    }
}
