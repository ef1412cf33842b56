//! The environments that Camunda documents for its runtime, as they stand in its pages, compose files and charts. Each
//! has to start this worker as it is.

use futures_util::FutureExt;

use super::*;
use crate::secrets::SecretProvider;

/// What an environment is expected to lead to.
struct Expected {
    grpc: &'static str,
    rest: Option<&'static str>,
    /// How it logs in: `none`, `basic USER`, or `oidc CLIENT at WHERE for AUDIENCE [scope SCOPE]`.
    auth: &'static str,
}

fn auth(config: &Config) -> String {
    match &config.gateway.auth {
        Auth::None => "none".to_owned(),
        Auth::Basic { username, .. } => format!("basic {username}"),
        Auth::OAuth(client) => {
            let endpoint = client.well_known_url.as_deref().unwrap_or(&client.token_url);
            let audience = client.audience.as_deref().unwrap_or_default();
            let scope = client.scope.as_ref().map_or(String::new(), |scope| format!(" scope {scope}"));
            format!("oidc {} at {endpoint} for {audience}{scope}", client.client_id)
        }
    }
}

#[track_caller]
fn check(environment: &str, expected: Expected) -> Config {
    let variables = environment.lines().map(str::trim).filter(|line| !line.is_empty()).map(|line| {
        let (name, value) = line.split_once('=').unwrap();
        (name.to_owned(), value.to_owned())
    });
    let config = Start { variables: variables.collect(), ..Start::default() }.config();
    assert_eq!(config.gateway.address, expected.grpc);
    assert_eq!(config.engine.rest_address.as_deref(), expected.rest);
    assert_eq!(auth(&config), expected.auth);
    config
}

#[test]
fn self_managed_8_8_without_authentication() {
    let config = check(
        "CAMUNDA_CLIENT_MODE=self-managed
         CAMUNDA_CLIENT_GRPCADDRESS=http://localhost:26500
         CAMUNDA_CLIENT_RESTADDRESS=http://localhost:8080
         CAMUNDA_CLIENT_AUTH_METHOD=none",
        Expected { grpc: "http://localhost:26500", rest: Some("http://localhost:8080"), auth: "none" },
    );
    assert_eq!(config.notices, Vec::<String>::new());
}

#[test]
fn self_managed_8_8_with_a_user_and_tenants() {
    let config = check(
        "CAMUNDA_CLIENT_GRPCADDRESS=http://orchestration:26500
         CAMUNDA_CLIENT_RESTADDRESS=http://orchestration:8080
         CAMUNDA_CLIENT_AUTH_METHOD=basic
         CAMUNDA_CLIENT_AUTH_USERNAME=demo
         CAMUNDA_CLIENT_AUTH_PASSWORD=demo
         CAMUNDA_CLIENT_TENANTID=tenant-a
         CAMUNDA_CLIENT_WORKER_DEFAULTS_TENANTIDS=tenant-a,tenant-b",
        Expected {
            grpc: "http://orchestration:26500",
            rest: Some("http://orchestration:8080"),
            auth: "basic demo",
        },
    );
    assert_eq!(config.engine.tenant_ids, ["tenant-a", "tenant-b"]);
    assert_eq!(config.notices, Vec::<String>::new());
}

#[test]
fn self_managed_8_8_with_tokens() {
    let config = check(
        "CAMUNDA_CLIENT_MODE=self-managed
         CAMUNDA_CLIENT_GRPCADDRESS=https://grpc.camunda.example.com
         CAMUNDA_CLIENT_RESTADDRESS=https://camunda.example.com/orchestration
         CAMUNDA_CLIENT_AUTH_METHOD=oidc
         CAMUNDA_CLIENT_AUTH_CLIENTID=connectors
         CAMUNDA_CLIENT_AUTH_CLIENTSECRET=hidden
         CAMUNDA_CLIENT_AUTH_TOKENURL=http://localhost:18080/auth/realms/camunda-platform/protocol/openid-connect/token
         CAMUNDA_CLIENT_AUTH_AUDIENCE=orchestration-api
         CAMUNDA_CLIENT_AUTH_SCOPE=orchestration-api
         LOGGING_LEVEL_IO_CAMUNDA_CONNECTOR=INFO
         CONNECTORS_LOG_APPENDER=stackdriver",
        Expected {
            grpc: "https://grpc.camunda.example.com",
            rest: Some("https://camunda.example.com/orchestration"),
            auth: "oidc connectors at http://localhost:18080/auth/realms/camunda-platform/protocol/openid-connect/token \
                   for orchestration-api scope orchestration-api",
        },
    );
    assert_eq!(config.log.format, telemetry::Format::Stackdriver);
    assert_eq!(config.notices, Vec::<String>::new());
}

#[test]
fn self_managed_with_entra_id() {
    check(
        "CAMUNDA_CLIENT_GRPCADDRESS=http://zeebe:26500
         CAMUNDA_CLIENT_AUTH_METHOD=oidc
         CAMUNDA_CLIENT_AUTH_CLIENTID=app
         CAMUNDA_CLIENT_AUTH_CLIENTSECRET=hidden
         CAMUNDA_CLIENT_AUTH_TOKENURL=https://login.microsoftonline.com/tenant/oauth2/v2.0/token
         CAMUNDA_CLIENT_AUTH_AUDIENCE=app
         CAMUNDA_CLIENT_AUTH_SCOPE=app/.default",
        Expected {
            grpc: "http://zeebe:26500",
            rest: None,
            auth: "oidc app at https://login.microsoftonline.com/tenant/oauth2/v2.0/token for app scope app/.default",
        },
    );
}

#[test]
fn self_managed_8_6_and_8_7_with_the_names_of_that_time() {
    let config = check(
        "CAMUNDA_CLIENT_MODE=self-managed
         CAMUNDA_CLIENT_ZEEBE_GRPCADDRESS=http://localhost:26500
         CAMUNDA_CLIENT_ZEEBE_RESTADDRESS=http://localhost:8080
         CAMUNDA_CLIENT_AUTH_CLIENTID=zeebe
         CAMUNDA_CLIENT_AUTH_CLIENTSECRET=zecret
         CAMUNDA_CLIENT_AUTH_ISSUER=http://localhost:18080/auth/realms/camunda-platform/protocol/openid-connect/token
         CAMUNDA_CLIENT_ZEEBE_AUDIENCE=zeebe-api
         CAMUNDA_CLIENT_ZEEBE_DEFAULTS_TENANTIDS=a, b
         OPERATE_CLIENT_PROFILE=simple
         OPERATE_CLIENT_BASEURL=http://localhost:8081
         CAMUNDA_CONNECTOR_POLLING_ENABLED=false
         CAMUNDA_CONNECTOR_WEBHOOK_ENABLED=false",
        Expected {
            grpc: "http://localhost:26500",
            rest: Some("http://localhost:8080"),
            auth: "oidc zeebe at http://localhost:18080/auth/realms/camunda-platform/protocol/openid-connect/token for \
                   zeebe-api",
        },
    );
    assert_eq!(config.engine.tenant_ids, ["a", "b"]);
    assert_eq!(config.notices.len(), 4, "Operate and inbound connectors: {:?}", config.notices);
}

#[test]
fn self_managed_8_5_with_the_java_clients_names() {
    let config = check(
        "ZEEBE_CLIENT_BROKER_GATEWAY-ADDRESS=zeebe:26500
         ZEEBE_CLIENT_SECURITY_PLAINTEXT=true
         ZEEBE_CLIENT_ID=zeebe
         ZEEBE_CLIENT_SECRET=zecret
         ZEEBE_CLIENT_CONFIG_PATH=/tmp/zeebe_auth_cache
         ZEEBE_TOKEN_AUDIENCE=zeebe-api
         ZEEBE_AUTHORIZATION_SERVER_URL=http://keycloak:8080/auth/realms/camunda-platform/protocol/openid-connect/token
         CAMUNDA_OPERATE_CLIENT_URL=http://operate:8080
         CAMUNDA_OPERATE_CLIENT_KEYCLOAK-URL=http://keycloak:8080
         management.endpoints.web.exposure.include=health
         management.endpoint.health.probes.enabled=true",
        Expected {
            grpc: "http://zeebe:26500",
            rest: None,
            auth: "oidc zeebe at http://keycloak:8080/auth/realms/camunda-platform/protocol/openid-connect/token for \
                   zeebe-api",
        },
    );
    assert_eq!(config.notices.len(), 5, "{:?}", config.notices);
}

#[test]
fn self_managed_8_5_without_authentication() {
    check(
        "ZEEBE_CLIENT_BROKER_GATEWAY-ADDRESS=ip.address.of.zeebe:26500
         ZEEBE_CLIENT_SECURITY_PLAINTEXT=true",
        Expected { grpc: "http://ip.address.of.zeebe:26500", rest: None, auth: "none" },
    );
}

#[test]
fn with_the_helm_charts_certificate() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let config = check(
        &format!(
            "CAMUNDA_CLIENT_GRPCADDRESS=https://zeebe:26500
             CAMUNDA_CLIENT_CACERTIFICATEPATH={}",
            file.path().display()
        ),
        Expected { grpc: "https://zeebe:26500", rest: None, auth: "none" },
    );
    assert_eq!(config.gateway.tls.unwrap().ca_file.unwrap(), file.path());
}

#[test]
fn saas_in_each_documented_spelling() {
    for environment in [
        "CAMUNDA_CLIENT_MODE=saas
         CAMUNDA_CLIENT_AUTH_CLIENTID=id
         CAMUNDA_CLIENT_AUTH_CLIENTSECRET=hidden
         CAMUNDA_CLIENT_CLOUD_REGION=dsm-1
         CAMUNDA_CLIENT_CLOUD_CLUSTERID=abc",
        "CAMUNDA_CLIENT_CLOUD_CLUSTER_ID=abc
         CAMUNDA_CLIENT_AUTH_CLIENT_ID=id
         CAMUNDA_CLIENT_AUTH_CLIENT_SECRET=hidden
         CAMUNDA_CLIENT_CLOUD_REGION=dsm-1",
        "CAMUNDA_CLIENT_SECURITY_PLAINTEXT=false
         CAMUNDA_CLIENT_CLOUD_CLUSTER-ID=abc
         CAMUNDA_CLIENT_CLOUD_CLIENT-ID=id
         CAMUNDA_CLIENT_CLOUD_CLIENT-SECRET=hidden
         CAMUNDA_CLIENT_CLOUD_REGION=dsm-1
         CAMUNDA_OPERATE_CLIENT_URL=https://dsm-1.operate.camunda.io/abc",
        "CAMUNDA_CLIENT_MODE=saas
         CAMUNDA_CLIENT_CLUSTERID=abc
         CAMUNDA_CLIENT_AUTH_CLIENTID=id
         CAMUNDA_CLIENT_AUTH_CLIENTSECRET=hidden
         CAMUNDA_CLIENT_REGION=dsm-1",
        "ZEEBE_CLIENT_SECURITY_PLAINTEXT=false
         ZEEBE_CLIENT_CLOUD_CLUSTER-ID=abc
         ZEEBE_CLIENT_CLOUD_CLIENT-ID=id
         ZEEBE_CLIENT_CLOUD_CLIENT-SECRET=hidden
         ZEEBE_CLIENT_CLOUD_REGION=dsm-1",
    ] {
        let config = check(
            environment,
            Expected {
                grpc: "https://abc.dsm-1.zeebe.camunda.io:443",
                rest: Some("https://dsm-1.zeebe.camunda.io:443/abc"),
                auth: "oidc id at https://login.cloud.camunda.io/oauth/token for zeebe.camunda.io",
            },
        );
        assert!(!format!("{config:?}").contains("hidden"));
    }
}

#[test]
fn the_client_credentials_alone_lead_to_the_local_identity_provider() {
    check(
        "CAMUNDA_CLIENT_AUTH_METHOD=oidc
         CAMUNDA_CLIENT_AUTH_CLIENTID=a
         CAMUNDA_CLIENT_AUTH_CLIENTSECRET=b",
        Expected {
            grpc: "http://localhost:26500",
            rest: None,
            auth: "oidc a at http://localhost:18080/auth/realms/camunda-platform/.well-known/openid-configuration for \
                   zeebe-api",
        },
    );
}

#[test]
fn the_peers_settings_of_secrets_mean_the_same() {
    let secrets = |name: &str| with_env([(name, "S_"), ("S_KEY", "of S"), ("KEY", "bare")]).config().secrets;
    let value = |secrets: SecretsConfig| {
        let environment = secrets.environment()?;
        let found = environment.get("KEY", &crate::secrets::Scope::default()).now_or_never()?;
        found.ok().flatten().map(|secret| secret.expose().to_owned())
    };
    assert_eq!(
        value(secrets("CAMUNDA_CONNECTOR_SECRETPROVIDER_ENVIRONMENT_PREFIX")).as_deref(),
        Some("of S")
    );
    assert_eq!(value(with_env([("KEY", "bare")]).config().secrets), None);
    let name = "CAMUNDA_CONNECTOR_SECRETPROVIDER_ENVIRONMENT_PREFIX";
    let emptied = with_env([(name, ""), ("KEY", "bare")]).config();
    assert_eq!(value(emptied.secrets).as_deref(), Some("bare"));
    assert!(emptied.notices[0].contains("every variable of the environment"), "{:?}", emptied.notices);
    let off = ("CAMUNDA_CONNECTOR_SECRETPROVIDER_ENVIRONMENT_ENABLED", "false");
    assert!(with_env([off, ("SECRET_KEY", "x")]).config().secrets.environment().is_none());
}

#[test]
fn the_peers_filter_of_secrets_is_understood() {
    let filter = "CAMUNDA_CONNECTOR_SECRETRESOLVER_SECRETFILTER_MODE";
    let strict = with_env([(filter, "STRICT"), ("CAMUNDA_CLIENT_RESTADDRESS", "http://zeebe:8080")]).config();
    assert_eq!(strict.secrets.mode, SecretsMode::Strict);
    for weaker in ["LAX", "DISABLED"] {
        let config = with_env([(filter, weaker)]).config();
        assert_eq!(config.secrets.mode, SecretsMode::Fields);
        assert!(config.notices[0].contains("is taken as fields"), "{:?}", config.notices);
    }
}
