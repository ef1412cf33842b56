//! How much a model is to think before it answers. Every maker has its own words for it.

use serde_json::{Map, Value, json};

use super::super::family::Family;
use super::super::read;
use crate::bedrock::field::Field;
use crate::connector::Error;

const EFFORTS: &[&str] = &["low", "medium", "high", "xhigh", "max"];

/// How much a model is to think.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reasoning {
    amount: Amount,
    family: Family,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Amount {
    /// As many tokens at most.
    Budget(i32),
    Effort(&'static str),
}

impl Reasoning {
    pub(super) fn read(data: &Field<'_>, family: Family) -> Result<Option<Self>, Error> {
        let Some(reasoning) = data.entry("reasoning") else { return Ok(None) };
        reasoning.object()?;
        let mode = read::choice(&reasoning, "mode", &["off", "budget", "effort"])?;
        let budget = read::number(&reasoning, "budgetTokens", 1..=i32::MAX)?;
        let effort = read::choice(&reasoning, "effort", EFFORTS)?;
        let amount = match (mode, budget, effort) {
            (Some("off"), ..) | (None, None, None) => return Ok(None),
            (Some("budget") | None, Some(budget), _) => Amount::Budget(budget),
            (Some("budget"), None, _) => {
                return Err(reasoning.lacks("budgetTokens", "say how many tokens the model may think"));
            }
            (_, _, Some(effort)) => Amount::Effort(effort),
            (_, _, None) => return Err(reasoning.lacks("effort", "say how hard the model is to think")),
        };
        if matches!(amount, Amount::Budget(_)) && !matches!(family, Family::Anthropic | Family::Unknown) {
            return Err(Error::input(format!(
                "{} is for models of Anthropic only; use {} with this one",
                reasoning.name_of("budgetTokens"),
                reasoning.name_of("effort")
            )));
        }
        Ok(Some(Self { amount, family }))
    }

    pub(super) fn budget(&self) -> Option<i32> {
        match self.amount {
            Amount::Budget(budget) => Some(budget),
            Amount::Effort(_) => None,
        }
    }

    /// The effort as Bedrock itself takes it, for the models whose makers have no word of their own.
    pub(super) fn output_effort(&self) -> Option<&'static str> {
        match (self.amount, self.family) {
            (Amount::Budget(_), _) | (_, Family::Nova | Family::OpenAi) => None,
            (Amount::Effort(effort), _) => Some(effort),
        }
    }

    /// What the maker wants to be told.
    pub(super) fn fields(&self) -> Map<String, Value> {
        let field = |key: &str, value: Value| Map::from_iter([(key.to_owned(), value)]);
        match (self.amount, self.family) {
            (Amount::Budget(budget), _) => {
                field("thinking", json!({ "type": "enabled", "budget_tokens": budget }))
            }
            (Amount::Effort(_), Family::Anthropic) => field("thinking", json!({ "type": "adaptive" })),
            (Amount::Effort(effort), Family::Nova) => {
                field("reasoningConfig", json!({ "type": "enabled", "maxReasoningEffort": effort }))
            }
            (Amount::Effort(effort), Family::OpenAi) => field("reasoning_effort", effort.into()),
            (Amount::Effort(_), _) => Map::new(),
        }
    }
}
