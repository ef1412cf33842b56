//! How long an expression takes: to parse, to evaluate, and on its way from JSON to JSON.
//!
//! `cargo bench --bench feel` prints nanoseconds a call, the least of many short windows, because the machine may be
//! busy with other things.
#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::expect_used,
    reason = "a benchmark reads the clock, prints what it finds, and its expressions are at hand"
)]

use std::{
    hint::black_box,
    time::{Instant, SystemTime},
};

use bedrock_connector::feel::{Context, Expression, Options, number::Number, regex, temporal::Temporal};
use serde_json::{Value as Json, json};

const EXPRESSIONS: [(&str, &str); 8] = [
    ("tiny", "1 + 2"),
    ("simple", "{answer: response.output.message.content[1].text}"),
    (
        "typical",
        "{answer: response.output.message.content[1].text, \
          tokens: response.usage.inputTokens + response.usage.outputTokens, \
          stop: if response.stopReason = \"end_turn\" then \"done\" else \"cut\"}",
    ),
    (
        "heavy",
        "{text: string join(for c in response.output.message.content return upper case(c.text), \"\"), \
          long: response.output.message.content[string length(text) > 5].text, \
          total: sum([response.usage.inputTokens, response.usage.outputTokens]), \
          merged: context merge(response.usage, {x: 1})}",
    ),
    (
        "error",
        "if response.stopReason = \"max_tokens\" \
          then bpmnError(\"CUT\", \"Cut \" + string(response.usage.outputTokens)) else null",
    ),
    ("loop", "sum(for i in 1..1000 return i * 1.10)"),
    ("filter", "count((for i in 1..1000 return {n: i})[n > 500])"),
    ("pattern", "replace(response.output.message.content[1].text, \"(o)\", \"[$1]\")"),
];

fn response() -> Json {
    json!({"response": {
        "output": {"message": {"role": "assistant", "content": [{"text": "Hello world"}, {"text": " and more"}]}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 12, "outputTokens": 34, "totalTokens": 46},
        "metrics": {"latencyMs": 512},
    }})
}

/// Nanoseconds a call.
fn time<T>(mut call: impl FnMut() -> T) -> f64 {
    let mut window = |calls: u32| {
        let start = Instant::now();
        for _ in 0..calls {
            black_box(call());
        }
        start.elapsed().as_secs_f64() * 1e9 / f64::from(calls)
    };
    // A window of about 200 microseconds is short enough to be left alone now and then.
    let first = window(10);
    let calls = (200_000.0 / first).clamp(1.0, 100_000.0) as u32;
    (0..200).map(|_| window(calls)).fold(f64::MAX, f64::min)
}

fn main() {
    let response = response();
    let variables = Context::from(&response);
    let options = Options::new(SystemTime::UNIX_EPOCH);
    println!("{:10} {:>12} {:>12} {:>12}", "ns a call", "parse", "evaluate", "with JSON");
    for (name, text) in EXPRESSIONS {
        let expression = Expression::parse(text).expect("a valid expression");
        let parse = time(|| Expression::parse(text));
        let evaluate = time(|| expression.evaluate(&variables, &options));
        let json = time(|| {
            let evaluation = expression.evaluate(&Context::from(&response), &options);
            evaluation.map(|evaluation| evaluation.value.to_json().to_string())
        });
        println!("{name:10} {parse:12.0} {evaluate:12.0} {json:12.0}");
    }
    println!();
    leaves();
}

/// The parts that expressions spend their time in.
fn leaves() {
    let number = |text| Number::parse(text).expect("a number");
    let [three, price, third] =
        [number("3"), number("19.99"), number("0.3333333333333333333333333333333333")];
    for (name, nanos) in [
        ("3 + 3", time(|| black_box(&three).add(black_box(&three)))),
        ("19.99 * 3", time(|| black_box(&price).mul(black_box(&three)))),
        ("19.99 / 3", time(|| black_box(&price).div(black_box(&three)))),
        ("34 digits * 34 digits", time(|| black_box(&third).mul(black_box(&third)))),
        ("number from JSON", time(|| Number::from_json(black_box("19.99")))),
        ("number to text", time(|| black_box(&price).to_string())),
        ("date from text", time(|| Temporal::parse_at(black_box("2026-03-15")))),
        ("zoned date and time", time(|| Temporal::parse_at(black_box("2026-03-15T10:20:30@Europe/Berlin")))),
        ("pattern, known before", time(|| regex::matches(black_box("order 42"), "^[a-z]+ [0-9]+$", ""))),
    ] {
        println!("{name:24} {nanos:10.1}");
    }
}
