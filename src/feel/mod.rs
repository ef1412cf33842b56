//! The FEEL engine: expressions as modelers write them, with the meaning feel-scala gives them.

#![warn(clippy::wildcard_enum_match_arm)]

pub mod number;
pub mod regex;
pub mod temporal;
