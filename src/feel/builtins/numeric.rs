//! Numbers.

use super::{Builtin, Signature, arithmetic, refused};
use crate::feel::{
    eval::Evaluator,
    failure::{Outcome, Stop},
    number::{Number, RoundingMode},
    value::Value,
};

pub(super) const TABLE: &[Builtin] = &[
    Builtin {
        name: "decimal",
        doc: "The number with a scale, rounded half to even or as the mode says.",
        signatures: &[
            Signature::new(&["n", "scale"], decimal),
            Signature::new(&["n", "scale", "mode"], decimal_with_mode),
        ],
        examples: &[("decimal(1.115, 2)", "1.12"), ("decimal(1.115, 2, \"half_down\")", "1.11")],
    },
    Builtin {
        name: "floor",
        doc: "The number rounded down, to a whole number or a scale.",
        signatures: &[Signature::new(&["n"], floor), Signature::new(&["n", "scala"], floor_to)],
        examples: &[("floor(1.5)", "1"), ("floor(-1.56, 1)", "-1.6")],
    },
    Builtin {
        name: "ceiling",
        doc: "The number rounded up, to a whole number or a scale.",
        signatures: &[Signature::new(&["n"], ceiling), Signature::new(&["n", "scale"], ceiling_to)],
        examples: &[("ceiling(1.5)", "2"), ("ceiling(-1.56, 1)", "-1.5")],
    },
    Builtin {
        name: "abs",
        doc: "The number or duration without its sign.",
        signatures: &[Signature::new(&["number"], abs), Signature::new(&["n"], abs)],
        examples: &[("abs(-10)", "10"), ("abs(duration(\"-PT5H\"))", "PT5H")],
    },
    Builtin {
        name: "modulo",
        doc: "The remainder of a division, with the sign of the divisor.",
        signatures: &[Signature::new(&["dividend", "divisor"], modulo)],
        examples: &[("modulo(12, 5)", "2"), ("modulo(-12, 5)", "3")],
    },
    Builtin {
        name: "sqrt",
        doc: "The square root; null for a negative number.",
        signatures: &[Signature::new(&["number"], sqrt)],
        examples: &[("sqrt(16)", "4.0"), ("sqrt(-1)", "null")],
    },
    Builtin {
        name: "log",
        doc: "The natural logarithm.",
        signatures: &[Signature::new(&["number"], log)],
        examples: &[("log(10)", "2.302585092994046")],
    },
    Builtin {
        name: "exp",
        doc: "Euler's number to a power.",
        signatures: &[Signature::new(&["number"], exp)],
        examples: &[("exp(5)", "148.4131591025766")],
    },
    Builtin {
        name: "odd",
        doc: "Whether the number is odd.",
        signatures: &[Signature::new(&["number"], odd)],
        examples: &[("odd(5)", "true")],
    },
    Builtin {
        name: "even",
        doc: "Whether the number is even.",
        signatures: &[Signature::new(&["number"], even)],
        examples: &[("even(5)", "false")],
    },
    Builtin {
        name: "round up",
        doc: "The number rounded away from zero.",
        signatures: &[Signature::new(&["n", "scale"], round_up)],
        examples: &[("round up(-5.5, 0)", "-6")],
    },
    Builtin {
        name: "round down",
        doc: "The number rounded towards zero.",
        signatures: &[Signature::new(&["n", "scale"], round_down)],
        examples: &[("round down(-5.5, 0)", "-5")],
    },
    Builtin {
        name: "round half up",
        doc: "The number rounded to the nearest, halves away from zero.",
        signatures: &[Signature::new(&["n", "scale"], round_half_up)],
        examples: &[("round half up(1.121, 2)", "1.12"), ("round half up(2.5, 0)", "3")],
    },
    Builtin {
        name: "round half down",
        doc: "The number rounded to the nearest, halves towards zero.",
        signatures: &[Signature::new(&["n", "scala"], round_half_down)],
        examples: &[("round half down(2.5, 0)", "2")],
    },
    Builtin {
        name: "random number",
        doc: "A number from 0 up to 1.",
        signatures: &[Signature::new(&[], random_number)],
        examples: &[("random number() < 1", "true")],
    },
];

fn round(number: &Number, scale: i32, mode: RoundingMode) -> Outcome {
    number.set_scale(scale, mode).map(Value::Number).map_err(|error| Stop::error(error.to_string()))
}

fn rounded(arguments: &[Value], mode: RoundingMode) -> Outcome {
    match arguments {
        [Value::Number(number), Value::Number(scale)] => round(number, scale.int_value(), mode),
        _ => refused(arguments),
    }
}

fn decimal(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    rounded(arguments, RoundingMode::HalfEven)
}

fn decimal_with_mode(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    match arguments {
        [Value::Number(number), Value::Number(scale), Value::String(mode)] => {
            match RoundingMode::from_name(mode) {
                Some(mode) => round(number, scale.int_value(), mode),
                None => Err(Stop::error(format!(
                    "`{mode}` is no rounding mode, expected UP, DOWN, CEILING, FLOOR, HALF_UP, HALF_DOWN, HALF_EVEN or UNNECESSARY"
                ))),
            }
        }
        _ => refused(arguments),
    }
}

fn floor(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    match arguments {
        [Value::Number(number)] => round(number, 0, RoundingMode::Floor),
        _ => refused(arguments),
    }
}

fn floor_to(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    rounded(arguments, RoundingMode::Floor)
}

fn ceiling(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    match arguments {
        [Value::Number(number)] => round(number, 0, RoundingMode::Ceiling),
        _ => refused(arguments),
    }
}

fn ceiling_to(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    rounded(arguments, RoundingMode::Ceiling)
}

fn round_up(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    rounded(arguments, RoundingMode::Up)
}

fn round_down(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    rounded(arguments, RoundingMode::Down)
}

fn round_half_up(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    rounded(arguments, RoundingMode::HalfUp)
}

fn round_half_down(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    rounded(arguments, RoundingMode::HalfDown)
}

fn abs(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    match arguments {
        [Value::Number(number)] => Ok(number.abs().into()),
        [Value::YearMonthDuration(period)] => period.abs().map(Value::YearMonthDuration).map_err(arithmetic),
        [Value::DayTimeDuration(duration)] => duration.abs().map(Value::DayTimeDuration).map_err(arithmetic),
        _ => refused(arguments),
    }
}

fn modulo(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    match arguments {
        [Value::Number(dividend), Value::Number(divisor)] => {
            dividend.modulo(divisor).map(Value::Number).map_err(arithmetic)
        }
        _ => refused(arguments),
    }
}

fn sqrt(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    match arguments {
        [Value::Number(number)] if number.signum() < 0 => Ok(Value::Null),
        [Value::Number(number)] => number.sqrt().map(Value::Number).map_err(arithmetic),
        _ => refused(arguments),
    }
}

fn log(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    match arguments {
        [Value::Number(number)] => number.log().map(Value::Number).map_err(arithmetic),
        _ => refused(arguments),
    }
}

fn exp(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    match arguments {
        [Value::Number(number)] => number.exp().map(Value::Number).map_err(arithmetic),
        _ => refused(arguments),
    }
}

fn odd(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    match arguments {
        [Value::Number(number)] => number.is_odd().map(Value::Boolean).map_err(arithmetic),
        _ => refused(arguments),
    }
}

fn even(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    match arguments {
        [Value::Number(number)] => number.is_even().map(Value::Boolean).map_err(arithmetic),
        _ => refused(arguments),
    }
}

fn random_number(_: &mut Evaluator<'_>, _: &[Value]) -> Outcome {
    Number::from_f64(fastrand::f64()).map(Value::Number).map_err(arithmetic)
}
