//! The connector as the runtime sees it.

use std::sync::Arc;

use serde_json::Value;

use super::call::BedrockCall;
use super::clients::Clients;
use super::field::Field;
use super::input::{Action, Request};
use super::target::Target;
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
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) clients: Arc<Clients>,
    pub(super) loader: Loader,
    pub(super) telemetry: Telemetry,
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
        Self { flavour, parts: Arc::new(Parts { clients, loader, telemetry }) }
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
        let target = Target::read(&variables, self.parts.clients.options())?;
        let request = if needs_expansion(&data) { None } else { Some(Request::read(action, &data)?) };
        Ok(Box::new(BedrockCall {
            parts: Arc::clone(&self.parts),
            flavour: self.flavour,
            process: scope.bpmn_process_id.as_str().into(),
            target,
            action,
            data,
            request,
            masker: Masker::default(),
        }))
    }
}
