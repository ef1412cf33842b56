//! What a model takes, and what an answer of it costs.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Amount;

/// The three letters of a currency.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Currency(Arc<str>);

/// What one token of each kind, and one image, cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Price {
    pub input: Amount,
    pub output: Amount,
    pub cache_read: Amount,
    /// What is kept for five minutes.
    pub cache_write: Amount,
    /// What is kept for an hour.
    pub cache_write_hour: Amount,
    pub image: Amount,
    pub currency: Currency,
}

/// What an answer has used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Tokens that were read, without those of the cache.
    pub input: u64,
    pub output: u64,
    pub cache_read: u64,
    /// Tokens that were put into the cache, all of them.
    pub cache_write: u64,
    /// Those of them that stay for an hour.
    pub cache_write_hour: u64,
    pub images: u64,
}

/// What one or several answers cost, by what it was paid for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    pub input: Amount,
    pub output: Amount,
    pub cache_read: Amount,
    pub cache_write: Amount,
    pub images: Amount,
    pub currency: Currency,
}

impl Currency {
    /// Takes three capital letters, such as USD.
    pub fn new(text: &str) -> Option<Self> {
        let fits = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase());
        fits.then(|| Self(text.into()))
    }

    /// The letters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Currency {
    /// What AWS names its prices in.
    fn default() -> Self {
        Self("USD".into())
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.as_str().to_owned()
    }
}

impl TryFrom<String> for Currency {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::new(&text).ok_or_else(|| format!("{text:?} is no currency"))
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Price {
    /// What an answer costs.
    pub fn of(&self, usage: &Usage) -> Cost {
        let hour = usage.cache_write_hour.min(usage.cache_write);
        Cost {
            input: self.input.times(usage.input),
            output: self.output.times(usage.output),
            cache_read: self.cache_read.times(usage.cache_read),
            cache_write: self.cache_write.times(usage.cache_write - hour) + self.cache_write_hour.times(hour),
            images: self.image.times(usage.images),
            currency: self.currency.clone(),
        }
    }
}

impl Cost {
    pub fn total(&self) -> Amount {
        [self.input, self.output, self.cache_read, self.cache_write, self.images].into_iter().sum()
    }

    /// Both together; none when they are not in one currency.
    pub fn and(self, other: &Self) -> Option<Self> {
        (self.currency == other.currency).then(|| Self {
            input: self.input + other.input,
            output: self.output + other.output,
            cache_read: self.cache_read + other.cache_read,
            cache_write: self.cache_write + other.cache_write,
            images: self.images + other.images,
            currency: self.currency,
        })
    }

    /// As expressions see it.
    pub fn to_json(&self) -> Value {
        json!({
            "total": self.total().to_json(),
            "currency": self.currency.as_str(),
            "input": self.input.to_json(),
            "output": self.output.to_json(),
            "cacheRead": self.cache_read.to_json(),
            "cacheWrite": self.cache_write.to_json(),
            "images": self.images.to_json(),
        })
    }
}
