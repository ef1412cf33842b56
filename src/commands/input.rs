//! Reading what the command line names.

use serde_json::Value;

use super::Usage;
use crate::cli::JsonSource;

impl JsonSource {
    /// The JSON itself.
    pub(crate) fn read(&self) -> Result<Value, Usage> {
        match self {
            Self::Written(value) => Ok(value.clone()),
            Self::File(path) => {
                let text = std::fs::read_to_string(path)
                    .map_err(|error| Usage(format!("{} cannot be read: {error}", path.display())))?;
                serde_json::from_str(&text)
                    .map_err(|error| Usage(format!("{} is not JSON: {error}", path.display())))
            }
        }
    }
}
