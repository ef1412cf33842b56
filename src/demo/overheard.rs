//! Listens to what passes between a connector and its model, without changing it.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::Value;
use tokio::sync::mpsc;

use crate::connector::{Call, Connector, Error, Notebook, Response, Scope};
use crate::secrets::Masker;

/// What a model answered in the task of a process.
#[derive(Debug)]
pub(super) struct Overheard {
    pub(super) element_id: String,
    pub(super) answer: Result<Value, Error>,
}

/// A connector that tells what its model answers.
#[derive(Debug)]
pub(super) struct Listening {
    connector: Arc<dyn Connector>,
    ear: mpsc::Sender<Overheard>,
}

impl Listening {
    pub(super) fn to(connector: Arc<dyn Connector>, ear: mpsc::Sender<Overheard>) -> Arc<dyn Connector> {
        Arc::new(Self { connector, ear })
    }
}

impl Connector for Listening {
    fn name(&self) -> &'static str {
        self.connector.name()
    }

    fn input_variables(&self) -> &'static [&'static str] {
        self.connector.input_variables()
    }

    fn prune(&self, variables: &mut Value) {
        self.connector.prune(variables);
    }

    fn bind(&self, variables: &Value, scope: &Scope) -> Result<Box<dyn Call>, Error> {
        let call = self.connector.bind(variables, scope)?;
        Ok(Box::new(ListenedCall { call, element_id: scope.element_id.clone(), ear: self.ear.clone() }))
    }
}

#[derive(Debug)]
struct ListenedCall {
    call: Box<dyn Call>,
    element_id: String,
    ear: mpsc::Sender<Overheard>,
}

impl Call for ListenedCall {
    fn fingerprint(&self) -> [u8; 32] {
        self.call.fingerprint()
    }

    fn mask(&mut self, masker: &Masker) {
        self.call.mask(masker);
    }

    fn reused(&self, response: Value) -> Value {
        self.call.reused(response)
    }

    fn execute_with<'a>(
        self: Box<Self>,
        notebook: &'a dyn Notebook,
    ) -> BoxFuture<'a, Result<Response, Error>> {
        let Self { call, element_id, ear } = *self;
        async move {
            let result = call.execute_with(notebook).await;
            let answer = result.clone().map(|response| response.0);
            // A story that nobody reads any more is no reason to fail the job.
            ear.send(Overheard { element_id, answer }).await.ok();
            result
        }
        .boxed()
    }
}
