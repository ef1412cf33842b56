//! Element templates: the forms that modelers show for our tasks.
//!
//! Each template is described once, in `entries`: its fields with their texts, conditions and bindings, and a guide with
//! a sample answer and an example for each of its parts. The JSON that a modeler imports and the page of the
//! documentation are both written from that. The tests hold what no type can: that every binding is read by the worker,
//! that every input has a field, that what is released is never changed or lost.

mod entries;
mod fields;
mod fit;
mod guide;
mod icons;
mod model;
mod options;
mod page;
mod property;

#[cfg(test)]
mod tests;

pub use self::entries::{Entry, all};
pub use self::model::Template;
pub use self::options::{Connection, Engine, Makes, Model, Offer, Options};
pub use self::page::index;
