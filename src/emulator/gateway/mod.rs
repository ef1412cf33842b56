//! An embedded Zeebe gateway: one broker in memory, behind the real protocol on a real socket.
//!
//! It keeps what workers rely on: locks that run out, retries, incidents, back-off, leases, tenants, long polls,
//! and streams that push only while the other side reads. Work is made in two ways: single jobs by
//! [`Gateway::create_job`], and processes by deploying a BPMN file, whose token is moved by the `bpmn` module.
//!
//! [`Gateway::inject`] makes it misbehave, [`Gateway::received`] tells what came in, [`Gateway::events`] what
//! happened.

mod engine;
mod event;
mod fault;
mod handle;
mod options;
mod poll;
mod received;
mod requests;
mod service;
mod stream;

#[cfg(test)]
mod tests;

pub use self::engine::{Incident, InstanceOutcome, InstanceSnapshot, JobSnapshot, JobState};
pub use self::event::{Delivery, Event};
pub use self::fault::{Fault, Pushes, Reaction};
pub use self::handle::{Gateway, Memory};
pub use self::options::{NewJob, Options, Variables};
pub use self::received::{Command, Received, Rpc};
