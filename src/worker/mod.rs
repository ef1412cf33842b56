//! The worker: takes jobs from the gateway, has the connector runtime work on them, and reports.

mod crew;
mod feed;
mod handle;
mod job;
mod lock;
mod options;
mod reporter;
mod service;
mod slots;
#[cfg(test)]
mod tests;

pub use self::handle::{FeedStatus, Handle, Problem};
pub use self::options::{Options, OptionsError};
pub use self::service::{Drained, Worker};
