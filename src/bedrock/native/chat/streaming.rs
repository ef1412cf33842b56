//! Whether an answer comes as a stream. The modeler sees the same answer either way.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use crate::bedrock::Error;
use crate::bedrock::call::{Asked, BedrockCall};
use crate::bedrock::outgoing::{Operation, Outgoing};
use crate::bedrock::route::Place;

/// No more refusals than these are remembered.
const MAX_REFUSALS: usize = 256;

/// Who may not ask which model for a stream: a model may have none, and a stream needs a permission of its own.
#[derive(Debug, Default)]
pub(in crate::bedrock) struct Refusals(Mutex<HashSet<(Place, String)>>);

impl Refusals {
    fn set(&self) -> MutexGuard<'_, HashSet<(Place, String)>> {
        // It is whole after every step.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn has(&self, place: &Place, model_id: &str) -> bool {
        self.set().contains(&(place.clone(), model_id.to_owned()))
    }

    fn add(&self, place: &Place, model_id: &str) {
        let mut refusals = self.set();
        if refusals.len() >= MAX_REFUSALS {
            refusals.clear();
        }
        refusals.insert((place.clone(), model_id.to_owned()));
    }
}

/// Asks for a stream, and without one when that is refused.
pub(super) async fn ask(
    call: &BedrockCall,
    model_id: &str,
    body: Bytes,
    may_stream: bool,
) -> Result<Asked, Error> {
    let plain = Outgoing::new(model_id, Operation::Converse, body.clone());
    let refusals = &call.parts.refusals;
    let streams = may_stream && call.parts.clients.options().streaming;
    let place = call.route.place();
    if !streams || refusals.has(&place, model_id) {
        return call.ask(&plain).await;
    }
    match call.ask(&Outgoing::new(model_id, Operation::ConverseStream, body)).await {
        Err(error) if refuses_streams(&error) => {
            let asked = call.ask(&plain).await?;
            // Only now it is known that it was the stream that was refused.
            refusals.add(&place, model_id);
            Ok(Asked { attempts: asked.attempts + 1, ..asked })
        }
        asked => asked,
    }
}

/// Whether an error may be about the stream, and not about the request.
fn refuses_streams(error: &Error) -> bool {
    match error {
        Error::Service { status: 403, code, .. } => code == "AccessDeniedException",
        Error::Service { status: 400 | 404 | 405, message, .. } => {
            message.to_ascii_lowercase().contains("stream")
        }
        _ => false,
    }
}
