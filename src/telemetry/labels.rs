//! Label values that come from outside are bounded, because each new one is a time series for ever.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

/// Stands for every value beyond the limit.
const OTHER: &str = "other";

/// The longest label value; what is longer is cut.
const MAX_CHARS: usize = 120;

/// Admits the first so many distinct values of a label.
#[derive(Debug)]
pub(super) struct BoundedLabel {
    limit: usize,
    admitted: Mutex<HashSet<Box<str>>>,
}

impl BoundedLabel {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, admitted: Mutex::default() }
    }

    /// The value itself, or `other` when too many different ones have been seen.
    pub(super) fn admit(&self, value: &str) -> String {
        let value: String = value.chars().take(MAX_CHARS).collect();
        let mut admitted = self.admitted.lock().unwrap_or_else(PoisonError::into_inner);
        if admitted.contains(value.as_str()) {
            return value;
        }
        if admitted.len() >= self.limit {
            return OTHER.to_owned();
        }
        admitted.insert(value.as_str().into());
        value
    }
}

/// Admits the first so many combinations of values: together they are a series, however few there are of each.
#[derive(Debug)]
pub(super) struct BoundedSeries<const N: usize> {
    limit: usize,
    admitted: Mutex<HashSet<[Box<str>; N]>>,
}

impl<const N: usize> BoundedSeries<N> {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, admitted: Mutex::default() }
    }

    /// The values themselves, or `other` for each of them when too many different ones have been seen.
    pub(super) fn admit(&self, values: [&str; N]) -> [String; N] {
        let values = values.map(|value| value.chars().take(MAX_CHARS).collect::<String>());
        let key = values.clone().map(String::into_boxed_str);
        let mut admitted = self.admitted.lock().unwrap_or_else(PoisonError::into_inner);
        if !admitted.contains(&key) {
            if admitted.len() >= self.limit {
                return values.map(|_| OTHER.to_owned());
            }
            admitted.insert(key);
        }
        values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_beyond_the_limit_share_one_label() {
        let label = BoundedLabel::new(2);
        assert_eq!(label.admit("a"), "a");
        assert_eq!(label.admit("b"), "b");
        assert_eq!(label.admit("c"), "other");
        assert_eq!(label.admit("a"), "a", "an admitted value stays admitted");
    }

    #[test]
    fn combinations_beyond_the_limit_share_one_series() {
        let series = BoundedSeries::new(2);
        let admit = |values: [&str; 2]| series.admit(values).join("/");
        assert_eq!(admit(["a", "x"]), "a/x");
        assert_eq!(admit(["a", "y"]), "a/y");
        assert_eq!(admit(["b", "x"]), "other/other");
        assert_eq!(admit(["a", "x"]), "a/x");
    }

    #[test]
    fn a_long_value_is_cut_by_characters() {
        assert_eq!(BoundedLabel::new(1).admit(&"ü".repeat(500)).chars().count(), MAX_CHARS);
    }
}
