//! Variables, and the way from a value to its parts.
//!
//! A path through JSON variables is walked in the JSON itself. Only where it ends is the JSON made a value.

use serde_json::Value as Json;

use super::{Evaluator, Scope, temporal};
use crate::feel::{
    ast::{Chain, Expr, Kind, Name, Step},
    context::{Borrowed, Context},
    failure::{FailureKind, Outcome},
    span::Span,
    suggest,
    value::Value,
};

/// Where a path leads: to something that lies elsewhere, or to a new value.
pub(super) enum Place<'p> {
    Borrowed(Borrowed<'p>),
    Owned(Value),
}

impl Place<'_> {
    pub(super) fn into_value(self) -> Value {
        match self {
            Place::Borrowed(borrowed) => borrowed.to_value(),
            Place::Owned(value) => value,
        }
    }
}

impl<'e> Evaluator<'e> {
    /// The value of a part, left in its place if it is a variable or a part of one.
    pub(super) fn place<'p>(&mut self, expr: &Expr, scope: &'p Scope<'p>) -> Outcome<Place<'p>>
    where
        'e: 'p,
    {
        if self.options.observer.is_some() || !matches!(expr.kind, Kind::Variable(_) | Kind::Chain(_)) {
            return self.eval(expr, scope).map(Place::Owned);
        }
        self.enter(expr.span)?;
        let place = if let Kind::Chain(chain) = &expr.kind {
            self.chain_place(chain, scope)
        } else if let Kind::Variable(names) = &expr.kind {
            self.variable_place(names, scope)
        } else {
            Ok(Place::Owned(Value::Null))
        };
        self.leave();
        match place? {
            Place::Owned(value) => self.checked(value, expr.span).map(Place::Owned),
            borrowed @ Place::Borrowed(_) => Ok(borrowed),
        }
    }

    pub(super) fn variable(&mut self, names: &[Name], scope: &Scope<'_>) -> Outcome {
        Ok(self.variable_place(names, scope)?.into_value())
    }

    /// The place of a variable, or of an entry of it. If there is no such variable, the rest of the path is not looked
    /// at.
    fn variable_place<'p>(&mut self, names: &[Name], scope: &'p Scope<'p>) -> Outcome<Place<'p>>
    where
        'e: 'p,
    {
        let [first, rest @ ..] = names else { return Ok(Place::Owned(Value::Null)) };
        let name = first.text(self.source);
        let Some(variable) = self.lookup(name, scope) else {
            self.no_variable(name, first.0, scope);
            return Ok(Place::Owned(Value::Null));
        };
        let mut place = Place::Borrowed(variable);
        for step in rest {
            place = self.entry(place, *step, first.0.to(step.0))?;
        }
        Ok(place)
    }

    /// A variable. One that holds a failure is as good as none.
    pub(super) fn lookup<'p>(&self, name: &str, scope: &'p Scope<'p>) -> Option<Borrowed<'p>>
    where
        'e: 'p,
    {
        let context: &'e Context<'e> = self.context;
        let found = scope.variable(name).or_else(|| context.get(name));
        found.filter(|found| !matches!(found, Borrowed::Value(Value::Error(_))))
    }

    fn no_variable(&mut self, name: &str, span: Span, scope: &Scope<'_>) {
        let names: Vec<&str> = scope.names().into_iter().chain(self.context.names()).collect();
        let hint = suggest::variable(name, names.iter().copied());
        self.note_with_hint(FailureKind::NoVariableFound, span, format!("no variable `{name}`"), hint);
    }

    pub(super) fn chain(&mut self, chain: &Chain, scope: &Scope<'_>) -> Outcome {
        Ok(self.chain_place(chain, scope)?.into_value())
    }

    fn chain_place<'p>(&mut self, chain: &Chain, scope: &'p Scope<'p>) -> Outcome<Place<'p>>
    where
        'e: 'p,
    {
        let mut place = if let Kind::Variable(names) = &chain.base.kind {
            self.variable_place(names, scope)?
        } else {
            Place::Owned(self.eval(&chain.base, scope)?)
        };
        for step in &chain.steps {
            place = match step {
                Step::Path(name) => {
                    self.entry(place, *name, Span { start: chain.base.span.start, end: name.0.end })?
                }
                Step::Filter(filter, span) => self.filter(place, filter, *span, scope)?,
            };
            if let Place::Owned(value) = place {
                place = Place::Owned(self.checked(value, chain.base.span)?);
            }
        }
        Ok(place)
    }

    /// An entry of a context, of every item of a list, or a property. What is not there is null.
    fn entry<'p>(&mut self, place: Place<'p>, name: Name, span: Span) -> Outcome<Place<'p>> {
        let key = name.text(self.source);
        Ok(match place {
            Place::Borrowed(Borrowed::Json(Json::Object(object))) => match object.get(key) {
                Some(entry) => Place::Borrowed(Borrowed::Json(entry)),
                None => {
                    self.no_entry(key, span, object.keys().map(String::as_str));
                    Place::Owned(Value::Null)
                }
            },
            Place::Borrowed(Borrowed::Json(Json::Array(items))) => {
                self.take_steps(items.len() as u64, span)?;
                let mut entries = Vec::with_capacity(items.len());
                for item in items {
                    entries.push(self.entry(Place::Borrowed(Borrowed::Json(item)), name, span)?.into_value());
                }
                Place::Owned(Value::list(entries))
            }
            Place::Borrowed(Borrowed::Json(json)) => Place::Owned(self.entry_of(&json.into(), key, span)?),
            Place::Borrowed(Borrowed::Value(value)) => Place::Owned(self.entry_of(value, key, span)?),
            Place::Owned(value) => Place::Owned(self.entry_of(&value, key, span)?),
        })
    }

    fn entry_of(&mut self, value: &Value, key: &str, span: Span) -> Outcome {
        if let Value::List(list) = value {
            self.take_steps(list.len() as u64, span)?;
            let mut entries = Vec::with_capacity(list.len());
            for item in list.iter() {
                entries.push(self.entry_of(item, key, span)?);
            }
            return Ok(Value::list(entries));
        }
        if let Value::Context(entries) = value {
            if let Some(entry) = entries.get(key) {
                return Ok(entry.clone());
            }
            self.no_entry(key, span, entries.values().map(|(key, _)| &**key));
        } else if let Value::Null = value {
            let before = Span { end: span.end.saturating_sub(key.len() as u32), ..span }.text(self.source);
            let parent =
                before.trim_end_matches(|char: char| char.is_whitespace() || char == '.' || char == '`');
            let message = format!("`{parent}` is null, so it has no entry `{key}`");
            self.note(FailureKind::NoContextEntryFound, span, message);
        } else if let Some(property) = temporal::property(value, key) {
            return Ok(property);
        } else {
            self.no_property(value, key, span);
        }
        Ok(Value::Null)
    }

    fn no_entry<'k>(&mut self, key: &str, span: Span, keys: impl Iterator<Item = &'k str> + Clone) {
        let hint = suggest::variable(key, keys.clone());
        let message = format!("no entry `{key}`; {}", suggest::listed(keys));
        self.note_with_hint(FailureKind::NoContextEntryFound, span, message, hint);
    }

    fn no_property(&mut self, value: &Value, key: &str, span: Span) {
        let names = temporal::properties(value.kind());
        let message = format!(
            "a {} has no property `{key}`; {}",
            value.kind().name(),
            suggest::listed(names.iter().copied())
        );
        self.note_with_hint(
            FailureKind::NoPropertyFound,
            span,
            message,
            suggest::name(key, names.iter().copied()),
        );
    }
}
