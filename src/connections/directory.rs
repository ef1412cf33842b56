//! All connections, and who gets what of them.

use std::sync::Arc;

use super::{Connection, Kind, Model, Provider, Refusal, Upstream};
use crate::access::Asker;
use crate::cost::Price;

/// The connections of a configuration. It never changes; a new configuration makes a new one.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Directory {
    connections: Vec<Arc<Connection>>,
}

/// What a task has been granted: a model of a connection, as they were when it asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Granted {
    pub connection: Arc<Connection>,
    pub model: Arc<Model>,
}

/// A connection that a modeler can choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    pub connection: String,
    pub provider: Provider,
    pub description: Option<String>,
    pub models: Vec<ModelChoice>,
}

/// A model that a modeler can choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelChoice {
    pub alias: String,
    pub description: Option<String>,
    pub kind: Kind,
}

impl Directory {
    /// Takes connections whose names differ.
    pub fn new(connections: Vec<Connection>) -> Self {
        Self { connections: connections.into_iter().map(Arc::new).collect() }
    }

    /// All of them, inactive ones too, in the order of the configuration.
    pub fn connections(&self) -> impl Iterator<Item = &Arc<Connection>> {
        self.connections.iter()
    }

    /// The prices that models of connections have of their own.
    pub fn prices(&self) -> impl Iterator<Item = &Price> {
        let models = self.connections.iter().flat_map(|connection| &connection.models);
        models.filter_map(|model| model.price.as_ref())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.connections.is_empty()
    }

    /// The connection of this name.
    pub fn connection(&self, name: &str) -> Option<&Arc<Connection>> {
        self.connections.iter().find(|connection| connection.name == name)
    }

    /// What may be chosen: everything that is active. Who may use it is seen only when a task asks.
    pub fn choices(&self) -> Vec<Choice> {
        let active = self.connections.iter().filter(|connection| connection.active);
        active
            .map(|connection| Choice {
                connection: connection.name.clone(),
                provider: connection.provider,
                description: connection.description.clone(),
                models: connection
                    .models
                    .iter()
                    .filter(|model| model.active)
                    .map(|model| model.choice())
                    .collect(),
            })
            .collect()
    }

    /// Grants a model of a connection to a task, or says why not. What a refusal offers instead is only what this
    /// task may use.
    pub fn resolve(&self, connection: &str, model: &str, asker: &Asker<'_>) -> Result<Granted, Refusal> {
        let found = self.open(connection, asker)?;
        let name = || connection.to_owned();
        let Some(granted) = found.model(model) else {
            let usable = found.models.iter().filter(|other| other.active && other.allows(asker));
            let offered = usable.map(|other| other.alias.clone()).collect();
            return Err(Refusal::ModelNotOffered { connection: name(), model: model.to_owned(), offered });
        };
        if !granted.allows(asker) {
            return Err(not_granted(name(), Some(model.to_owned()), asker));
        }
        if !granted.active {
            return Err(Refusal::ModelInactive { connection: name(), model: model.to_owned() });
        }
        Ok(Granted { connection: Arc::clone(found), model: Arc::clone(granted) })
    }

    /// The places of a model, or of the connection alone where its alias is empty.
    pub fn upstreams(&self, connection: &str, model: &str) -> Option<Vec<Upstream>> {
        let found = self.connection(connection)?;
        match model {
            "" => Some(found.no_model().upstreams),
            model => found.model(model).map(|model| model.upstreams.clone()),
        }
    }

    /// Grants a connection for what is done without a model.
    pub fn resolve_alone(&self, connection: &str, asker: &Asker<'_>) -> Result<Granted, Refusal> {
        let found = self.open(connection, asker)?;
        Ok(Granted { connection: Arc::clone(found), model: Arc::new(found.no_model()) })
    }

    /// The connection, when it is active and the asker may use it.
    fn open(&self, connection: &str, asker: &Asker<'_>) -> Result<&Arc<Connection>, Refusal> {
        let Some(found) = self.connection(connection) else {
            let usable = self.connections.iter().filter(|other| other.active && other.access.allow(asker));
            let offered = usable.map(|other| other.name.clone()).collect();
            return Err(Refusal::ConnectionUnknown { connection: connection.to_owned(), offered });
        };
        if !found.access.allow(asker) {
            return Err(not_granted(connection.to_owned(), None, asker));
        }
        if !found.active {
            return Err(Refusal::ConnectionInactive { connection: connection.to_owned() });
        }
        Ok(found)
    }
}

impl Model {
    fn choice(&self) -> ModelChoice {
        ModelChoice { alias: self.alias.clone(), description: self.description.clone(), kind: self.kind }
    }

    /// Whether the model's own rules, if it has any, let the asker pass.
    pub(super) fn allows(&self, asker: &Asker<'_>) -> bool {
        self.access.as_ref().is_none_or(|rules| rules.allow(asker))
    }
}

fn not_granted(connection: String, model: Option<String>, asker: &Asker<'_>) -> Refusal {
    Refusal::NotGranted {
        connection,
        model,
        tenant: asker.tenant.to_owned(),
        process: asker.process.to_owned(),
        template: asker.template.map(str::to_owned),
    }
}
