//! What is around the work: the admin port, the log, the element templates. And what the peer knows and we do not need.

use crate::config::setting::Form::{Address, Choice, List, Port, Text};
use crate::config::setting::Name::{self, Exact, Family, Spring};
use crate::config::setting::{Section, Setting};

pub(super) const ADMIN: Section = Section {
    title: "Health and metrics",
    settings: &[
        Setting {
            key: "admin.port",
            variable: "SERVER_PORT",
            form: Port,
            default: "8080",
            others: &[Spring("management.server.port")],
            doc: "The port of health and metrics; 0 takes any free one",
        },
        Setting {
            key: "admin.address",
            variable: "SERVER_ADDRESS",
            form: Text,
            default: "0.0.0.0",
            others: &[Spring("management.server.address")],
            doc: "The IP address that health and metrics listen on",
        },
    ],
};

pub(super) const LOG: Section = Section {
    title: "Log",
    settings: &[
        Setting {
            key: "log.level",
            variable: "BEDROCK_CONNECTOR_LOG",
            form: Text,
            default: "info",
            others: &[
                Exact("BEDROCK_CONNECTOR_LOG_LEVEL"),
                Exact("RUST_LOG"),
                Spring("logging.level.root"),
                Spring("logging.level.io.camunda.connector"),
            ],
            doc: "What is logged: a level, or directives such as info,bedrock_connector::worker=debug",
        },
        Setting {
            key: "log.format",
            variable: "BEDROCK_CONNECTOR_LOG_FORMAT",
            form: Choice(&["auto", "text", "json", "stackdriver"]),
            default: "auto",
            others: &[Spring("connectors.log.appender")],
            doc: "The form of log lines; auto is text on a terminal and JSON otherwise",
        },
    ],
};

pub(super) const TEMPLATES: Section = Section {
    title: "Element templates",
    settings: &[
        Setting {
            key: "templates.models",
            variable: "BEDROCK_CONNECTOR_TEMPLATE_MODELS",
            form: List,
            default: "",
            others: &[],
            doc: "Models that templates offer for choice, each as an id or as Name=id",
        },
        Setting {
            key: "templates.identities",
            variable: "BEDROCK_CONNECTOR_TEMPLATE_IDENTITIES",
            form: List,
            default: "",
            others: &[],
            doc: "Ways to sign in that templates offer, such as defaultCredentialsChain,assumeRole; all when empty",
        },
        Setting {
            key: "templates.profiles",
            variable: "BEDROCK_CONNECTOR_TEMPLATE_PROFILES",
            form: List,
            default: "",
            others: &[],
            doc: "Profiles that templates offer for choice; without any, the name of a profile is written by hand",
        },
        Setting {
            key: "templates.engine",
            variable: "BEDROCK_CONNECTOR_TEMPLATE_ENGINE",
            form: Choice(&["8.6", "8.8"]),
            default: "8.8",
            others: &[],
            doc: "The oldest engine that templates are for; before 8.8, fields left empty are not written",
        },
        Setting {
            key: "templates.documentation",
            variable: "BEDROCK_CONNECTOR_TEMPLATE_DOCUMENTATION",
            form: Address,
            default: "",
            others: &[],
            doc: "Where the pages of docs/templates can be read, for the link in each template",
        },
    ],
};

pub(super) const WITHOUT_EFFECT: &[(Name, &str)] = &[
    (Spring("camunda.client.execution-threads"), "jobs are not bound to threads"),
    (Spring("camunda.client.zeebe.execution-threads"), "jobs are not bound to threads"),
    (Spring("zeebe.client.worker.threads"), "jobs are not bound to threads"),
    (Spring("camunda.connector.virtual-threads.enabled"), "jobs are not bound to threads"),
    (Spring("camunda.client.prefer-rest-over-grpc"), "jobs always come over gRPC"),
    (Spring("camunda.client.zeebe.prefer-rest-over-grpc"), "jobs always come over gRPC"),
    (Exact("CAMUNDA_PREFER_REST"), "jobs always come over gRPC"),
    (Exact("ZEEBE_PREFER_REST"), "jobs always come over gRPC"),
    (Spring("camunda.client.auth.credentials-cache-path"), "tokens are kept in memory"),
    (Spring("zeebe.client.cloud.credentials-cache-path"), "tokens are kept in memory"),
    (Exact("CAMUNDA_CLIENT_CONFIG_PATH"), "tokens are kept in memory"),
    (Exact("ZEEBE_CLIENT_CONFIG_PATH"), "tokens are kept in memory"),
    (
        Spring("camunda.client.worker.defaults.poll-interval"),
        "polls wait at the gateway, not between each other",
    ),
    (
        Spring("camunda.client.zeebe.defaults.poll-interval"),
        "polls wait at the gateway, not between each other",
    ),
    (Spring("zeebe.client.job.poll-interval"), "polls wait at the gateway, not between each other"),
    (Spring("camunda.client.worker.defaults.max-retries"), "commands are repeated until the job's deadline"),
    (Spring("camunda.client.zeebe.defaults.max-retries"), "commands are repeated until the job's deadline"),
    (
        Spring("camunda.client.worker.defaults.auto-complete"),
        "each job is reported when its outcome is known",
    ),
    (Spring("camunda.client.zeebe.defaults.auto-complete"), "each job is reported when its outcome is known"),
    (
        Spring("camunda.client.worker.defaults.enabled"),
        "name the job types not to serve in CONNECTOR_OUTBOUND_DISABLED",
    ),
    (
        Spring("camunda.client.zeebe.defaults.enabled"),
        "name the job types not to serve in CONNECTOR_OUTBOUND_DISABLED",
    ),
    (
        Spring("camunda.client.worker.defaults.type"),
        "the job types are set by CONNECTOR_AWS_BEDROCK_TYPE and ours",
    ),
    (
        Spring("camunda.client.zeebe.defaults.type"),
        "the job types are set by CONNECTOR_AWS_BEDROCK_TYPE and ours",
    ),
    (
        Spring("zeebe.client.worker.default-type"),
        "the job types are set by CONNECTOR_AWS_BEDROCK_TYPE and ours",
    ),
    (
        Family("camunda.client.worker.override"),
        "of what can be set for a single job type, only the time-out of ours is taken",
    ),
    (
        Family("camunda.client.zeebe.override"),
        "of what can be set for a single job type, only the time-out of ours is taken",
    ),
    (
        Family("zeebe.client.worker.override"),
        "of what can be set for a single job type, only the time-out of ours is taken",
    ),
    (Spring("camunda.client.enabled"), "without the client there would be nothing to do"),
    (Spring("zeebe.client.enabled"), "without the client there would be nothing to do"),
    (Spring("common.enabled"), "without the client there would be nothing to do"),
    (
        Spring("zeebe.client.apply-environment-variable-overrides"),
        "all names are looked for, in the order of the migration page",
    ),
    (Spring("camunda.client.zeebe.enabled"), "without the client there would be nothing to do"),
    (Spring("camunda.client.max-metadata-size"), "the limit is fixed, and above that of the Java client"),
    (
        Spring("camunda.client.zeebe.max-metadata-size"),
        "the limit is fixed, and above that of the Java client",
    ),
    (Spring("camunda.client.message-time-to-live"), "no messages are published"),
    (Spring("camunda.client.zeebe.message-time-to-live"), "no messages are published"),
    (Spring("zeebe.client.message.time-to-live"), "no messages are published"),
    (
        Spring("camunda.client.request-timeout-offset"),
        "a poll is waited for a little longer than the gateway holds it",
    ),
    (Spring("camunda.client.deployment.enabled"), "nothing is deployed at the start"),
    (Spring("camunda.client.zeebe.deployment.enabled"), "nothing is deployed at the start"),
    (Spring("camunda.client.worker.defaults.fetch-variables"), "only the connector's own inputs are fetched"),
    (Spring("camunda.client.zeebe.defaults.fetch-variables"), "only the connector's own inputs are fetched"),
    (
        Spring("camunda.client.worker.defaults.force-fetch-all-variables"),
        "only the connector's own inputs are fetched",
    ),
    (
        Spring("camunda.client.zeebe.defaults.force-fetch-all-variables"),
        "only the connector's own inputs are fetched",
    ),
    (Exact("CONNECTOR_AWS_BEDROCK_INPUT_VARIABLES"), "only the connector's own inputs are fetched"),
    (Exact("CONNECTOR_AWS_BEDROCK_FUNCTION"), "the connector is part of this program"),
    (Spring("connector.outbound.discovery-disabled"), "the connector is part of this program"),
    (Family("operate.client"), "Operate is not asked; inbound connectors are not served"),
    (Family("camunda.operate.client"), "Operate is not asked; inbound connectors are not served"),
    (Family("camunda.client.operate"), "Operate is not asked; inbound connectors are not served"),
    (Family("camunda.client.identity"), "Identity is not asked; tokens come from the token address"),
    (Family("app.integrations"), "this connector is not served; keep Camunda's runtime for it"),
    (
        Family("connector.http.plain.proxy"),
        "it is for other connectors; the proxy of this one is CONNECTOR_HTTPS_PROXY_HOST or HTTPS_PROXY",
    ),
    (
        Family("connector.https.plain.proxy"),
        "it is for other connectors; the proxy of this one is CONNECTOR_HTTPS_PROXY_HOST or HTTPS_PROXY",
    ),
    (Family("camunda.connector.polling"), "inbound connectors are not served"),
    (Family("camunda.connector.webhook"), "inbound connectors are not served"),
    (Family("connector.inbound"), "inbound connectors are not served"),
    (
        Family("camunda.connector.secret-resolver.secret-filter.cache"),
        "process models are always kept, up to 1000 of them",
    ),
    (Family("camunda.connector.secret-resolver.legacy"), "the engine's own secrets are put in by the engine"),
    (Family("management.endpoints"), "health and metrics are always served"),
    (Family("management.endpoint"), "health and metrics are always served"),
    (Family("management.health"), "readiness asks the gateway and looks for credentials, always"),
    (Family("management.metrics"), "the metrics are always the same"),
    (Family("management.prometheus"), "the metrics are always the same"),
    (Exact("SPRING_PROFILES_ACTIVE"), "there are no Spring profiles here"),
    (Exact("LOADER_PATH"), "connectors of your own cannot be loaded; keep Camunda's runtime for them"),
    (Exact("JAVA_OPTS"), "there is no Java here; proxies in it are set by HTTPS_PROXY and NO_PROXY"),
    (Exact("JAVA_TOOL_OPTIONS"), "there is no Java here; proxies in it are set by HTTPS_PROXY and NO_PROXY"),
    (Exact("JDK_JAVA_OPTIONS"), "there is no Java here; proxies in it are set by HTTPS_PROXY and NO_PROXY"),
    (Exact("JAVAX_NET_SSL_TRUSTSTOREPASSWORD"), "Java trust stores are not read"),
    (Spring("camunda.client.auth.keystore-password"), "Java key stores are not read"),
    (Spring("camunda.client.auth.keystore-key-password"), "Java key stores are not read"),
    (Spring("camunda.client.auth.truststore-password"), "Java trust stores are not read"),
    (Spring("camunda.client.auth.client-assertion.keystore-password"), "Java key stores are not read"),
    (Spring("camunda.client.auth.client-assertion.keystore-key-alias"), "Java key stores are not read"),
    (Spring("camunda.client.auth.client-assertion.keystore-key-password"), "Java key stores are not read"),
    (Spring("spring.application.json"), "set the variables of the properties in it, or use --config"),
    (Spring("spring.config.location"), "set the variables of the properties in it, or use --config"),
    (
        Spring("spring.config.additional-location"),
        "set the variables of the properties in it, or use --config",
    ),
    (Spring("spring.config.import"), "set the variables of the properties in it, or use --config"),
];

pub(super) const REFUSED: &[(Name, &str)] = &[
    (
        Exact("JAVAX_NET_SSL_TRUSTSTORE"),
        "Java trust stores are not read; give PEM files by BEDROCK_CONNECTOR_CA_CERTIFICATE_PATH and AWS_CA_BUNDLE",
    ),
    (
        Spring("camunda.client.auth.keystore-path"),
        "Java key stores are not read; give PEM files by BEDROCK_CONNECTOR_CLIENT_CERTIFICATE_PATH and _KEY_PATH",
    ),
    (
        Spring("camunda.client.auth.truststore-path"),
        "Java trust stores are not read; give a PEM file by BEDROCK_CONNECTOR_AUTH_CA_CERTIFICATE_PATH",
    ),
    (
        Spring("camunda.client.auth.client-assertion.keystore-path"),
        "signed client assertions are not supported; use a client secret",
    ),
    (Spring("common.keycloak.url"), "give the address of its tokens itself, by CAMUNDA_CLIENT_AUTH_TOKENURL"),
    (
        Spring("common.keycloak.realm"),
        "give the address of its tokens itself, by CAMUNDA_CLIENT_AUTH_TOKENURL",
    ),
    (
        Exact("CAMUNDA_SSL_CLIENT_KEYSTORE_PATH"),
        "Java key stores are not read; give PEM files by BEDROCK_CONNECTOR_CLIENT_CERTIFICATE_PATH and _KEY_PATH",
    ),
    (
        Exact("CAMUNDA_SSL_CLIENT_TRUSTSTORE_PATH"),
        "Java trust stores are not read; give a PEM file by BEDROCK_CONNECTOR_AUTH_CA_CERTIFICATE_PATH",
    ),
    (
        Exact("ZEEBE_SSL_CLIENT_KEYSTORE_PATH"),
        "Java key stores are not read; give PEM files by BEDROCK_CONNECTOR_CLIENT_CERTIFICATE_PATH and _KEY_PATH",
    ),
    (
        Exact("ZEEBE_SSL_CLIENT_TRUSTSTORE_PATH"),
        "Java trust stores are not read; give a PEM file by BEDROCK_CONNECTOR_AUTH_CA_CERTIFICATE_PATH",
    ),
];
