//! What is said at the start about connections.

use super::{SMALL, config};

#[test]
fn a_connection_that_nobody_may_use_is_told() {
    let config = config(&connections_only(&SMALL.replace("[[connections.access]]", "")));
    assert_eq!(config.notices, ["the connection small has no access rule, so nobody may use it"]);
}

fn connections_only(toml: &str) -> String {
    format!("[access]\ninline-credentials = \"refused\"\n{toml}")
}

/// `SMALL` with an identity.
fn small_as(authentication: &str) -> String {
    SMALL.replace(
        "[[connections.access]]",
        &format!("authentication = {authentication}\n[[connections.access]]"),
    )
}

#[test]
fn rules_that_a_task_without_a_connection_walks_around_are_told() {
    const ROLE: &str = "role-arn = \"arn:aws:iam::123456789012:role/bedrock\"";
    const KEYS: &str =
        "{ kind = \"keys\", access-key = { env = \"PARIS_ID\" }, secret-key = { env = \"HF_TOKEN\" } }";
    let assumed = |base: &str| small_as(&format!("{{ kind = \"assume-role\", {ROLE}{base} }}"));
    let own_upstream = |toml: &str| format!("{toml}[[connections.models.upstreams]]\nname = \"a\"\n");
    for (toml, is_told) in [
        (SMALL.to_owned(), true),
        (assumed(""), true),
        (small_as("{ kind = \"profile\", profile = \"base\" }"), true),
        (small_as(KEYS), false),
        (assumed(&format!(", base = {KEYS}")), false),
        (small_as("{ kind = \"api-key\", api-key = { env = \"HF_TOKEN\" } }"), false),
        // A task can name the process's own token alone, and there is none.
        (small_as(&format!("{{ kind = \"web-identity\", {ROLE}, token-file = \"/token\" }}")), false),
        (format!("{}authentication = {{ kind = \"role\" }}\n", own_upstream(&small_as(KEYS))), true),
        (own_upstream(&small_as(KEYS)), false),
        (SMALL.replace("region =", "active = false\nregion ="), false),
        (connections_only(SMALL), false),
        (format!("[bedrock]\ndefault-credentials = false\n{SMALL}"), false),
    ] {
        let notices = config(&toml).notices;
        let told = "tasks that name no connection may call models with the identity of this process, which these \
                    connections use as well: small; so their access rules keep nobody out until \
                    access.inline-credentials is refused";
        assert_eq!(notices, is_told.then_some(told).into_iter().collect::<Vec<_>>(), "{toml}");
    }
}
