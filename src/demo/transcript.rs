//! The story for machines: one JSON object a line.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::Teller;
use super::overheard::Overheard;
use super::story::{Ending, ending_of};
use crate::emulator::gateway::Event;

/// Writes each step as it comes.
#[derive(Debug)]
pub(super) struct Transcript<W> {
    out: W,
    ending: Option<Ending>,
}

impl<W: Write> Transcript<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out, ending: None }
    }

    fn line(&mut self, step: &Value) -> io::Result<()> {
        writeln!(self.out, "{step}")?;
        self.out.flush()
    }
}

impl<W: Write> Teller for Transcript<W> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        self.ending = ending_of(event);
        match step(event) {
            Some(step) => self.line(&step),
            None => Ok(()),
        }
    }

    fn overheard(&mut self, overheard: &Overheard) -> io::Result<()> {
        let element = &overheard.element_id;
        self.line(&match &overheard.answer {
            Ok(response) => json!({"step": "answered", "element": element, "response": response}),
            Err(error) => {
                json!({"step": "refused", "element": element, "code": error.code.to_string(), "message": error.message})
            }
        })
    }

    fn ending(&self) -> Option<Ending> {
        self.ending.clone()
    }
}

/// What is told of an event; what the engine does with itself is left out.
fn step(event: &Event) -> Option<Value> {
    Some(match event {
        Event::InstanceStarted { bpmn_process_id, variables, .. } => {
            json!({"step": "started", "process": bpmn_process_id, "variables": variables})
        }
        Event::ElementEntered { element_id, element_type, name, .. } => {
            json!({"step": "entered", "element": element_id, "type": element_type, "name": name})
        }
        Event::ElementLeft { element_id, variables, .. } => {
            json!({"step": "left", "element": element_id, "variables": variables})
        }
        Event::FlowTaken { gateway_id, flow_id, condition, target_id, .. } => {
            json!({"step": "decided", "element": gateway_id, "flow": flow_id, "condition": condition, "target": target_id})
        }
        Event::ResultTaken { element_id, result, .. } => {
            json!({"step": "result taken", "element": element_id, "result": result})
        }
        Event::JobCreated { element_id, job_type, headers, variables, .. } => {
            json!({"step": "asked", "element": element_id, "type": job_type, "headers": headers, "variables": variables})
        }
        Event::JobCompleted { element_id, variables, .. } => {
            json!({"step": "completed", "element": element_id, "variables": variables})
        }
        Event::JobFailed { element_id, retries, message, .. } => {
            json!({"step": "failed", "element": element_id, "retries": retries, "message": message})
        }
        Event::ErrorThrown { element_id, code, message, caught_by, .. } => {
            json!({"step": "error", "element": element_id, "code": code, "message": message, "caughtBy": caught_by})
        }
        Event::IncidentRaised { element_id, message, .. } => {
            json!({"step": "incident", "element": element_id, "message": message})
        }
        Event::InstanceEnded { completed, variables, .. } => {
            json!({"step": "ended", "completed": completed, "variables": variables})
        }
        Event::JobActivated { .. }
        | Event::JobTimedOut { .. }
        | Event::JobYielded { .. }
        | Event::JobCanceled { .. }
        | Event::IncidentResolved { .. }
        | Event::MessagePublished { .. } => return None,
    })
}
