//! Our own drawings. Every task carries its icon in the diagram, so they are small.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::model::Icon;

pub(crate) const CONVERSE: &str = include_str!("icons/converse.svg");
pub(crate) const INVOKE_MODEL: &str = include_str!("icons/invoke-model.svg");
pub(crate) const EMBEDDINGS: &str = include_str!("icons/embeddings.svg");
pub(crate) const IMAGE: &str = include_str!("icons/image.svg");
pub(crate) const TOKENS: &str = include_str!("icons/tokens.svg");
pub(crate) const GUARDRAIL: &str = include_str!("icons/guardrail.svg");
pub(crate) const COMPAT: &str = include_str!("icons/compat.svg");

/// A drawing as templates hold it.
pub(crate) fn icon(svg: &str) -> Icon {
    Icon { contents: format!("data:image/svg+xml;base64,{}", STANDARD.encode(svg.trim())) }
}
