mod drop_in;
mod prices;

use std::io::Write as _;
use std::time::Duration;

use super::*;
use crate::bedrock::{DefaultIdentity, Quota};
use crate::config::setting::Form;
use crate::secrets::{AwsLayout, FolderOptions, Naming};
use crate::zeebe::Auth;

/// What a test starts the process with.
#[derive(Default)]
struct Start {
    variables: Vec<(String, String)>,
    file: Option<tempfile::NamedTempFile>,
    flags: Vec<(&'static str, String)>,
}

fn with_env<const N: usize>(variables: [(&str, &str); N]) -> Start {
    Start { variables: FixedEnvironment::new(variables).variables(), ..Start::default() }
}

impl Start {
    fn file(mut self, toml: &str) -> Self {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(toml.as_bytes()).unwrap();
        self.file = Some(file);
        self
    }

    fn flag(mut self, key: &'static str, value: &str) -> Self {
        self.flags.push((key, value.to_owned()));
        self
    }

    fn load(&self) -> Result<Config, Mistakes> {
        let file = self.file.as_ref().map(|file| file.path().to_owned());
        let environment = FixedEnvironment::from(self.variables.clone());
        Config::load(&environment, &Flags { file, settings: self.flags.clone() })
    }

    #[track_caller]
    fn config(&self) -> Config {
        self.load().unwrap_or_else(|mistakes| panic!("{mistakes}"))
    }

    /// The mistakes as lines, with the file's path shortened.
    #[track_caller]
    fn mistakes(&self) -> Vec<String> {
        let mistakes =
            self.load().map(|config| panic!("loaded: {config:?}")).unwrap_or_else(|mistakes| mistakes);
        let path = self.file.as_ref().map_or(String::new(), |file| file.path().display().to_string());
        let shorten = |line: String| if path.is_empty() { line } else { line.replace(&path, "FILE") };
        mistakes.0.iter().map(|mistake| shorten(mistake.to_string())).collect()
    }
}

/// The line of a key in `--dump-config`.
#[track_caller]
fn dumped(config: &Config, key: &str) -> String {
    let (section, name) = key.split_once('.').unwrap();
    let dump = config.dump();
    let (_, rest) = dump.split_once(&format!("[{section}]\n")).unwrap();
    let line = rest
        .lines()
        .take_while(|line| !line.starts_with('['))
        .find(|line| line.trim_start_matches("# ").split([' ', '=']).next() == Some(name));
    line.unwrap_or_else(|| panic!("{key} is not in\n{dump}")).to_owned()
}

#[test]
fn the_defaults_in_the_list_are_the_components_defaults() {
    let explicit: Vec<_> = env::settings()
        .filter(|setting| !setting.default.is_empty())
        .map(|setting| (setting.key, setting.default.to_owned()))
        .collect();
    let explicit = Start { flags: explicit, ..Start::default() }.config();
    let mut default = Start::default().config();
    default.resolved = explicit.resolved.clone();
    assert_eq!(format!("{default:#?}"), format!("{explicit:#?}"));
}

#[test]
fn every_setting_in_the_list_is_read() {
    let mut reader = Reader::new(Default::default(), Purpose::Calls, Vec::new());
    let reload = reload(&mut reader, None, None);
    Config::from_reader(&mut reader, &[], reload, &Tables::default()).unwrap();
    assert_eq!(reader.unasked(), Vec::<&str>::new());
}

#[test]
fn every_setting_refuses_a_text_of_another_form() {
    for setting in env::settings() {
        let expected = match setting.form {
            Form::Text | Form::Secret | Form::List => continue,
            // A folder may be made later; a file is looked for.
            Form::Path => continue,
            // What is wrong with it is said without showing it.
            Form::SecretAddress => String::new(),
            form => format!("found `?!`, {}", form.expected()),
        };
        let mistakes = with_env([(setting.variable, "?!")]).mistakes();
        let expected = format!("environment variable {}: {expected}", setting.variable);
        let is_told = mistakes.iter().any(|mistake| mistake.starts_with(&expected));
        assert!(is_told, "{expected}\nis not in\n{}", mistakes.join("\n"));
    }
}

#[test]
fn flags_win_over_the_environment_and_the_environment_over_the_file() {
    let file =
        "[gateway]\ngrpc-address = \"http://file:1\"\nrequest-timeout = 1000\nkeep-alive = \"PT31S\"\n";
    let start = with_env([
        ("BEDROCK_CONNECTOR_GRPC_ADDRESS", "http://env:2"),
        ("BEDROCK_CONNECTOR_REQUEST_TIMEOUT", "2s"),
    ])
    .file(file)
    .flag("gateway.grpc-address", "http://flag:3");
    let config = start.config();
    assert_eq!(config.gateway.address, "http://flag:3");
    assert_eq!(config.gateway.request_timeout, Duration::from_secs(2));
    assert_eq!(config.gateway.keep_alive, Duration::from_secs(31));
    assert_eq!(
        dumped(&config, "gateway.grpc-address"),
        "grpc-address = \"http://flag:3\" # flag --grpc-address"
    );
    assert_eq!(
        dumped(&config, "gateway.request-timeout"),
        "request-timeout = \"2s\" # environment variable BEDROCK_CONNECTOR_REQUEST_TIMEOUT"
    );
    assert!(dumped(&config, "gateway.keep-alive").contains("# gateway.keep-alive in "));
}

#[test]
fn the_file_can_be_named_by_a_variable() {
    let start = with_env([]).file("[admin]\nport = 9\n");
    let path = start.file.as_ref().unwrap().path().display().to_string();
    let config = Config::load(&FixedEnvironment::new([(FILE_VARIABLE, &path)]), &Flags::default()).unwrap();
    assert_eq!(config.admin.port, 9);
}

#[track_caller]
fn check_address(variables: &[(&str, &str)], expected: &str) {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    assert_eq!(Start { variables, ..Start::default() }.config().gateway.address, expected);
}

#[test]
fn the_gateways_address_has_all_the_peers_names() {
    for name in [
        "BEDROCK_CONNECTOR_GRPC_ADDRESS",
        "CAMUNDA_CLIENT_GRPCADDRESS",
        "CAMUNDA_CLIENT_GRPC_ADDRESS",
        "camunda.client.grpc-address",
        "CAMUNDA_CLIENT_ZEEBE_GRPCADDRESS",
        "CAMUNDA_GRPC_ADDRESS",
        "ZEEBE_GRPC_ADDRESS",
        "ZEEBE_CLIENT_BROKER_GATEWAYADDRESS",
        "ZEEBE_CLIENT_BROKER_GATEWAY-ADDRESS",
        "ZEEBE_ADDRESS",
    ] {
        check_address(&[(name, "http://zeebe:26500")], "http://zeebe:26500");
    }
}

#[test]
fn an_earlier_name_wins_over_a_later_one() {
    check_address(
        &[("ZEEBE_ADDRESS", "http://old:1"), ("CAMUNDA_CLIENT_GRPCADDRESS", "http://spring:2")],
        "http://spring:2",
    );
    check_address(
        &[("ZEEBE_ADDRESS", "http://old:1"), ("ZEEBE_GRPC_ADDRESS", "http://newer:2")],
        "http://newer:2",
    );
    check_address(
        &[
            ("CAMUNDA_CLIENT_GRPCADDRESS", "http://spring:2"),
            ("BEDROCK_CONNECTOR_GRPC_ADDRESS", "http://ours:3"),
        ],
        "http://ours:3",
    );
}

#[test]
fn an_empty_variable_counts_as_absent() {
    check_address(&[("CAMUNDA_CLIENT_GRPCADDRESS", ""), ("ZEEBE_ADDRESS", "http://old:1")], "http://old:1");
}

#[test]
fn addresses_without_a_scheme_are_encrypted_unless_said_otherwise() {
    check_address(&[("ZEEBE_ADDRESS", "zeebe:26500")], "https://zeebe:26500");
    check_address(
        &[("ZEEBE_ADDRESS", "zeebe:26500"), ("ZEEBE_INSECURE_CONNECTION", "true")],
        "http://zeebe:26500",
    );
    check_address(
        &[
            ("ZEEBE_CLIENT_BROKER_GATEWAY-ADDRESS", "zeebe:26500"),
            ("ZEEBE_CLIENT_SECURITY_PLAINTEXT", "true"),
        ],
        "http://zeebe:26500",
    );
}

#[test]
fn a_cluster_in_the_saas_needs_only_its_id_and_a_client() {
    let config = with_env([
        ("CAMUNDA_CLIENT_MODE", "saas"),
        ("CAMUNDA_CLIENT_CLOUD_CLUSTERID", "abc"),
        ("CAMUNDA_CLIENT_CLOUD_REGION", "dsm-1"),
        ("CAMUNDA_CLIENT_AUTH_CLIENTID", "id"),
        ("CAMUNDA_CLIENT_AUTH_CLIENTSECRET", "hidden"),
    ])
    .config();
    assert_eq!(config.gateway.address, "https://abc.dsm-1.zeebe.camunda.io:443");
    assert_eq!(config.engine.rest_address.as_ref().unwrap(), "https://dsm-1.zeebe.camunda.io:443/abc");
    let Auth::OAuth(client) = &config.gateway.auth else { panic!("{config:?}") };
    assert_eq!((client.client_id.as_str(), client.audience.as_deref()), ("id", Some("zeebe.camunda.io")));
    assert_eq!(client.token_url, "https://login.cloud.camunda.io/oauth/token");
    let line = dumped(&config, "gateway.grpc-address");
    assert_eq!(line, "grpc-address = \"https://abc.dsm-1.zeebe.camunda.io:443\" # from the cluster");
    assert!(!config.dump().contains("hidden") && !format!("{config:?}").contains("hidden"));
}

#[test]
fn the_older_names_of_the_saas_work_too_and_the_mode_follows_from_the_cluster() {
    let config = with_env([
        ("ZEEBE_CLIENT_CLOUD_CLUSTER-ID", "abc"),
        ("ZEEBE_CLIENT_CLOUD_CLIENT-ID", "id"),
        ("ZEEBE_CLIENT_CLOUD_CLIENT-SECRET", "secret"),
    ])
    .config();
    assert_eq!(config.gateway.address, "https://abc.bru-2.zeebe.camunda.io:443");
}

#[test]
fn saas_without_a_cluster_or_client_lists_all_that_is_missing() {
    let start = with_env([("CAMUNDA_CLIENT_MODE", "saas")]);
    let expected = [
        "environment variable BEDROCK_CONNECTOR_CLUSTER_ID: expected the cluster's id, because the mode is saas",
    ];
    assert_eq!(start.mistakes(), expected);
    let start = with_env([("CAMUNDA_CLIENT_CLOUD_CLUSTERID", "abc")]);
    let expected = [
        "environment variable BEDROCK_CONNECTOR_CLIENT_ID: expected a value, because OAuth needs it",
        "environment variable BEDROCK_CONNECTOR_CLIENT_SECRET: expected a value, because OAuth needs it",
    ];
    assert_eq!(start.mistakes(), expected);
}

#[test]
fn a_client_id_means_oauth_with_the_local_defaults_of_the_peer() {
    let config = with_env([("ZEEBE_CLIENT_ID", "zeebe"), ("ZEEBE_CLIENT_SECRET", "zecret")]).config();
    let Auth::OAuth(client) = &config.gateway.auth else { panic!("{config:?}") };
    assert_eq!(client.audience.as_deref(), Some("zeebe-api"));
    let page = "http://localhost:18080/auth/realms/camunda-platform/.well-known/openid-configuration";
    assert_eq!((client.token_url.as_str(), client.well_known_url.as_deref()), ("", Some(page)));
}

#[test]
fn the_issuer_leads_to_the_token_endpoint_unless_that_is_named() {
    let client = [("CAMUNDA_CLIENT_AUTH_CLIENTID", "a"), ("CAMUNDA_CLIENT_AUTH_CLIENTSECRET", "b")];
    let well_known = |variables: [(&str, &str); 3]| match with_env(variables).config().gateway.auth {
        Auth::OAuth(client) => client.well_known_url,
        other => panic!("{other:?}"),
    };
    let issuer = ("CAMUNDA_CLIENT_AUTH_ISSUERURL", "https://idp/realm/");
    assert_eq!(
        well_known([client[0], client[1], issuer]).unwrap(),
        "https://idp/realm/.well-known/openid-configuration"
    );
    let page = ("CAMUNDA_CLIENT_AUTH_WELLKNOWNCONFIGURATIONURL", "https://idp/page");
    assert_eq!(well_known([client[0], client[1], page]).unwrap(), "https://idp/page");
    assert_eq!(
        well_known([client[0], client[1], ("CAMUNDA_CLIENT_AUTH_TOKENURL", "https://idp/token")]),
        None
    );
}

#[test]
fn the_token_servers_names_and_times_are_the_java_clients() {
    let config = with_env([
        ("ZEEBE_CLIENT_ID", "zeebe"),
        ("ZEEBE_CLIENT_SECRET", "zecret"),
        ("ZEEBE_AUTHORIZATION_SERVER_URL", "http://keycloak/token"),
        ("ZEEBE_TOKEN_AUDIENCE", "audience"),
        ("ZEEBE_TOKEN_SCOPE", "scope"),
        ("ZEEBE_AUTH_CONNECT_TIMEOUT", "1500"),
    ])
    .config();
    let Auth::OAuth(client) = &config.gateway.auth else { panic!("{config:?}") };
    assert_eq!(client.token_url, "http://keycloak/token");
    assert_eq!((client.audience.as_deref(), client.scope.as_deref()), (Some("audience"), Some("scope")));
    assert_eq!(client.connect_timeout, Duration::from_millis(1500));
}

#[test]
fn a_user_name_means_basic_authentication() {
    let config =
        with_env([("CAMUNDA_CLIENT_AUTH_USERNAME", "demo"), ("CAMUNDA_CLIENT_AUTH_PASSWORD", "hidden")])
            .config();
    assert!(matches!(&config.gateway.auth, Auth::Basic { username, .. } if username == "demo"));
    assert_eq!(
        dumped(&config, "auth.password"),
        "password = \"***\" # environment variable CAMUNDA_CLIENT_AUTH_PASSWORD"
    );
    assert!(!config.dump().contains("hidden"));
}

#[test]
fn two_ways_to_log_in_are_a_mistake_unless_the_method_is_said() {
    let variables = [
        ("CAMUNDA_CLIENT_AUTH_USERNAME", "demo"),
        ("CAMUNDA_CLIENT_AUTH_PASSWORD", "demo"),
        ("CAMUNDA_CLIENT_ID", "id"),
        ("CAMUNDA_CLIENT_SECRET", "secret"),
    ];
    let mistakes = with_env(variables).mistakes();
    assert_eq!(mistakes.len(), 1);
    assert!(mistakes[0].contains("oidc or basic"), "{mistakes:?}");
    let config = with_env(variables).flag("auth.method", "basic").config();
    assert!(matches!(config.gateway.auth, Auth::Basic { .. }));
}

#[test]
fn all_mistakes_are_listed_at_once_with_what_was_found_and_expected() {
    let start = with_env([
        ("CAMUNDA_CLIENT_REQUESTTIMEOUT", "soon"),
        ("ZEEBE_ADDRESS", "ftp://x"),
        ("CAMUNDA_CLIENT_AUTH_METHOD", "kerberos"),
        ("BEDROCK_CONNECTOR_CA_CERTIFICATE_PATH", "/does/not/exist.pem"),
        ("CAMUNDA_CLIENT_AUTH_KEYSTOREPATH", "/store.jks"),
    ])
    .file("[gateway]\nkeep-alive = \"often\"\ngrcp-address = \"x\"\n")
    .flag("admin.port", "70000");
    let expected = [
        "gateway.grcp-address in FILE: no such setting; did you mean gateway.grpc-address?",
        "environment variable CAMUNDA_CLIENT_AUTH_KEYSTOREPATH: Java key stores are not read; give PEM files by \
         BEDROCK_CONNECTOR_CLIENT_CERTIFICATE_PATH and _KEY_PATH",
        "environment variable ZEEBE_ADDRESS: found `ftp://x`, expected an address such as https://host:26500",
        "gateway.keep-alive in FILE: found `often`, expected an ISO-8601 duration such as PT60S, or milliseconds",
        "environment variable CAMUNDA_CLIENT_REQUESTTIMEOUT: found `soon`, expected an ISO-8601 duration such as PT60S, \
         or milliseconds",
        "environment variable BEDROCK_CONNECTOR_CA_CERTIFICATE_PATH: found `/does/not/exist.pem`, expected a file that \
         can be read (No such file or directory (os error 2))",
        "environment variable CAMUNDA_CLIENT_AUTH_METHOD: found `kerberos`, expected one of none, oidc, basic",
        "flag --server-port: found `70000`, expected a port from 0 to 65535",
    ];
    assert_eq!(start.mistakes(), expected);
}

#[test]
fn a_mistake_in_a_secret_does_not_show_it() {
    let mistakes = with_env([("HTTPS_PROXY", "socks5://user:hidden@proxy")]).mistakes();
    let expected =
        ["environment variable HTTPS_PROXY: expected an address such as postgres://user:password@host/name"];
    assert_eq!(mistakes, expected);
}

#[test]
fn an_address_with_a_password_is_refused_without_being_shown() {
    for setting in env::settings().filter(|setting| setting.form == Form::Address) {
        let (section, name) = setting.key.split_once('.').unwrap();
        for address in
            ["\"https://me:hidden@host\"", "\"https://me:hid den@host\"", "[\"https://me:hidden@host\"]"]
        {
            let file = format!("[{section}]\n{name} = {address}\n");
            let expected = format!("{} in FILE: {}", setting.key, parse::WITHOUT_USER);
            assert_eq!(Start::default().file(&file).mistakes(), [expected]);
        }
        let mistakes = with_env([(setting.variable, "https://me:hidden@host")]).mistakes();
        assert_eq!(mistakes, [format!("environment variable {}: {}", setting.variable, parse::WITHOUT_USER)]);
    }
}

#[test]
fn a_file_that_is_missing_or_no_toml_is_named() {
    let flags = Flags { file: Some("/does/not/exist.toml".into()), settings: Vec::new() };
    let mistakes = Config::load(&FixedEnvironment::default(), &flags).unwrap_err().to_string();
    assert!(mistakes.contains("/does/not/exist.toml") && mistakes.contains("cannot be read"), "{mistakes}");
    let mistakes = with_env([]).file("[gateway\n").mistakes();
    assert!(mistakes[0].starts_with("FILE: not TOML"), "{mistakes:?}");
}

#[test]
fn the_place_of_a_slip_is_told_without_what_stands_there() {
    for (file, expected) in [
        (
            "[auth]\nclient-secret = \"SEKRET\" x\n",
            "FILE: not TOML at line 2, column 26: unexpected key or value, expected newline, `#`",
        ),
        ("[auth]\nclient-secret = SEKRET\n", "FILE: not TOML at line 2, column 17: "),
        ("[auth]\nclient-secret = \"SEKRET\n", "FILE: not TOML at line 2, column 24: "),
        ("client-id = \"ü\" client-secret = \"SEKRET\"\n", "FILE: not TOML at line 1, column 17: "),
        (
            "[auth]\nclient-secret = \"SEKRET\"\nclient-secret = \"SEKRET2\"\n",
            "FILE: not TOML at line 3, column 1: duplicate key",
        ),
        ("[auth]\nclient-secret = 99999999999999999999\n", "FILE: not TOML, or a number in it is too large"),
    ] {
        let mistakes = with_env([]).file(file).mistakes();
        let [mistake] = mistakes.as_slice() else { panic!("{mistakes:?}") };
        assert!(mistake.starts_with(expected), "{file}: {mistake}");
        assert!(!mistake.contains("SEKRET") && !mistake.contains("9999"), "{mistake}");
    }
}

#[test]
fn a_table_in_the_place_of_a_value_is_a_mistake() {
    let mistakes = with_env([]).file("[gateway.grpc-address]\nhost = \"x\"\n").mistakes();
    assert_eq!(
        mistakes,
        ["gateway.grpc-address.host in FILE: no such setting; did you mean gateway.grpc-address?"]
    );
    let mistakes = with_env([]).file("[admin]\nport = [1, 2]\n").mistakes();
    assert_eq!(mistakes, ["admin.port in FILE: found `1, 2`, expected a port from 0 to 65535"]);
}

#[test]
fn tenants_come_as_list_numbered_or_single() {
    let tenants = |start: Start| start.config().engine.tenant_ids;
    assert_eq!(tenants(with_env([("CAMUNDA_CLIENT_TENANTIDS", "a, b,")])), ["a", "b"]);
    assert_eq!(
        tenants(with_env([
            ("CAMUNDA_CLIENT_WORKER_DEFAULTS_TENANTIDS_1", "b"),
            ("CAMUNDA_CLIENT_WORKER_DEFAULTS_TENANTIDS_0", "a"),
        ])),
        ["a", "b"]
    );
    assert_eq!(tenants(with_env([("CAMUNDA_CLIENT_TENANTID", "only")])), ["only"]);
    assert_eq!(tenants(with_env([]).file("[worker]\ntenant-ids = [\"x\", \"y\"]\n")), ["x", "y"]);
    assert!(tenants(with_env([])).is_empty());
}

#[test]
fn templates_offer_ways_to_sign_in_that_there_are() {
    let identities = |text: &'static str| with_env([("BEDROCK_CONNECTOR_TEMPLATE_IDENTITIES", text)]);
    assert_eq!(identities("profile, apiKey").config().templates.identities, ["profile", "apiKey"]);
    assert_eq!(
        identities("profile,magic").mistakes(),
        [
            "environment variable BEDROCK_CONNECTOR_TEMPLATE_IDENTITIES: found `profile,magic`, expected any of \
             credentials, defaultCredentialsChain, assumeRole, webIdentity, profile, apiKey"
        ]
    );
}

#[test]
fn proxies_hold_for_everything_but_those_of_the_connectors() {
    let proxies =
        with_env([("HTTPS_PROXY", "http://user:pa%20ss@proxy:3128"), ("NO_PROXY", ".svc,localhost")])
            .config()
            .proxies;
    assert!(proxies.gateway.https.is_some() && proxies.outbound.https.is_some());
    assert_eq!(proxies.gateway.no_proxy, ".svc,localhost");

    let config = with_env([
        ("CONNECTOR_HTTPS_PROXY_HOST", "proxy"),
        ("CONNECTOR_HTTPS_PROXY_PORT", "3128"),
        ("CONNECTOR_HTTPS_PROXY_USER", "me"),
        ("CONNECTOR_HTTPS_PROXY_PASSWORD", "p@ss"),
        ("CONNECTOR_HTTP_NON_PROXY_HOSTS", "localhost|*.internal"),
    ])
    .config();
    assert_eq!(config.proxies.outbound.https.as_ref().unwrap().expose(), "http://me:p%40ss@proxy:3128");
    assert_eq!(config.proxies.outbound.no_proxy, "localhost,.internal");
    assert_eq!(config.proxies.gateway, zeebe::Proxy::default());
}

#[test]
fn documents_go_through_a_proxy_only_when_that_was_said() {
    let proxied = |others: &[(&str, &str)]| {
        let all = [&[("HTTPS_PROXY", "http://proxy:3128"), ("NO_PROXY", ".svc")], others].concat();
        let variables = all.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Start { variables: variables.collect(), ..Start::default() }.config()
    };
    let undecided = proxied(&[]);
    assert_eq!(undecided.documents.proxy, crate::documents::Proxy::default());
    assert!(undecided.notices[0].contains("beside the proxy"), "{:?}", undecided.notices);
    let through = proxied(&[("BEDROCK_CONNECTOR_DOCUMENT_PROXY", "true")]);
    assert_eq!(through.documents.proxy.https, Some("http://proxy:3128".into()));
    assert_eq!(through.documents.proxy.no_proxy, ".svc");
    let beside = proxied(&[("BEDROCK_CONNECTOR_DOCUMENT_PROXY", "false")]);
    assert_eq!(beside.documents.proxy, crate::documents::Proxy::default());
    assert_eq!((through.notices, beside.notices), (Vec::new(), Vec::new()));
}

#[test]
fn a_plain_gateway_is_reached_through_a_proxy_only_when_that_was_meant() {
    assert!(with_env([("http_proxy", "proxy:3128")]).config().proxies.gateway.http.is_none());
    let own = with_env([("BEDROCK_CONNECTOR_HTTP_PROXY", "proxy:3128")]).config().proxies;
    assert_eq!(own.gateway.http, Some(zeebe::Secret::new("http://proxy:3128")));
}

#[test]
fn strict_secrets_need_the_rest_address() {
    let mistakes = with_env([("BEDROCK_CONNECTOR_SECRETS", "strict")]).mistakes();
    let expected = "environment variable BEDROCK_CONNECTOR_REST_ADDRESS: expected an address, because strict secrets read \
                    the process model there";
    assert_eq!(mistakes, [expected]);
    let config =
        with_env([("BEDROCK_CONNECTOR_SECRETS", "Strict"), ("ZEEBE_REST_ADDRESS", "http://zeebe:8080")])
            .config();
    assert_eq!(config.secrets.mode, SecretsMode::Strict);
}

#[test]
fn secrets_come_from_a_folder_and_from_aws_where_these_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().display().to_string();
    let config = with_env([
        ("BEDROCK_CONNECTOR_SECRETS_FOLDER", path.as_str()),
        ("BEDROCK_CONNECTOR_SECRETS_AWS_SECRET", "prod/camunda"),
        ("BEDROCK_CONNECTOR_SECRETS_TENANT_AWARE", "true"),
        ("AWS_REGION", "eu-central-1"),
    ])
    .config();
    let naming = Naming { by_tenant: true, by_process: false };
    let expected = FolderOptions { folder: folder.path().to_owned(), naming: naming.clone() };
    assert_eq!(config.secrets.folder, Some(expected));
    let aws = config.secrets.aws.unwrap();
    assert_eq!(aws.layout, AwsLayout::Object("prod/camunda".into()));
    assert_eq!((aws.region.as_str(), aws.naming), ("eu-central-1", naming));
    let defaults = with_env([]).config().secrets;
    assert_eq!((defaults.folder, defaults.aws), (None, None));
}

#[test]
fn sources_of_secrets_that_cannot_work_are_mistakes() {
    let mistakes = with_env([
        ("BEDROCK_CONNECTOR_SECRETS_FOLDER", "/does/not/exist"),
        ("BEDROCK_CONNECTOR_SECRETS_AWS_PREFIX", "camunda/"),
    ])
    .mistakes();
    let expected = [
        "environment variable BEDROCK_CONNECTOR_SECRETS_FOLDER: found `/does/not/exist`, expected a folder that can be \
         read (No such file or directory (os error 2))",
        "environment variable BEDROCK_CONNECTOR_SECRETS_AWS_REGION: expected a region, because AWS_REGION is not set \
         either",
    ];
    assert_eq!(mistakes, expected);
    let both = [
        ("BEDROCK_CONNECTOR_SECRETS_AWS_PREFIX", "camunda/"),
        ("BEDROCK_CONNECTOR_SECRETS_AWS_SECRET", "camunda"),
        ("AWS_REGION", "eu-central-1"),
    ];
    let expected = "environment variable BEDROCK_CONNECTOR_SECRETS_AWS_PREFIX: found `camunda/`, expected either one \
                    secret for all or a prefix, not both";
    assert_eq!(with_env(both).mistakes(), [expected]);
}

#[test]
fn what_is_set_in_vain_is_told() {
    let config = with_env([
        ("CAMUNDA_CLIENT_EXECUTIONTHREADS", "10"),
        ("BEDROCK_CONNECTOR_LOK", "PT1M"),
        ("BEDROCK_CONNECTOR_PORT", "tcp://10.0.0.1:8080"),
        ("BEDROCK_CONNECTOR_SERVICE_HOST", "10.0.0.1"),
        ("BEDROCK_CONNECTOR_PORT_8080_TCP", "tcp://10.0.0.1:8080"),
        ("PATH", "/bin"),
        ("BEDROCK_CONNECTOR_LOG_LEVEL", "warn"),
        ("BEDROCK_CONNECTOR_CONFIG", ""),
    ])
    .config();
    let expected = [
        "BEDROCK_CONNECTOR_LOK is no setting; did you mean BEDROCK_CONNECTOR_LOCK?",
        "CAMUNDA_CLIENT_EXECUTIONTHREADS has no effect: jobs are not bound to threads",
    ];
    assert_eq!(config.notices, expected);
}

#[test]
fn the_dump_is_a_file_that_gives_the_same_configuration() {
    let config = with_env([
        ("CAMUNDA_CLIENT_CLOUD_CLUSTERID", "abc"),
        ("CAMUNDA_CLIENT_AUTH_CLIENTID", "a\"b\\c"),
        ("CAMUNDA_CLIENT_AUTH_CLIENTSECRET", "secret"),
        ("CAMUNDA_CLIENT_TENANTIDS", "a,b"),
        ("SERVER_PORT", "0"),
    ])
    .config();
    let again = with_env([("BEDROCK_CONNECTOR_CLIENT_SECRET", "secret")]).file(&config.dump()).config();
    let without_origins = |mut config: Config| {
        config.resolved = Resolved::default();
        (config.reload.file, config.reload.read) = (None, None);
        format!("{config:#?}")
    };
    assert_eq!(without_origins(again), without_origins(config));
}

#[test]
fn spring_and_stackdriver_words_for_logging_are_understood() {
    let config =
        with_env([("LOGGING_LEVEL_ROOT", "DEBUG"), ("CONNECTORS_LOG_APPENDER", "stackdriver")]).config();
    assert_eq!((config.log.filter.as_str(), config.log.format), ("debug", telemetry::Format::Stackdriver));
    let mistakes = with_env([("BEDROCK_CONNECTOR_LOG", "a=b=c")]).mistakes();
    assert!(
        mistakes[0].starts_with("environment variable BEDROCK_CONNECTOR_LOG: found `a=b=c`"),
        "{mistakes:?}"
    );
}

#[test]
fn the_worker_has_the_peers_names() {
    let config = with_env([
        ("CAMUNDA_CLIENT_WORKER_DEFAULTS_MAXJOBSACTIVE", "7"),
        ("CAMUNDA_CLIENT_WORKER_DEFAULTS_TIMEOUT", "PT5M"),
        ("CAMUNDA_CLIENT_WORKER_DEFAULTS_REQUESTTIMEOUT", "PT20S"),
        ("ZEEBE_CLIENT_WORKER_STREAM_ENABLED", "false"),
    ])
    .config();
    assert_eq!(config.worker.max_jobs_active, 7);
    assert_eq!(config.worker.lock, Duration::from_secs(300));
    assert_eq!(config.worker.long_poll, Duration::from_secs(20));
    assert!(!config.worker.stream);
}

#[test]
fn the_connectors_own_lock_wins_over_the_general_one() {
    let variables =
        [("CAMUNDA_CLIENT_WORKER_DEFAULTS_TIMEOUT", "PT5M"), ("CONNECTOR_AWS_BEDROCK_TIMEOUT", "90000")];
    assert_eq!(with_env(variables).config().worker.lock, Duration::from_secs(90));
    let ours = [("BEDROCK_CONNECTOR_LOCK", "PT30S"), ("CONNECTOR_AWS_BEDROCK_TIMEOUT", "90000")];
    assert_eq!(with_env(ours).config().worker.lock, Duration::from_secs(30));
}

#[test]
fn an_override_of_the_peer_sets_the_lock_of_its_job_type() {
    let config =
        with_env([("CAMUNDA_CLIENT_WORKER_OVERRIDE_IO_CAMUNDA_AWSBEDROCK_1_TIMEOUT", "PT2M")]).config();
    let expected = [("io.camunda:aws-bedrock:1".to_owned(), Duration::from_secs(120))];
    assert_eq!(config.worker.locks.into_iter().collect::<Vec<_>>(), expected);
}

#[test]
fn job_types_can_be_renamed_chosen_and_left_out() {
    let types = |start: Start| start.config().job_types.served().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(types(with_env([])), ["io.camunda:aws-bedrock:1", "bedrock-connector:1"]);
    assert_eq!(
        types(with_env([("CONNECTOR_AWS_BEDROCK_TYPE", "mine:1")])),
        ["mine:1", "bedrock-connector:1"]
    );
    let enabled = ("CONNECTOR_OUTBOUND_ENABLED", "io.camunda:http-json:1, io.camunda:aws-bedrock:1");
    assert_eq!(types(with_env([enabled])), ["io.camunda:aws-bedrock:1"]);
    assert_eq!(
        types(with_env([("CONNECTOR_OUTBOUND_DISABLED", "bedrock-connector:1")])),
        ["io.camunda:aws-bedrock:1"]
    );
}

#[test]
fn what_the_worker_cannot_work_with_is_a_mistake_at_its_setting() {
    let start = with_env([
        ("BEDROCK_CONNECTOR_MAX_JOBS_ACTIVE", "0"),
        ("CONNECTOR_AWS_BEDROCK_TIMEOUT", "5"),
        ("CAMUNDA_CLIENT_WORKER_OVERRIDE_BEDROCKCONNECTOR1_TIMEOUT", "PT0S"),
        ("CONNECTOR_OUTBOUND_ENABLED", "a"),
        ("CONNECTOR_OUTBOUND_DISABLED", "b"),
    ]);
    let expected = [
        "environment variable CONNECTOR_OUTBOUND_ENABLED: found `a`, expected either the types to serve or those not to \
         serve, not both",
        "environment variable CONNECTOR_OUTBOUND_ENABLED: found `a`, expected at least one of our job types to be \
         served, because there would be nothing to do",
        "environment variable BEDROCK_CONNECTOR_MAX_JOBS_ACTIVE: found `0`, expected 1 or more",
    ];
    assert_eq!(start.mistakes(), expected);
    let start = with_env([
        ("CONNECTOR_AWS_BEDROCK_TIMEOUT", "5"),
        ("CAMUNDA_CLIENT_WORKER_OVERRIDE_BEDROCKCONNECTOR1_TIMEOUT", "PT0S"),
    ]);
    let expected = [
        "environment variable CONNECTOR_AWS_BEDROCK_TIMEOUT: found `5`, expected 1 s or more",
        "environment variable CAMUNDA_CLIENT_WORKER_OVERRIDE_BEDROCKCONNECTOR1_TIMEOUT: found `PT0S`, expected 1 s or more",
    ];
    assert_eq!(start.mistakes(), expected);
}

#[test]
fn an_address_that_is_none_is_refused_without_showing_its_password() {
    let mistakes = with_env([("BEDROCK_CONNECTOR_JOURNAL_URL", "mysql://me:hidden@db/journal")]).mistakes();
    let expected = "environment variable BEDROCK_CONNECTOR_JOURNAL_URL: expected a URL like \
                    postgres://user:password@host:5432/database?sslmode=verify-full";
    assert_eq!(mistakes, [expected]);
}

#[test]
fn a_database_for_answers_goes_before_a_folder_and_hides_its_password() {
    let config = with_env([
        ("BEDROCK_CONNECTOR_DATA_DIR", "/data"),
        ("BEDROCK_CONNECTOR_JOURNAL_URL", "postgres://me:hidden@db/journal"),
        ("BEDROCK_CONNECTOR_JOURNAL_ENGINE", "production"),
    ])
    .config();
    let JournalPlace::Database(address) = &config.journal.place else { panic!("{:?}", config.journal) };
    assert_eq!(address.to_string(), "PostgreSQL journal at db:5432");
    assert_eq!(config.journal.engine.as_deref(), Some("production"));
    assert!(!format!("{config:?}").contains("hidden"));
}

#[test]
fn answers_are_kept_where_the_operator_or_the_system_says() {
    fn folder<const N: usize>(variables: [(&str, &str); N]) -> Option<String> {
        match with_env(variables).config().journal.place {
            JournalPlace::Folder(folder) => Some(folder.display().to_string()),
            JournalPlace::Database(_) | JournalPlace::Nowhere { .. } => None,
        }
    }
    let home = ("HOME", "/home/me");
    assert_eq!(folder([]), None);
    assert_eq!(folder([home]).unwrap(), "/home/me/.local/state/bedrock-connector");
    assert_eq!(folder([home, ("XDG_STATE_HOME", "/state")]).unwrap(), "/state/bedrock-connector");
    assert_eq!(folder([home, ("STATE_DIRECTORY", "/var/lib/connector")]).unwrap(), "/var/lib/connector");
    assert_eq!(folder([home, ("BEDROCK_CONNECTOR_DATA_DIR", "data")]).unwrap(), "data");
    assert_eq!(folder([home, ("BEDROCK_CONNECTOR_JOURNAL_ENABLED", "false")]), None);
    assert_eq!(folder([("HOME", "relative")]), None, "such a variable counts as not set");
}

#[test]
fn bedrock_takes_what_aws_names_in_the_environment() {
    let config = with_env([
        ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "http://127.0.0.1:9000"),
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID", "AKID"),
        ("AWS_SECRET_ACCESS_KEY", "hidden"),
        ("BEDROCK_CONNECTOR_THROTTLE_PATIENCE", "PT0S"),
    ])
    .config();
    assert_eq!(config.bedrock.endpoint_url.as_deref(), Some("http://127.0.0.1:9000"));
    assert_eq!(config.bedrock.default_region.as_deref(), Some("eu-central-1"));
    assert_eq!(config.bedrock.throttle_patience, Duration::ZERO);
    assert!(
        matches!(&config.bedrock.default_identity, DefaultIdentity::Static { access_key, .. } if access_key == "AKID")
    );
    assert!(!format!("{config:?}").contains("hidden"));
    assert!(matches!(
        with_env([("AWS_ACCESS_KEY_ID", "half")]).config().bedrock.default_identity,
        DefaultIdentity::Chain
    ));
}

#[test]
fn tasks_can_be_denied_the_credentials_of_the_process() {
    let config = with_env([("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "b")])
        .flag("bedrock.default-credentials", "false")
        .config();
    assert!(matches!(config.bedrock.default_identity, DefaultIdentity::Refused));
}

#[test]
fn quotas_are_for_all_models_or_for_one() {
    let config = with_env([
        ("BEDROCK_CONNECTOR_REQUESTS_PER_MINUTE", "60, amazon.nova-pro-v1:0=100"),
        ("BEDROCK_CONNECTOR_TOKENS_PER_MINUTE", "amazon.nova-pro-v1:0 = 200000"),
    ])
    .config();
    let quota = |requests, tokens| Quota { requests_per_minute: requests, tokens_per_minute: tokens };
    assert_eq!(config.bedrock.quotas.of("amazon.nova-pro-v1:0"), quota(Some(100.0), Some(200_000.0)));
    assert_eq!(config.bedrock.quotas.of("any-other"), quota(Some(60.0), None));
}

#[test]
fn a_quota_that_is_none_is_named() {
    for text in ["0", "-5", "many", "=5", "m=", "m=0", "NaN", "inf", "60, m=x"] {
        assert_eq!(
            with_env([("BEDROCK_CONNECTOR_TOKENS_PER_MINUTE", text)]).mistakes(),
            [format!(
                "environment variable BEDROCK_CONNECTOR_TOKENS_PER_MINUTE: found `{text}`, expected a number above zero, or \
                 MODEL=NUMBER, with commas between them"
            )]
        );
    }
}

#[test]
fn a_quota_needs_patience() {
    let mistakes = with_env([
        ("BEDROCK_CONNECTOR_REQUESTS_PER_MINUTE", "60"),
        ("BEDROCK_CONNECTOR_THROTTLE_PATIENCE", "PT0S"),
    ])
    .mistakes();
    assert_eq!(
        mistakes,
        [
            "environment variable BEDROCK_CONNECTOR_THROTTLE_PATIENCE: found `PT0S`, expected more than nothing, because calls beyond \
          the requests or tokens per minute have to wait"
        ]
    );
}
