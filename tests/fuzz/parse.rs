//! No text makes the parser panic, and each error can be shown.
#![no_main]

use bedrock_connector_fuzz::feel::Expression;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Err(error) = Expression::parse(text) {
        let shown = error.to_string();
        assert!(!shown.is_empty());
    }
});
