//! What is printed of an expression parses, prints the same, and means the same.
#![no_main]

use bedrock_connector_fuzz::{evaluate, feel::Expression, is_random, variables};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(expression) = Expression::parse(text) else { return };
    let printed = expression.to_string();
    let again = match Expression::parse(&printed) {
        Ok(again) => again,
        Err(error) => panic!("{text:?} prints as {printed:?}, which does not parse: {error}"),
    };
    assert_eq!(printed, again.to_string(), "{text:?}");
    let variables = variables();
    // Failures quote the expression, so only the values compare.
    if !is_random(text) {
        assert_eq!(
            evaluate(&expression, &variables).ok(),
            evaluate(&again, &variables).ok(),
            "{text:?} as {printed:?}"
        );
    }
});
