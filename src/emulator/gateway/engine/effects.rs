//! How what the walk wants comes about.

use std::sync::Arc;

use tokio::time::Instant;

use super::incident::Incident;
use super::job::{Content, Job, Place};
use super::processes::Definition;
use super::schedule::Due;
use super::state::State;
use crate::emulator::bpmn::Effect;
use crate::emulator::gateway::event::Event;
use crate::proto::keys::{ElementInstanceKey, ProcessInstanceKey};

impl State {
    /// Carries effects out in their order. What they lead to may end the process.
    pub(super) fn carry_out(&mut self, key: ProcessInstanceKey, effects: Vec<Effect>) {
        for effect in effects {
            let Some(running) = self.processes.instances.get(&key.0) else { return };
            let definition = Arc::clone(&running.definition);
            self.carry_out_one(key, &definition, effect);
        }
    }

    fn carry_out_one(&mut self, instance: ProcessInstanceKey, definition: &Arc<Definition>, effect: Effect) {
        let process = &definition.process;
        match effect {
            Effect::Entered { key, element } => {
                let Some(entered) = process.element(element) else { return };
                self.emit(|| Event::ElementEntered {
                    instance,
                    element: ElementInstanceKey(key),
                    element_id: entered.id.to_string(),
                    element_type: entered.bpmn_type,
                    name: entered.name.clone(),
                });
            }
            Effect::Left { element, variables } => {
                let element_id = process.id_of(element);
                self.emit(|| Event::ElementLeft { instance, element_id, variables });
            }
            Effect::FlowTaken { gateway, flow } => {
                let Some(flow) = process.flow(flow) else { return };
                self.emit(|| Event::FlowTaken {
                    instance,
                    gateway_id: process.id_of(gateway),
                    flow_id: flow.id.to_string(),
                    name: flow.name.clone(),
                    condition: flow.condition.clone(),
                    target_id: process.id_of(flow.target),
                });
            }
            Effect::ResultTaken { element, result } => {
                let element_id = process.id_of(element);
                self.processes.result_is_taken(&element_id);
                self.emit(|| Event::ResultTaken { instance, element_id, result });
            }
            Effect::CreateJob { key, element, job_type, retries, headers } => {
                let place = place(definition, instance, process.id_of(element).into(), key);
                self.add_job(Job::new(job_type.into(), headers, retries, place, Content::Element, false));
            }
            Effect::StartTimer { key, duration } => {
                let due = Due::Timer { instance: instance.0, element: key };
                self.schedule_at(Instant::now() + duration, due);
            }
            Effect::Await { key, message } => self.receive_waiting(instance, key, &message),
            // Told with the error itself.
            Effect::Caught { .. } => {}
            Effect::Stopped { key, element, reason } => {
                let element_id = process.id_of(element);
                let message = format!("`{element_id}`: {reason}");
                let element = Some(ElementInstanceKey(key));
                self.raise(Incident { key: 0, instance, element_id, element, job: None, message });
            }
            Effect::Canceled { key } => self.cancel_jobs(|job| job.place.element == key),
            Effect::Ended { variables } => self.end(instance, &variables),
        }
    }
}

fn place(definition: &Definition, instance: ProcessInstanceKey, element_id: Arc<str>, element: i64) -> Place {
    Place {
        tenant_id: Arc::clone(&definition.tenant_id),
        bpmn_process_id: definition.process.id().into(),
        version: definition.version,
        definition: definition.key,
        instance: instance.0,
        element_id,
        element,
    }
}
