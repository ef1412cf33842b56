//! Processes: what is deployed, what runs, and how the walk's effects come about.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};
use tokio::sync::oneshot;

use super::finished::Finished;
use super::incident::Incident;
use super::job::{Job, Place};
use super::rejection::Rejection;
use super::state::{Keys, State};
use crate::emulator::bpmn::{self, DiagramError, Effect, Evaluate, Instance, Process, Scoping, Surroundings};
use crate::emulator::gateway::event::Event;
use crate::emulator::gateway::options::Options;
use crate::proto::keys::{ProcessDefinitionKey, ProcessInstanceKey};

/// What processes need beside the rest of the state.
#[derive(Debug)]
pub(crate) struct Processes {
    definitions: BTreeMap<i64, Arc<Definition>>,
    pub(super) instances: HashMap<i64, Running>,
    finished: Finished<InstanceOutcome>,
    pub(super) mailbox: super::messages::Mailbox,
    results: BTreeMap<String, Value>,
    served: Option<Vec<String>>,
    evaluate: Arc<dyn Evaluate>,
    scoping: Scoping,
}

/// One version of a deployed process.
#[derive(Debug)]
pub(crate) struct Definition {
    pub(crate) key: i64,
    pub(crate) version: i32,
    pub(crate) process: Arc<Process>,
    pub(crate) resource_name: String,
    pub(crate) tenant_id: Arc<str>,
    /// The text that it was read from, to know it again.
    xml: Arc<str>,
}

/// An instance that is not over.
pub(crate) struct Running {
    pub(super) instance: Instance,
    pub(super) definition: Arc<Definition>,
    /// Those who wait for its end.
    waiting: Vec<oneshot::Sender<Map<String, Value>>>,
}

/// How a process to start is named.
#[derive(Debug)]
pub(crate) enum Which<'a> {
    Key(ProcessDefinitionKey),
    Latest(&'a str),
    Version(&'a str, i32),
}

/// A running process as others see it.
#[derive(Debug, Clone, PartialEq)]
pub struct InstanceSnapshot {
    pub key: ProcessInstanceKey,
    pub bpmn_process_id: String,
    pub variables: Map<String, Value>,
}

/// How far a process has come.
#[derive(Debug, Clone, PartialEq)]
pub enum InstanceOutcome {
    Completed(Map<String, Value>),
    Canceled(Map<String, Value>),
    /// It is not over; this incident is in its way.
    Stopped(Incident),
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").field("instance", &self.instance).finish_non_exhaustive()
    }
}

impl bpmn::Keys for Keys {
    fn next_key(&mut self) -> i64 {
        self.next()
    }
}

impl Processes {
    pub(crate) fn new(options: &Options) -> Self {
        let scoping = if options.is_at_least(8, 10) { Scoping::OneByOne } else { Scoping::OneContext };
        Self {
            definitions: BTreeMap::new(),
            instances: HashMap::new(),
            finished: Finished::new(options.record_limit),
            mailbox: super::messages::Mailbox::default(),
            results: options.results.clone(),
            served: options.served_job_types.clone(),
            evaluate: Arc::clone(&options.evaluate),
            scoping,
        }
    }

    fn find(&self, which: &Which<'_>, tenant: &str) -> Option<Arc<Definition>> {
        let ours = self.definitions.values().filter(|definition| &*definition.tenant_id == tenant);
        let found = match which {
            Which::Key(key) => {
                self.definitions.get(&key.0).filter(|definition| &*definition.tenant_id == tenant)
            }
            Which::Latest(id) => {
                ours.filter(|known| known.process.id() == *id).max_by_key(|known| known.version)
            }
            Which::Version(id, version) => {
                let mut ours = ours;
                ours.find(|known| known.process.id() == *id && known.version == *version)
            }
        };
        found.cloned()
    }
}

impl State {
    /// Deploys a diagram. A process that has not changed keeps its version.
    pub(crate) fn deploy(
        &mut self,
        name: &str,
        xml: &str,
        tenant: &str,
    ) -> Result<Vec<Arc<Definition>>, DiagramError> {
        let text: Arc<str> = xml.into();
        let processes = bpmn::parse(xml)?;
        Ok(processes.into_iter().map(|process| self.deploy_process(name, process, &text, tenant)).collect())
    }

    fn deploy_process(
        &mut self,
        name: &str,
        process: Process,
        xml: &Arc<str>,
        tenant: &str,
    ) -> Arc<Definition> {
        let latest = self.processes.find(&Which::Latest(process.id()), tenant);
        if let Some(same) = latest.as_ref().filter(|latest| latest.xml == *xml) {
            return Arc::clone(same);
        }
        let definition = Arc::new(Definition {
            key: self.keys.next(),
            version: latest.map_or(1, |latest| latest.version + 1),
            process: Arc::new(process),
            resource_name: name.to_owned(),
            tenant_id: tenant.into(),
            xml: Arc::clone(xml),
        });
        self.processes.definitions.insert(definition.key, Arc::clone(&definition));
        definition
    }

    /// Starts a process; whoever wants its result gets it when the process ends.
    pub(crate) fn create_instance(
        &mut self,
        which: &Which<'_>,
        tenant: &str,
        variables: Map<String, Value>,
        result: Option<oneshot::Sender<Map<String, Value>>>,
    ) -> Result<(ProcessInstanceKey, Arc<Definition>), Rejection> {
        let definition = self
            .processes
            .find(which, tenant)
            .ok_or_else(|| Rejection::ProcessUnknown(format!("{which:?}")))?;
        let key = ProcessInstanceKey(self.keys.next());
        self.emit(|| Event::InstanceStarted {
            instance: key,
            bpmn_process_id: definition.process.id().to_owned(),
            variables: variables.clone(),
        });
        let State { processes, keys, .. } = self;
        let (_, rest) = processes.split();
        let process = Arc::clone(&definition.process);
        let (instance, effects) = Instance::start(process, variables, &mut surroundings(rest, keys));
        let waiting = result.into_iter().collect();
        let running = Running { instance, definition: Arc::clone(&definition), waiting };
        self.processes.instances.insert(key.0, running);
        self.carry_out(key, effects);
        Ok((key, definition))
    }

    /// Ends a process without a result. Its jobs are gone.
    pub(crate) fn cancel_instance(&mut self, key: ProcessInstanceKey) -> Result<(), Rejection> {
        let unknown = Rejection::KeyUnknown { kind: "process instance", key: key.0 };
        let running = self.processes.instances.remove(&key.0).ok_or(unknown)?;
        self.cancel_jobs(|job| job.place.instance == key.0);
        self.incidents.retain(|_, incident| incident.instance != key);
        let variables = running.instance.variables();
        self.processes.finished.add(key.0, || InstanceOutcome::Canceled(variables.clone()));
        self.emit(|| Event::InstanceEnded { instance: key, completed: false, variables: variables.clone() });
        Ok(())
    }

    pub(super) fn cancel_jobs(&mut self, wanted: impl Fn(&Job) -> bool) {
        let mut keys: Vec<_> = self.jobs.values().filter(|job| wanted(job)).map(|job| job.key).collect();
        keys.sort_unstable();
        keys.into_iter().for_each(|key| self.cancel_job(crate::proto::keys::JobKey(key)));
    }

    /// Sets variables of a process or of an element of one.
    pub(crate) fn set_variables(
        &mut self,
        scope: i64,
        mut variables: Map<String, Value>,
        local: bool,
    ) -> Result<(), Rejection> {
        if let Some(running) = self.processes.instances.get_mut(&scope) {
            running.instance.set(variables);
            return Ok(());
        }
        let unknown = Rejection::KeyUnknown { kind: "element instance", key: scope };
        let mut running = self.processes.instances.values_mut();
        let instance = running.find(|running| running.instance.is_active(scope)).ok_or(unknown)?;
        let instance = &mut instance.instance;
        if !local {
            let own = instance.local(scope).cloned().unwrap_or_default();
            let (inner, outer) = variables.into_iter().partition(|(name, _)| own.contains_key(name));
            variables = inner;
            instance.set(outer);
        }
        instance.set_local(scope, variables);
        Ok(())
    }

    /// A process that is not over.
    pub(crate) fn instance(&self, key: ProcessInstanceKey) -> Option<InstanceSnapshot> {
        let running = self.processes.instances.get(&key.0)?;
        Some(InstanceSnapshot {
            key,
            bpmn_process_id: running.definition.process.id().to_owned(),
            variables: running.instance.variables().clone(),
        })
    }

    /// How a process ended, or what is in its way; none while it runs.
    pub(crate) fn outcome(&self, key: ProcessInstanceKey) -> Option<InstanceOutcome> {
        let stopped = || self.incidents.values().find(|incident| incident.instance == key).cloned();
        self.processes.finished.get(key.0).cloned().or_else(|| stopped().map(InstanceOutcome::Stopped))
    }

    /// Gives an element a result, so that it is not carried out from now on.
    pub(crate) fn set_result(&mut self, element_id: String, result: Value) {
        self.processes.results.insert(element_id, result);
    }

    /// Tells a process that something happened, and carries out what follows.
    pub(super) fn proceed(
        &mut self,
        key: ProcessInstanceKey,
        happened: impl FnOnce(&mut Instance, &mut Surroundings<'_>) -> Vec<Effect>,
    ) {
        let State { processes, keys, .. } = self;
        let (instances, rest) = processes.split();
        let Some(running) = instances.get_mut(&key.0) else { return };
        let effects = happened(&mut running.instance, &mut surroundings(rest, keys));
        self.carry_out(key, effects);
    }

    /// The process has no token left.
    pub(super) fn end(&mut self, instance: ProcessInstanceKey, variables: &Map<String, Value>) {
        let Some(running) = self.processes.instances.remove(&instance.0) else { return };
        for waiting in running.waiting {
            // It may have given up waiting.
            drop(waiting.send(variables.clone()));
        }
        self.processes.finished.add(instance.0, || InstanceOutcome::Completed(variables.clone()));
        self.emit(|| Event::InstanceEnded { instance, completed: true, variables: variables.clone() });
    }

    /// Fires the timer of an element that still waits for it.
    pub(super) fn fire_timer(&mut self, instance: i64, element: i64) {
        let waits = self
            .processes
            .instances
            .get(&instance)
            .is_some_and(|running| running.instance.is_active(element));
        if waits {
            let instance = ProcessInstanceKey(instance);
            self.proceed(instance, |walk, around| walk.complete(element, Map::new(), around));
        }
    }

    /// The variables that the element of a job sees; none for a job outside any process.
    pub(super) fn visible_variables(&self, job: &Job) -> Option<Map<String, Value>> {
        self.processes.instances.get(&job.place.instance)?.instance.visible(job.place.element)
    }

    /// Ends a job by its error, if an event at the border of its element catches it.
    pub(super) fn catch(&mut self, job: &Place, code: &str, variables: Map<String, Value>) -> Option<Caught> {
        let State { processes, keys, .. } = self;
        let (instances, rest) = processes.split();
        let running = instances.get_mut(&job.instance)?;
        let mut around = surroundings(rest, keys);
        let effects = running.instance.throw(job.element, code, variables, &mut around).ok()?;
        let process = &running.definition.process;
        let boundary = effects.iter().find_map(|effect| match effect {
            Effect::Caught { boundary, .. } => Some(process.id_of(*boundary)),
            _ => None,
        });
        Some(Caught { by: boundary.unwrap_or_default(), effects })
    }
}

/// An error that was caught, and what follows.
pub(super) struct Caught {
    pub(super) by: String,
    pub(super) effects: Vec<Effect>,
}

/// What the walk reads of the processes, beside the instances that it changes.
struct Parts<'a> {
    results: &'a BTreeMap<String, Value>,
    served: Option<&'a [String]>,
    evaluate: &'a dyn Evaluate,
    scoping: Scoping,
}

impl Processes {
    /// Takes the first item of a list of results away, but never the last one.
    pub(super) fn result_is_taken(&mut self, element_id: &str) {
        if let Some(Value::Array(results)) = self.results.get_mut(element_id)
            && results.len() > 1
        {
            results.remove(0);
        }
    }

    fn split(&mut self) -> (&mut HashMap<i64, Running>, Parts<'_>) {
        let parts = Parts {
            results: &self.results,
            served: self.served.as_deref(),
            evaluate: &*self.evaluate,
            scoping: self.scoping,
        };
        (&mut self.instances, parts)
    }
}

fn surroundings<'a>(parts: Parts<'a>, keys: &'a mut Keys) -> Surroundings<'a> {
    let Parts { results, served, evaluate, scoping } = parts;
    Surroundings { evaluate, results, served, scoping, keys }
}
