//! The integration tests: one binary, one folder or file per topic, the harness in `support`.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a panic is how a test says that something is wrong"
)]

mod bad_input;
mod cli;
mod connections;
mod drop_in;
mod journal;
mod lifecycle;
mod migration;
mod peer_cases;
mod scenarios;
mod secrets;
mod support;
