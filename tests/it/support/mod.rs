//! What several topics need to set a stage.

pub(crate) mod http;
pub(crate) mod process;
pub(crate) mod saas;
pub(crate) mod stage;
pub(crate) mod toml;
