//! Ranges.

use super::Value;

/// All values between two bounds of one kind.
#[derive(Debug, Clone)]
pub struct Range {
    /// Where it starts.
    pub start: Bound,
    /// Where it ends.
    pub end: Bound,
}

/// One bound of a range.
#[derive(Debug, Clone)]
pub struct Bound {
    /// The value.
    pub value: Value,
    /// Whether the value itself belongs to the range.
    pub closed: bool,
}
