//! `for`, `some` and `every`.

use super::{Evaluator, Frame, Items, Scope, or_null};
use crate::feel::{
    ast::{Expr, Loop},
    context::Borrowed,
    failure::{EvaluationErrorKind, Outcome, Stop},
    number::Number,
    span::Span,
    value::{Kind, List, Value},
};

/// The results so far, inside of `for`.
const PARTIAL: &str = "partial";

impl<'e> Evaluator<'e> {
    pub(super) fn for_(&mut self, iteration: &Loop, scope: &Scope<'_>) -> Outcome {
        let lists = match self.sources(iteration, scope) {
            Ok(lists) => lists,
            Err(stop) => return or_null(Err(stop)),
        };
        let items = lists.iter().fold(1u64, |product, list| product.saturating_mul(list.len() as u64));
        self.call = iteration.body.span;
        self.check_items(items)?;
        let mut results = List::default();
        let names = iteration.names.iter().map(|name| name.text(self.source));
        let mut product = Product::new(names, &lists);
        while let Some(bindings) = product.next() {
            let scope = scope.with(Frame::Many(bindings));
            let partial = Value::List(results);
            let outcome =
                self.eval(&iteration.body, &scope.with(Frame::One(PARTIAL, Borrowed::Value(&partial))));
            results = if let Value::List(list) = partial { list } else { List::default() };
            // A failure does not end the loop; it becomes an item.
            results.push(match outcome {
                Ok(value) => value,
                Err(Stop::Error(message) | Stop::Fatal(message)) => Value::Error(message),
                Err(stop) => return Err(stop),
            });
        }
        Ok(Value::List(results))
    }

    pub(super) fn some(&mut self, iteration: &Loop, scope: &Scope<'_>) -> Outcome {
        self.quantified(iteration, scope, true)
    }

    pub(super) fn every(&mut self, iteration: &Loop, scope: &Scope<'_>) -> Outcome {
        self.quantified(iteration, scope, false)
    }

    fn quantified(&mut self, iteration: &Loop, scope: &Scope<'_>, decisive: bool) -> Outcome {
        let lists = match self.sources(iteration, scope) {
            Ok(lists) => lists,
            Err(stop) => return or_null(Err(stop)),
        };
        let names = iteration.names.iter().map(|name| name.text(self.source));
        let mut product = Product::new(names, &lists);
        let mut known = Some(!decisive);
        while let Some(bindings) = product.next() {
            let value = self.eval(&iteration.body, &scope.with(Frame::Many(bindings)));
            known = self.combine(known, value, iteration.body.span, decisive)?;
            if known == Some(decisive) {
                break;
            }
        }
        Ok(known.map_or(Value::Null, Value::Boolean))
    }

    /// The lists to go through. All are evaluated; the first that is none decides.
    fn sources<'p>(&mut self, iteration: &Loop, scope: &'p Scope<'p>) -> Outcome<Vec<Items<'p>>>
    where
        'e: 'p,
    {
        let mut places = Vec::with_capacity(iteration.sources.len());
        for source in &iteration.sources {
            match self.place(source, scope) {
                Err(stop @ Stop::Abort(_)) => return Err(stop),
                outcome => places.push((outcome, source.span)),
            }
        }
        let mut lists = Vec::with_capacity(places.len());
        let mut first_stop = None;
        for (place, span) in places {
            let stop = match place.map(Items::of) {
                Ok(Ok(items)) => {
                    lists.push(items);
                    continue;
                }
                Ok(Err(other)) => self.wrong_type(span, Kind::List, &other),
                Err(stop) => stop,
            };
            first_stop.get_or_insert(stop);
        }
        first_stop.map_or(Ok(lists), Err)
    }

    /// `1..3`, up or down by one.
    pub(super) fn steps(&mut self, bounds: &(Expr, Expr), span: Span, scope: &Scope<'_>) -> Outcome {
        let start = self.eval(&bounds.0, scope);
        if let Err(Stop::Abort(_)) = start {
            return start;
        }
        let end = self.eval(&bounds.1, scope);
        if let Err(Stop::Abort(_)) = end {
            return end;
        }
        let start = self.number_or_stop(start, bounds.0.span)?;
        let end = self.number_or_stop(end, bounds.1.span)?;
        self.count(&start, &end, span)
    }

    fn number_or_stop(&mut self, outcome: Outcome, span: Span) -> Outcome<Number> {
        let value = outcome?;
        let Value::Number(number) = value else { return Err(self.wrong_type(span, Kind::Number, &value)) };
        Ok(number)
    }

    fn count(&mut self, start: &Number, end: &Number, span: Span) -> Outcome {
        let arithmetic = |error: crate::feel::number::Error| {
            Stop::abort(EvaluationErrorKind::Arithmetic, span, error.to_string())
        };
        let up = start < end;
        let length = if up { end.sub(start) } else { start.sub(end) }.map_err(arithmetic)?;
        self.call = span;
        // A length beyond 64 bits is beyond every limit.
        let items = if length.to_f64() >= 9e18 { u64::MAX } else { length.long_value().unsigned_abs() + 1 };
        self.check_items(items)?;
        self.take_steps(items, span)?;
        let step = Number::from(if up { 1 } else { -1 });
        if start != end && !(is_exact(start, &step) && is_exact(end, &step.neg())) {
            let message = format!("steps of 1 are lost among the digits of {start} and {end}");
            return Err(Stop::abort(EvaluationErrorKind::Arithmetic, span, message));
        }
        let mut values = Vec::with_capacity(usize::try_from(items).unwrap_or_default());
        let mut value = start.clone();
        for _ in 0..items {
            let next = value.add(&step).map_err(arithmetic)?;
            values.push(Value::Number(std::mem::replace(&mut value, next)));
        }
        Ok(Value::list(values))
    }
}

/// Whether a step away from a number and back leads to the number again. The reference refuses to go where it does not.
fn is_exact(number: &Number, step: &Number) -> bool {
    number.add(step).and_then(|next| next.sub(number)).is_ok_and(|back| back == *step)
}

/// All combinations of items, the last list going round first. The names do not see each other.
struct Product<'p> {
    bindings: Vec<(&'p str, Borrowed<'p>)>,
    lists: &'p [Items<'p>],
    places: Vec<usize>,
    started: bool,
}

impl<'p> Product<'p> {
    fn new(names: impl Iterator<Item = &'p str>, lists: &'p [Items<'p>]) -> Product<'p> {
        let first = |list: &'p Items<'p>| list.get(0).unwrap_or(Borrowed::Value(&Value::Null));
        let bindings = names.zip(lists.iter().map(first)).collect();
        Product { bindings, lists, places: vec![0; lists.len()], started: false }
    }

    fn next(&mut self) -> Option<&[(&'p str, Borrowed<'p>)]> {
        if std::mem::replace(&mut self.started, true) {
            self.advance()?;
        } else if self.lists.iter().any(|list| list.len() == 0) {
            return None;
        }
        Some(&self.bindings)
    }

    fn advance(&mut self) -> Option<()> {
        let slots = self.places.iter_mut().zip(&mut self.bindings).zip(self.lists).rev();
        for ((place, (_, slot)), list) in slots {
            *place += 1;
            if let Some(item) = list.get(*place) {
                *slot = item;
                return Some(());
            }
            *place = 0;
            *slot = list.get(0)?;
        }
        None
    }
}
