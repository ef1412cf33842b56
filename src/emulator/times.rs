//! How often something happens that was asked for.

/// How often a fault strikes or a step is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Times {
    Next(usize),
    Always,
}
