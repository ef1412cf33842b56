//! Money, counted in whole parts, so that sums of many small costs are exact.

use std::fmt;
use std::iter::Sum;
use std::ops::Add;

use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};

/// Digits behind the point.
const DIGITS: usize = 18;
const ONE: u128 = 10_u128.pow(18);

/// An amount of money, never negative. It is kept as a text, because numbers lose digits where they are kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Amount(u128);

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// Reads a decimal number such as `0.25`, of at most twelve digits before the point and eighteen behind it.
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number(whole) || !is_number(fraction) || whole.len() > 12 || fraction.len() > DIGITS {
            return None;
        }
        let whole: u128 = whole.parse().ok()?;
        let fraction: u128 = format!("{fraction:0<DIGITS$}").parse().ok()?;
        Some(Self(whole * ONE + fraction))
    }

    /// What one of so many costs, when this is what all of them cost; what is below the last digit is left out.
    #[must_use]
    pub fn for_one_of(self, count: u64) -> Self {
        Self(self.0.checked_div(u128::from(count)).unwrap_or(self.0))
    }

    /// What so many cost.
    #[must_use]
    pub fn times(self, count: u64) -> Self {
        Self(self.0.saturating_mul(u128::from(count)))
    }

    /// As a number of JSON, with all its digits.
    pub fn to_json(self) -> Value {
        // Its text is always a number.
        self.to_string().parse::<Number>().map(Value::Number).unwrap_or_default()
    }

    /// For metrics, which have no exact numbers.
    #[allow(clippy::cast_precision_loss, reason = "metrics are sums of 64-bit floats anyhow")]
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / ONE as f64
    }
}

impl From<Amount> for String {
    fn from(amount: Amount) -> Self {
        amount.to_string()
    }
}

impl TryFrom<String> for Amount {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or_else(|| format!("{text:?} is no amount of money"))
    }
}

impl Add for Amount {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sum for Amount {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, fraction) = (self.0 / ONE, self.0 % ONE);
        if fraction == 0 {
            return write!(f, "{whole}");
        }
        let fraction = format!("{fraction:0DIGITS$}");
        write!(f, "{whole}.{}", fraction.trim_end_matches('0'))
    }
}
