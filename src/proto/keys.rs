//! The engine's keys are all `int64`; as types of their own, one cannot pass for another.

use std::fmt;

macro_rules! key {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

key!(
    /// Identifies a job; it stays the same over all attempts at it.
    JobKey
);
key!(
    /// Identifies a running process.
    ProcessInstanceKey
);
key!(
    /// Identifies one version of a deployed process.
    ProcessDefinitionKey
);
key!(
    /// Identifies one activation of an element in a running process.
    ElementInstanceKey
);
