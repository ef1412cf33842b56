//! Streams of events, put together to the one answer that a modeler sees.
//!
//! An answer is whole or it is none: a stream that ends before its last event is an error, whatever came before.

mod assemble;
mod read;

#[cfg(test)]
mod tests;

pub(super) use self::read::{Limits, read};
