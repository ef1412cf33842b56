//! The secrets of a walk without AWS: every name has a value, so that any diagram can be tried.

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};

use crate::secrets::{Scope, Secret, SecretProvider, SourceError};

/// Knows every secret by a value that opens nothing.
#[derive(Debug)]
pub(super) struct AnySecret;

impl SecretProvider for AnySecret {
    fn get<'a>(&'a self, name: &'a str, _: &'a Scope) -> BoxFuture<'a, Result<Option<Secret>, SourceError>> {
        ready(Ok(Some(Secret::from(format!("demo-{name}"))))).boxed()
    }

    fn remedy(&self, _: &str, _: &Scope) -> String {
        "nothing has to be done".to_owned()
    }
}
