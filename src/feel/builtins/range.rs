//! How points and ranges lie to each other.

use std::cmp::Ordering;

use super::{Builtin, Signature, refused, thrown};
use crate::feel::{
    eval::Evaluator,
    failure::{EvaluationErrorKind, Outcome},
    value::{Bound, Range, Value},
};

const RANGES: &[&str] = &["range1", "range2"];
const POINT_RANGE: &[&str] = &["point", "range"];
const RANGE_POINT: &[&str] = &["range", "point"];
const POINTS: &[&str] = &["point1", "point2"];

pub(super) const TABLE: &[Builtin] = &[
    Builtin {
        name: "before",
        doc: "Whether the first ends before the second starts.",
        signatures: &[
            Signature::new(POINTS, before),
            Signature::new(POINT_RANGE, before),
            Signature::new(RANGE_POINT, before),
            Signature::new(RANGES, before),
        ],
        examples: &[
            ("before(1, 10)", "true"),
            ("before([1..5], 10)", "true"),
            ("before([1..5), [5..10])", "true"),
        ],
    },
    Builtin {
        name: "after",
        doc: "Whether the first starts after the second ends.",
        signatures: &[
            Signature::new(POINTS, after),
            Signature::new(POINT_RANGE, after),
            Signature::new(RANGE_POINT, after),
            Signature::new(RANGES, after),
        ],
        examples: &[("after(12, [2..5])", "true"), ("after([6..10], [1..5])", "true")],
    },
    Builtin {
        name: "meets",
        doc: "Whether the second starts where the first ends.",
        signatures: &[Signature::new(RANGES, meets)],
        examples: &[("meets([1..5], [5..10])", "true")],
    },
    Builtin {
        name: "met by",
        doc: "Whether the second ends where the first starts.",
        signatures: &[Signature::new(RANGES, met_by)],
        examples: &[("met by([5..10], [1..5])", "true")],
    },
    Builtin {
        name: "overlaps",
        doc: "Whether the ranges have a part in common.",
        signatures: &[Signature::new(RANGES, overlaps)],
        examples: &[("overlaps([5..10], [1..6])", "true")],
    },
    Builtin {
        name: "overlaps before",
        doc: "Whether the first starts earlier and ends within the second.",
        signatures: &[Signature::new(RANGES, overlaps_before)],
        examples: &[("overlaps before([1..5], [4..10])", "true")],
    },
    Builtin {
        name: "overlaps after",
        doc: "Whether the first starts within the second and ends later.",
        signatures: &[Signature::new(RANGES, overlaps_after)],
        examples: &[("overlaps after([4..10], [1..5])", "true")],
    },
    Builtin {
        name: "finishes",
        doc: "Whether the first lies at the end of the second.",
        signatures: &[Signature::new(POINT_RANGE, finishes), Signature::new(RANGES, finishes)],
        examples: &[("finishes(5, [1..5])", "true"), ("finishes([3..5], [1..5])", "true")],
    },
    Builtin {
        name: "finished by",
        doc: "Whether the second lies at the end of the first.",
        signatures: &[Signature::new(POINT_RANGE, finished_by), Signature::new(RANGES, finished_by)],
        examples: &[("finished by([5..10], 10)", "true")],
    },
    Builtin {
        name: "includes",
        doc: "Whether the second lies within the first.",
        signatures: &[Signature::new(RANGE_POINT, includes), Signature::new(RANGES, includes)],
        examples: &[("includes([5..10], 6)", "true"), ("includes([3..4], 5)", "false")],
    },
    Builtin {
        name: "during",
        doc: "Whether the first lies within the second.",
        signatures: &[Signature::new(POINT_RANGE, during), Signature::new(RANGES, during)],
        examples: &[("during(5, [1..10])", "true"), ("during([4..6], [1..10))", "true")],
    },
    Builtin {
        name: "starts",
        doc: "Whether the first lies at the start of the second.",
        signatures: &[Signature::new(POINT_RANGE, starts), Signature::new(RANGES, starts)],
        examples: &[("starts(1, [1..5])", "true")],
    },
    Builtin {
        name: "started by",
        doc: "Whether the second lies at the start of the first.",
        signatures: &[Signature::new(RANGE_POINT, started_by), Signature::new(RANGES, started_by)],
        examples: &[("started by([1..10], 1)", "true")],
    },
    Builtin {
        name: "coincides",
        doc: "Whether both are the same.",
        signatures: &[Signature::new(POINTS, coincides), Signature::new(RANGES, coincides)],
        examples: &[("coincides([1..5], [1..5])", "true"), ("coincides(1, 2)", "false")],
    },
];

/// Two arguments that can lie to each other.
enum Pair<'p> {
    Points(&'p Value, &'p Value),
    PointRange(&'p Value, &'p Range),
    RangePoint(&'p Range, &'p Value),
    Ranges(&'p Range, &'p Range),
}

fn pair(arguments: &[Value]) -> Option<Pair<'_>> {
    let pair = match arguments {
        [Value::Range(one), Value::Range(two)] => Pair::Ranges(one, two),
        [Value::Range(range), point] => Pair::RangePoint(range, point),
        [point, Value::Range(range)] => Pair::PointRange(point, range),
        [one, two] => Pair::Points(one, two),
        _ => return None,
    };
    let (one, two) = match &pair {
        Pair::Points(one, two) => (*one, *two),
        Pair::PointRange(point, range) | Pair::RangePoint(range, point) => (*point, &range.start.value),
        Pair::Ranges(one, two) => (&one.start.value, &two.start.value),
    };
    (one.kind() == two.kind() && one.kind().is_point()).then_some(pair)
}

/// Answers the cases that the function has. For others the reference throws; what does not compare is refused.
fn relate(arguments: &[Value], relation: impl Fn(Pair<'_>) -> Option<bool>) -> Outcome {
    let Some(pair) = pair(arguments) else { return refused(arguments) };
    match relation(pair) {
        Some(holds) => Ok(holds.into()),
        None => Err(thrown(
            EvaluationErrorKind::Argument,
            "the function does not compare a point or range like these",
        )),
    }
}

fn ranges(arguments: &[Value], relation: impl Fn(&Range, &Range) -> bool) -> Outcome {
    relate(arguments, |pair| match pair {
        Pair::Ranges(one, two) => Some(relation(one, two)),
        Pair::Points(..) | Pair::PointRange(..) | Pair::RangePoint(..) => None,
    })
}

fn order(one: &Value, two: &Value) -> Option<Ordering> {
    one.order(two)
}

fn less(one: &Value, two: &Value) -> bool {
    order(one, two) == Some(Ordering::Less)
}

fn same(one: &Bound, two: &Bound) -> bool {
    one.value.is_same(&two.value)
}

/// Whether a range starts no later than another.
fn covers_start(one: &Bound, two: &Bound) -> bool {
    less(&one.value, &two.value) || same(one, two) && (one.closed || !two.closed)
}

/// Whether a range ends no earlier than another.
fn covers_end(one: &Bound, two: &Bound) -> bool {
    less(&two.value, &one.value) || same(one, two) && (one.closed || !two.closed)
}

fn ends_before(one: &Range, two: &Range) -> bool {
    less(&one.end.value, &two.start.value)
        || same(&one.end, &two.start) && !(one.end.closed && two.start.closed)
}

/// Whether the point lies before all of the range.
fn lies_before(point: &Value, range: &Range) -> bool {
    less(point, &range.start.value) || point.is_same(&range.start.value) && !range.start.closed
}

/// Whether the point lies behind all of the range.
fn lies_after(point: &Value, range: &Range) -> bool {
    less(&range.end.value, point) || point.is_same(&range.end.value) && !range.end.closed
}

fn contains(range: &Range, point: &Value) -> bool {
    less(&range.start.value, point) && less(point, &range.end.value)
        || range.start.closed && range.start.value.is_same(point)
        || range.end.closed && range.end.value.is_same(point)
}

fn before(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    relate(arguments, |pair| {
        Some(match pair {
            Pair::Ranges(one, two) => ends_before(one, two),
            Pair::PointRange(point, range) => lies_before(point, range),
            Pair::RangePoint(range, point) => lies_after(point, range),
            Pair::Points(one, two) => less(one, two),
        })
    })
}

fn after(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    relate(arguments, |pair| {
        Some(match pair {
            Pair::Ranges(one, two) => ends_before(two, one),
            Pair::PointRange(point, range) => lies_after(point, range),
            Pair::RangePoint(range, point) => lies_before(point, range),
            Pair::Points(one, two) => less(two, one),
        })
    })
}

fn meets(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    ranges(arguments, |one, two| one.end.closed && two.start.closed && same(&one.end, &two.start))
}

fn met_by(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    ranges(arguments, |one, two| one.start.closed && two.end.closed && same(&one.start, &two.end))
}

/// Whether the first reaches into the second: it ends behind its start, or both hold that point.
fn reaches(one: &Range, two: &Range) -> bool {
    less(&two.start.value, &one.end.value) || same(&one.end, &two.start) && one.end.closed && two.start.closed
}

fn overlaps(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    ranges(arguments, |one, two| reaches(one, two) && reaches(two, one))
}

fn starts_earlier(one: &Range, two: &Range) -> bool {
    less(&one.start.value, &two.start.value)
        || same(&one.start, &two.start) && one.start.closed && !two.start.closed
}

fn overlaps_first(one: &Range, two: &Range) -> bool {
    starts_earlier(one, two) && reaches(one, two) && covers_end(&two.end, &one.end)
}

fn overlaps_before(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    ranges(arguments, overlaps_first)
}

fn overlaps_after(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    ranges(arguments, |one, two| overlaps_first(two, one))
}

fn end_alike(one: &Range, two: &Range) -> bool {
    one.end.closed == two.end.closed && same(&one.end, &two.end)
}

fn start_alike(one: &Range, two: &Range) -> bool {
    one.start.closed == two.start.closed && same(&one.start, &two.start)
}

fn finishes(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    relate(arguments, |pair| match pair {
        Pair::Ranges(one, two) => Some(end_alike(one, two) && covers_start(&two.start, &one.start)),
        Pair::PointRange(point, range) => Some(range.end.closed && range.end.value.is_same(point)),
        Pair::RangePoint(..) | Pair::Points(..) => None,
    })
}

fn finished_by(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    relate(arguments, |pair| match pair {
        Pair::Ranges(one, two) => Some(end_alike(one, two) && covers_start(&one.start, &two.start)),
        Pair::RangePoint(range, point) => Some(range.end.closed && range.end.value.is_same(point)),
        Pair::PointRange(..) | Pair::Points(..) => None,
    })
}

fn includes(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    relate(arguments, |pair| match pair {
        Pair::Ranges(one, two) => {
            Some(covers_start(&one.start, &two.start) && covers_end(&one.end, &two.end))
        }
        Pair::RangePoint(range, point) => Some(contains(range, point)),
        Pair::PointRange(..) | Pair::Points(..) => None,
    })
}

fn during(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    relate(arguments, |pair| match pair {
        Pair::Ranges(one, two) => {
            Some(covers_start(&two.start, &one.start) && covers_end(&two.end, &one.end))
        }
        Pair::PointRange(point, range) => Some(contains(range, point)),
        Pair::RangePoint(..) | Pair::Points(..) => None,
    })
}

fn starts(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    relate(arguments, |pair| match pair {
        Pair::Ranges(one, two) => Some(start_alike(one, two) && covers_end(&two.end, &one.end)),
        Pair::PointRange(point, range) => Some(range.start.closed && range.start.value.is_same(point)),
        Pair::RangePoint(..) | Pair::Points(..) => None,
    })
}

fn started_by(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    relate(arguments, |pair| match pair {
        Pair::Ranges(one, two) => Some(start_alike(one, two) && covers_end(&one.end, &two.end)),
        Pair::RangePoint(range, point) => Some(range.start.closed && range.start.value.is_same(point)),
        Pair::PointRange(..) | Pair::Points(..) => None,
    })
}

fn coincides(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    relate(arguments, |pair| match pair {
        Pair::Ranges(one, two) => Some(start_alike(one, two) && end_alike(one, two)),
        Pair::Points(one, two) => Some(one.is_same(two)),
        // A point and a range are never the same.
        Pair::PointRange(..) | Pair::RangePoint(..) => Some(false),
    })
}
