//! The inputs of a task as a table, and the proof that the reader reads them.

mod catalogue;
mod names;
mod record;

pub use self::catalogue::{INPUTS, Input, InputKind};
pub(super) use self::names::Names;
pub use self::record::read_paths;
