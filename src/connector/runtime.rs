//! The runtime: from a job to a call, and from the answer to what becomes of the job.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::conclude::Conclusion;
use super::expressions::Expressions;
use super::headers::TaskHeaders;
use super::json;
use super::plan::{Plan, Prepared};
use super::{Call, Code, CreateDocument, Error, Job, Outcome, Registry, Response, Retry, Scope};
use crate::clock::SystemClock;
use crate::secrets::{self, Masker, Resolved};
use crate::telemetry::{Event, Telemetry};

/// Limits of the runtime.
#[derive(Debug, Clone)]
pub struct Options {
    /// The largest output, as JSON text. The engine refuses more than its message size allows.
    pub max_output_bytes: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { max_output_bytes: 1_572_864 }
    }
}

/// Carries jobs from their variables to a call and from the answer to their outcome.
#[derive(Debug, Clone)]
pub struct Runtime {
    registry: Registry,
    secrets: Arc<secrets::Resolver>,
    expressions: Arc<Expressions>,
    telemetry: Telemetry,
    documents: Option<Arc<dyn CreateDocument>>,
    options: Options,
}

impl Runtime {
    /// Puts the runtime together.
    pub fn new(registry: Registry, secrets: Arc<secrets::Resolver>, options: Options) -> Self {
        Self {
            registry,
            secrets,
            expressions: Arc::new(Expressions::new(Arc::new(SystemClock))),
            telemetry: Telemetry::no_op(),
            documents: None,
            options,
        }
    }

    /// Tells what happens; without it, nothing is told.
    #[must_use]
    pub fn with_telemetry(mut self, telemetry: Telemetry) -> Self {
        self.telemetry = telemetry;
        self
    }

    /// Stores here what expressions make into documents.
    #[must_use]
    pub fn with_documents(mut self, documents: Arc<dyn CreateDocument>) -> Self {
        self.documents = Some(documents);
        self
    }

    /// The connectors that this runtime serves.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Reads the headers, resolves the secrets and binds the variables. It asks no model.
    pub async fn prepare(&self, job: &Job) -> Prepared {
        let (headers, readable) = TaskHeaders::parse(&job.headers);
        let mut masker = Masker::default();
        let call = match readable {
            Ok(()) => self.bind(job, &mut masker).await,
            Err(error) => Err(error),
        };
        let plan = Plan { job_key: job.key, retries: job.retries, headers, masker, bound: call.is_ok() };
        Prepared { plan, call }
    }

    /// Decides what becomes of the job. It asks no model, and gives the same outcome when it is repeated, except
    /// that documents which an expression makes are stored anew.
    pub async fn conclude(&self, plan: &Plan, result: Result<Response, Error>) -> Outcome {
        let conclusion = Conclusion {
            plan,
            expressions: &self.expressions,
            telemetry: &self.telemetry,
            documents: self.documents.as_deref(),
            max_output_bytes: self.options.max_output_bytes,
        };
        conclusion.conclude(result).await
    }

    async fn bind(&self, job: &Job, masker: &mut Masker) -> Result<Box<dyn Call>, Error> {
        let connector = self.registry.get(&job.job_type).ok_or_else(|| {
            Error::input(format!(
                "no connector serves the job type {:?}; check the configuration",
                job.job_type
            ))
        })?;
        let mut variables = read_variables(&job.variables)?;
        connector.prune(&mut variables);
        *masker = self.resolve(&mut variables, &job.scope).await?;
        let mut call = connector.bind(&variables, &job.scope)?;
        call.mask(masker);
        Ok(call)
    }

    async fn resolve(&self, variables: &mut Value, scope: &Scope) -> Result<Masker, Error> {
        let resolved = self.secrets.resolve(variables, &secrets_scope(scope)).await;
        let refused = match &resolved {
            Err(secrets::Error::Missing { name, .. }) => Some((name, "missing")),
            Err(secrets::Error::Refused { name, .. }) => Some((name, "not in the model")),
            Ok(Resolved { left: Some(name), .. }) => Some((name, "left as text, where no secret belongs")),
            _ => None,
        };
        if let Some((name, reason)) = refused {
            self.telemetry.emit(Event::SecretRefused { name, reason });
        }
        Ok(resolved?.masker)
    }
}

fn read_variables(text: &str) -> Result<Value, Error> {
    if text.trim().is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    json::parse(text.as_bytes())
        .map_err(|error| Error::input(format!("the variables of the job cannot be read as JSON: {error}")))
}

fn secrets_scope(scope: &Scope) -> secrets::Scope {
    secrets::Scope {
        tenant_id: scope.tenant_id.clone(),
        bpmn_process_id: scope.bpmn_process_id.clone(),
        process_definition_key: scope.process_definition_key,
        element_id: scope.element_id.clone(),
    }
}

impl From<secrets::Error> for Error {
    fn from(error: secrets::Error) -> Self {
        match error {
            secrets::Error::Missing { .. }
            | secrets::Error::Refused { .. }
            | secrets::Error::Unclosed { .. } => Self::never(Code::SECRET_UNAVAILABLE, error.to_string()),
            secrets::Error::Source(error) => Self {
                code: Code::SECRET_SOURCE_FAILED,
                error_type: "java.lang.RuntimeException".into(),
                message: error.to_string(),
                variables: None,
                retry: Retry::Spend,
            },
        }
    }
}
