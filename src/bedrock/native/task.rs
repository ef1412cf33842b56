//! One task of the native job type.

use std::time::Duration;

use serde_json::Value;

use super::chat::Chat;
use super::embed::Embed;
use super::guardrail::Check;
use super::image::Images;
use super::invoke::Invoke;
use super::read;
use super::tokens::Count;
use crate::bedrock::call::BedrockCall;
use crate::bedrock::field::Field;
use crate::bedrock::input::Action;
use crate::connector::{self, Notebook};
use crate::documents::Session;

/// What a task wants, and how long it may take.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::bedrock) struct Task {
    wish: Wish,
    limit: Option<Duration>,
}

#[derive(Debug, Clone, PartialEq)]
enum Wish {
    Chat(Box<Chat>),
    Invoke(Invoke),
    Embed(Embed),
    Images(Images),
    Count(Count),
    Check(Check),
}

impl Task {
    pub(in crate::bedrock) fn read(action: Action, data: &Field<'_>) -> Result<Self, connector::Error> {
        let limit = read::duration(data, "timeout")?;
        let wish = match action {
            Action::Converse => Wish::Chat(Box::new(Chat::read(data)?)),
            Action::InvokeModel => Wish::Invoke(Invoke::read(data)?),
            Action::Embed => Wish::Embed(Embed::read(data)?),
            Action::Image => Wish::Images(Images::read(data)?),
            Action::CountTokens => Wish::Count(Count::read(data)?),
            Action::ApplyGuardrail => Wish::Check(Check::read(data)?),
        };
        Ok(Self { wish, limit })
    }

    /// How long the task may take, when it says so.
    pub(in crate::bedrock) fn limit(&self) -> Option<Duration> {
        self.limit
    }

    pub(in crate::bedrock) async fn run(
        self,
        call: &BedrockCall,
        session: Session<'_>,
        notebook: &dyn Notebook,
    ) -> Result<Value, connector::Error> {
        match self.wish {
            Wish::Chat(chat) => chat.run(call, session, notebook).await,
            Wish::Invoke(invoke) => Ok(invoke.run(call).await?),
            Wish::Embed(embed) => Ok(embed.run(call, notebook).await?),
            Wish::Images(images) => images.run(call, notebook).await,
            Wish::Count(count) => Ok(count.run(call, session).await?),
            Wish::Check(check) => Ok(check.run(call).await?),
        }
    }
}
