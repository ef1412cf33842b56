//! The connector as the runtime sees it.

use std::sync::Arc;

use serde_json::Value;

use super::call::BedrockCall;
use super::clients::Clients;
use super::field::Field;
use super::input::{Action, Request};
use super::route::{Route, Ways};
use super::target::Target;
use crate::connections::{Granted, Grantee};
use crate::connector::{Call, Connector, Error, Scope};
use crate::documents::{Loader, needs_expansion};
use crate::secrets::Masker;
use crate::telemetry::Telemetry;

/// How the answer is shaped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavour {
    /// As Camunda's connector does: the list of messages, or `{body}`.
    Compat,
    /// All that Bedrock said.
    Native,
}

/// What all calls share.
#[derive(Debug, Clone)]
pub(super) struct Parts {
    pub(super) clients: Arc<Clients>,
    pub(super) loader: Loader,
    pub(super) telemetry: Telemetry,
    /// None: tasks through connections are not served.
    pub(super) ways: Option<Arc<Ways>>,
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
        Self { flavour, parts: Arc::new(Parts { clients, loader, telemetry, ways: None }) }
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

    fn bind(&self, variables: &Value, _scope: &Scope) -> Result<Box<dyn Call>, Error> {
        self.bind_to(variables, |variables, parts| {
            Target::read(variables, parts.clients.options()).map(Route::Own)
        })
    }
}

impl Grantee for Bedrock {
    fn bind_granted(&self, variables: &Value, _: &Scope, granted: Granted) -> Result<Box<dyn Call>, Error> {
        self.bind_to(variables, |_, parts| {
            let ways = parts.ways.as_ref().ok_or_else(|| {
                Error::input(
                    "connections are not served here; report this to the operator of the connector".into(),
                )
            })?;
            Ok(Route::granted(Arc::clone(ways), granted))
        })
    }
}

impl Bedrock {
    /// Binds variables to a call by the route that is read from them, or was granted.
    fn bind_to(
        &self,
        variables: &Value,
        route: impl FnOnce(&Field<'_>, &Parts) -> Result<Route, Error>,
    ) -> Result<Box<dyn Call>, Error> {
        let variables = Field::new("", variables);
        if !variables.value().is_object() {
            return Err(Error::input(
                "the variables of the job are no JSON object; report this to the engine's operator".into(),
            ));
        }
        let action = Action::read(&variables)?;
        let data = variables
            .entry("data")
            .ok_or_else(|| Error::input("data is missing; give the task its input".into()))?;
        data.object()?;
        let data = data.value().clone();
        let route = route(&variables, &self.parts)?;
        let request = if needs_expansion(&data) { None } else { Some(Request::read(action, &data)?) };
        Ok(Box::new(BedrockCall {
            parts: Arc::clone(&self.parts),
            flavour: self.flavour,
            route,
            action,
            data,
            request,
            masker: Masker::default(),
        }))
    }
}
