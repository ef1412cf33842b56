//! The process of a scenario: one question to the model, then a task that this program works on itself, so that it
//! sees which instances have come past the model.

use bedrock_connector::zeebe::Resource;

/// What follows this in a prompt names the instance.
pub(crate) const MARK: &str = "instance ";

/// How the question is asked.
#[derive(Debug, Clone)]
pub(crate) struct Task {
    pub name: &'static str,
    pub retries: u32,
    pub result_expression: &'static str,
    pub error_expression: &'static str,
}

impl Task {
    pub(crate) fn named(name: &'static str) -> Self {
        let result_expression = "={answer: response[-1].contentList[1].text}";
        Self { name, retries: 3, result_expression, error_expression: "" }
    }

    /// A type of its own, so that what one scenario leaves behind is no other one's work.
    pub(crate) fn job_type(&self) -> String {
        format!("chaos:{}", self.name)
    }

    /// The type of the task behind the question.
    pub(crate) fn end_type(&self) -> String {
        format!("chaos:{}:end", self.name)
    }

    pub(crate) fn diagram(&self) -> Resource {
        let Self { name, retries, .. } = self;
        let (job_type, end_type) = (self.job_type(), self.end_type());
        let result_expression = escaped(self.result_expression);
        let error_expression = escaped(self.error_expression);
        let content = format!(
            r#"<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"
    id="Definitions" targetNamespace="chaos">
  <process id="{name}" isExecutable="true">
    <startEvent id="Start"/>
    <serviceTask id="Ask">
      <extensionElements>
        <zeebe:taskDefinition type="{job_type}" retries="{retries}"/>
        <zeebe:ioMapping>
          <zeebe:input source="converse" target="action"/>
          <zeebe:input source="defaultCredentialsChain" target="authentication.type"/>
          <zeebe:input source="eu-central-1" target="configuration.region"/>
          <zeebe:input source="=model" target="data.modelId"/>
          <zeebe:input source="=&quot;This is {MARK}&quot; + string(number) + &quot;: where is my parcel?&quot;"
              target="data.newMessage"/>
        </zeebe:ioMapping>
        <zeebe:taskHeaders>
          <zeebe:header key="resultExpression" value="{result_expression}"/>
          <zeebe:header key="errorExpression" value="{error_expression}"/>
          <zeebe:header key="retryBackoff" value="PT0S"/>
        </zeebe:taskHeaders>
      </extensionElements>
    </serviceTask>
    <serviceTask id="Tell">
      <extensionElements><zeebe:taskDefinition type="{end_type}"/></extensionElements>
    </serviceTask>
    <endEvent id="End"/>
    <sequenceFlow id="Flow_Start_Ask" sourceRef="Start" targetRef="Ask"/>
    <sequenceFlow id="Flow_Ask_Tell" sourceRef="Ask" targetRef="Tell"/>
    <sequenceFlow id="Flow_Tell_End" sourceRef="Tell" targetRef="End"/>
  </process>
</definitions>"#
        );
        Resource { name: format!("{name}.bpmn"), content: content.into_bytes() }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}
