//! Parsed expressions, kept for the next time.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use super::{Expression, ParseError};

/// A bounded store of parsed expressions that threads share.
///
/// It keeps two generations. What is asked for moves to the young one; when that is full, it becomes the old one, and
/// what was in the old one and not asked for since is forgotten. So what is in use stays, at a constant cost.
///
/// ```
/// use bedrock_connector::feel::Cache;
///
/// let cache = Cache::new(100);
/// let expression = cache.get("1 + 2")?;
/// assert_eq!(expression.to_string(), "1 + 2");
/// # Ok::<(), bedrock_connector::feel::ParseError>(())
/// ```
#[derive(Debug)]
pub struct Cache {
    generations: Mutex<Generations>,
    capacity: usize,
}

#[derive(Debug, Default)]
struct Generations {
    young: HashMap<Box<str>, Expression>,
    old: HashMap<Box<str>, Expression>,
}

impl Cache {
    /// A cache of at most `capacity` expressions.
    pub fn new(capacity: usize) -> Cache {
        Cache { generations: Mutex::default(), capacity }
    }

    /// The expression that the text stands for, parsed at most once while it is kept. Texts that are no expressions are
    /// not kept.
    ///
    /// # Errors
    ///
    /// The text is no expression.
    pub fn get(&self, text: &str) -> Result<Expression, ParseError> {
        if let Some(expression) = self.known(text) {
            return Ok(expression);
        }
        let expression = Expression::parse(text)?;
        self.keep(text, &expression);
        Ok(expression)
    }

    fn known(&self, text: &str) -> Option<Expression> {
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(expression) = generations.young.get(text) {
            return Some(expression.clone());
        }
        let expression = generations.old.remove(text)?;
        drop(generations);
        self.keep(text, &expression);
        Some(expression)
    }

    fn keep(&self, text: &str, expression: &Expression) {
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        if generations.young.len() >= self.capacity.div_ceil(2) {
            generations.old = std::mem::take(&mut generations.young);
        }
        if self.capacity > 0 {
            generations.young.insert(text.into(), expression.clone());
        }
    }
}
