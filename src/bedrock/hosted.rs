//! Calls of models at Hugging Face: the same requests by another way.

use serde_json::Value;

use super::Error;
use super::outgoing::{Address, Operation, Outgoing};
use super::send::Head;
use super::target::{Identity, Target};
use crate::huggingface::{self, Answered, Client, Hosting, Request, Wish};

/// Asks once. `began` hears of the first piece of a stream.
pub(super) async fn ask(
    client: &Client,
    target: &Target,
    hosting: &Hosting,
    outgoing: &Outgoing,
    began: impl FnOnce() + Send,
) -> Result<(Value, Head), Error> {
    let body = &outgoing.body;
    let wish = match &outgoing.address {
        Address::Model { operation: Operation::ConverseStream, .. } => Wish::Converse { body, streams: true },
        Address::Model { operation: Operation::Converse, .. } => Wish::Converse { body, streams: false },
        Address::Model { operation: Operation::InvokeModel, .. } => Wish::Plain { body },
        Address::Model { operation: Operation::CountTokens, .. } => {
            return Err(unsupported("counts no tokens"));
        }
        Address::Description { .. } => return Err(unsupported("describes no models")),
        Address::Guardrail { .. } => return Err(unsupported("has no guardrails")),
    };
    // The configuration takes nothing else for Hugging Face.
    let Identity::ApiKey(token) = &target.identity else { return Err(unsupported("takes API keys only")) };
    let request = Request { hosting, token, model: outgoing.subject(), wish };
    let Answered { value, request_id } = client.ask(request, began).await?;
    Ok((value, Head { request_id, content_type: Some("application/json".to_owned()), ..Head::default() }))
}

fn unsupported(what: &str) -> Error {
    let reason = format!("Hugging Face {what}; take a connection to Bedrock");
    huggingface::Error::Unsupported { reason }.into()
}
