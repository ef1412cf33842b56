//! The FEEL engine: expressions as modelers write them, with the meaning feel-scala gives them.

pub mod number;
pub mod regex;
pub mod temporal;
