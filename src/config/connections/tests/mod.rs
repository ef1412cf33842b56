//! Files with connections, and everything that can be wrong in one.

mod models;
mod notices;

use std::io::Write as _;

use crate::access::Asker;
use crate::config::{Config, FixedEnvironment, Flags, Mistakes};
use crate::connections::{Authentication, InlineCredentials, Kind, Provider, Reference};

/// The smallest connection that works.
const SMALL: &str = r#"
[[connections]]
name = "small"
provider = "bedrock"
region = "eu-central-1"
[[connections.access]]
[[connections.models]]
id = "vendor.model-v1:0"
"#;

/// Everything that a file can say.
const LARGE: &str = r#"
[access]
inline-credentials = "refused"

[[connections]]
name = "sales"
provider = "bedrock"
description = "Models \"of\" sales"
region = "eu-central-1"
account = "123456789012"
endpoint = "https://vpce-1.bedrock-runtime.eu-central-1.vpce.amazonaws.com"
authentication = { kind = "assume-role", role-arn = "arn:aws:iam::123456789012:role/path/bedrock", external-id = "sales-7", session-name = "worker", base = { kind = "profile", profile = "base" } }

[[connections.access]]
tenants = ["<default>", "acme"]
processes = ["order-*"]
description = "Orders"
[[connections.access]]
templates = ["com.example.*"]

[[connections.models]]
preset = "titan-embed-v2"
parameters = { dimensions = 512, normalize = true, payload = { list = [1, 0.5, "x"] } }
price = { input = 0.02 }

[[connections.models]]
id = "eu.amazon.nova-pro-v1:0"
alias = "nova"
active = false
access = []

[[connections.models.upstreams]]
name = "frankfurt"
weight = 3
[[connections.models.upstreams]]
name = "paris"
region = "eu-west-3"
id = "amazon.nova-pro-v1:0"
endpoint = "http://127.0.0.1:1"
authentication = { kind = "keys", access-key = { env = "PARIS_ID" }, secret-key = { file = "SECRET_FILE" }, session-token = { aws-secret = "a/b", key = "token", region = "eu-west-3" } }
[[connections.models.upstreams]]
name = "cluster"
authentication = { kind = "web-identity", role-arn = "arn:aws:iam::210987654321:role/irsa", token-file = "/var/run/token" }

[[connections]]
name = "hub"
provider = "huggingface"
active = false
namespace = "acme"
authentication = { kind = "api-key", api-key = { env = "HF_TOKEN" } }
[[connections.models]]
id = "meta-llama/Llama-3.1-8B-Instruct"
alias = "llama"
[[connections.models]]
id = "own-embedder"
kind = "embedding"
endpoint = "https://x.endpoints.huggingface.cloud"
[[connections.models.access]]
processes = ["p"]
"#;

const VARIABLES: [(&str, &str); 2] = [("PARIS_ID", "AKIDPARIS"), ("HF_TOKEN", "hf_hidden")];

fn load(toml: &str) -> Result<Config, Mistakes> {
    let mut secret = tempfile::NamedTempFile::new().unwrap();
    secret.write_all(b"hidden\n").unwrap();
    load_beside(toml, secret.path())
}

fn load_beside(toml: &str, secret: &std::path::Path) -> Result<Config, Mistakes> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    let toml = toml.replace("SECRET_FILE", &secret.display().to_string());
    file.write_all(toml.as_bytes()).unwrap();
    let path = file.path().display().to_string();
    let flags = Flags { file: Some(file.path().to_owned()), settings: Vec::new() };
    Config::load(&FixedEnvironment::new(VARIABLES), &flags).map_err(|mistakes| {
        let shortened = mistakes.0.into_iter().map(|mut mistake| {
            mistake.place = mistake.place.replace(&path, "FILE");
            mistake
        });
        Mistakes(shortened.collect())
    })
}

#[track_caller]
fn config(toml: &str) -> Config {
    load(toml).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

#[track_caller]
fn mistakes(toml: &str) -> Vec<String> {
    let mistakes =
        load(toml).map(|config| panic!("loaded: {:#?}", config.connections)).unwrap_or_else(|it| it);
    mistakes.0.iter().map(ToString::to_string).collect()
}

#[test]
fn what_is_left_out_has_its_defaults() {
    let config = config(SMALL);
    let connection = config.connections.connection("small").unwrap();
    assert_eq!((connection.active, &connection.authentication), (true, &Authentication::OwnRole));
    let model = connection.model("vendor.model-v1:0").unwrap();
    assert_eq!((model.alias.as_str(), model.kind, model.active), ("vendor.model-v1:0", Kind::Text, true));
    let [upstream] = model.upstreams.as_slice() else { panic!("{model:?}") };
    assert_eq!((upstream.name.as_str(), upstream.weight), ("eu-central-1", 1));
    assert_eq!(config.inline_credentials, InlineCredentials::Allowed);
}

#[test]
fn everything_is_read() {
    let config = config(LARGE);
    assert_eq!(config.inline_credentials, InlineCredentials::Refused);
    let sales = config.connections.connection("sales").unwrap();
    let Authentication::AssumeRole { role, external_id, base } = &sales.authentication else {
        panic!("{sales:?}")
    };
    assert_eq!(role.session_name.as_deref(), Some("worker"));
    assert_eq!(external_id, &Some(Reference::Text("sales-7".into())));
    assert_eq!(**base, Authentication::Profile("base".into()));

    let titan = sales.model("titan-embed-v2").unwrap();
    assert_eq!((titan.id.as_str(), titan.kind), ("amazon.titan-embed-text-v2:0", Kind::Embedding));
    let parameters = serde_json::Value::Object(titan.parameters.clone()).to_string();
    assert_eq!(parameters, r#"{"dimensions":512,"normalize":true,"payload":{"list":[1,0.5,"x"]}}"#);
    assert_eq!(
        titan.price.as_ref().map(|price| price.input.times(1_000_000).to_string()).as_deref(),
        Some("0.02")
    );

    let nova = sales.model("nova").unwrap();
    let [frankfurt, paris, cluster] = nova.upstreams.as_slice() else { panic!("{nova:?}") };
    assert_eq!((frankfurt.weight, frankfurt.model_id.as_str()), (3, "eu.amazon.nova-pro-v1:0"));
    assert_eq!((&frankfurt.endpoint, &frankfurt.account), (&sales.endpoint, &sales.account));
    assert_eq!(
        (paris.region.as_deref(), paris.model_id.as_str()),
        (Some("eu-west-3"), "amazon.nova-pro-v1:0")
    );
    assert_eq!(paris.account, None, "another identity is another account");
    assert!(matches!(&paris.authentication, Authentication::Keys { session_token: Some(_), .. }));
    assert!(matches!(&cluster.authentication, Authentication::WebIdentity { .. }));

    let hub = config.connections.connection("hub").unwrap();
    assert_eq!((hub.provider, hub.active), (Provider::HuggingFace, false));
    assert_eq!(hub.models[1].id, "acme/own-embedder", "the namespace is the owner");
    let asker = Asker { tenant: "acme", process: "order-check", template: None };
    assert_eq!(config.connections.resolve("sales", "nova", &asker).unwrap_err().code(), "ACCESS_REFUSED");
    assert!(config.connections.resolve("sales", "titan-embed-v2", &asker).is_ok());
}

#[test]
fn the_dump_is_a_file_that_gives_the_same_connections_and_shows_no_secret() {
    let mut secret = tempfile::NamedTempFile::new().unwrap();
    secret.write_all(b"hidden\n").unwrap();
    let first = load_beside(LARGE, secret.path()).unwrap();
    let dump = first.dump();
    for hidden in ["AKIDPARIS", "hf_hidden", "hidden\n"] {
        assert!(!dump.contains(hidden) && !format!("{first:?}").contains("hf_hidden"), "{dump}");
    }
    let again = load_beside(&dump, secret.path()).unwrap_or_else(|mistakes| panic!("{mistakes}\n{dump}"));
    assert_eq!(again.connections, first.connections);
    assert_eq!(again.inline_credentials, first.inline_credentials);
}

#[test]
fn without_connections_tasks_cannot_be_refused_to_go_without() {
    let found = mistakes("[access]\ninline-credentials = \"refused\"\n");
    let expected = "access.inline-credentials in FILE: found `refused`, expected at least one connection in the file, \
                    because no task could be served";
    assert_eq!(found, [expected]);
}

#[test]
fn all_mistakes_of_connections_are_listed_at_once() {
    let toml = r#"
[reload]
check-every = "often"

[[connections]]
name = "sales dept"
provider = "azure"
region = "EU"
acount = "1"

[[connections]]
name = "sales"
provider = "bedrock"
region = "eu-central-1"
account = 123456789012
endpoint = "vpce"
active = "yes"
namespace = "n"
authentication = { kind = "keys", access-key = "AKIDPLAIN", secret-key = { env = "NOT_SET" } }
access = [{ tenants = [], processes = ["", 7], templates = "x", roles = ["r"] }]
[[connections.models]]
preset = "titan"
[[connections.models]]
id = "a b"
alias = "x y"
kind = "video"
task = "chat"
parameters = { modelId = "other" }
price = { input = -1, currency = "dollar" }
[[connections.models]]
id = "m"
alias = "m"
upstreams = [{ weight = 0, region = "X" }, { name = "u" }, { name = "u", weigth = 2 }]
[[connections.models]]
id = "m2"
alias = "m"

[[connections]]
name = "sales"
provider = "bedrock"
authentication = { kind = "assume-role", role-arn = "role", external-id = "x", session-name = "a b", base = { kind = "assume-role" } }
models = [{ id = "m" }]

[[connections]]
name = "hub"
provider = "huggingface"
region = "eu-central-1"
authentication = { kind = "role" }
[[connections.models]]
preset = "titan-embed-v2"
kind = "image"
"#;
    insta::assert_snapshot!(mistakes(toml).join("\n"));
}

#[test]
fn authentication_that_cannot_be_is_named() {
    let with = |authentication: &str| {
        SMALL.replace("[[connections.access]]", &format!("authentication = {authentication}"))
    };
    let reference = "expected where the secret lies: { env = \"VARIABLE\" }, { file = \"/path\" } or { aws-secret = \"name\", \
                     key = \"member\" }";
    for (authentication, place, expected) in [
        ("{}", "kind", "expected one of role, assume-role, keys, api-key, profile, web-identity"),
        (
            "{ kind = \"sso\" }",
            "kind",
            "found `sso`, expected one of role, assume-role, keys, api-key, profile, web-identity",
        ),
        ("{ kind = \"api-key\" }", "api-key", reference),
        ("{ kind = \"api-key\", api-key = { env = \"A\", file = \"b\" } }", "api-key", reference),
        (
            "{ kind = \"api-key\", api-key = { file = \"/does/not/exist\" } }",
            "api-key.file",
            "found `/does/not/exist`, expected a file that can be read (No such file or directory (os error 2))",
        ),
        (
            "{ kind = \"api-key\", api-key = { aws-secret = \"a\", region = \"X\" } }",
            "api-key.region",
            "found `X`, expected an AWS region such as eu-central-1",
        ),
        ("{ kind = \"profile\" }", "profile", "expected the name of a profile of AWS's shared files"),
        ("{ kind = \"role\", profile = \"x\" }", "profile", "no such setting; there are kind"),
        (
            "{ kind = \"web-identity\", role-arn = \"arn:aws:iam::123456789012:role/x\" }",
            "token-file",
            "expected the path of the token, such as /var/run/secrets/eks.amazonaws.com/serviceaccount/token",
        ),
    ] {
        let expected = format!("connections.small.authentication.{place} in FILE: {expected}");
        assert_eq!(mistakes(&with(authentication)), [expected]);
    }
}

#[test]
fn a_secret_in_the_place_of_something_else_is_not_shown() {
    let with =
        |line: &str| SMALL.replace("[[connections.access]]", &format!("{line}\n[[connections.access]]"));
    let assuming = |entry: &str| {
        let role = "arn:aws:iam::123456789012:role/x";
        format!("authentication = {{ kind = \"assume-role\", role-arn = \"{role}\", {entry} }}")
    };
    for (line, place, found) in [
        ("authentication = \"hf_SEKRET\"".to_owned(), "authentication", "a text"),
        ("authentication = [\"hf_SEKRET\"]".to_owned(), "authentication", "a list"),
        (assuming("base = \"hf_SEKRET\""), "authentication.base", "a text"),
        (assuming("external-id = \"hf SEKRET\""), "authentication.external-id", "a text"),
        (assuming("external-id = { env = \"hf_SEKRET\" }"), "authentication.external-id.env", "a text"),
        (assuming("external-id = { file = \"hf_SEKRET\" }"), "authentication.external-id.file", "a text"),
    ] {
        let told = mistakes(&with(&line));
        let [told] = told.as_slice() else { panic!("{told:?}") };
        let start = format!("connections.small.{place} in FILE: found `{found}`, expected ");
        assert!(told.starts_with(&start) && !told.contains("SEKRET"), "{line}: {told}");
    }
}

#[test]
fn an_address_with_a_password_is_refused_without_being_shown() {
    let upstream = "[[connections.models.upstreams]]\nname = \"u\"\n";
    for address in ["https://me:hidden@host", "https://me:hid den@host", "me:hidden@host"] {
        let endpoint = format!("endpoint = \"{address}\"\n");
        for (toml, place) in [
            (SMALL.replace("[[connections.access]]", &format!("{endpoint}[[connections.access]]")), ""),
            (format!("{SMALL}{upstream}{endpoint}"), "models[1].upstreams.u."),
        ] {
            let expected = format!(
                "connections.small.{place}endpoint in FILE: expected an address without user and password, such as \
                 https://host"
            );
            assert_eq!(mistakes(&toml), [expected]);
        }
    }
}

#[test]
fn connections_that_are_no_list_are_named() {
    assert_eq!(
        mistakes("connections = 3\n"),
        ["connections in FILE: expected a list of tables, written as [[connections]]"]
    );
    assert_eq!(
        mistakes("connections = [3]\n"),
        ["connections[1] in FILE: found `a number`, expected a table"]
    );
}

#[test]
fn a_field_with_something_else_in_it_says_what_it_expects() {
    const TEXT: &str = "expected a text that is not empty, in quotes";
    const ADDRESS: &str = "expected an address such as https://host";
    const ACCOUNT: &str = "expected the 12 digits of an AWS account, in quotes";
    const SWITCH: &str = "expected true or false";
    let of_connection =
        |line: &str| SMALL.replace("[[connections.access]]", &format!("{line}\n[[connections.access]]"));
    let of_model = |line: &str| format!("{SMALL}{line}\n");
    let of_upstream = |line: &str| format!("{SMALL}[[connections.models.upstreams]]\nname = \"u\"\n{line}\n");
    for (toml, place, found, expected) in [
        (of_connection("description = 3"), "description", "3", TEXT),
        (of_connection("account = \"12\""), "account", "12", ACCOUNT),
        (of_connection("endpoint = \"host\""), "endpoint", "host", ADDRESS),
        (of_connection("active = 1"), "active", "1", SWITCH),
        (of_model("description = []"), "models[1].description", "a list", TEXT),
        (of_model("active = \"no\""), "models[1].active", "no", SWITCH),
        (of_model("price = 3.0"), "models[1].price", "a number", "expected a table"),
        (
            of_model("parameters = 3"),
            "models[1].parameters",
            "3",
            "expected a table such as { maxTokens = 1024 }",
        ),
        (of_upstream("account = \"12\""), "models[1].upstreams.u.account", "12", ACCOUNT),
        (of_upstream("endpoint = \"ftp://host\""), "models[1].upstreams.u.endpoint", "ftp://host", ADDRESS),
        (of_upstream("id = 3"), "models[1].upstreams.u.id", "3", TEXT),
        (
            of_upstream("weight = 101"),
            "models[1].upstreams.u.weight",
            "101",
            "expected a whole number from 1 to 100",
        ),
    ] {
        assert_eq!(
            mistakes(&toml),
            [format!("connections.small.{place} in FILE: found `{found}`, {expected}")]
        );
    }
    let by_reference = "authentication = { kind = \"assume-role\", role-arn = \"arn:aws:iam::123456789012:role/x\", \
                        external-id = { env = \"PARIS_ID\", file = \"b\" } }";
    let expected = "expected where the secret lies: { env = \"VARIABLE\" }, { file = \"/path\" } or { aws-secret = \"name\", \
                    key = \"member\" }";
    for (toml, place) in
        [(of_connection(by_reference), ""), (of_upstream(by_reference), "models[1].upstreams.u.")]
    {
        let expected = format!("connections.small.{place}authentication.external-id in FILE: {expected}");
        assert_eq!(mistakes(&toml), [expected]);
    }
}
