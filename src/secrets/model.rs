//! Which secrets the process model itself names, and in which input of a task.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use roxmltree::{Document, Node};

use super::cache::Cache;
use super::replace::{Piece, pieces};
use super::{Scope, SourceError};

const ZEEBE: &str = "http://camunda.org/schema/zeebe/1.0";

/// How many process versions are kept. What was deployed never changes.
const MAX_KEPT: usize = 1_000;
const KEEP: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Knows which secrets the process model names in the inputs of a task.
pub trait ModelNames: Debug + Send + Sync {
    /// The inputs of the element that the job belongs to.
    fn inputs<'a>(&'a self, scope: &'a Scope) -> BoxFuture<'a, Result<Inputs, SourceError>>;
}

/// Gives the BPMN text of deployed processes.
pub trait ProcessSource: Debug + Send + Sync {
    /// The text of the process version with this key. The error says what went wrong.
    fn xml(&self, process_definition_key: i64) -> BoxFuture<'static, Result<String, String>>;
}

/// The inputs of one task that name secrets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inputs(Vec<(Vec<String>, BTreeSet<String>)>);

impl Inputs {
    /// Adds an input: its target, such as `data.newMessage`, and its source as it is written.
    #[must_use]
    pub fn with(mut self, target: &str, source: &str) -> Self {
        let names: BTreeSet<_> = pieces(source)
            .into_iter()
            .filter_map(|piece| match piece {
                Piece::Placeholder { name, .. } => Some(name.to_owned()),
                Piece::Text(_) | Piece::Unclosed { .. } => None,
            })
            .collect();
        if !names.is_empty() {
            self.0.push((target.split('.').map(|part| part.trim().to_owned()).collect(), names));
        }
        self
    }

    /// Whether the input that this place belongs to names the secret. A name in the credentials does not open the
    /// prompt: its author could write the same name.
    pub(super) fn name_at(&self, path: &[String], name: &str) -> bool {
        self.0.iter().any(|(target, names)| path.starts_with(target) && names.contains(name))
    }
}

/// Reads the models of deployed processes, each once.
#[derive(Debug)]
pub struct DeployedModels {
    source: Arc<dyn ProcessSource>,
    kept: Cache<i64, Arc<HashMap<String, Inputs>>>,
}

impl DeployedModels {
    /// Models from this source.
    pub fn new(source: Arc<dyn ProcessSource>) -> Self {
        Self { source, kept: Cache::new(MAX_KEPT, KEEP) }
    }

    async fn read(&self, scope: &Scope) -> Result<Inputs, SourceError> {
        let key = scope.process_definition_key;
        let fetch = || {
            let xml = self.source.xml(key);
            async move {
                let read = xml.await.and_then(|xml| inputs_by_element(&xml));
                read.map(Arc::new)
                    .map_err(|reason| SourceError::new(format!("the model of process {key}"), reason))
            }
        };
        let elements = self.kept.get(&key, fetch).await?;
        Ok(elements.get(&scope.element_id).cloned().unwrap_or_default())
    }
}

impl ModelNames for DeployedModels {
    fn inputs<'a>(&'a self, scope: &'a Scope) -> BoxFuture<'a, Result<Inputs, SourceError>> {
        self.read(scope).boxed()
    }
}

/// The inputs that name secrets, by the id of their element.
fn inputs_by_element(xml: &str) -> Result<HashMap<String, Inputs>, String> {
    let document = Document::parse(xml).map_err(|error| format!("it is no XML: {error}"))?;
    let mappings = document.descendants().filter(|node| node.has_tag_name((ZEEBE, "ioMapping")));
    let mut elements = HashMap::new();
    for mapping in mappings {
        let element = mapping.parent().and_then(|extensions| extensions.parent());
        let Some(id) = element.and_then(|element| element.attribute("id")) else { continue };
        let inputs = mapping.children().filter(|node| node.has_tag_name((ZEEBE, "input")));
        let inputs = inputs.fold(Inputs::default(), |inputs, input| {
            inputs.with(attribute(input, "target"), attribute(input, "source"))
        });
        if inputs != Inputs::default() {
            elements.insert(id.to_owned(), inputs);
        }
    }
    Ok(elements)
}

fn attribute<'a>(node: Node<'a, '_>, name: &str) -> &'a str {
    node.attribute(name).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    const PROCESS: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<b:definitions xmlns:b="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:z="http://camunda.org/schema/zeebe/1.0">
  <b:process id="p">
    <b:subProcess id="Outer">
      <b:extensionElements><z:ioMapping><z:input source="{{secrets.OUTER}}" target="data" /></z:ioMapping></b:extensionElements>
      <b:serviceTask id="Ask">
        <b:extensionElements><z:ioMapping>
          <z:input source="{{ secrets.KEY }}" target="authentication.secretKey" />
          <z:input source="=&#34;Use {{secrets.TOKEN}} for &#34; + question" target="data.newMessage" />
          <z:input source="=secretsOfOthers" target="data.modelId" />
          <z:input target="data.empty" />
          <z:output source="{{secrets.OUTPUT}}" target="data" />
        </z:ioMapping></b:extensionElements>
      </b:serviceTask>
    </b:subProcess>
  </b:process>
</b:definitions>"#;

    #[derive(Debug, Default)]
    struct Engine {
        asked: AtomicUsize,
        fails: bool,
    }

    impl ProcessSource for Engine {
        fn xml(&self, key: i64) -> BoxFuture<'static, Result<String, String>> {
            self.asked.fetch_add(1, Ordering::Relaxed);
            let answer = match (self.fails, key) {
                (true, _) => Err("no connection".to_owned()),
                (false, 1) => Ok(PROCESS.to_owned()),
                (false, _) => Ok("<a>".to_owned()),
            };
            std::future::ready(answer).boxed()
        }
    }

    fn scope(key: i64, element_id: &str) -> Scope {
        Scope { process_definition_key: key, element_id: element_id.into(), ..Scope::default() }
    }

    fn path(text: &str) -> Vec<String> {
        text.split('.').map(str::to_owned).collect()
    }

    #[tokio::test]
    async fn a_name_counts_in_the_input_that_writes_it() {
        let models = DeployedModels::new(Arc::new(Engine::default()));
        let inputs = models.inputs(&scope(1, "Ask")).await.unwrap();
        for (place, name, expected) in [
            ("authentication.secretKey", "KEY", true),
            ("authentication.secretKey", "TOKEN", false),
            ("authentication.accessKey", "KEY", false),
            ("data.newMessage", "TOKEN", true),
            ("data.newMessage.0.text", "TOKEN", true),
            ("data.newMessage", "KEY", false),
            ("data", "TOKEN", false),
            ("data.newMessages", "TOKEN", false),
            ("data.newMessage", "OUTER", false),
            ("data.newMessage", "OUTPUT", false),
        ] {
            assert_eq!(inputs.name_at(&path(place), name), expected, "{name} at {place}");
        }
        assert_eq!(models.inputs(&scope(1, "Other")).await, Ok(Inputs::default()));
    }

    #[tokio::test]
    async fn a_model_is_read_once_and_a_failure_again() {
        let engine = Arc::new(Engine::default());
        let models = DeployedModels::new(Arc::clone(&engine) as Arc<dyn ProcessSource>);
        for element in ["Ask", "Ask", "Outer"] {
            models.inputs(&scope(1, element)).await.unwrap();
        }
        assert_eq!(engine.asked.load(Ordering::Relaxed), 1);
        let away = Arc::new(Engine { fails: true, ..Engine::default() });
        let models = DeployedModels::new(Arc::clone(&away) as Arc<dyn ProcessSource>);
        for _ in 0..2 {
            let error = models.inputs(&scope(1, "Ask")).await.unwrap_err();
            assert_eq!(
                error.to_string(),
                "the secrets cannot be read from the model of process 1: no connection"
            );
        }
        assert_eq!(away.asked.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn what_is_no_model_is_told() {
        let models = DeployedModels::new(Arc::new(Engine::default()));
        let error = models.inputs(&scope(2, "Ask")).await.unwrap_err();
        assert!(error.reason.starts_with("it is no XML: "), "{error}");
        assert!(inputs_by_element("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>").is_err(), "no entities");
    }
}
