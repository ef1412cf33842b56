//! Where log lines go and what they look like.

use std::io::IsTerminal as _;

use tracing_subscriber::filter::{EnvFilter, ParseError};
use tracing_subscriber::fmt::writer::BoxMakeWriter;
use tracing_subscriber::util::{SubscriberInitExt as _, TryInitError};

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
}

impl Options {
    /// Reads the filter, so that a mistake is found together with all others.
    pub fn check(&self) -> Result<(), SubscriberError> {
        self.env_filter().map(drop)
    }

    fn env_filter(&self) -> Result<EnvFilter, SubscriberError> {
        EnvFilter::builder()
            .parse(&self.filter)
            .map_err(|source| SubscriberError::Filter { filter: self.filter.clone(), source })
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

/// Sends the log lines of this process, and of the libraries in it, where the options say.
pub fn init(options: &Options) -> Result<(), SubscriberError> {
    let terminal = options.is_terminal();
    subscriber(options, options.writer(), terminal)?.try_init()?;
    Ok(())
}

/// The subscriber of the options, writing elsewhere.
pub(super) fn subscriber(
    options: &Options,
    writer: BoxMakeWriter,
    terminal: bool,
) -> Result<Box<dyn tracing::Subscriber + Send + Sync>, SubscriberError> {
    let builder = tracing_subscriber::fmt().with_env_filter(options.env_filter()?).with_writer(writer);
    Ok(match options.format {
        Format::Auto if terminal => Box::new(builder.with_ansi(true).finish()),
        Format::Text => Box::new(builder.with_ansi(terminal).finish()),
        Format::Auto | Format::Json => Box::new(
            builder.json().flatten_event(true).with_current_span(true).with_span_list(false).finish(),
        ),
        Format::Stackdriver => Box::new(
            builder.with_ansi(false).event_format(Stackdriver).fmt_fields(Stackdriver::fields()).finish(),
        ),
    })
}
