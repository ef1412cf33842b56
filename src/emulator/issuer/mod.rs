//! An emulator of those who give out AWS's credentials: STS, the metadata service of EC2 instances (IMDSv2), and the
//! endpoint that containers ask on ECS and, as Pod Identity, on EKS.
//!
//! Credentials that it gives out have a life time, and it knows them again: a request that is signed with some that
//! have run out is refused. A role is assumed only by whom it trusts ([`Role`]); nobody is trusted unless a test says so.
//! [`Issuer::script`] makes it fail in the ways that these services do, [`Issuer::requests`] tells what was asked.

mod handle;
mod metadata;
mod request;
mod role;
mod script;
mod service;
mod session;
mod sts;

#[cfg(test)]
mod tests;

pub use self::handle::{Issuer, Options};
pub use self::request::{Operation, Request};
pub use self::role::Role;
pub use self::script::{Refusal, Step};
pub use self::session::Session;
