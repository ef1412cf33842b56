//! One process instance from start to end in this process: an embedded gateway walks the diagram, the real
//! worker takes its jobs over a real socket, and an emulated Bedrock (or, on request, Bedrock itself) answers.

mod overheard;
mod page;
mod scenario;
mod secrets;
mod story;
mod transcript;

use std::io::{self, Write};
use std::sync::Arc;

use serde_json::Value;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc};

use self::overheard::{Listening, Overheard};
pub use self::scenario::{Scenario, ScenarioError};
use self::secrets::AnySecret;
pub use self::story::Ending;
use self::story::Story;
use self::transcript::Transcript;
use crate::app::{self, App};
use crate::config::{Config, Environment, FixedEnvironment, Flags, Mistakes};
use crate::emulator::bedrock::{self, Bedrock, Target};
use crate::emulator::gateway::{self, Event, Gateway};
use crate::telemetry::Telemetry;
use crate::zeebe::{self, NewInstance, Resource};

/// What is walked, and how.
#[derive(Debug, Clone)]
pub struct Options {
    pub diagram: Diagram,
    /// Variables to start with, and what models and people answer.
    pub scenario: Scenario,
    /// Calls Bedrock itself.
    pub live: bool,
    /// One JSON object for each step in place of the story.
    pub json: bool,
}

/// A BPMN file.
#[derive(Debug, Clone)]
pub struct Diagram {
    pub name: String,
    pub content: Vec<u8>,
}

impl Diagram {
    /// The example that comes with the program.
    pub fn included() -> Self {
        Self {
            name: "support-answer.bpmn".to_owned(),
            content: include_bytes!("support-answer.bpmn").to_vec(),
        }
    }
}

/// Why there is nothing to tell, or no more.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    #[error("the embedded gateway or Bedrock cannot listen on 127.0.0.1")]
    Listen(#[source] io::Error),
    #[error("{name} cannot be walked")]
    Diagram { name: String, source: zeebe::Error },
    #[error("{name} holds no executable process")]
    NoProcess { name: String },
    #[error("the process cannot be started")]
    Start(#[source] zeebe::Error),
    #[error("the embedded gateway cannot be reached")]
    Client(#[source] zeebe::Error),
    #[error(transparent)]
    Configuration(#[from] Mistakes),
    #[error(transparent)]
    App(#[from] app::Error),
    #[error("the story cannot be written")]
    Write(#[from] io::Error),
    #[error("the embedded gateway has stopped telling what happens")]
    Silent,
}

/// Walks the diagram and tells what happens. A stuck process is an ending, not an error.
pub async fn run(options: Options, environment: &dyn Environment, out: impl Write) -> Result<Ending, Error> {
    let gateway_options =
        gateway::Options { results: options.scenario.results.clone(), ..gateway::Options::default() };
    let gateway = Gateway::start(gateway_options).await.map_err(Error::Listen)?;
    let bedrock = match options.live {
        true => None,
        false => Some(Bedrock::start(bedrock::Options::default()).await.map_err(Error::Listen)?),
    };
    if let Some(bedrock) = &bedrock {
        bedrock.script(Target::Any, options.scenario.steps());
    }
    let (ear, overheard) = mpsc::channel(64);
    let config = config(&gateway, bedrock.as_ref(), environment)?;
    let mut app = App::new(config, Telemetry::no_op());
    if bedrock.is_some() {
        app = app.secrets_from(vec![Arc::new(AnySecret)]);
    }
    let app = app.around_connectors(move |connector| Listening::to(connector, ear.clone()));
    let app = Box::pin(app.start()).await?;

    let happenings = Happenings { events: gateway.events(), overheard };
    start_instance(&gateway, &options).await?;
    let ending = if options.json {
        happenings.tell(&mut Transcript::new(out)).await
    } else {
        let mut story = Story::new(out);
        story.opening(&options.diagram.name, options.live)?;
        happenings.tell(&mut story).await
    };
    app.stop().await;
    ending
}

/// Somebody who tells what happens.
trait Teller {
    fn event(&mut self, event: &Event) -> io::Result<()>;
    fn overheard(&mut self, overheard: &Overheard) -> io::Result<()>;
    /// Set once the instance has ended or stands still.
    fn ending(&self) -> Option<Ending>;
}

/// The two sides of the worker, as they are seen from here.
#[derive(Debug)]
struct Happenings {
    events: broadcast::Receiver<Event>,
    overheard: mpsc::Receiver<Overheard>,
}

impl Happenings {
    async fn tell(mut self, teller: &mut impl Teller) -> Result<Ending, Error> {
        let mut answers: Vec<Overheard> = Vec::new();
        loop {
            tokio::select! {
                // An answer is known here before the gateway hears of it, but the gateway's own events up to then
                // may still be waiting; so it is kept until the gateway tells what became of its job.
                biased;
                Some(overheard) = self.overheard.recv() => answers.push(overheard),
                event = self.events.recv() => match event {
                    Ok(event) => {
                        let ended = ended_attempt(&event);
                        for answer in answers.extract_if(.., |answer| Some(answer.element_id.as_str()) == ended) {
                            teller.overheard(&answer)?;
                        }
                        teller.event(&event)?;
                    }
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return Err(Error::Silent),
                },
            }
            if let Some(ending) = teller.ending() {
                return Ok(ending);
            }
        }
    }
}

/// The element whose job an event ends, for this attempt at least.
fn ended_attempt(event: &Event) -> Option<&str> {
    match event {
        Event::JobCompleted { element_id, .. }
        | Event::JobFailed { element_id, .. }
        | Event::ErrorThrown { element_id, .. } => Some(element_id),
        _ => None,
    }
}

/// The worker's configuration: the settings of the process's environment, but the servers of this process.
fn config(
    gateway: &Gateway,
    bedrock: Option<&Bedrock>,
    environment: &dyn Environment,
) -> Result<Config, Mistakes> {
    let ours = |name: &str| name.starts_with("SECRET_") || name.starts_with("BEDROCK_CONNECTOR_");
    let mut variables: Vec<_> = match bedrock {
        Some(_) => Vec::new(),
        None => environment.variables().into_iter().filter(|(name, _)| ours(name)).collect(),
    };
    let mut set = |name: &str, value: String| variables.push((name.to_owned(), value));
    set("CAMUNDA_CLIENT_GRPCADDRESS", gateway.url());
    set("SERVER_ADDRESS", "127.0.0.1".to_owned());
    set("SERVER_PORT", "0".to_owned());
    // Each walk asks anew.
    set("BEDROCK_CONNECTOR_JOURNAL_ENABLED", "false".to_owned());
    if let Some(bedrock) = bedrock {
        set("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", bedrock.url());
        // The emulated Bedrock knows every key, so nobody's own credentials are looked for.
        set("AWS_ACCESS_KEY_ID", "AKIADEMO".to_owned());
        set("AWS_SECRET_ACCESS_KEY", "demo".to_owned());
    }
    Config::load(&FixedEnvironment::from(variables), &Flags::default())
}

async fn start_instance(gateway: &Gateway, options: &Options) -> Result<(), Error> {
    let client_options = zeebe::Options { address: gateway.url(), ..zeebe::Options::default() };
    let client = zeebe::Client::new(&client_options).map_err(Error::Client)?;
    let name = options.diagram.name.clone();
    let resource = Resource { name: name.clone(), content: options.diagram.content.clone() };
    let deployed = client
        .deploy(vec![resource], "")
        .await
        .map_err(|source| Error::Diagram { name: name.clone(), source })?;
    let process = deployed.first().ok_or(Error::NoProcess { name })?;
    let variables = Value::Object(options.scenario.variables.clone()).to_string();
    let instance =
        NewInstance { bpmn_process_id: process.bpmn_process_id.clone(), variables, ..NewInstance::default() };
    client.create_instance(&instance).await.map_err(Error::Start)?;
    Ok(())
}
