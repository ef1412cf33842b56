//! From text and parts to values, and from values to text.

use super::{Builtin, Signature, argument, arithmetic, refused};
use crate::feel::{
    eval::Evaluator,
    failure::{Outcome, Stop},
    number::Number,
    temporal::{Date, LocalDateTime, LocalTime, Offset, Temporal, YearMonthDuration, Zone, ZonedTime},
    value::Value,
};

pub(super) const TABLE: &[Builtin] = &[
    Builtin {
        name: "date",
        doc: "A date from text, from a date and time, or from its parts.",
        signatures: &[
            Signature::new(&["from"], date),
            Signature::new(&["year", "month", "day"], date_of_parts),
        ],
        examples: &[("date(\"2026-03-15\")", "2026-03-15"), ("date(2026, 3, 15)", "2026-03-15")],
    },
    Builtin {
        name: "date and time",
        doc: "A date and time from text, from a date and a time, or in another time zone.",
        signatures: &[
            Signature::new(&["from"], date_and_time),
            Signature::new(&["date", "time"], date_and_time_of),
        ],
        examples: &[
            ("date and time(\"2026-03-15T10:20:30\")", "2026-03-15T10:20:30"),
            ("date and time(date(\"2026-03-15\"), time(\"10:20:30\"))", "2026-03-15T10:20:30"),
            (
                "date and time(@\"2026-03-15T10:00:00Z\", \"Europe/Berlin\")",
                "2026-03-15T11:00:00@Europe/Berlin",
            ),
        ],
    },
    Builtin {
        name: "time",
        doc: "A time from text, from a date and time, or from its parts.",
        signatures: &[
            Signature::new(&["from"], time),
            Signature::new(&["hour", "minute", "second"], time_of_parts),
            Signature::new(&["hour", "minute", "second", "offset"], time_with_offset),
        ],
        examples: &[
            ("time(10, 20, 30)", "10:20:30"),
            ("time(10, 20, 30, duration(\"PT1H\"))", "10:20:30+01:00"),
        ],
    },
    Builtin {
        name: "number",
        doc: "A number from text, without its grouping separator and with another decimal separator.",
        signatures: &[
            Signature::new(&["from"], number),
            Signature::new(&["from", "grouping separator"], number_grouped),
            Signature::new(&["from", "grouping separator", "decimal separator"], number_separated),
        ],
        examples: &[("number(\"1500.5\")", "1500.5"), ("number(\"1.500,5\", \".\", \",\")", "1500.5")],
    },
    Builtin {
        name: "string",
        doc: "The value as text; null stays null.",
        signatures: &[Signature::new(&["from"], string)],
        examples: &[("string(1.10)", "\"1.10\""), ("string([1, \"a\"])", "\"[1, \"a\"]\"")],
    },
    Builtin {
        name: "duration",
        doc: "A duration from text.",
        signatures: &[Signature::new(&["from"], duration)],
        examples: &[("duration(\"P1DT2H\")", "P1DT2H"), ("duration(\"P14M\")", "P1Y2M")],
    },
    Builtin {
        name: "years and months duration",
        doc: "The whole years and months between two dates.",
        signatures: &[Signature::new(&["from", "to"], years_and_months)],
        examples: &[("years and months duration(date(\"2025-01-15\"), date(\"2026-03-14\"))", "P1Y1M")],
    },
];

fn parsed(temporal: Option<Temporal>, what: &str, text: &str) -> Outcome {
    match temporal {
        Some(temporal) => Ok(temporal.into()),
        None => Err(Stop::error(format!("`{text}` is no {what}"))),
    }
}

fn date(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    match arguments {
        [Value::String(text)] => {
            parsed(Temporal::parse_date(text), "date, expected such as 2026-03-15", text)
        }
        [Value::LocalDateTime(from)] => Ok(Value::Date(from.date())),
        [Value::DateTime(from)] => Ok(Value::Date(from.date())),
        [Value::Date(from)] => Ok(Value::Date(*from)),
        _ => refused(arguments),
    }
}

fn date_of_parts(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    let [Value::Number(year), Value::Number(month), Value::Number(day)] = arguments else {
        return refused(arguments);
    };
    match Date::new(year.int_value(), month.int_value(), day.int_value()) {
        Some(date) => Ok(Value::Date(date)),
        None => Err(Stop::error(format!("there is no date with year {year}, month {month}, day {day}"))),
    }
}

fn date_and_time(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    match arguments {
        [Value::String(text)] => parsed(
            Temporal::parse_date_time(text),
            "date and time, expected such as 2026-03-15T10:20:30Z",
            text,
        ),
        _ => refused(arguments),
    }
}

fn date_and_time_of(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    let [first, second] = arguments else { return refused(arguments) };
    let date = calendar_date(first);
    match (first, date, second) {
        (_, Some(date), Value::LocalTime(time)) => Ok(Value::LocalDateTime(LocalDateTime::new(date, *time))),
        (_, Some(date), Value::Time(time)) => time.with_date(date).map(Value::DateTime).map_err(arithmetic),
        // An unknown zone ends the evaluation.
        (Value::LocalDateTime(local), _, Value::String(zone)) => {
            let zone = Zone::parse(zone).map_err(argument)?;
            local.at_zone(&zone).map(Value::DateTime).map_err(arithmetic)
        }
        (Value::DateTime(zoned), _, Value::String(zone)) => {
            let zone = Zone::parse(zone).map_err(argument)?;
            zoned.with_zone(&zone).map(Value::DateTime).map_err(arithmetic)
        }
        _ => refused(arguments),
    }
}

fn time(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    match arguments {
        [Value::String(text)] => parsed(Temporal::parse_time(text), "time, expected such as 10:20:30", text),
        [Value::LocalDateTime(from)] => Ok(Value::LocalTime(from.time())),
        [Value::DateTime(from)] => Ok(Value::Time(from.to_zoned_time())),
        [Value::Date(from)] => {
            let midnight = from.at_start_of_day().time();
            Ok(Offset::from_seconds(0).map_or(Value::Null, |utc| Value::Time(ZonedTime::new(midnight, utc))))
        }
        _ => refused(arguments),
    }
}

fn no_time(hour: &Number, minute: &Number, second: &Number) -> Stop {
    Stop::error(format!("there is no time with hour {hour}, minute {minute}, second {second}"))
}

fn time_of_parts(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    let [Value::Number(hour), Value::Number(minute), Value::Number(second)] = arguments else {
        return refused(arguments);
    };
    let time = LocalTime::from_numbers(hour, minute, second);
    time.map(Value::LocalTime).ok_or_else(|| no_time(hour, minute, second))
}

fn time_with_offset(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    match arguments {
        [
            Value::Number(hour),
            Value::Number(minute),
            Value::Number(second),
            Value::DayTimeDuration(offset),
        ] => {
            let time = LocalTime::from_numbers(hour, minute, second);
            let zoned = time.and_then(|time| ZonedTime::at_offset(time, *offset));
            zoned.map(Value::Time).ok_or_else(|| no_time(hour, minute, second))
        }
        [Value::Number(hour), Value::Number(minute), Value::Number(second), Value::Null] => {
            // Without an offset the reference drops the fraction of the second.
            let time = LocalTime::new(hour.int_value(), minute.int_value(), second.int_value(), 0);
            time.map(Value::LocalTime).ok_or_else(|| no_time(hour, minute, second))
        }
        _ => refused(arguments),
    }
}

fn parse_number(text: &str) -> Outcome {
    match Number::parse(text) {
        Some(number) => Ok(number.into()),
        None => Err(Stop::error(format!("`{text}` is no number"))),
    }
}

fn is_grouping(separator: &str) -> bool {
    matches!(separator, " " | "," | ".")
}

fn is_decimal(separator: &str) -> bool {
    matches!(separator, "," | ".")
}

fn number(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    match arguments {
        [Value::String(text)] => parse_number(text),
        _ => refused(arguments),
    }
}

fn number_grouped(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    match arguments {
        [Value::String(text), Value::String(grouping)] if is_grouping(grouping) => {
            parse_number(&text.replace(&**grouping, ""))
        }
        [Value::String(_), Value::String(_)] => {
            Err(Stop::error("the grouping separator must be a space, `,` or `.`"))
        }
        _ => refused(arguments),
    }
}

fn number_separated(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    match arguments {
        [Value::String(text), Value::String(grouping), Value::String(decimal)]
            if is_grouping(grouping) && is_decimal(decimal) && grouping != decimal =>
        {
            parse_number(&text.replace(&**grouping, "").replace(&**decimal, "."))
        }
        [Value::String(text), Value::Null, Value::String(decimal)] if is_decimal(decimal) => {
            parse_number(&text.replace(&**decimal, "."))
        }
        [Value::String(text), Value::String(grouping), Value::Null] if is_grouping(grouping) => {
            parse_number(&text.replace(&**grouping, ""))
        }
        [Value::String(_), Value::String(_), Value::String(_)] => Err(Stop::error(
            "the separators must differ; for groups a space, `,` or `.`, for decimals `,` or `.`",
        )),
        _ => refused(arguments),
    }
}

fn string(evaluator: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    match arguments {
        [Value::Null] => Ok(Value::Null),
        [text @ Value::String(_)] => Ok(text.clone()),
        [value] => {
            evaluator.charge_value(value)?;
            Ok(value.to_text().into())
        }
        _ => refused(arguments),
    }
}

fn duration(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    match arguments {
        [Value::String(text)] => {
            parsed(Temporal::parse_duration(text), "duration, expected such as P1DT2H or P1Y2M", text)
        }
        _ => refused(arguments),
    }
}

fn years_and_months(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    let [from, to] = arguments else { return refused(arguments) };
    // Two dates, or dates and times in any mixture.
    match (calendar_date(from), calendar_date(to)) {
        (Some(from), Some(to)) => Ok(Value::YearMonthDuration(YearMonthDuration::between(from, to))),
        _ => refused(arguments),
    }
}

/// The date of a date, or of a date and time.
fn calendar_date(value: &Value) -> Option<Date> {
    if let Value::Date(date) = value {
        Some(*date)
    } else if let Value::LocalDateTime(local) = value {
        Some(local.date())
    } else if let Value::DateTime(zoned) = value {
        Some(zoned.date())
    } else {
        None
    }
}
