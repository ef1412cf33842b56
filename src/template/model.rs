//! An element template as modelers read it. What is here is what the JSON may hold, in the order in which it is written.

use serde::Serialize;
use serde_json::Value;

/// Web Modeler takes this address only without a version.
const SCHEMA: &str = "https://unpkg.com/@camunda/zeebe-element-templates-json-schema/resources/schema.json";

/// The form that a modeler shows for a task, and what it writes into the diagram.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Template {
    #[serde(rename = "$schema")]
    schema: &'static str,
    pub(crate) name: String,
    pub(crate) id: String,
    pub(crate) version: u32,
    pub(crate) description: String,
    pub(crate) keywords: Vec<&'static str>,
    pub(crate) documentation_ref: String,
    pub(crate) engines: Engines,
    pub(crate) category: Category,
    applies_to: [&'static str; 1],
    element_type: ElementType,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) steps: Vec<Step>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) presets: Vec<Preset>,
    pub(crate) groups: Vec<Group>,
    pub(crate) properties: Vec<Property>,
    pub(crate) icon: Icon,
}

/// What tells a template apart from others.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    pub(crate) id: &'static str,
    /// Raised with every change; `tests/history.rs` holds it.
    pub(crate) version: u32,
    pub(crate) name: &'static str,
    pub(crate) description: &'static str,
    pub(crate) keywords: &'static [&'static str],
    pub(crate) icon: Icon,
}

impl Template {
    /// Puts a template together. Each section becomes a group of the properties panel, unless nothing is in it.
    pub(crate) fn new(head: Head, constants: Vec<Property>, sections: Vec<Section>) -> Self {
        let mut groups = Vec::new();
        let mut properties = constants;
        for section in sections.into_iter().filter(|section| !section.properties.is_empty()) {
            let group = section.group.id;
            groups.push(section.group);
            properties.extend(section.properties.into_iter().map(|property| property.in_group(group)));
        }
        Self {
            schema: SCHEMA,
            name: head.name.into(),
            id: head.id.into(),
            version: head.version,
            description: head.description.into(),
            keywords: head.keywords.to_vec(),
            documentation_ref: String::new(),
            engines: Engines { camunda: "^8.8" },
            category: Category { id: "connectors", name: "Connectors" },
            applies_to: ["bpmn:Task"],
            element_type: ElementType { value: "bpmn:ServiceTask" },
            steps: Vec::new(),
            presets: Vec::new(),
            groups,
            properties,
            icon: head.icon,
        }
    }

    /// What a person calls it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What diagrams call it.
    pub fn id(&self) -> &str {
        &self.id
    }

    pub fn version(&self) -> u32 {
        self.version
    }

    /// One sentence.
    pub fn description(&self) -> &str {
        &self.description
    }

    /// The file that a modeler imports.
    pub fn to_json(&self) -> String {
        // Texts, numbers and lists of them always have a JSON form.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }
}

/// A group of the properties panel with its fields.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Section {
    pub(crate) group: Group,
    pub(crate) properties: Vec<Property>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Group {
    pub(crate) id: &'static str,
    pub(crate) label: &'static str,
    pub(crate) tooltip: &'static str,
    #[serde(skip_serializing_if = "is_false")]
    pub(crate) open_by_default: bool,
}

impl Group {
    /// A group that is folded up until somebody wants it.
    pub(crate) fn folded(id: &'static str, label: &'static str, tooltip: &'static str) -> Self {
        Self { id, label, tooltip, open_by_default: false }
    }

    pub(crate) fn open(id: &'static str, label: &'static str, tooltip: &'static str) -> Self {
        Self { open_by_default: true, ..Self::folded(id, label, tooltip) }
    }

    pub(crate) fn with(self, properties: Vec<Property>) -> Section {
        Section { group: self, properties }
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_false(flag: &bool) -> bool {
    !*flag
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Engines {
    pub(crate) camunda: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Category {
    id: &'static str,
    name: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct ElementType {
    value: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Icon {
    pub(crate) contents: String,
}

/// An entry of the menu in which a modeler looks for a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) description: &'static str,
    pub(crate) keywords: Vec<&'static str>,
    pub(crate) preset_id: &'static str,
}

/// Values that a step fills in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Preset {
    pub(crate) id: &'static str,
    /// By the id of the property.
    pub(crate) properties: serde_json::Map<String, Value>,
}

/// A field of the form, or a constant that it writes.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Property {
    pub(crate) id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) label: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tooltip: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) placeholder: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) group: Option<&'static str>,
    #[serde(rename = "type")]
    pub(crate) kind: Kind,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) choices: Vec<Choice>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) value: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) feel: Option<Feel>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) optional: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) constraints: Option<Constraints>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) condition: Option<Condition>,
    pub(crate) binding: Binding,
}

/// How a field looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) enum Kind {
    String,
    Text,
    Number,
    Boolean,
    Dropdown,
    Hidden,
}

/// Whether a field takes an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Feel {
    /// A plain value, or an expression by the switch beside it.
    Optional,
    /// Only an expression.
    Required,
    /// A number or boolean that is written as an expression.
    Static,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Choice {
    pub(crate) name: String,
    pub(crate) value: String,
}

impl Choice {
    pub(crate) fn new(value: impl Into<String>, name: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into() }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Constraints {
    pub(crate) not_empty: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pattern: Option<Pattern>,
}

/// What a plain value has to look like. Expressions are not held to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Pattern {
    pub(crate) value: &'static str,
    pub(crate) message: &'static str,
}

/// When a field is shown and its value written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(crate) enum Condition {
    #[serde(rename_all = "camelCase")]
    All {
        all_match: Vec<Test>,
    },
    One(Test),
}

impl Condition {
    pub(crate) fn tests(&self) -> &[Test] {
        match self {
            Self::All { all_match } => all_match,
            Self::One(test) => std::slice::from_ref(test),
        }
    }
}

/// One question about another field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Test {
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    pub(crate) property: String,
    #[serde(flatten)]
    pub(crate) answer: Answer,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Answer {
    Equals(Value),
    OneOf(Vec<Value>),
}

impl Answer {
    /// The values that will do.
    pub(crate) fn values(&self) -> &[Value] {
        match self {
            Self::Equals(value) => std::slice::from_ref(value),
            Self::OneOf(values) => values,
        }
    }
}

/// The field `id` has this value.
pub(crate) fn is(id: &str, value: impl Into<Value>) -> Test {
    Test { kind: "simple", property: id.into(), answer: Answer::Equals(value.into()) }
}

/// The field `id` has one of these values.
pub(crate) fn among(id: &str, values: &[&str]) -> Test {
    let values = values.iter().map(|&value| value.into()).collect();
    Test { kind: "simple", property: id.into(), answer: Answer::OneOf(values) }
}

/// Where in the diagram the value goes. Modelers match values of an old and a new template by this and by nothing else.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "type")]
pub(crate) enum Binding {
    /// A variable of the job.
    #[serde(rename = "zeebe:input")]
    Input { name: String },
    /// A header of the job.
    #[serde(rename = "zeebe:taskHeader")]
    Header { key: &'static str },
    /// The job's type or its retries.
    #[serde(rename = "zeebe:taskDefinition")]
    Definition { property: &'static str },
    /// Kept in the diagram for the form alone; no job sees it.
    #[serde(rename = "zeebe:property")]
    Note { name: &'static str },
}
