//! Reading JSON that may have any shape.

use serde_json::Value;

static NULL: Value = Value::Null;

/// Members deep inside a value.
pub(crate) trait At {
    /// The value at a JSON pointer; what is not there is null.
    fn at(&self, pointer: &str) -> &Value;
}

impl At for Value {
    fn at(&self, pointer: &str) -> &Value {
        self.pointer(pointer).unwrap_or(&NULL)
    }
}

/// The items of a list; what is no list has none.
pub(crate) fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
