//! Lets calls through as fast as a service grants them, and lets those wait their turn that are too many.
//!
//! A throttled call is no failure: it waits, fairly among processes, while its job keeps its lock and its retries.
//! This module knows nothing of the service. A [`Pacer`] keeps a [`Lane`] for each quota of it, under a key that the
//! caller chooses; a call takes a [`Turn`] before each attempt, and says afterwards what became of it.
//!
//! - `rate.rs` learns from refusals how many calls a second are granted, by the account in `ledger.rs`; `bucket.rs` measures them out.
//! - `queue.rs` says who is next: processes take turns, so one with thousands of calls does not hold up another's one.
//! - `machine.rs` puts these together and decides, without waiting; `lane.rs` waits.
//!
//! # Invariants
//!
//! - *Progress.* Whatever is refused, a call is let through every half minute at least, and as soon as one is granted the
//!   rate grows.
//! - *Bounds.* Once something was refused, the rate only grows by calls that were held back by it. The queue is as long as
//!   there are slots for jobs, and lanes that nobody uses are forgotten.
//! - *Patience.* Who waits in a line that moves does not give up: patience is for a service that grants nothing.
//! - *No lost turn.* Whoever stops waiting leaves the queue by its drop, and whoever stops calling ends its turn so.
//!
//! # Several workers
//!
//! Workers that share an account do not know of each other; each finds its share as connections on one line do: all slow
//! down in proportion when they are refused. A configured quota is for one worker, so it has to be divided by hand.

mod bucket;
mod lane;
mod ledger;
mod machine;
mod pacer;
mod queue;
mod rate;
#[cfg(test)]
mod tests;

pub use self::lane::{Lane, Turn};
pub use self::machine::Quota;
pub use self::pacer::{LaneOptions, Pacer};
