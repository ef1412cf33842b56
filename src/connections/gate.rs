//! What stands between a job and the connectors: it looks up the connection that a task names, and refuses what is not
//! granted.

use std::fmt::Debug;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::{Granted, Handle, Provider, Refusal};
use crate::access::Asker;
use crate::connector::{Call, Connector, Error, Scope};
use crate::telemetry::{ConnectionEvent, Event, Telemetry};

/// Whether a task may go without a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum InlineCredentials {
    #[default]
    Allowed,
    /// Connections only.
    Refused,
}

/// A connector that can serve tasks through a connection.
pub trait Grantee: Debug + Send + Sync {
    /// Whether what a task wants is done by a model. Where it is not, the connection alone has to be granted.
    fn needs_model(&self, variables: &Value) -> bool;

    /// Reads the variables. Their `data` is complete already: it names the model by the provider's id, and has the
    /// connection's parameters.
    fn bind_granted(
        &self,
        variables: &Value,
        scope: &Scope,
        granted: Granted,
    ) -> Result<Box<dyn Call>, Error>;
}

/// A connector behind the connections of the operator.
#[derive(Debug)]
pub struct Gate {
    handle: Handle,
    /// Serves tasks that name no connection, as it always has.
    plain: Arc<dyn Connector>,
    providers: Vec<(Provider, Arc<dyn Grantee>)>,
    telemetry: Telemetry,
}

impl Gate {
    /// Puts the connections before a connector.
    pub fn new(handle: Handle, plain: Arc<dyn Connector>, telemetry: Telemetry) -> Self {
        Self { handle, plain, providers: Vec::new(), telemetry }
    }

    /// Serves the connections of a provider.
    #[must_use]
    pub fn with(mut self, provider: Provider, grantee: Arc<dyn Grantee>) -> Self {
        self.providers.push((provider, grantee));
        self
    }

    fn bind_named(&self, name: &str, variables: &Value, scope: &Scope) -> Result<Box<dyn Call>, Error> {
        let data = opened(variables.get("data").unwrap_or(&Value::Null));
        let Some(data) = data.as_object() else {
            return Err(Error::input("data is missing or no context; give the task its input".into()));
        };
        let model = text(data.get("modelId"));
        let directory = self.handle.directory();
        let granted = match &model {
            Some(model) => directory.resolve(name, model, &asker(scope)),
            None => directory.resolve_alone(name, &asker(scope)),
        };
        let granted = granted.map_err(|refusal| self.refused(refusal, scope))?;
        let provider = granted.connection.provider;
        let grantee = self.providers.iter().find(|(served, _)| *served == provider);
        let (_, grantee) = grantee.ok_or_else(|| {
            Error::input(format!(
                "the connection {name:?} leads to {provider}, which this job type does not serve; use the native job type"
            ))
        })?;
        if model.is_none() && grantee.needs_model(variables) {
            let expected = "name one of the models that the connection offers";
            return Err(Error::input(format!("data.modelId is missing or empty; {expected}")));
        }
        let variables = completed(variables, data, &granted);
        grantee.bind_granted(&variables, scope, granted)
    }

    /// Every refusal is told once, before the job hears of it.
    fn refused(&self, refusal: Refusal, scope: &Scope) -> Error {
        let (connection, model) = refusal.configured();
        self.telemetry.emit(Event::Connection(ConnectionEvent::Refused {
            connection,
            model,
            tenant: &scope.tenant_id,
            process: &scope.bpmn_process_id,
            process_instance_key: scope.process_instance_key,
            element: &scope.element_id,
            template: scope.template_id.as_deref(),
            code: refusal.code(),
        }));
        refusal.into()
    }
}

impl Connector for Gate {
    fn name(&self) -> &'static str {
        self.plain.name()
    }

    fn input_variables(&self) -> &'static [&'static str] {
        self.plain.input_variables()
    }

    /// A placeholder that is left over in what a connection takes the place of is nobody's concern. A connection whose
    /// name is itself a placeholder may come to be none, so everything is kept for it.
    fn prune(&self, variables: &mut Value) {
        let named = opened(variables.get("configuration").unwrap_or(&Value::Null)).get("connection");
        let is_named = text(named).is_some_and(|name| !name.contains("secrets."));
        if let (true, Value::Object(entries)) = (is_named, variables) {
            leave_out_inline(entries);
        }
    }

    fn bind(&self, variables: &Value, scope: &Scope) -> Result<Box<dyn Call>, Error> {
        let configuration = opened(variables.get("configuration").unwrap_or(&Value::Null));
        match configuration.get("connection").map(opened) {
            None | Some(Value::Null) => {}
            Some(Value::String(name)) if name.trim().is_empty() => {}
            Some(Value::String(name)) => return self.bind_named(name.trim(), variables, scope),
            Some(_) => {
                let message = "configuration.connection is no text, expected the name of a connection";
                return Err(Error::input(message.into()));
            }
        }
        match self.handle.in_force() {
            (_, InlineCredentials::Allowed) => self.plain.bind(variables, scope),
            (_, InlineCredentials::Refused) => Err(self.refused(Refusal::InlineCredentials, scope)),
        }
    }
}

/// A list of one counts as its item, as everywhere in the input.
fn opened(mut value: &Value) -> &Value {
    while let Value::Array(items) = value {
        let [item] = items.as_slice() else { break };
        value = item;
    }
    value
}

fn text(value: Option<&Value>) -> Option<String> {
    let text = opened(value?).as_str()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn asker(scope: &Scope) -> Asker<'_> {
    Asker {
        tenant: &scope.tenant_id,
        process: &scope.bpmn_process_id,
        template: scope.template_id.as_deref(),
    }
}

/// The variables with the model by its own id and with the model's parameters below what the task sets. What would say
/// as whom or where is left out, so that nothing can be read from it by mistake.
fn completed(variables: &Value, data: &Map<String, Value>, granted: &Granted) -> Value {
    let mut complete = granted.model.parameters.clone();
    // A null sets nothing: it is what an expression of the diagram gives where there is no value.
    let set = data.iter().filter(|(key, value)| !value.is_null() || !complete.contains_key(*key));
    let set: Vec<_> = set.map(|(key, value)| (key.clone(), value.clone())).collect();
    complete.extend(set);
    if !granted.model.id.is_empty() {
        complete.insert("modelId".into(), granted.model.id.clone().into());
    }
    let mut entries = variables.as_object().cloned().unwrap_or_default();
    leave_out_inline(&mut entries);
    entries.insert("data".into(), Value::Object(complete));
    Value::Object(entries)
}

/// Takes out what says as whom or where.
fn leave_out_inline(entries: &mut Map<String, Value>) {
    entries.remove("authentication");
    entries.remove("awsCredential");
    if let Some(configuration) = entries.get_mut("configuration") {
        let mut kept = opened(configuration).as_object().cloned().unwrap_or_default();
        for key in ["region", "endpoint"] {
            kept.remove(key);
        }
        *configuration = Value::Object(kept);
    }
}
