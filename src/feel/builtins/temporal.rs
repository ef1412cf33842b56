//! Dates and the present.

use std::time::UNIX_EPOCH;

use super::{Builtin, Signature, argument, refused};
use crate::feel::{
    eval::Evaluator,
    failure::Outcome,
    temporal::{Date, Zone, ZonedDateTime},
    value::Value,
};

pub(super) const TABLE: &[Builtin] = &[
    Builtin {
        name: "now",
        doc: "The present date and time.",
        signatures: &[Signature::new(&[], now)],
        examples: &[("now() = now()", "true")],
    },
    Builtin {
        name: "today",
        doc: "The present date.",
        signatures: &[Signature::new(&[], today)],
        examples: &[("today() = date(now())", "true")],
    },
    Builtin {
        name: "day of year",
        doc: "The number of the day in its year.",
        signatures: &[Signature::new(&["date"], day_of_year)],
        examples: &[("day of year(date(\"2026-03-15\"))", "74")],
    },
    Builtin {
        name: "day of week",
        doc: "The English name of the day.",
        signatures: &[Signature::new(&["date"], day_of_week)],
        examples: &[("day of week(date(\"2026-03-15\"))", "\"Sunday\"")],
    },
    Builtin {
        name: "month of year",
        doc: "The English name of the month.",
        signatures: &[Signature::new(&["date"], month_of_year)],
        examples: &[("month of year(date(\"2026-03-15\"))", "\"March\"")],
    },
    Builtin {
        name: "week of year",
        doc: "The number of the week in its year, after ISO 8601.",
        signatures: &[Signature::new(&["date"], week_of_year)],
        examples: &[("week of year(date(\"2026-03-15\"))", "11")],
    },
    Builtin {
        name: "last day of month",
        doc: "The last date of the month.",
        signatures: &[Signature::new(&["date"], last_day_of_month)],
        examples: &[("last day of month(date(\"2026-02-15\"))", "2026-02-28")],
    },
];

fn present(evaluator: &Evaluator<'_>) -> Outcome<ZonedDateTime> {
    let (seconds, nanos) = match evaluator.options.now.duration_since(UNIX_EPOCH) {
        Ok(since) => (i64::try_from(since.as_secs()).unwrap_or(i64::MAX), since.subsec_nanos()),
        // Before 1970 the nanoseconds count upwards all the same.
        Err(error) => {
            let before = error.duration();
            let seconds = i64::try_from(before.as_secs()).unwrap_or(i64::MAX);
            match before.subsec_nanos() {
                0 => (-seconds, 0),
                nanos => (-seconds - 1, 1_000_000_000 - nanos),
            }
        }
    };
    let utc = Zone::parse("UTC").map_err(argument)?;
    ZonedDateTime::from_epoch(seconds, nanos, &utc).map_err(argument)
}

fn now(evaluator: &mut Evaluator<'_>, _: &[Value]) -> Outcome {
    present(evaluator).map(Value::DateTime)
}

fn today(evaluator: &mut Evaluator<'_>, _: &[Value]) -> Outcome {
    present(evaluator).map(|now| Value::Date(now.date()))
}

fn of_date(arguments: &[Value], answer: impl FnOnce(Date) -> Value) -> Outcome {
    match arguments {
        [Value::Date(date)] => Ok(answer(*date)),
        [Value::DateTime(zoned)] => Ok(answer(zoned.date())),
        [Value::LocalDateTime(local)] => Ok(answer(local.date())),
        _ => refused(arguments),
    }
}

fn day_of_year(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    of_date(arguments, |date| date.day_of_year().into())
}

fn day_of_week(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    of_date(arguments, |date| date.day_of_week().into())
}

fn month_of_year(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    of_date(arguments, |date| date.month_of_year().into())
}

fn week_of_year(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    of_date(arguments, |date| date.week_of_year().into())
}

fn last_day_of_month(_: &mut Evaluator<'_>, arguments: &[Value]) -> Outcome {
    of_date(arguments, |date| Value::Date(date.last_day_of_month()))
}
