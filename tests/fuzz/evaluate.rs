//! No expression makes the evaluation panic or run away, and the same expression has the same value again.
#![no_main]

use bedrock_connector_fuzz::{evaluate, feel::Expression, is_random, variables};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(expression) = Expression::parse(text) else { return };
    let variables = variables();
    let value = evaluate(&expression, &variables);
    if !is_random(text) {
        assert_eq!(value, evaluate(&expression, &variables));
    }
});
