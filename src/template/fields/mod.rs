//! Fields that several templates share.

mod access;
pub(crate) mod documents;
pub(crate) mod model;
pub(crate) mod outcome;
