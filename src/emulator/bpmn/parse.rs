//! From BPMN XML to processes.

use std::collections::HashMap;
use std::sync::Arc;

use roxmltree::{Document, Node, ParsingOptions};
use serde_json::{Map, Value};

use super::model::{Element, ElementIndex, Flow, FlowIndex, Kind, Mapping, Process, Text};

const BPMN: &str = "http://www.omg.org/spec/BPMN/20100524/MODEL";
const ZEEBE: &str = "http://camunda.org/schema/zeebe/1.0";

/// A diagram that cannot be walked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DiagramError {
    /// The text is no XML.
    #[error("the diagram is not XML: {0}")]
    Xml(String),
    /// Set `isExecutable` of the process.
    #[error("the diagram has no executable process")]
    NoProcess,
    /// All that the walk cannot do.
    #[error("{}", list(.0))]
    Refused(Vec<Refusal>),
}

/// Something in a diagram that the walk cannot do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {element_type} `{element_id}` {reason}")]
pub struct Refusal {
    pub element_id: String,
    /// As BPMN names it, such as `inclusiveGateway`.
    pub element_type: String,
    pub line: u32,
    pub reason: &'static str,
}

fn list(refusals: &[Refusal]) -> String {
    refusals.iter().map(Refusal::to_string).collect::<Vec<_>>().join("; ")
}

/// Reads the executable processes of a diagram.
pub fn parse(xml: &str) -> Result<Vec<Process>, DiagramError> {
    let options = ParsingOptions { allow_dtd: false, nodes_limit: 200_000, ..ParsingOptions::default() };
    let document =
        Document::parse_with_options(xml, options).map_err(|error| DiagramError::Xml(error.to_string()))?;
    let root = document.root_element();
    let executable = children(root, "process").filter(|node| node.attribute("isExecutable") == Some("true"));
    let mut refusals = Vec::new();
    let processes: Vec<Process> =
        executable.filter_map(|node| Reader::new(root, node).read(&mut refusals)).collect();
    if !refusals.is_empty() {
        return Err(DiagramError::Refused(refusals));
    }
    if processes.is_empty() { Err(DiagramError::NoProcess) } else { Ok(processes) }
}

/// What stands in a process and is no flow element.
const ASIDE: &[&str] = &[
    "documentation",
    "extensionElements",
    "laneSet",
    "textAnnotation",
    "association",
    "group",
    "dataObject",
    "dataObjectReference",
    "dataStoreReference",
    "property",
    "ioSpecification",
    "incoming",
    "outgoing",
    "sequenceFlow",
];

struct Reader<'a, 'i> {
    root: Node<'a, 'i>,
    process: Node<'a, 'i>,
    /// Flow elements in the order of the file.
    nodes: Vec<Node<'a, 'i>>,
    flow_nodes: Vec<Node<'a, 'i>>,
    indices: HashMap<&'a str, ElementIndex>,
    flow_indices: HashMap<&'a str, FlowIndex>,
}

impl<'a, 'i> Reader<'a, 'i> {
    fn new(root: Node<'a, 'i>, process: Node<'a, 'i>) -> Self {
        let all = process.children().filter(|node| node.tag_name().namespace() == Some(BPMN));
        let (flow_nodes, others): (Vec<_>, Vec<_>) =
            all.partition(|node| node.tag_name().name() == "sequenceFlow");
        let nodes: Vec<_> =
            others.into_iter().filter(|node| !ASIDE.contains(&node.tag_name().name())).collect();
        let id = |node: &Node<'a, 'i>| node.attribute("id");
        let indices =
            nodes.iter().enumerate().filter_map(|(at, node)| Some((id(node)?, ElementIndex(at)))).collect();
        let flow_indices =
            flow_nodes.iter().enumerate().filter_map(|(at, node)| Some((id(node)?, FlowIndex(at)))).collect();
        Self { root, process, nodes, flow_nodes, indices, flow_indices }
    }

    fn read(&self, refusals: &mut Vec<Refusal>) -> Option<Process> {
        let before = refusals.len();
        let flows: Vec<_> = self.flow_nodes.iter().filter_map(|node| self.flow(*node, refusals)).collect();
        let elements: Vec<_> = self.nodes.iter().filter_map(|node| self.element(*node, refusals)).collect();
        let starts: Vec<_> =
            self.nodes.iter().enumerate().filter(|(_, node)| is(**node, "startEvent")).collect();
        let [(start, _)] = starts.as_slice() else {
            refusals.push(refusal(self.process, "must have exactly one start event"));
            return None;
        };
        let start = ElementIndex(*start);
        let id = self.process.attribute("id").unwrap_or_default().into();
        (refusals.len() == before).then_some(Process { id, elements, flows, start })
    }

    fn flow(&self, node: Node<'a, 'i>, refusals: &mut Vec<Refusal>) -> Option<Flow> {
        let end = |name| node.attribute(name).and_then(|id| self.indices.get(id)).copied();
        let (Some(source), Some(target)) = (end("sourceRef"), end("targetRef")) else {
            refusals.push(refusal(node, "connects elements that are not there"));
            return None;
        };
        let condition = child(node, "conditionExpression").and_then(|condition| condition.text());
        let condition = condition.map(str::trim).filter(|condition| !condition.is_empty());
        let source = self.nodes.get(source.0)?;
        if condition.is_some() && !is(*source, "exclusiveGateway") {
            refusals.push(refusal(node, "has a condition and does not come from an exclusive gateway"));
        }
        if condition.is_some_and(|condition| !condition.starts_with('=')) {
            refusals.push(refusal(node, "has a condition that is no expression: it must begin with `=`"));
        }
        Some(Flow {
            id: node.attribute("id").unwrap_or_default().into(),
            name: node.attribute("name").map(str::to_owned),
            target,
            condition: condition.map(|condition| condition.trim_start_matches('=').trim().to_owned()),
        })
    }

    fn element(&self, node: Node<'a, 'i>, refusals: &mut Vec<Refusal>) -> Option<Element> {
        let kind = match self.kind(node) {
            Ok(kind) => kind,
            Err(reason) => {
                refusals.push(refusal(node, reason));
                return None;
            }
        };
        let id: Arc<str> = node.attribute("id").unwrap_or_default().into();
        let mappings = |name| {
            let io = extension(node, "ioMapping").into_iter().flat_map(|io| io.children());
            io.filter(|child| zeebe(*child, name)).filter_map(mapping).collect()
        };
        let attached = |other: &Node<'_, '_>| other.attribute("attachedToRef") == Some(&*id);
        let boundaries = self.nodes.iter().enumerate().filter(|(_, other)| attached(other));
        Some(Element {
            name: node.attribute("name").map(str::to_owned),
            bpmn_type: known_type(node.tag_name().name()),
            line: line(node),
            kind,
            inputs: mappings("input"),
            outputs: mappings("output"),
            incoming: self.flows_with("targetRef", &id),
            outgoing: self.outgoing(node, &id),
            boundaries: boundaries.map(|(at, _)| ElementIndex(at)).collect(),
            id,
        })
    }

    fn flows_with(&self, end: &str, id: &str) -> Vec<FlowIndex> {
        let flows = self.flow_nodes.iter().enumerate().filter(|(_, flow)| flow.attribute(end) == Some(id));
        flows.map(|(at, _)| FlowIndex(at)).collect()
    }

    /// In the order in which the element names them.
    fn outgoing(&self, node: Node<'a, 'i>, id: &str) -> Vec<FlowIndex> {
        let connected = self.flows_with("sourceRef", id);
        let named =
            children(node, "outgoing").filter_map(|name| self.flow_indices.get(name.text()?.trim()).copied());
        let mut ordered: Vec<FlowIndex> = named.filter(|flow| connected.contains(flow)).collect();
        ordered.extend(connected.iter().filter(|flow| !ordered.contains(flow)).copied().collect::<Vec<_>>());
        ordered
    }

    fn kind(&self, node: Node<'a, 'i>) -> Result<Kind, &'static str> {
        let event = node.children().find(|child| child.tag_name().name().ends_with("EventDefinition"));
        if extension(node, "executionListeners").is_some() {
            return Err("has execution listeners, which the walk does not run");
        }
        match (node.tag_name().name(), event) {
            ("startEvent" | "endEvent" | "intermediateThrowEvent", None) => Ok(Kind::Pass),
            ("startEvent", Some(_)) => {
                Err("is not a none start event, the only kind that the walk starts from")
            }
            ("endEvent", Some(event)) => match event.tag_name().name() {
                "errorEventDefinition" => {
                    Ok(Kind::ErrorEnd { code: self.error_code(event)?.unwrap_or(Text::new("")) })
                }
                "terminateEventDefinition" => Ok(Kind::Terminate),
                _ => {
                    Err("is not a none, error or terminate end event, the only kinds that the walk ends with")
                }
            },
            ("boundaryEvent", Some(event)) if is(event, "errorEventDefinition") => {
                Ok(Kind::ErrorBoundary { code: self.error_code(event)? })
            }
            ("boundaryEvent", _) => Err("is not an error boundary event, the only kind that the walk knows"),
            ("intermediateCatchEvent", Some(event)) => self.catch(event),
            ("receiveTask", _) if node.attribute("messageRef").is_some() => self.message(node),
            ("exclusiveGateway", _) => {
                let default = node.attribute("default").and_then(|id| self.flow_indices.get(id)).copied();
                Ok(Kind::Exclusive { default })
            }
            ("parallelGateway", _) => Ok(Kind::Parallel),
            (name, _) if ACTIVITIES.contains(&name) => activity(node),
            _ => Err("is of a kind that the walk does not know"),
        }
    }

    fn catch(&self, event: Node<'a, 'i>) -> Result<Kind, &'static str> {
        match event.tag_name().name() {
            "timerEventDefinition" => {
                let duration = child(event, "timeDuration").and_then(|duration| duration.text());
                let duration = duration
                    .ok_or("has a timer without a duration, the only kind that the walk waits for")?;
                Ok(Kind::Timer { duration: Text::new(duration.trim()) })
            }
            "messageEventDefinition" => self.message(event),
            _ => Err("waits for neither a duration nor a message, the only events that the walk waits for"),
        }
    }

    fn message(&self, referrer: Node<'a, 'i>) -> Result<Kind, &'static str> {
        let message = self
            .definition("message", referrer.attribute("messageRef"))
            .ok_or("waits for an unknown message")?;
        let name = message.attribute("name").ok_or("waits for a message without a name")?;
        let subscription =
            extension(message, "subscription").and_then(|node| node.attribute("correlationKey"));
        let correlation_key = Text::new(subscription.ok_or("waits for a message without a correlation key")?);
        Ok(Kind::MessageCatch { name: Text::new(name), correlation_key })
    }

    /// The code of the error that an event names; none if it names none.
    fn error_code(&self, event: Node<'a, 'i>) -> Result<Option<Text>, &'static str> {
        let Some(id) = event.attribute("errorRef") else { return Ok(None) };
        let error = self.definition("error", Some(id)).ok_or("names an error that is not there")?;
        Ok(error.attribute("errorCode").filter(|code| !code.is_empty()).map(Text::new))
    }

    fn definition(&self, name: &'static str, id: Option<&str>) -> Option<Node<'a, 'i>> {
        let id = id?;
        children(self.root, name).find(|node| node.attribute("id") == Some(id))
    }
}

const ACTIVITIES: &[&str] = &[
    "task",
    "serviceTask",
    "sendTask",
    "receiveTask",
    "userTask",
    "manualTask",
    "scriptTask",
    "businessRuleTask",
    "callActivity",
    "subProcess",
    "adHocSubProcess",
    "transaction",
];

/// Tasks with a job type are jobs, whatever they are called; scripts are evaluated; the rest has given results.
fn activity(node: Node<'_, '_>) -> Result<Kind, &'static str> {
    if node.attribute("triggeredByEvent") == Some("true") {
        return Err("is an event sub-process, which the walk does not start");
    }
    if child(node, "multiInstanceLoopCharacteristics")
        .or(child(node, "standardLoopCharacteristics"))
        .is_some()
    {
        return Err("is repeated by a marker, which the walk does not do");
    }
    if let Some(definition) = extension(node, "taskDefinition") {
        let job_type = Text::new(definition.attribute("type").ok_or("has a task definition without a type")?);
        let retries = Text::new(definition.attribute("retries").unwrap_or("3"));
        return Ok(Kind::Service { job_type, retries, headers: headers(node) });
    }
    match (node.tag_name().name(), extension(node, "script")) {
        ("serviceTask", _) => Err("has no task definition, so no job can be made of it"),
        ("scriptTask", Some(script)) => {
            let expression = script.attribute("expression").and_then(|text| text.trim().strip_prefix('='));
            let expression =
                expression.ok_or("has a script that is no expression: it must begin with `=`")?;
            let result_variable =
                script.attribute("resultVariable").ok_or("has a script without a result variable")?;
            Ok(Kind::Script {
                expression: expression.to_owned(),
                result_variable: result_variable.to_owned(),
            })
        }
        _ => Ok(Kind::StandIn),
    }
}

fn headers(node: Node<'_, '_>) -> Map<String, Value> {
    let headers = extension(node, "taskHeaders").into_iter().flat_map(|headers| headers.children());
    let header = |node: Node<'_, '_>| {
        let value = node.attribute("value").unwrap_or_default().to_owned();
        Some((node.attribute("key")?.to_owned(), Value::String(value)))
    };
    headers.filter(|node| zeebe(*node, "header")).filter_map(header).collect()
}

fn mapping(node: Node<'_, '_>) -> Option<Mapping> {
    let target = node.attribute("target")?.split('.').map(str::to_owned).collect();
    Some(Mapping { source: node.attribute("source").map(Text::new), target })
}

// === Reading nodes ===

fn is(node: Node<'_, '_>, name: &str) -> bool {
    node.tag_name().namespace() == Some(BPMN) && node.tag_name().name() == name
}

fn zeebe(node: Node<'_, '_>, name: &str) -> bool {
    node.tag_name().namespace() == Some(ZEEBE) && node.tag_name().name() == name
}

fn children<'a, 'i>(node: Node<'a, 'i>, name: &'static str) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children().filter(move |child| is(*child, name))
}

fn child<'a, 'i>(node: Node<'a, 'i>, name: &'static str) -> Option<Node<'a, 'i>> {
    children(node, name).next()
}

fn extension<'a, 'i>(node: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    child(node, "extensionElements")?.children().find(|child| zeebe(*child, name))
}

fn line(node: Node<'_, '_>) -> u32 {
    node.document().text_pos_at(node.range().start).row
}

fn refusal(node: Node<'_, '_>, reason: &'static str) -> Refusal {
    Refusal {
        element_id: node.attribute("id").unwrap_or_default().to_owned(),
        element_type: node.tag_name().name().to_owned(),
        line: line(node),
        reason,
    }
}

/// The name for as long as the program runs. Elements of other types are refused before.
fn known_type(name: &str) -> &'static str {
    const EVENTS: &[&str] = &[
        "startEvent",
        "endEvent",
        "intermediateThrowEvent",
        "intermediateCatchEvent",
        "boundaryEvent",
        "exclusiveGateway",
        "parallelGateway",
    ];
    EVENTS.iter().chain(ACTIVITIES).find(|known| **known == name).copied().unwrap_or("element")
}
