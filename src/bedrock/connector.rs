//! The connector as the runtime sees it.

use std::sync::Arc;

use serde_json::Value;

use super::call::BedrockCall;
use super::clients::Clients;
use super::field::Field;
use super::input::{Action, Request};
use super::inputs::Names;
use super::native::Refusals;
use super::route::{Route, Ways};
use super::target::Target;
use crate::connections::{Granted, Grantee, Provider, Upstream};
use crate::connector::{Call, Connector, Error, Scope};
use crate::cost::{Meter, Payer};
use crate::documents::{Loader, needs_expansion};
use crate::secrets::Masker;
use crate::telemetry::Telemetry;

/// The ids of our own element templates begin with this; a task has the id of its template in a header.
pub const OWN_TEMPLATES: &str = "bedrock-connector.";

/// How the answer is shaped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavour {
    /// As Camunda's connector does: the list of messages, or `{body}`.
    Compat,
    /// All that Bedrock said.
    Native,
}

impl Flavour {
    /// What messages call the inputs. Only our own templates show our labels; the native job type has no others.
    pub(super) fn names(self, template_id: Option<&str>) -> Names<'static> {
        let is_ours = template_id.is_some_and(|id| id.starts_with(OWN_TEMPLATES));
        match self {
            Self::Compat if !is_ours => Names::Paths,
            Self::Compat | Self::Native => Names::Labels,
        }
    }
}

/// What all calls share.
#[derive(Debug, Clone)]
pub(super) struct Parts {
    pub(super) clients: Arc<Clients>,
    pub(super) loader: Loader,
    pub(super) telemetry: Telemetry,
    /// Knows the prices and the budgets.
    pub(super) meter: Arc<Meter>,
    /// None: tasks through connections are not served.
    pub(super) ways: Option<Arc<Ways>>,
    /// Which models gave no streams.
    pub(super) refusals: Arc<Refusals>,
}

/// The connector to Bedrock, for one flavour of answers.
#[derive(Debug, Clone)]
pub struct Bedrock {
    flavour: Flavour,
    parts: Arc<Parts>,
}

impl Bedrock {
    /// A connector over these clients.
    pub fn new(flavour: Flavour, clients: Arc<Clients>, loader: Loader, telemetry: Telemetry) -> Self {
        let (meter, refusals) = (Arc::default(), Arc::default());
        let parts = Parts { clients, loader, telemetry, meter, ways: None, refusals };
        Self { flavour, parts: Arc::new(parts) }
    }

    /// Holds calls to the budgets of this meter, and says what their answers cost.
    #[must_use]
    pub fn with_meter(mut self, meter: Arc<Meter>) -> Self {
        Arc::make_mut(&mut self.parts).meter = meter;
        self
    }

    /// Serves tasks that come through connections, too.
    #[must_use]
    pub fn with_ways(mut self, ways: Arc<Ways>) -> Self {
        Arc::make_mut(&mut self.parts).ways = Some(ways);
        self
    }
}

impl Connector for Bedrock {
    fn name(&self) -> &'static str {
        match self.flavour {
            Flavour::Compat => "AWS BedRock",
            Flavour::Native => "Bedrock Connector",
        }
    }

    fn input_variables(&self) -> &'static [&'static str] {
        &["authentication", "configuration", "action", "data", "awsCredential"]
    }

    fn bind(&self, variables: &Value, scope: &Scope) -> Result<Box<dyn Call>, Error> {
        self.bind_to(variables, scope, |variables, parts| {
            Target::read(variables, self.flavour, parts.clients.options()).map(Route::Own)
        })
    }
}

impl Grantee for Bedrock {
    /// Wrong input is told when it is bound.
    fn needs_model(&self, variables: &Value) -> bool {
        let variables = Field::named("", variables, Names::Paths);
        Action::read(self.flavour, &variables).map_or(true, Action::needs_model)
    }

    fn bind_granted(
        &self,
        variables: &Value,
        scope: &Scope,
        granted: Granted,
    ) -> Result<Box<dyn Call>, Error> {
        self.bind_to(variables, scope, |_, parts| {
            let ways = parts.ways.as_ref().ok_or_else(|| {
                Error::input(
                    "connections are not served here; report this to the operator of the connector".into(),
                )
            })?;
            let is_bedrock = granted.connection.provider == Provider::Bedrock;
            let is_placed = |upstream: &Upstream| upstream.region.is_some() || !is_bedrock;
            if !granted.model.upstreams.iter().all(is_placed)
                && parts.clients.options().default_region.is_none()
            {
                return Err(Error::input(format!(
                    "the connection {:?} has no region of its own; name one of its models in data.modelId",
                    granted.connection.name
                )));
            }
            Ok(Route::granted(Arc::clone(ways), granted))
        })
    }
}

impl Bedrock {
    /// Binds variables to a call by the route that is read from them, or was granted.
    fn bind_to(
        &self,
        variables: &Value,
        scope: &Scope,
        route: impl FnOnce(&Field<'_>, &Parts) -> Result<Route, Error>,
    ) -> Result<Box<dyn Call>, Error> {
        let names = self.flavour.names(scope.template_id.as_deref());
        let variables = Field::named("", variables, names);
        let Bound { route, action, data, request } =
            read(&variables, self.flavour, |variables| route(variables, &self.parts))?;
        Ok(Box::new(BedrockCall {
            parts: Arc::clone(&self.parts),
            flavour: self.flavour,
            names,
            payer: Payer {
                tenant: scope.tenant_id.as_str().into(),
                process: scope.bpmn_process_id.as_str().into(),
                process_instance_key: scope.process_instance_key,
            },
            route,
            action,
            data,
            request,
            ends: None,
            masker: Masker::default(),
        }))
    }
}

/// The variables of a task, bound.
#[derive(Debug)]
pub(super) struct Bound<R> {
    route: R,
    action: Action,
    data: Value,
    /// None: the data has functions, so it is bound only when these have run.
    request: Option<Request>,
}

/// Binds the variables of a task; `route` reads where it goes. Nothing is sent anywhere.
pub(super) fn read<R>(
    variables: &Field<'_>,
    flavour: Flavour,
    route: impl FnOnce(&Field<'_>) -> Result<R, Error>,
) -> Result<Bound<R>, Error> {
    if !variables.value().is_object() {
        return Err(Error::input(
            "the variables of the job are no JSON object; report this to the engine's operator".into(),
        ));
    }
    let action = Action::read(flavour, variables)?;
    let data = variables
        .entry("data")
        .ok_or_else(|| Error::input("data is missing; give the task its input".into()))?;
    data.object()?;
    let data = data.value().clone();
    let route = route(variables)?;
    let request = if needs_expansion(&data) {
        None
    } else {
        Some(Request::read(flavour, action, &Field::named("data", &data, variables.names()))?)
    };
    Ok(Bound { route, action, data, request })
}
