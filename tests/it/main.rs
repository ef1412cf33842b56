//! The integration tests: one binary, one folder or file per topic, the harness in `support`.

mod cli;
mod peer_cases;
mod scenarios;
mod support;
