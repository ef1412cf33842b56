//! CountTokens: what a request would cost to read, without asking it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::chat::{Tools, read_messages, system};
use super::envelope::{Tally, rest};
use super::read::{self, members};
use crate::bedrock::Error;
use crate::bedrock::call::BedrockCall;
use crate::bedrock::converse::Converse;
use crate::bedrock::field::Field;
use crate::bedrock::invoke_model;
use crate::bedrock::outgoing::{Operation, Outgoing};
use crate::connector;
use crate::documents::Session;

/// A request whose tokens are to be counted.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Count {
    model_id: String,
    what: What,
}

#[derive(Debug, Clone, PartialEq)]
enum What {
    Conversation(Converse),
    Payload(Value),
}

impl Count {
    pub(super) fn read(data: &Field<'_>) -> Result<Self, connector::Error> {
        let model_id = read::model_id(data)?;
        // A conversation counts before a payload.
        let said = ["newMessage", "nextMessage", "toolResults"];
        if data.entry("payload").is_some() && said.iter().all(|key| data.entry(key).is_none()) {
            return Ok(Self { model_id, what: What::Payload(invoke_model::read_payload(data)?) });
        }
        let messages = read_messages(data)?;
        let tools = Tools::read(data)?;
        let members = members([
            ("system", system(data, None)?),
            ("toolConfig", tools.config(None, None)),
            (
                "additionalModelRequestFields",
                read::context(data, "additionalModelRequestFields")?.map(Value::Object),
            ),
        ]);
        let conversation = Converse { messages, members, cites: false, cache_point: None, is_first: false };
        Ok(Self { model_id, what: What::Conversation(conversation) })
    }

    pub(super) async fn run(self, call: &BedrockCall, mut session: Session<'_>) -> Result<Value, Error> {
        let body = match self.what {
            What::Payload(payload) => {
                let encoded = STANDARD.encode(payload.to_string());
                json!({ "input": { "invokeModel": { "body": encoded } } }).to_string().into_bytes()
            }
            What::Conversation(conversation) => {
                let body = conversation.body(&mut session).await?.bytes;
                [br#"{"input":{"converse":"#, body.as_ref(), b"}}"].concat()
            }
        };
        let asked = call.ask(&Outgoing::new(&self.model_id, Operation::CountTokens, body)).await?;
        let mut tally = Tally::default();
        tally.add(&asked, None);
        let count = asked.value.get("inputTokens").cloned().unwrap_or_default();
        Ok(tally.seal(call, &self.model_id, [("inputTokens", count)], rest(asked.value, &["inputTokens"])))
    }
}
