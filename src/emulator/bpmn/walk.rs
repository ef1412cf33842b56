//! How tokens move.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

use super::begin::{Begun, text};
use super::evaluate::Evaluate;
use super::mapping::{self, Scoping, overlay};
use super::model::{Element, ElementIndex, Flow, FlowIndex, Kind, Process, Text};

/// A running process. It moves only when it is told that something happened, and returns what that led to.
#[derive(Debug)]
pub(crate) struct Instance {
    process: Arc<Process>,
    variables: Map<String, Value>,
    /// The elements at which a token waits, by the key of their activation.
    active: BTreeMap<i64, Active>,
    /// The flows by which a joining gateway has been reached.
    joins: HashMap<ElementIndex, Vec<FlowIndex>>,
}

#[derive(Debug)]
struct Active {
    element: ElementIndex,
    local: Map<String, Value>,
    waits: Waits,
}

/// What an element waits for.
#[derive(Debug)]
pub(super) enum Waits {
    Job,
    Timer,
    Message(Message),
    /// For an operator; then it tries again where it stopped.
    Stuck(Stage),
}

/// Where an element stopped.
#[derive(Debug)]
pub(super) enum Stage {
    Activating,
    Completing(Map<String, Value>),
}

/// A message that an element waits for, or that was published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) name: String,
    pub(crate) correlation_key: String,
}

/// What a walk needs to know of the world.
pub(crate) struct Surroundings<'a> {
    pub(crate) evaluate: &'a dyn Evaluate,
    /// Results of elements that are not carried out, by element id.
    pub(crate) results: &'a BTreeMap<String, Value>,
    /// The job types that somebody works on; none: whoever likes may work on any.
    pub(crate) served: Option<&'a [String]>,
    pub(crate) scoping: Scoping,
    pub(crate) keys: &'a mut dyn Keys,
}

/// Issues keys for activated elements.
pub(crate) trait Keys {
    fn next_key(&mut self) -> i64;
}

/// Something that the walk did, or wants done.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Effect {
    Entered {
        key: i64,
        element: ElementIndex,
    },
    Left {
        element: ElementIndex,
        variables: Map<String, Value>,
    },
    FlowTaken {
        gateway: ElementIndex,
        flow: FlowIndex,
    },
    ResultTaken {
        element: ElementIndex,
        result: Value,
    },
    CreateJob {
        key: i64,
        element: ElementIndex,
        job_type: String,
        retries: i32,
        headers: Map<String, Value>,
    },
    StartTimer {
        key: i64,
        duration: Duration,
    },
    Await {
        key: i64,
        message: Message,
    },
    Caught {
        element: ElementIndex,
        boundary: ElementIndex,
    },
    Stopped {
        key: i64,
        element: ElementIndex,
        reason: String,
    },
    /// The element is over without a result, for example by a terminate event.
    Canceled {
        key: i64,
    },
    Ended {
        variables: Map<String, Value>,
    },
}

/// No boundary event catches the error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Uncaught;

/// A token that is about to reach an element.
type Arrival = (ElementIndex, Option<FlowIndex>);

/// Elements that may be passed without waiting for anything. A diagram that needs more runs in a circle.
const MAX_MOVES: usize = 10_000;

impl Instance {
    /// Starts a process.
    pub(crate) fn start(
        process: Arc<Process>,
        variables: Map<String, Value>,
        around: &mut Surroundings<'_>,
    ) -> (Self, Vec<Effect>) {
        let start = process.start;
        let mut instance = Self { process, variables, active: BTreeMap::new(), joins: HashMap::new() };
        let effects = instance.walk(VecDeque::from([(start, None)]), around, Vec::new());
        (instance, effects)
    }

    pub(crate) fn variables(&self) -> &Map<String, Value> {
        &self.variables
    }

    /// What an activated element sees: its own variables over those of the process.
    pub(crate) fn visible(&self, key: i64) -> Option<Map<String, Value>> {
        let active = self.active.get(&key)?;
        let mut visible = self.variables.clone();
        overlay(&mut visible, &active.local);
        Some(visible)
    }

    pub(crate) fn is_active(&self, key: i64) -> bool {
        self.active.contains_key(&key)
    }

    /// The variables that an activated element has of its own.
    pub(crate) fn local(&self, key: i64) -> Option<&Map<String, Value>> {
        self.active.get(&key).map(|active| &active.local)
    }

    /// The element that waits for a message like this one.
    pub(crate) fn awaits(&self, message: &Message) -> Option<i64> {
        let waiting = |active: &Active| matches!(&active.waits, Waits::Message(wanted) if wanted == message);
        self.active.iter().find(|(_, active)| waiting(active)).map(|(key, _)| *key)
    }

    /// Sets variables of the process.
    pub(crate) fn set(&mut self, variables: Map<String, Value>) {
        self.variables.extend(variables);
    }

    /// Sets variables of an activated element.
    pub(crate) fn set_local(&mut self, key: i64, variables: Map<String, Value>) {
        if let Some(active) = self.active.get_mut(&key) {
            active.local.extend(variables);
        }
    }

    /// The element has what it waited for.
    pub(crate) fn complete(
        &mut self,
        key: i64,
        variables: Map<String, Value>,
        around: &mut Surroundings<'_>,
    ) -> Vec<Effect> {
        let mut effects = Vec::new();
        let arrivals = self.finish(key, variables, around, &mut effects);
        self.walk(arrivals, around, effects)
    }

    /// The element ends with a BPMN error.
    pub(crate) fn throw(
        &mut self,
        key: i64,
        code: &str,
        variables: Map<String, Value>,
        around: &mut Surroundings<'_>,
    ) -> Result<Vec<Effect>, Uncaught> {
        let active = self.active.get(&key).ok_or(Uncaught)?;
        let (element, boundary) =
            (active.element, self.catcher(active.element, code, around).ok_or(Uncaught)?);
        self.active.remove(&key);
        let boundary_key = around.keys.next_key();
        let mut effects = vec![
            Effect::Caught { element, boundary },
            Effect::Entered { key: boundary_key, element: boundary },
        ];
        // What the error brings is the boundary event's own: only its output mappings lead to the process.
        let caught = Active { element: boundary, local: variables, waits: Waits::Stuck(Stage::Activating) };
        self.active.insert(boundary_key, caught);
        let arrivals = self.finish(boundary_key, Map::new(), around, &mut effects);
        Ok(self.walk(arrivals, around, effects))
    }

    /// Tries again what stopped.
    pub(crate) fn resume(&mut self, key: i64, around: &mut Surroundings<'_>) -> Vec<Effect> {
        let stuck = |active: &Active| matches!(active.waits, Waits::Stuck(_));
        if !self.active.get(&key).is_some_and(stuck) {
            return Vec::new();
        }
        let Some(active) = self.active.remove(&key) else { return Vec::new() };
        let mut effects = Vec::new();
        let arrivals = match active.waits {
            Waits::Stuck(Stage::Completing(variables)) => {
                self.active.insert(key, Active { waits: Waits::Job, ..active });
                self.finish(key, variables, around, &mut effects)
            }
            _ => self.activate(key, active.element, around, &mut effects),
        };
        self.walk(arrivals, around, effects)
    }

    fn catcher(&self, element: ElementIndex, code: &str, around: &Surroundings<'_>) -> Option<ElementIndex> {
        let boundaries = &self.process.element(element)?.boundaries;
        let code_of = |boundary: &ElementIndex| match &self.process.element(*boundary)?.kind {
            Kind::ErrorBoundary { code } => Some(code.as_ref()),
            _ => None,
        };
        let named = |boundary: &&ElementIndex| {
            let wanted = code_of(boundary).flatten().and_then(|text| self.text(text, around).ok());
            wanted.is_some_and(|wanted| wanted == code)
        };
        let any = |boundary: &&ElementIndex| code_of(boundary).is_some_and(|code| code.is_none());
        boundaries.iter().find(named).or_else(|| boundaries.iter().find(any)).copied()
    }

    // === Moving ===

    fn walk(
        &mut self,
        mut arrivals: VecDeque<Arrival>,
        around: &mut Surroundings<'_>,
        mut effects: Vec<Effect>,
    ) -> Vec<Effect> {
        let mut moves = 0;
        while let Some((element, by)) = arrivals.pop_front() {
            if !self.may_enter(element, by) {
                continue;
            }
            moves += 1;
            let key = around.keys.next_key();
            effects.push(Effect::Entered { key, element });
            if moves > MAX_MOVES {
                let reason =
                    format!("{MAX_MOVES} elements were passed without a task: the diagram runs in a circle");
                self.stop(key, element, Map::new(), Stage::Activating, reason, &mut effects);
                continue;
            }
            arrivals.extend(self.activate(key, element, around, &mut effects));
        }
        if self.active.is_empty() {
            effects.push(Effect::Ended { variables: self.variables.clone() });
        }
        effects
    }

    /// A parallel gateway waits until it was reached by each of its incoming flows.
    fn may_enter(&mut self, index: ElementIndex, by: Option<FlowIndex>) -> bool {
        let Some(element) = self.process.element(index) else { return false };
        let (Kind::Parallel, Some(by)) = (&element.kind, by) else { return true };
        let reached = self.joins.entry(index).or_default();
        reached.push(by);
        let by_all: HashSet<&FlowIndex> = reached.iter().collect();
        if by_all.len() < element.incoming.len() {
            return false;
        }
        for flow in &element.incoming {
            if let Some(at) = reached.iter().position(|one| one == flow) {
                reached.remove(at);
            }
        }
        true
    }

    fn activate(
        &mut self,
        key: i64,
        index: ElementIndex,
        around: &mut Surroundings<'_>,
        effects: &mut Vec<Effect>,
    ) -> VecDeque<Arrival> {
        let process = Arc::clone(&self.process);
        let Some(element) = process.element(index) else { return VecDeque::new() };
        let local = match mapping::inputs(&element.inputs, &self.variables, around.scoping, around.evaluate) {
            Ok(local) => local,
            Err(failure) => {
                let reason = format!("an input cannot be evaluated: {failure}");
                self.stop(key, index, Map::new(), Stage::Activating, reason, effects);
                return VecDeque::new();
            }
        };
        self.active.insert(key, Active { element: index, local, waits: Waits::Stuck(Stage::Activating) });
        match self.begin(key, index, element, around, effects) {
            Ok(Begun::Done(variables)) => self.finish(key, variables, around, effects),
            Ok(Begun::Waits(waits)) => {
                if let Some(active) = self.active.get_mut(&key) {
                    active.waits = waits;
                }
                VecDeque::new()
            }
            Ok(Begun::Gone) => {
                self.active.remove(&key);
                VecDeque::new()
            }
            Err(reason) => {
                effects.push(Effect::Stopped { key, element: index, reason });
                VecDeque::new()
            }
        }
    }

    /// Maps the outputs of an element and lets its token go on.
    fn finish(
        &mut self,
        key: i64,
        variables: Map<String, Value>,
        around: &Surroundings<'_>,
        effects: &mut Vec<Effect>,
    ) -> VecDeque<Arrival> {
        let process = Arc::clone(&self.process);
        let Some(active) = self.active.remove(&key) else { return VecDeque::new() };
        let (index, before) = (active.element, active.local.clone());
        let Some(element) = process.element(index) else { return VecDeque::new() };
        let left = self.map_outputs(element, active, variables.clone(), around);
        let ways = left.and_then(|()| self.ways(index, element, around, effects));
        match ways {
            Ok(ways) => {
                effects.push(Effect::Left { element: index, variables: self.variables.clone() });
                ways
            }
            Err(reason) => {
                self.stop(key, index, before, Stage::Completing(variables), reason, effects);
                VecDeque::new()
            }
        }
    }

    /// With output mappings, only they reach the process. Without any, each variable goes where one of its name
    /// is, first looked for at the element, and otherwise to the process.
    fn map_outputs(
        &mut self,
        element: &Element,
        active: Active,
        variables: Map<String, Value>,
        around: &Surroundings<'_>,
    ) -> Result<(), String> {
        if element.outputs.is_empty() {
            let upward = variables.into_iter().filter(|(name, _)| !active.local.contains_key(name));
            self.variables.extend(upward);
            return Ok(());
        }
        let mut visible = self.variables.clone();
        overlay(&mut visible, &active.local);
        overlay(&mut visible, &variables);
        let set = mapping::outputs(&element.outputs, &visible, &self.variables, around.evaluate)
            .map_err(|failure| format!("an output cannot be evaluated: {failure}"))?;
        self.variables.extend(set);
        Ok(())
    }

    fn ways(
        &self,
        index: ElementIndex,
        element: &Element,
        around: &Surroundings<'_>,
        effects: &mut Vec<Effect>,
    ) -> Result<VecDeque<Arrival>, String> {
        let arrival = |flow: &FlowIndex| Some((self.process.flow(*flow)?.target, Some(*flow)));
        let Kind::Exclusive { default } = &element.kind else {
            return Ok(element.outgoing.iter().filter_map(arrival).collect());
        };
        let flow = self.choose(element, *default, around)?;
        effects.push(Effect::FlowTaken { gateway: index, flow });
        Ok(arrival(&flow).into_iter().collect())
    }

    fn choose(
        &self,
        element: &Element,
        default: Option<FlowIndex>,
        around: &Surroundings<'_>,
    ) -> Result<FlowIndex, String> {
        // Zeebe looks at the flow that stands last in the file first, wherever the gateway names it.
        let mut flows = element.outgoing.clone();
        flows.sort_unstable_by(|one, other| other.cmp(one));
        for index in &flows {
            let Some(Flow { id, condition, .. }) = self.process.flow(*index) else { continue };
            let Some(condition) = condition else {
                if Some(*index) != default {
                    return Ok(*index);
                }
                continue;
            };
            let evaluated = around.evaluate.evaluate(condition, &self.variables);
            let evaluated = evaluated
                .map_err(|failure| format!("the condition of flow `{id}` cannot be evaluated: {failure}"))?;
            match evaluated.value {
                Value::Bool(true) => return Ok(*index),
                Value::Bool(false) => {}
                other => return Err(no_boolean(id, condition, &other, &evaluated.failures)),
            }
        }
        default.ok_or_else(|| "no condition is true and there is no default flow".to_owned())
    }

    /// Ends everything else at once.
    pub(super) fn end_all_but(&mut self, key: i64) -> Vec<Effect> {
        let others: Vec<_> = self.active.keys().filter(|other| **other != key).copied().collect();
        self.active.retain(|other, _| *other == key);
        others.into_iter().map(|key| Effect::Canceled { key }).collect()
    }

    fn stop(
        &mut self,
        key: i64,
        element: ElementIndex,
        local: Map<String, Value>,
        stage: Stage,
        reason: String,
        effects: &mut Vec<Effect>,
    ) {
        self.active.insert(key, Active { element, local, waits: Waits::Stuck(stage) });
        effects.push(Effect::Stopped { key, element, reason });
    }

    fn text(&self, wanted: &Text, around: &Surroundings<'_>) -> Result<String, String> {
        text(wanted, &self.variables, around.evaluate)
    }
}

fn no_boolean(flow: &str, condition: &str, found: &Value, failures: &[String]) -> String {
    let why = failures.first().map(|failure| format!(" ({failure})")).unwrap_or_default();
    format!("the condition `={condition}` of flow `{flow}` is {found}, expected true or false{why}")
}
