//! A connector whose calls do what the variable `do` of their job says.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use tokio::sync::{Semaphore, watch};

use crate::connector::{Call, Code, Connector, Error, Notebook, Response, Retry, Scope};
use crate::secrets::Masker;

/// The model that tests look at. Clones are the same one.
#[derive(Debug, Clone)]
pub(super) struct Model {
    pub(super) seen: Arc<watch::Sender<Seen>>,
    /// Opens for calls that wait.
    gate: Arc<watch::Sender<bool>>,
    /// How many calls that go one by one may go on.
    steps: Arc<Semaphore>,
}

/// What has happened to calls.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Seen {
    pub(super) started: usize,
    /// Came to an end of their own, panics included.
    pub(super) ended: usize,
    pub(super) running: usize,
    /// The most that ran at once.
    pub(super) most: usize,
}

impl Default for Model {
    fn default() -> Self {
        Self { seen: Arc::default(), gate: Arc::default(), steps: Arc::new(Semaphore::new(0)) }
    }
}

impl Model {
    /// Lets the calls that wait go on.
    pub(super) fn open_gate(&self) {
        self.gate.send_replace(true);
    }

    /// Lets one of the calls that go one by one go on.
    pub(super) fn let_one_go(&self) {
        self.steps.add_permits(1);
    }

    pub(super) fn seen(&self) -> Seen {
        *self.seen.borrow()
    }

    pub(super) async fn until(&self, what: &str, wanted: impl FnMut(&Seen) -> bool) {
        super::seen(what, &self.seen, wanted).await;
    }
}

impl Connector for Model {
    fn name(&self) -> &'static str {
        "A model"
    }

    fn input_variables(&self) -> &'static [&'static str] {
        &["do"]
    }

    fn bind(&self, variables: &Value, _scope: &Scope) -> Result<Box<dyn Call>, Error> {
        match variables.get("do").and_then(Value::as_str) {
            Some("panic in bind") => panic!("the secret is hunter2"),
            Some(action) => Ok(Box::new(FakeCall { model: self.clone(), action: action.to_owned() })),
            None => Err(Error::input("the variable do is missing".to_owned())),
        }
    }
}

#[derive(Debug)]
struct FakeCall {
    model: Model,
    action: String,
}

impl Call for FakeCall {
    fn fingerprint(&self) -> [u8; 32] {
        let mut fingerprint = [0; 32];
        for (place, byte) in fingerprint.iter_mut().zip(self.action.bytes()) {
            *place = byte;
        }
        fingerprint
    }

    fn mask(&mut self, _masker: &Masker) {}

    fn execute_with<'a>(
        self: Box<Self>,
        notebook: &'a dyn Notebook,
    ) -> BoxFuture<'a, Result<Response, Error>> {
        Box::pin(async move {
            if let Some(noted) = notebook.notes() {
                return Ok(Response(noted.clone()));
            }
            let running = Running::begin(&self.model);
            match self.action.as_str() {
                "wait" => {
                    let opened = self.model.gate.subscribe().wait_for(|open| *open).await.is_ok();
                    assert!(opened, "the gate lives as long as the model");
                }
                "step" => self.model.steps.acquire().await.expect("it is never closed").forget(),
                // It has paid, and fails at what is left to do.
                "note" => {
                    notebook.keep(&json!({ "text": "as noted" })).await;
                    running.end();
                    return Err(failure());
                }
                // It has paid for what leads nowhere.
                "discard" => {
                    notebook.keep(&json!({ "text": "as noted" })).await;
                    notebook.discard().await;
                    running.end();
                    return Err(failure());
                }
                "fail" => {
                    running.end();
                    return Err(failure());
                }
                "panic" => {
                    running.end();
                    panic!("the secret is hunter2");
                }
                _ => {}
            }
            running.end();
            Ok(Response(json!({ "text": "hello" })))
        })
    }
}

fn failure() -> Error {
    Error {
        code: Code::of("ThrottlingException"),
        error_type: "some.Exception".into(),
        message: "the model is busy".to_owned(),
        variables: None,
        retry: Retry::Spend,
    }
}

/// A call under way; dropped without an end, it was abandoned.
#[derive(Debug)]
struct Running(Model);

impl Running {
    fn begin(model: &Model) -> Self {
        model.seen.send_modify(|seen| {
            seen.started += 1;
            seen.running += 1;
            seen.most = seen.most.max(seen.running);
        });
        Self(model.clone())
    }

    fn end(&self) {
        self.0.seen.send_modify(|seen| seen.ended += 1);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.seen.send_modify(|seen| seen.running -= 1);
    }
}
