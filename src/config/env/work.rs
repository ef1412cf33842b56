//! How jobs are taken and what is done with them.

use crate::config::setting::Form::{
    Address, Bytes, Choice, Count, Duration, List, Path, SecretAddress, Switch, Text,
};
use crate::config::setting::Name::{Exact, Spring};
use crate::config::setting::{Section, Setting};

pub(super) const WORKER: Section = Section {
    title: "Worker",
    settings: &[
        Setting {
            key: "worker.max-jobs-active",
            variable: "BEDROCK_CONNECTOR_MAX_JOBS_ACTIVE",
            form: Count,
            default: "100",
            others: &[
                Spring("camunda.client.worker.defaults.max-jobs-active"),
                Spring("camunda.client.zeebe.defaults.max-jobs-active"),
                Spring("zeebe.client.worker.max-jobs-active"),
            ],
            doc: "How many jobs are held at once, over all job types",
        },
        Setting {
            key: "worker.lock",
            variable: "BEDROCK_CONNECTOR_LOCK",
            form: Duration,
            default: "PT60S",
            others: &[
                Exact("CONNECTOR_AWS_BEDROCK_TIMEOUT"),
                Spring("camunda.client.worker.defaults.timeout"),
                Spring("camunda.client.zeebe.defaults.timeout"),
                Spring("zeebe.client.job.timeout"),
            ],
            doc: "How long a job stays ours without a sign of life; it is renewed while the work lasts",
        },
        Setting {
            key: "worker.grace",
            variable: "BEDROCK_CONNECTOR_GRACE",
            form: Duration,
            default: "PT25S",
            others: &[Spring("spring.lifecycle.timeout-per-shutdown-phase")],
            doc: "How long running jobs may go on after SIGTERM before they are given back",
        },
        Setting {
            key: "worker.name",
            variable: "BEDROCK_CONNECTOR_WORKER_NAME",
            form: Text,
            default: "",
            others: &[
                Spring("camunda.client.worker.defaults.name"),
                Spring("camunda.client.zeebe.defaults.name"),
                Spring("zeebe.client.worker.default-name"),
                Spring("zeebe.client.worker.name"),
            ],
            doc: "The worker's name at the gateway, in place of the connector's",
        },
        Setting {
            key: "worker.tenant-ids",
            variable: "BEDROCK_CONNECTOR_TENANT_IDS",
            form: List,
            default: "",
            others: &[
                Spring("camunda.client.worker.defaults.tenant-ids"),
                Spring("camunda.client.tenant-ids"),
                Spring("camunda.client.zeebe.defaults.tenant-ids"),
                Spring("zeebe.client.default-job-worker-tenant-ids"),
                Exact("CAMUNDA_DEFAULT_JOB_WORKER_TENANT_IDS"),
                Exact("ZEEBE_DEFAULT_JOB_WORKER_TENANT_IDS"),
            ],
            doc: "The tenants whose jobs are taken",
        },
        Setting {
            key: "worker.stream",
            variable: "BEDROCK_CONNECTOR_STREAM",
            form: Switch,
            default: "true",
            others: &[
                Spring("camunda.client.worker.defaults.stream-enabled"),
                Spring("camunda.client.zeebe.defaults.stream-enabled"),
                Spring("zeebe.client.default-job-worker-stream-enabled"),
                Exact("CAMUNDA_CLIENT_WORKER_STREAM_ENABLED"),
                Exact("ZEEBE_CLIENT_WORKER_STREAM_ENABLED"),
            ],
            doc: "Whether the gateway pushes jobs; polling goes on beside it",
        },
        Setting {
            key: "worker.stream-timeout",
            variable: "BEDROCK_CONNECTOR_STREAM_TIMEOUT",
            form: Duration,
            default: "PT8H",
            others: &[
                Spring("camunda.client.worker.defaults.stream-timeout"),
                Spring("camunda.client.zeebe.defaults.stream-timeout"),
            ],
            doc: "After how long a stream is opened anew",
        },
        Setting {
            key: "worker.poll-timeout",
            variable: "BEDROCK_CONNECTOR_POLL_TIMEOUT",
            form: Duration,
            default: "PT10S",
            others: &[
                Spring("camunda.client.worker.defaults.request-timeout"),
                Spring("camunda.client.zeebe.defaults.request-timeout"),
            ],
            doc: "How long the gateway holds a poll that finds no job",
        },
        Setting {
            key: "worker.lease",
            variable: "BEDROCK_CONNECTOR_LEASE",
            form: Switch,
            default: "false",
            others: &[],
            doc: "Whether jobs are taken with a lease (8.10); then every worker of the type must do so",
        },
        Setting {
            key: "worker.compat-type",
            variable: "BEDROCK_CONNECTOR_COMPAT_TYPE",
            form: Text,
            default: "io.camunda:aws-bedrock:1",
            others: &[Exact("CONNECTOR_AWS_BEDROCK_TYPE"), Exact("CONNECTOR_AWSBEDROCK_TYPE")],
            doc: "The job type that is answered as Camunda's Bedrock connector answers it",
        },
        Setting {
            key: "worker.native-type",
            variable: "BEDROCK_CONNECTOR_NATIVE_TYPE",
            form: Text,
            default: "bedrock-connector:1",
            others: &[],
            doc: "The job type that is answered with the whole response",
        },
        Setting {
            key: "worker.enabled-types",
            variable: "BEDROCK_CONNECTOR_ENABLED_TYPES",
            form: List,
            default: "",
            others: &[Exact("CONNECTOR_OUTBOUND_ENABLED")],
            doc: "The only job types to serve, of the two above",
        },
        Setting {
            key: "worker.disabled-types",
            variable: "BEDROCK_CONNECTOR_DISABLED_TYPES",
            form: List,
            default: "",
            others: &[Exact("CONNECTOR_OUTBOUND_DISABLED")],
            doc: "Job types not to serve",
        },
    ],
};

pub(super) const BEDROCK: Section = Section {
    title: "Bedrock",
    settings: &[
        Setting {
            key: "bedrock.endpoint",
            variable: "BEDROCK_CONNECTOR_BEDROCK_ENDPOINT",
            form: Address,
            default: "",
            others: &[Exact("AWS_ENDPOINT_URL_BEDROCK_RUNTIME"), Exact("AWS_ENDPOINT_URL")],
            doc: "The endpoint of calls whose task names none, in place of AWS's own",
        },
        Setting {
            key: "bedrock.region",
            variable: "BEDROCK_CONNECTOR_REGION",
            form: Text,
            default: "",
            others: &[Exact("AWS_REGION"), Exact("AWS_DEFAULT_REGION")],
            doc: "The AWS region of tasks that name none, such as eu-central-1",
        },
        Setting {
            key: "bedrock.ca-certificate-path",
            variable: "BEDROCK_CONNECTOR_AWS_CA_CERTIFICATE_PATH",
            form: Path,
            default: "",
            others: &[Exact("AWS_CA_BUNDLE")],
            doc: "Certificates (PEM) trusted for AWS beside the system's",
        },
        Setting {
            key: "bedrock.throttle-patience",
            variable: "BEDROCK_CONNECTOR_THROTTLE_PATIENCE",
            form: Duration,
            default: "PT5M",
            others: &[],
            doc: "How long a throttled call waits beyond its own attempts; PT0S fails after 4 attempts",
        },
        Setting {
            key: "bedrock.call-timeout",
            variable: "BEDROCK_CONNECTOR_CALL_TIMEOUT",
            form: Duration,
            default: "PT1H",
            others: &[],
            doc: "The longest that one call of a model may take",
        },
        Setting {
            key: "bedrock.connect-timeout",
            variable: "BEDROCK_CONNECTOR_BEDROCK_CONNECT_TIMEOUT",
            form: Duration,
            default: "PT10S",
            others: &[],
            doc: "How long connecting to Bedrock may take",
        },
        Setting {
            key: "bedrock.allowed-endpoints",
            variable: "BEDROCK_CONNECTOR_ALLOWED_ENDPOINTS",
            form: List,
            default: "",
            others: &[],
            doc: "Hosts, beside those of AWS, that a task may name as its endpoint",
        },
        Setting {
            key: "bedrock.default-credentials",
            variable: "BEDROCK_CONNECTOR_DEFAULT_CREDENTIALS",
            form: Switch,
            default: "true",
            others: &[],
            doc: "Whether tasks may use the credentials of this process",
        },
    ],
};

pub(super) const DOCUMENTS: Section = Section {
    title: "Documents",
    settings: &[
        Setting {
            key: "documents.max-size",
            variable: "BEDROCK_CONNECTOR_DOCUMENT_MAX_SIZE",
            form: Bytes,
            default: "25000000",
            others: &[],
            doc: "The largest document that is fetched or stored",
        },
        Setting {
            key: "documents.max-memory",
            variable: "BEDROCK_CONNECTOR_DOCUMENT_MAX_MEMORY",
            form: Bytes,
            default: "128000000",
            others: &[],
            doc: "What the documents of all running jobs may take together; beyond it, jobs wait for each other",
        },
        Setting {
            key: "documents.timeout",
            variable: "BEDROCK_CONNECTOR_DOCUMENT_TIMEOUT",
            form: Duration,
            default: "PT60S",
            others: &[],
            doc: "How long fetching one document may take",
        },
        Setting {
            key: "documents.allowed-hosts",
            variable: "BEDROCK_CONNECTOR_DOCUMENT_ALLOWED_HOSTS",
            form: List,
            default: "",
            others: &[],
            doc: "Private hosts from which documents may be fetched; public ones need no entry",
        },
    ],
};

pub(super) const SECRETS: Section = Section {
    title: "Secrets",
    settings: &[
        Setting {
            key: "secrets.mode",
            variable: "BEDROCK_CONNECTOR_SECRETS",
            form: Choice(&["fields", "strict", "peer"]),
            default: "fields",
            others: &[],
            doc: "Where placeholders are resolved: in fields meant for them, only names of the model, or anywhere",
        },
        Setting {
            key: "secrets.allowed-names",
            variable: "BEDROCK_CONNECTOR_SECRETS_ALLOWED",
            form: List,
            default: "",
            others: &[],
            doc: "Names of secrets that may be used anywhere, in prompts too",
        },
        Setting {
            key: "secrets.prefix",
            variable: "BEDROCK_CONNECTOR_SECRETS_PREFIX",
            form: Text,
            default: "SECRET_",
            others: &[Spring("camunda.connector.secret-provider.environment.prefix")],
            doc: "How the variables begin that hold secrets",
        },
        Setting {
            key: "secrets.tenant-aware",
            variable: "BEDROCK_CONNECTOR_SECRETS_TENANT_AWARE",
            form: Switch,
            default: "false",
            others: &[
                Spring("camunda.connector.secret-provider.environment.tenant-aware"),
                Spring("camunda.connector.secretprovider.environment.tenantaware"),
            ],
            doc: "Whether the tenant's id stands before the name in the variable",
        },
        Setting {
            key: "secrets.process-aware",
            variable: "BEDROCK_CONNECTOR_SECRETS_PROCESS_AWARE",
            form: Switch,
            default: "false",
            others: &[
                Spring("camunda.connector.secret-provider.environment.process-definition-aware"),
                Spring("camunda.connector.secretprovider.environment.processdefinitionaware"),
            ],
            doc: "Whether the process's id stands before the name in the variable",
        },
    ],
};

pub(super) const JOURNAL: Section = Section {
    title: "Journal",
    settings: &[
        Setting {
            key: "journal.data-dir",
            variable: "BEDROCK_CONNECTOR_DATA_DIR",
            form: Path,
            default: "",
            others: &[],
            doc: "The folder that keeps answers until the engine has them",
        },
        Setting {
            key: "journal.url",
            variable: "BEDROCK_CONNECTOR_JOURNAL_URL",
            form: SecretAddress,
            default: "",
            others: &[],
            doc: "A PostgreSQL database that keeps them for several replicas, in place of the folder",
        },
        Setting {
            key: "journal.keep",
            variable: "BEDROCK_CONNECTOR_JOURNAL_KEEP",
            form: Duration,
            default: "P7D",
            others: &[],
            doc: "After how long an answer that nobody took is dropped",
        },
    ],
};
