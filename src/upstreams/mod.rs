//! Several places behind one model: which of them gets a call, and which are left alone for a while.
//!
//! - `balance` decides. It is pure: time comes in, and nothing goes out but its decisions.
//! - `pool` carries the decisions out for calls that run at once, and tells what changes.
//!
//! A call is offered each upstream at most once a round, so it moves on when one is throttled or fails. Whether it may move
//! on, because nothing can have been paid, is for the caller to know. An upstream that fails again and again gets a
//! single trial from time to time; when there is nothing better it is asked all the same, because a call that is not made
//! has failed for certain.

mod balance;
mod pool;

#[cfg(test)]
mod tests;

pub use self::balance::{Options, Verdict};
pub use self::pool::{Lease, Pool, Pools, Round};
