//! Time of parsing and of evaluating, beside the figures of feel-scala 1.21.0 on the same expressions and data.
//!
//! The figure is that of the least of many windows, each too short for another process to come between.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a program that measures and prints"
)]

use std::{
    hint::black_box,
    time::{Instant, SystemTime},
};

use bedrock_connector::feel::{Context, Expression, Options};
use serde_json::json;

struct Case {
    name: &'static str,
    expression: &'static str,
    /// Nanoseconds of the reference: parsing, evaluating, both.
    reference: [f64; 3],
}

const CASES: [Case; 5] = [
    Case {
        name: "one path",
        expression: "{answer: response.output.message.content[1].text}",
        reference: [3057.0, 3927.0, 7066.0],
    },
    Case {
        name: "three fields, a sum and an if",
        expression: "{answer: response.output.message.content[1].text, tokens: response.usage.inputTokens + \
                     response.usage.outputTokens, stop: if response.stopReason = \"end_turn\" then \"done\" else \"cut\"}",
        reference: [10514.0, 13884.0, 24749.0],
    },
    Case {
        name: "join, for, filter, sum, merge",
        expression: "{text: string join(for c in response.output.message.content return upper case(c.text), \"\"), \
                     long: response.output.message.content[string length(text) > 5].text, total: \
                     sum([response.usage.inputTokens, response.usage.outputTokens]), merged: context \
                     merge(response.usage, {x: 1})}",
        reference: [18351.0, 21976.0, 40542.0],
    },
    Case {
        name: "an error that does not apply",
        expression: "if response.stopReason = \"max_tokens\" then bpmnError(\"CUT\", \"Cut \" + \
                     string(response.usage.outputTokens)) else null",
        reference: [8985.0, 2822.0, 12019.0],
    },
    Case { name: "1 + 2", expression: "1 + 2", reference: [1021.0, 114.0, 1246.0] },
];

fn nanos_per_call(mut call: impl FnMut()) -> f64 {
    const CALLS: u32 = 200;
    (0..2000).for_each(|_| call());
    let window = |_| {
        let start = Instant::now();
        (0..CALLS).for_each(|_| call());
        start.elapsed().as_nanos() as f64 / f64::from(CALLS)
    };
    (0..500).map(window).fold(f64::INFINITY, f64::min)
}

fn main() {
    let variables = json!({"response": {
        "output": {"message": {"role": "assistant", "content": [{"text": "Hello world"}, {"text": " and more"}]}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 12, "outputTokens": 34, "totalTokens": 46},
        "metrics": {"latencyMs": 512},
    }});
    let context = Context::from(&variables);
    let options = Options::new(SystemTime::UNIX_EPOCH);
    println!("{:<32}{:>10}{:>12}{:>8}", "ns a call", "here", "feel-scala", "ratio");
    for case in CASES {
        let parsed = Expression::parse(case.expression).unwrap();
        let figures = [
            nanos_per_call(|| {
                black_box(Expression::parse(black_box(case.expression)).unwrap());
            }),
            nanos_per_call(|| {
                black_box(parsed.evaluate(&context, &options).unwrap());
            }),
            nanos_per_call(|| {
                let parsed = Expression::parse(black_box(case.expression)).unwrap();
                black_box(parsed.evaluate(&context, &options).unwrap());
            }),
        ];
        println!("{}", case.name);
        for ((what, here), reference) in
            ["parse", "evaluate", "both"].into_iter().zip(figures).zip(case.reference)
        {
            println!("  {what:<30}{here:>10.0}{reference:>12.0}{:>8.1}", reference / here);
        }
    }
}
