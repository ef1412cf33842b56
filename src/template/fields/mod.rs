//! Fields that several templates share.

pub(crate) mod access;
pub(crate) mod documents;
pub(crate) mod outcome;
