//! Numbers of a list taken together.

use std::cmp::Ordering;

use super::{Builtin, Signature, argument, arithmetic, refused};
use crate::feel::{
    eval::{Evaluator, described},
    failure::{Outcome, Stop},
    number::{Error, Number},
    value::{List, Value},
};

pub(super) const TABLE: &[Builtin] = &[
    Builtin {
        name: "min",
        doc: "The least item.",
        signatures: &[Signature::variadic(&["list"], min)],
        examples: &[("min(3, 1, 2)", "1"), ("min([\"b\", \"a\"])", "\"a\"")],
    },
    Builtin {
        name: "max",
        doc: "The greatest item.",
        signatures: &[Signature::variadic(&["list"], max)],
        examples: &[("max([1, 3, 2])", "3")],
    },
    Builtin {
        name: "sum",
        doc: "The sum of the numbers.",
        signatures: &[Signature::variadic(&["list"], sum)],
        examples: &[("sum([1, 2, 3])", "6"), ("sum([])", "null")],
    },
    Builtin {
        name: "product",
        doc: "The product of the numbers.",
        signatures: &[Signature::variadic(&["list"], product)],
        examples: &[("product(2, 3, 4)", "24")],
    },
    Builtin {
        name: "mean",
        doc: "The arithmetic mean of the numbers.",
        signatures: &[Signature::variadic(&["list"], mean)],
        examples: &[("mean([1, 2, 3])", "2")],
    },
    Builtin {
        name: "median",
        doc: "The number in the middle, or the mean of the two there.",
        signatures: &[Signature::variadic(&["list"], median)],
        examples: &[("median(8, 2, 5)", "5"), ("median([6, 1, 2, 3])", "2.5")],
    },
    Builtin {
        name: "stddev",
        doc: "The standard deviation of the numbers.",
        signatures: &[Signature::variadic(&["list"], stddev)],
        examples: &[("stddev(2, 4, 7, 5)", "2.0816659994661326")],
    },
    Builtin {
        name: "mode",
        doc: "The numbers that occur most often, in order.",
        signatures: &[Signature::variadic(&["list"], mode)],
        examples: &[("mode(6, 3, 9, 6, 6)", "[6]"), ("mode([1, 2])", "[1, 2]")],
    },
];

fn min(evaluator: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    extreme(evaluator, arguments, Ordering::Less)
}

fn max(evaluator: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    extreme(evaluator, arguments, Ordering::Greater)
}

/// The first item that lies on the given side of all before it.
fn extreme(evaluator: &mut Evaluator<'_>, arguments: &[Value], side: Ordering) -> Outcome {
    let [value @ Value::List(list)] = arguments else { return refused(arguments) };
    evaluator.charge(list.len())?;
    let Some((first, rest)) = list.split_first() else { return Ok(Value::Null) };
    if !value.is_comparable() {
        return Err(Stop::error(format!("the items of {} do not compare", value.shown())));
    }
    let mut best = first;
    for item in rest {
        let order = item.order(best).ok_or_else(|| argument("lists have no order"))?;
        // The reference keeps the earlier of equal items for `min` and `max` alike.
        if order == side {
            best = item;
        }
    }
    Ok(best.clone())
}

/// The numbers of a list that is not empty; None if it is.
fn numbers<'l>(evaluator: &mut Evaluator<'_>, arguments: &'l [Value]) -> Outcome<Option<Vec<&'l Number>>> {
    let [Value::List(list)] = arguments else { return refused(arguments).map(|_| None) };
    evaluator.charge(list.len())?;
    if list.is_empty() {
        return Ok(None);
    }
    let number = |item: &'l Value| {
        let number = if let Value::Number(number) = item { Some(number) } else { None };
        number.ok_or_else(|| Stop::error(format!("the list holds {}, expected numbers", described(item))))
    };
    list.iter().map(number).collect::<Outcome<Vec<_>>>().map(Some)
}

fn total(numbers: &[&Number]) -> Outcome<Number> {
    numbers.iter().try_fold(Number::ZERO, |sum, number| sum.add(number)).map_err(arithmetic)
}

fn over_numbers(
    evaluator: &mut Evaluator<'_>,
    arguments: &[Value],
    compute: impl FnOnce(&[&Number]) -> Outcome,
) -> Outcome {
    match numbers(evaluator, arguments)? {
        Some(numbers) => compute(&numbers),
        None => Ok(Value::Null),
    }
}

fn sum(evaluator: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    over_numbers(evaluator, arguments, |numbers| Ok(total(numbers)?.into()))
}

fn product(evaluator: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    over_numbers(evaluator, arguments, |numbers| {
        let product = numbers.iter().try_fold(Number::ONE, |product, number| product.mul(number));
        Ok(product.map_err(arithmetic)?.into())
    })
}

fn count(numbers: &[&Number]) -> Number {
    Number::from(numbers.len() as i64)
}

fn mean(evaluator: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    over_numbers(evaluator, arguments, |numbers| {
        Ok(total(numbers)?.div(&count(numbers)).map_err(arithmetic)?.into())
    })
}

fn median(evaluator: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    over_numbers(evaluator, arguments, |numbers| {
        let mut sorted = numbers.to_vec();
        sorted.sort();
        let half = sorted.len() / 2;
        let (Some(upper), odd) = (sorted.get(half), sorted.len() % 2 == 1) else { return Ok(Value::Null) };
        match sorted.get(half.wrapping_sub(1)) {
            Some(lower) if !odd => {
                let middle = lower.add(upper).and_then(|sum| sum.div(&Number::from(2)));
                Ok(middle.map_err(arithmetic)?.into())
            }
            Some(_) | None => Ok((*upper).clone().into()),
        }
    })
}

/// One number alone has none; the reference divides by zero then.
fn stddev(evaluator: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    over_numbers(evaluator, arguments, |numbers| {
        let deviation = || -> Result<Number, Error> {
            let mean =
                numbers.iter().try_fold(Number::ZERO, |sum, number| sum.add(number))?.div(&count(numbers))?;
            let squares = numbers
                .iter()
                .try_fold(Number::ZERO, |sum, number| sum.add(&number.sub(&mean)?.pow(&Number::from(2))?))?;
            squares.div(&count(numbers).sub(&Number::ONE)?)?.sqrt()
        };
        Ok(deviation().map_err(arithmetic)?.into())
    })
}

fn mode(evaluator: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    let Some(mut numbers) = numbers(evaluator, arguments)? else { return Ok(Value::list(Vec::new())) };
    numbers.sort();
    let groups = || numbers.chunk_by(|one, two| one == two);
    let most = groups().map(<[_]>::len).max().unwrap_or_default();
    let modes =
        groups().filter(|group| group.len() == most).filter_map(|group| group.first().copied().cloned());
    Ok(Value::List(modes.map(Value::Number).collect::<List>()))
}
