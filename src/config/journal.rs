//! From settings to where answers are kept.

use std::path::PathBuf;
use std::time::Duration;

use super::reader::Reader;
use crate::journal::postgres::Address;

/// The journal's part of the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalConfig {
    pub place: JournalPlace,
    /// What the operator calls the engine, where neither its id nor its address is to tell it from others.
    pub engine: Option<String>,
    /// After how long an answer that nobody took is dropped.
    pub keep: Duration,
    /// The size of all answers together.
    pub max_bytes: usize,
}

/// Where answers are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JournalPlace {
    /// In a folder of this process alone.
    Folder(PathBuf),
    /// In a database that replicas share.
    Database(Box<Address>),
    /// They are not kept, by choice or for want of a folder.
    Nowhere { chosen: bool, message: &'static str },
}

const KEY: &str = "journal.data-dir";
const URL: &str = "journal.url";

pub(crate) fn read(reader: &mut Reader, variables: &[(String, String)]) -> JournalConfig {
    let mut keep = Duration::from_secs(7 * 24 * 60 * 60);
    reader.duration("journal.keep", &mut keep);
    let mut max_bytes = 256 << 20;
    reader.bytes("journal.max-size", &mut max_bytes);
    let engine = reader.text("journal.engine").filter(|name| !name.is_empty());
    JournalConfig { place: place(reader, variables), engine, keep, max_bytes }
}

fn place(reader: &mut Reader, variables: &[(String, String)]) -> JournalPlace {
    let (database, folder) = (database(reader), reader.path(KEY));
    if reader.switch("journal.enabled") == Some(false) {
        return JournalPlace::Nowhere { chosen: true, message: "the journal is switched off" };
    }
    // A folder may come with the image; whoever names a database means it.
    if let Some(address) = database {
        return JournalPlace::Database(Box::new(address));
    }
    if let Some(folder) = folder {
        return JournalPlace::Folder(folder);
    }
    match usual_folder(variables) {
        Some((folder, from)) => {
            reader.derive(KEY, folder.display().to_string(), from);
            JournalPlace::Folder(folder)
        }
        None => JournalPlace::Nowhere {
            chosen: false,
            message: "there is no data folder; set BEDROCK_CONNECTOR_DATA_DIR to one that outlives this process",
        },
    }
}

fn database(reader: &mut Reader) -> Option<Address> {
    let url = reader.text(URL)?;
    match Address::parse(&url) {
        Ok(address) => Some(address),
        Err(error) => {
            reader.mistake(URL, error.to_string());
            None
        }
    }
}

/// Where a service or a user keeps such things, by the variables that name the place.
fn usual_folder(variables: &[(String, String)]) -> Option<(PathBuf, &'static str)> {
    let named = |name: &str| {
        let (_, value) = variables.iter().find(|(variable, _)| variable == name)?;
        // The specifications of these variables ask for absolute paths, and for others to be ignored.
        Some(PathBuf::from(value)).filter(|path| path.is_absolute())
    };
    // systemd gives a service its own folder; the others are shared by all programs of a user.
    named("STATE_DIRECTORY")
        .map(|folder| (folder, "STATE_DIRECTORY"))
        .or_else(|| Some((named("XDG_STATE_HOME")?.join("bedrock-connector"), "XDG_STATE_HOME")))
        .or_else(|| Some((named("HOME")?.join(".local/state/bedrock-connector"), "HOME")))
}
