//! From and to JSON, as the connector runtime converts.

use serde_json::{Map, Value as Json, json};

use super::{Entries, Value};
use crate::feel::number::Number;

impl From<&Json> for Value {
    fn from(json: &Json) -> Value {
        match json {
            Json::Null => Value::Null,
            Json::Bool(value) => Value::Boolean(*value),
            Json::Number(number) => Number::from_json(number.as_str()).map_or(Value::Null, Value::Number),
            Json::String(text) => Value::from(text.as_str()),
            Json::Array(items) => Value::list(items.iter().map(Value::from).collect()),
            Json::Object(map) => {
                Entries::of_distinct(map.iter().map(|(key, value)| (key.as_str().into(), value.into())))
                    .into()
            }
        }
    }
}

impl Value {
    /// The value as JSON: whole numbers that fit in 64 bits as they are, all others as a double in Java's text;
    /// temporal values as `java.time` writes them.
    pub fn to_json(&self) -> Json {
        match self {
            Value::Null => Json::Null,
            Value::Boolean(value) => Json::Bool(*value),
            Value::Number(number) => number.to_json(),
            Value::String(text) => Json::String(text.to_string()),
            Value::Date(value) => Json::String(value.to_json_text()),
            Value::LocalTime(value) => Json::String(value.to_json_text()),
            Value::Time(value) => Json::String(value.to_json_text()),
            Value::LocalDateTime(value) => Json::String(value.to_json_text()),
            Value::DateTime(value) => Json::String(value.to_json_text()),
            Value::YearMonthDuration(value) => Json::String(value.to_json_text()),
            Value::DayTimeDuration(value) => Json::String(value.to_json_text()),
            Value::List(list) => Json::Array(list.iter().map(Value::to_json).collect()),
            Value::Context(entries) => {
                let entries = entries.values().map(|(key, value)| (key.to_string(), value.to_json()));
                Json::Object(entries.collect::<Map<_, _>>())
            }
            Value::Range(_) => Json::String(self.to_string()),
            Value::Function(function) => {
                let names: Vec<&str> = function.parameters().collect();
                json!({"params": names, "invoke": {}, "hasVarArgs": false, "paramSet": names, "properties": {}, "comparable": false})
            }
            Value::Error(message) => json!({"error": &**message, "properties": {}, "comparable": false}),
        }
    }
}
