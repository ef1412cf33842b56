//! A process as the walk sees it.

use std::sync::Arc;

use serde_json::{Map, Value};

/// An executable process.
#[derive(Debug)]
pub struct Process {
    pub(crate) id: Arc<str>,
    pub(crate) elements: Vec<Element>,
    pub(crate) flows: Vec<Flow>,
    pub(crate) start: ElementIndex,
}

/// Where an element stands in its process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ElementIndex(pub(crate) usize);

/// Where a sequence flow stands in its process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct FlowIndex(pub(crate) usize);

#[derive(Debug)]
pub(crate) struct Element {
    pub(crate) id: Arc<str>,
    pub(crate) name: Option<String>,
    /// As BPMN names it, such as `serviceTask`.
    pub(crate) bpmn_type: &'static str,
    pub(crate) line: u32,
    pub(crate) kind: Kind,
    pub(crate) inputs: Vec<Mapping>,
    pub(crate) outputs: Vec<Mapping>,
    pub(crate) incoming: Vec<FlowIndex>,
    pub(crate) outgoing: Vec<FlowIndex>,
    /// The error events at its border.
    pub(crate) boundaries: Vec<ElementIndex>,
}

#[derive(Debug)]
pub(crate) enum Kind {
    /// None start, intermediate and end events: the token passes.
    Pass,
    Terminate,
    ErrorEnd {
        code: Text,
    },
    /// Without a code it catches every error.
    ErrorBoundary {
        code: Option<Text>,
    },
    Timer {
        duration: Text,
    },
    MessageCatch {
        name: Text,
        correlation_key: Text,
    },
    Exclusive {
        default: Option<FlowIndex>,
    },
    Parallel,
    Service {
        job_type: Text,
        retries: Text,
        headers: Map<String, Value>,
    },
    Script {
        expression: String,
        result_variable: String,
    },
    /// An activity that the walk does not carry out; its result is in the table.
    StandIn,
}

/// An attribute that is a text, or an expression when it begins with `=`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Text {
    Static(String),
    Expression(String),
}

/// An input or output of an element.
#[derive(Debug)]
pub(crate) struct Mapping {
    /// None is an input that the modeler left empty: null.
    pub(crate) source: Option<Text>,
    /// The dotted path.
    pub(crate) target: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct Flow {
    pub(crate) id: Arc<str>,
    pub(crate) name: Option<String>,
    pub(crate) target: ElementIndex,
    /// Without its leading `=`.
    pub(crate) condition: Option<String>,
}

impl Text {
    pub(crate) fn new(text: &str) -> Self {
        match text.trim_start().strip_prefix('=') {
            Some(expression) => Self::Expression(expression.trim().to_owned()),
            None => Self::Static(text.to_owned()),
        }
    }
}

impl Process {
    /// The id by which instances are created.
    pub fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn element(&self, index: ElementIndex) -> Option<&Element> {
        self.elements.get(index.0)
    }

    pub(crate) fn id_of(&self, index: ElementIndex) -> String {
        self.element(index).map(|element| element.id.to_string()).unwrap_or_default()
    }

    pub(crate) fn flow(&self, index: FlowIndex) -> Option<&Flow> {
        self.flows.get(index.0)
    }
}
