//! Diagrams of one service task, written by a scenario, because what it is about are the inputs as a modeler writes them.

use bedrock_connector::zeebe::Resource;

use super::Stage;
use super::stage::deploy;

/// A service task with everything that an element template may write.
#[derive(Debug)]
pub(crate) struct Task {
    id: &'static str,
    job_type: &'static str,
    retries: u8,
    inputs: String,
    headers: String,
}

impl Task {
    /// A task of Camunda's job type with keys from secrets, in a process of this id.
    pub(crate) fn new(id: &'static str) -> Self {
        Self::without_credentials(id)
            .input("credentials", "authentication.type")
            .input("{{secrets.AWS_ACCESS_KEY}}", "authentication.accessKey")
            .input("{{secrets.AWS_SECRET_KEY}}", "authentication.secretKey")
            .input("eu-central-1", "configuration.region")
    }

    /// A task of Camunda's job type that says nothing about credentials and region.
    pub(crate) fn without_credentials(id: &'static str) -> Self {
        let job_type = "io.camunda:aws-bedrock:1";
        Self { id, job_type, retries: 1, inputs: String::new(), headers: String::new() }
            .input("converse", "action")
            .input("some.model", "data.modelId")
    }

    pub(crate) fn job_type(mut self, job_type: &'static str) -> Self {
        self.job_type = job_type;
        self
    }

    pub(crate) fn input(mut self, source: &str, target: &str) -> Self {
        let source = escaped(source);
        self.inputs.push_str(&format!(r#"<zeebe:input source="{source}" target="{target}" />"#));
        self
    }

    pub(crate) fn header(mut self, key: &str, value: &str) -> Self {
        let value = escaped(value);
        self.headers.push_str(&format!(r#"<zeebe:header key="{key}" value="{value}" />"#));
        self
    }

    /// Deploys the process and gives its id.
    pub(crate) async fn deploy(&self, stage: &Stage) -> String {
        let Self { id, job_type, retries, inputs, headers } = self;
        let text = format!(
            r#"<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" targetNamespace="http://bpmn.io/schema/bpmn">
  <bpmn:process id="{id}" isExecutable="true">
    <bpmn:startEvent id="Start"><bpmn:outgoing>In</bpmn:outgoing></bpmn:startEvent>
    <bpmn:sequenceFlow id="In" sourceRef="Start" targetRef="Ask" />
    <bpmn:serviceTask id="Ask">
      <bpmn:extensionElements>
        <zeebe:taskDefinition type="{job_type}" retries="{retries}" />
        <zeebe:ioMapping>{inputs}</zeebe:ioMapping>
        <zeebe:taskHeaders>{headers}<zeebe:header key="resultVariable" value="answer" /></zeebe:taskHeaders>
      </bpmn:extensionElements>
      <bpmn:incoming>In</bpmn:incoming><bpmn:outgoing>Out</bpmn:outgoing>
    </bpmn:serviceTask>
    <bpmn:sequenceFlow id="Out" sourceRef="Ask" targetRef="End" />
    <bpmn:endEvent id="End"><bpmn:incoming>Out</bpmn:incoming></bpmn:endEvent>
  </bpmn:process>
</bpmn:definitions>"#
        );
        let resource = Resource { name: format!("{id}.bpmn"), content: text.into_bytes() };
        deploy(&stage.client, &[resource]).await;
        (*id).to_owned()
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&#34;")
}
