//! The variables of an evaluation.

use serde_json::{Map, Value as Json};

use super::value::Value;

/// The variables that an expression sees.
///
/// JSON is borrowed and read where the expression points into it, never converted as a whole: a large response costs
/// what is used of it. What is added later wins.
///
/// ```
/// use bedrock_connector::feel::Context;
/// use serde_json::json;
///
/// let response = json!({"text": "Hello", "usage": {"outputTokens": 5}});
/// let mut context = Context::from(&response);
/// context.insert("response", &response);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Context<'a> {
    layers: Vec<Layer<'a>>,
}

#[derive(Debug, Clone)]
enum Layer<'a> {
    Object(&'a Map<String, Json>),
    Variable(&'a str, Variable<'a>),
}

/// A variable: borrowed JSON or a value.
#[derive(Debug, Clone)]
pub enum Variable<'a> {
    /// JSON, read in place.
    Json(&'a Json),
    /// A value.
    Value(Value),
}

impl<'a> Context<'a> {
    /// No variables.
    pub fn new() -> Context<'a> {
        Context::default()
    }

    /// Adds a variable.
    pub fn insert(&mut self, name: &'a str, variable: impl Into<Variable<'a>>) {
        self.layers.push(Layer::Variable(name, variable.into()));
    }

    /// Adds the entries of a JSON object as variables.
    pub fn extend(&mut self, object: &'a Map<String, Json>) {
        self.layers.push(Layer::Object(object));
    }

    pub(super) fn get(&self, name: &str) -> Option<Borrowed<'_>> {
        self.layers.iter().rev().find_map(|layer| match layer {
            Layer::Object(object) => object.get(name).map(Borrowed::Json),
            Layer::Variable(key, variable) if *key == name => Some(match variable {
                Variable::Json(json) => Borrowed::Json(json),
                Variable::Value(value) => Borrowed::Value(value),
            }),
            Layer::Variable(..) => None,
        })
    }

    /// All names, for «did you mean».
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.layers.iter().flat_map(|layer| {
            let (object, name) = match layer {
                Layer::Object(object) => (Some(object.keys().map(String::as_str)), None),
                Layer::Variable(name, _) => (None, Some(*name)),
            };
            object.into_iter().flatten().chain(name)
        })
    }
}

/// A variable or an item in its place: JSON that is read where it lies, or a value.
#[derive(Clone, Copy)]
pub(super) enum Borrowed<'a> {
    Json(&'a Json),
    Value(&'a Value),
}

impl Borrowed<'_> {
    pub(super) fn to_value(self) -> Value {
        match self {
            Borrowed::Json(json) => json.into(),
            Borrowed::Value(value) => value.clone(),
        }
    }
}

/// The entries of an object become variables; anything else has none.
impl<'a> From<&'a Json> for Context<'a> {
    fn from(json: &'a Json) -> Context<'a> {
        let mut context = Context::new();
        if let Json::Object(object) = json {
            context.extend(object);
        }
        context
    }
}

impl<'a> From<&'a Json> for Variable<'a> {
    fn from(json: &'a Json) -> Variable<'a> {
        Variable::Json(json)
    }
}

impl From<Value> for Variable<'_> {
    fn from(value: Value) -> Self {
        Variable::Value(value)
    }
}
