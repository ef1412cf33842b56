//! Sorting by a function of the expression.

use super::refused;
use crate::feel::{
    eval::{Evaluator, described},
    failure::{Outcome, Stop},
    value::{Function, Value},
};

/// Shorter runs are sorted by insertion, as in Java; one can tell for functions that are no strict order.
const RUN: usize = 32;

pub(super) fn sort(evaluator: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    let [Value::List(list), Value::Function(precedes)] = arguments else { return refused(arguments) };
    let count = precedes.parameters().len();
    if count != 2 {
        return Err(Stop::error(format!("the function must have 2 parameters, it has {count}")));
    }
    let mut items = list.to_vec();
    let mut sorter = Sorter { evaluator, precedes };
    // Whatever the function throws counts as a failure of `sort`; limits do not.
    sorter.sort(&mut items)?;
    Ok(Value::list(items))
}

struct Sorter<'s, 'e> {
    evaluator: &'s mut Evaluator<'e>,
    precedes: &'s Function,
}

impl Sorter<'_, '_> {
    /// A stable merge sort of sorted runs.
    fn sort(&mut self, items: &mut [Value]) -> Outcome<()> {
        if items.len() < RUN {
            return self.insertion_sort(items);
        }
        let (left, right) = items.split_at_mut(items.len() / 2);
        self.sort(left)?;
        self.sort(right)?;
        let mut merged = Vec::with_capacity(left.len() + right.len());
        let (mut from_left, mut from_right) = (left.iter().peekable(), right.iter().peekable());
        while let (Some(one), Some(two)) = (from_left.peek(), from_right.peek()) {
            let next = if self.is_before(two, one)? { &mut from_right } else { &mut from_left };
            merged.extend(next.next().cloned());
        }
        merged.extend(from_left.chain(from_right).cloned());
        for (slot, item) in items.iter_mut().zip(merged) {
            *slot = item;
        }
        Ok(())
    }

    /// Binary insertion behind the run that is there already.
    fn insertion_sort(&mut self, items: &mut [Value]) -> Outcome<()> {
        for sorted in self.first_run(items)?..items.len() {
            let Some((item, before)) = items.get(..=sorted).and_then(<[Value]>::split_last) else { break };
            let (mut low, mut high) = (0, sorted);
            while low < high {
                let middle = usize::midpoint(low, high);
                match before.get(middle) {
                    Some(other) if self.is_before(item, other)? => high = middle,
                    Some(_) | None => low = middle + 1,
                }
            }
            if let Some(moved) = items.get_mut(low..=sorted) {
                moved.rotate_right(1);
            }
        }
        Ok(())
    }

    /// The length of the run at the start. One that descends is turned round.
    fn first_run(&mut self, items: &mut [Value]) -> Outcome<usize> {
        let mut length = 1;
        let mut descending = None;
        for pair in items.windows(2) {
            let [one, two] = pair else { break };
            let descends = self.is_before(two, one)?;
            if *descending.get_or_insert(descends) != descends {
                break;
            }
            length += 1;
        }
        if descending == Some(true)
            && let Some(run) = items.get_mut(..length)
        {
            run.reverse();
        }
        Ok(length.min(items.len()))
    }

    fn is_before(&mut self, one: &Value, two: &Value) -> Outcome<bool> {
        let failures = self.evaluator.failure_count();
        let before = self.precedes(one, two)?;
        // The reference also asks the other way round, which shows only in what fails.
        if !before && self.evaluator.failure_count() > failures {
            self.precedes(two, one)?;
        }
        Ok(before)
    }

    fn precedes(&mut self, one: &Value, two: &Value) -> Outcome<bool> {
        let span = self.evaluator.call_span();
        match self.evaluator.apply(self.precedes, &[one.clone(), two.clone()], span) {
            Ok(Value::Boolean(before)) => Ok(before),
            Ok(other) => {
                Err(Stop::error(format!("the function gives {}, expected a boolean", described(&other))))
            }
            Err(Stop::Fatal(message)) => Err(Stop::Error(message)),
            Err(Stop::Abort(error)) if error.kind.is_thrown() => Err(Stop::error(error.message)),
            Err(stop) => Err(stop),
        }
    }
}
