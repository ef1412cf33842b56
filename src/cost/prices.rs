//! The operator's table of prices.

use super::Price;
use crate::access::Pattern;

/// One row of the table.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The models' ids.
    pub model: Pattern,
    /// None: everywhere.
    pub region: Option<Pattern>,
    /// The service tier; none: each.
    pub tier: Option<String>,
    pub price: Price,
}

/// The table. The first row that fits counts.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Prices(pub Vec<Entry>);

/// The tier of answers that name none.
const USUAL_TIER: &str = "default";

impl Prices {
    /// The price of an answer.
    pub fn of(&self, model: &str, region: &str, tier: Option<&str>) -> Option<&Price> {
        let tier = tier.unwrap_or(USUAL_TIER);
        let fits = |entry: &&Entry| {
            entry.region.as_ref().is_none_or(|pattern| pattern.matches(region))
                && entry.tier.as_deref().is_none_or(|own| own == tier)
                && entry.is_for(model)
        };
        self.0.iter().find(fits).map(|entry| &entry.price)
    }

    /// Whether there is a price for this model somewhere, and in which currency.
    pub fn knows(&self, model: &str) -> Option<&Price> {
        self.0.iter().find(|entry| entry.is_for(model)).map(|entry| &entry.price)
    }
}

impl Entry {
    fn is_for(&self, model: &str) -> bool {
        names(model).any(|name| self.model.matches(name))
    }
}

/// What a model may be called in the table: its id as the task has it; of an ARN, its last part; of an inference profile,
/// the model without the region before it.
fn names(model: &str) -> impl Iterator<Item = &str> {
    let last = model.rsplit('/').next().filter(|last| *last != model);
    let name = last.unwrap_or(model);
    // `eu.anthropic.claude-…` has a point more than `anthropic.claude-…`, whose version may have points, too.
    let local = name.split_once('.').map(|(_, rest)| rest).filter(|rest| {
        rest.split_once('.').is_some_and(|(maker, _)| maker.bytes().all(|byte| byte.is_ascii_alphabetic()))
    });
    [Some(model), last, local].into_iter().flatten()
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn a_model_goes_by_its_id_with_and_without_region() {
        for (model, expected) in [
            ("amazon.nova-lite-v1:0", &["amazon.nova-lite-v1:0"] as &[_]),
            ("eu.amazon.nova-lite-v1:0", &["eu.amazon.nova-lite-v1:0", "amazon.nova-lite-v1:0"]),
            ("us-gov.anthropic.claude-3", &["us-gov.anthropic.claude-3", "anthropic.claude-3"]),
            ("deepseek.v3.1", &["deepseek.v3.1"]),
            (
                "arn:aws:bedrock:eu-central-1:1:inference-profile/eu.amazon.nova-lite-v1:0",
                &[
                    "arn:aws:bedrock:eu-central-1:1:inference-profile/eu.amazon.nova-lite-v1:0",
                    "eu.amazon.nova-lite-v1:0",
                    "amazon.nova-lite-v1:0",
                ],
            ),
            ("org/model", &["org/model", "model"]),
        ] {
            assert_eq!(names(model).collect::<Vec<_>>(), expected);
        }
    }
}
