//! The items of a list, in JSON or as values.

use serde_json::Value as Json;

use super::Place;
use crate::feel::{
    context::Borrowed,
    eval::position,
    number::Number,
    value::{List, Value},
};

/// The items of a list. JSON stays where it is.
pub(super) enum Items<'p> {
    Json(&'p [Json]),
    List(List),
}

impl<'p> Items<'p> {
    /// The items of a list, or what is none.
    pub(super) fn of(place: Place<'p>) -> Result<Items<'p>, Value> {
        match place {
            Place::Borrowed(Borrowed::Json(Json::Array(items))) => Ok(Items::Json(items)),
            Place::Borrowed(Borrowed::Value(Value::List(list))) => Ok(Items::List(list.clone())),
            Place::Owned(Value::List(list)) => Ok(Items::List(list)),
            Place::Borrowed(other) => Err(other.to_value()),
            Place::Owned(other) => Err(other),
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Items::Json(items) => items.len(),
            Items::List(list) => list.len(),
        }
    }

    pub(super) fn get(&self, index: usize) -> Option<Borrowed<'_>> {
        match self {
            Items::Json(items) => items.get(index).map(Borrowed::Json),
            Items::List(list) => list.get(index).map(Borrowed::Value),
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Borrowed<'_>> {
        (0..self.len()).filter_map(|index| self.get(index))
    }

    /// The item at a written index; null if there is none.
    pub(super) fn at(&self, index: &Number) -> Place<'p> {
        let place = position(self.len(), index);
        let item = match self {
            Items::Json(items) => {
                place.and_then(|at| items.get(at)).map(|item| Place::Borrowed(Borrowed::Json(item)))
            }
            Items::List(list) => place.and_then(|at| list.get(at)).map(|item| Place::Owned(item.clone())),
        };
        item.unwrap_or(Place::Owned(Value::Null))
    }
}
