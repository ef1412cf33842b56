//! Where a call keeps what it has paid for before its answer is whole.

use std::fmt::Debug;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::Value;

/// The notes on one request. They outlive the attempt that made them, and go when the whole answer takes their place.
pub trait Notebook: Debug + Send + Sync {
    /// What earlier attempts at the very same request have kept.
    fn notes(&self) -> Option<&Value>;

    /// Keeps these notes in place of any other. They are durable when this returns, as far as anything can be kept.
    fn keep<'a>(&'a self, notes: &'a Value) -> BoxFuture<'a, ()>;

    /// Drops the notes, because they lead nowhere: the next attempt begins anew.
    fn discard(&self) -> BoxFuture<'_, ()>;
}

/// The notebook of those who keep nothing.
#[derive(Debug)]
pub struct NoNotebook;

impl Notebook for NoNotebook {
    fn notes(&self) -> Option<&Value> {
        None
    }

    fn keep<'a>(&'a self, _notes: &'a Value) -> BoxFuture<'a, ()> {
        std::future::ready(()).boxed()
    }

    fn discard(&self) -> BoxFuture<'_, ()> {
        std::future::ready(()).boxed()
    }
}
