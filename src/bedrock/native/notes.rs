//! Answers that are paid on the way to a whole one. They are kept, so that the next attempt at the job does not
//! ask for them again.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::bedrock::call::Asked;
use crate::connector::Notebook;

/// An answer, and to what.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Note {
    /// The hash of the request.
    request: String,
    pub(super) asked: Asked,
}

/// The notes on one task.
#[derive(Debug)]
pub(super) struct Notes<'a> {
    notebook: &'a dyn Notebook,
    /// What has been kept by earlier attempts, by request. The same request may have been paid more than once.
    earlier: HashMap<String, Vec<Asked>>,
}

impl<'a> Notes<'a> {
    /// Reads what there is. What cannot be understood, as from another version, is asked for again.
    pub(super) fn open(notebook: &'a dyn Notebook) -> Self {
        let kept = notebook.notes().and_then(|notes| notes.get("answers")).and_then(Value::as_array);
        let notes = kept.into_iter().flatten().filter_map(|note| Note::deserialize(note).ok());
        let mut earlier = HashMap::<_, Vec<_>>::new();
        for Note { request, asked } in notes {
            earlier.entry(request).or_default().push(Asked { is_noted: true, ..asked });
        }
        Self { notebook, earlier }
    }

    /// Takes the answer to a request, if it is there.
    pub(super) fn take(&mut self, body: &[u8]) -> Option<Asked> {
        self.earlier.get_mut(&request(body))?.pop()
    }

    /// Keeps these answers in place of all before.
    pub(super) async fn keep(&self, paid: &[Note]) {
        self.notebook.keep(&json!({ "answers": paid })).await;
    }
}

impl Note {
    pub(super) fn new(body: &[u8], asked: Asked) -> Self {
        Self { request: request(body), asked }
    }
}

/// Tells a request by its body from the others of its task, which all go the same way.
fn request(body: &[u8]) -> String {
    STANDARD.encode(Sha256::digest(body))
}
