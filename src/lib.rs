//! An outbound connector worker for Camunda 8 that calls models on Amazon Bedrock.
//!
//! The modules are layers, and arrows between them point down only:
//! `app → worker → connector → feel, secrets`, `app → bedrock → connector`, `worker → zeebe, journal`,
//! `zeebe, emulator → proto`. ARCHITECTURE.md says what each is for; `tests/tidy.rs` holds the arrows.

pub mod access;
pub mod admin;
pub mod app;
pub mod bedrock;
pub mod bench;
pub mod clock;
pub mod config;
pub mod connections;
pub mod connector;
pub mod cost;
pub mod demo;
pub mod documents;
pub mod emulator;
pub mod feel;
pub mod huggingface;
pub mod journal;
pub mod pace;
pub mod policy;
pub mod proto;
pub mod secret;
pub mod secrets;
pub mod telemetry;
pub mod template;
pub mod upstreams;
pub mod worker;
pub mod zeebe;
