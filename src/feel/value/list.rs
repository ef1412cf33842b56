//! Lists.

use std::{ops::Deref, sync::Arc};

use super::{Extent, Value};

/// Values in order, shared when cloned.
#[derive(Debug, Clone)]
pub struct List(Arc<Inner>);

#[derive(Debug, Clone)]
struct Inner {
    items: Vec<Value>,
    extent: Extent,
}

impl List {
    /// A list of the items.
    pub fn new(items: Vec<Value>) -> List {
        let extent = Extent::around(items.iter());
        List(Arc::new(Inner { items, extent }))
    }

    /// Appends in place, if nobody else holds the list; otherwise to a copy.
    pub(in crate::feel) fn push(&mut self, item: Value) {
        let inner = Arc::make_mut(&mut self.0);
        inner.extent.add(item.extent());
        inner.items.push(item);
    }

    pub(super) fn extent(&self) -> Extent {
        self.0.extent
    }
}

impl Default for List {
    /// An empty list. It has an extent all the same: lists of empty lists grow.
    fn default() -> List {
        List::new(Vec::new())
    }
}

impl Deref for List {
    type Target = [Value];

    fn deref(&self) -> &[Value] {
        &self.0.items
    }
}

impl FromIterator<Value> for List {
    fn from_iter<T: IntoIterator<Item = Value>>(items: T) -> List {
        List::new(items.into_iter().collect())
    }
}
