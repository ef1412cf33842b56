//! From settings to how the process logs.

use super::reader::Reader;
use crate::telemetry::{Format, Options};

pub(crate) fn read(reader: &mut Reader) -> Options {
    let mut options = Options::default();
    if let Some(level) = reader.parsed("log.level", |text| Some(filter(text))) {
        options.filter = level;
    }
    if let Err(error) = options.check() {
        reader
            .mistake("log.level", format!("expected a level such as info, or target=level pairs ({error})"));
    }
    if let Some(format) = reader.parsed("log.format", format) {
        options.format = format;
    }
    options
}

fn format(text: &str) -> Option<Format> {
    match text.trim().to_ascii_lowercase().as_str() {
        // The second one is what the peer calls it.
        "auto" | "default" => Some(Format::Auto),
        "text" => Some(Format::Text),
        "json" => Some(Format::Json),
        "stackdriver" => Some(Format::Stackdriver),
        _ => None,
    }
}

/// Spring's levels in upper case are the same words; two of them are called differently.
fn filter(text: &str) -> String {
    match text.trim().to_ascii_lowercase().as_str() {
        "fatal" => "error".to_owned(),
        "all" => "trace".to_owned(),
        level @ ("off" | "error" | "warn" | "info" | "debug" | "trace") => level.to_owned(),
        _ => text.trim().to_owned(),
    }
}
