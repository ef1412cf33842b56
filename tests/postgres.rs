//! The journal that replicas share, on real PostgreSQL servers. Run by `cargo postgres`; without PostgreSQL's
//! programs it says so and fails.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "tests: a panic is how they say that something is wrong"
)]

#[path = "journal/desk.rs"]
mod desk;
#[path = "postgres/fleet.rs"]
mod fleet;
#[path = "journal/model.rs"]
mod journal_model;
#[path = "postgres/model.rs"]
mod model;
#[path = "postgres/server.rs"]
mod server;
#[path = "postgres/store.rs"]
mod store;
#[path = "postgres/tls.rs"]
mod tls;
