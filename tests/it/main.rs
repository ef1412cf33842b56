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
mod cost;
#[path = "../journal/desk.rs"]
mod desk;
mod drop_in;
mod examples;
mod identities;
mod journal;
mod journal_model;
mod journal_trouble;
mod lifecycle;
mod migration;
#[path = "../journal/model.rs"]
mod model;
mod native;
mod pages;
mod peer_cases;
mod scenarios;
mod secrets;
mod sizes;
mod support;
mod throttling;
