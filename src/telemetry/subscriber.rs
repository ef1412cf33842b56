//! Where log lines go and what they look like.

use std::fmt;
use std::io::IsTerminal as _;
use std::sync::{Arc, Mutex, PoisonError};

use tracing::{Level, Metadata};
use tracing_subscriber::filter::{EnvFilter, ParseError, filter_fn};
use tracing_subscriber::fmt::writer::BoxMakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::{SubscriberInitExt as _, TryInitError};
use tracing_subscriber::{Layer as _, Registry, fmt as lines, reload};

use super::stackdriver::Stackdriver;

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// Text on a terminal, JSON otherwise.
    #[default]
    Auto,
    /// Lines for people.
    Text,
    /// One JSON object a line.
    Json,
    /// One JSON object a line with the fields that Google Cloud Logging reads.
    Stackdriver,
}

/// Where log lines go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Output {
    /// As a container's log.
    #[default]
    Stdout,
    /// For commands whose own output is on standard output.
    Stderr,
}

/// How the program logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    pub format: Format,
    pub output: Output,
    /// A level such as `info`, or directives such as `info,bedrock_connector::feed=debug`.
    pub filter: String,
}

impl Default for Options {
    fn default() -> Self {
        Self { format: Format::Auto, output: Output::Stdout, filter: "info".to_owned() }
    }
}

/// Logging could not be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SubscriberError {
    /// Correct the filter.
    #[error("the log filter {filter:?} cannot be read; expected a level such as info, or target=level pairs")]
    Filter { filter: String, source: ParseError },
    /// The program has set it up twice.
    #[error("logging was set up already")]
    AlreadySet(#[from] TryInitError),
    /// The process is ending.
    #[error("the log filter cannot be changed any more")]
    Gone(#[from] reload::Error),
}

impl Options {
    /// Reads the filter, so that a mistake is found together with all others.
    pub fn check(&self) -> Result<(), SubscriberError> {
        parse(&self.filter).map(drop)
    }

    fn is_terminal(&self) -> bool {
        match self.output {
            Output::Stdout => std::io::stdout().is_terminal(),
            Output::Stderr => std::io::stderr().is_terminal(),
        }
    }

    fn writer(&self) -> BoxMakeWriter {
        match self.output {
            Output::Stdout => BoxMakeWriter::new(std::io::stdout),
            Output::Stderr => BoxMakeWriter::new(std::io::stderr),
        }
    }
}

fn parse(filter: &str) -> Result<EnvFilter, SubscriberError> {
    EnvFilter::builder()
        .parse(filter)
        .map_err(|source| SubscriberError::Filter { filter: filter.to_owned(), source })
}

/// Whether something may be logged at all, whatever is asked for: libraries show whole requests at TRACE, with the
/// tokens and prompts that are in them.
fn may_be_logged(metadata: &Metadata<'_>) -> bool {
    let is_ours = || {
        let rest = metadata.target().strip_prefix("bedrock_connector");
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    };
    *metadata.level() < Level::TRACE || is_ours()
}

/// Goes with every filter that is set while the process runs, because whoever reaches the port may set one.
const AUDIT: &str = "bedrock_connector::audit=info";

/// Shows and changes what is logged while the process runs. Clones change the same filter.
#[derive(Clone)]
pub struct LogFilter {
    handle: reload::Handle<EnvFilter, Registry>,
    /// As it was asked for.
    asked: Arc<Mutex<String>>,
}

impl LogFilter {
    /// The filter in force.
    pub fn shown(&self) -> String {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts another filter in force. The lines of the audit stay.
    pub fn set(&self, filter: &str) -> Result<(), SubscriberError> {
        let asked = parse(filter)?.to_string();
        let parsed = parse(&format!("{asked},{AUDIT}"))?;
        // Said before, because the new filter may let nothing through.
        tracing::warn!(filter, "What is logged is changed");
        self.handle.reload(parsed)?;
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner) = asked;
        Ok(())
    }
}

impl fmt::Debug for LogFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LogFilter").field(&self.shown()).finish()
    }
}

/// Sends the log lines of this process, and of the libraries in it, where the options say.
pub fn init(options: &Options) -> Result<LogFilter, SubscriberError> {
    let terminal = options.is_terminal();
    let (subscriber, filter) = subscriber(options, options.writer(), terminal)?;
    subscriber.try_init()?;
    Ok(filter)
}

type Subscriber = Box<dyn tracing::Subscriber + Send + Sync>;

/// The subscriber of the options, writing elsewhere.
pub(super) fn subscriber(
    options: &Options,
    writer: BoxMakeWriter,
    terminal: bool,
) -> Result<(Subscriber, LogFilter), SubscriberError> {
    let filter = parse(&options.filter)?;
    let asked = Arc::new(Mutex::new(filter.to_string()));
    let (filter, handle) = reload::Layer::new(filter);
    let lines = lines::layer().with_writer(writer);
    let lines = match options.format {
        Format::Auto if terminal => lines.with_ansi(true).boxed(),
        Format::Text => lines.with_ansi(terminal).boxed(),
        Format::Auto | Format::Json => {
            lines.json().flatten_event(true).with_current_span(true).with_span_list(false).boxed()
        }
        Format::Stackdriver => {
            lines.with_ansi(false).event_format(Stackdriver).fmt_fields(Stackdriver::fields()).boxed()
        }
    };
    let subscriber = Registry::default().with(filter).with(filter_fn(may_be_logged)).with(lines);
    Ok((Box::new(subscriber), LogFilter { handle, asked }))
}
