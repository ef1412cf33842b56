//! Where a secret lies. The configuration names places and never holds the secret itself.

use std::fmt;
use std::path::PathBuf;

use crate::secret::Secret;

/// The place of a secret.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Reference {
    /// A variable of the environment, which is read once, at the start. Without a value where nobody is to be called.
    Environment { variable: String, value: Option<Secret> },
    /// A file, which Kubernetes may swap while the process runs.
    File(PathBuf),
    /// A secret of AWS Secrets Manager: the whole text, or a member of the JSON object in it.
    AwsSecret { id: String, key: Option<String>, region: Option<String> },
    /// A text that is no secret, where both are allowed.
    Text(String),
}

impl fmt::Display for Reference {
    /// As the configuration writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        match self {
            Self::Environment { variable, .. } => write!(f, "{{ env = {} }}", quoted(variable)),
            Self::File(path) => write!(f, "{{ file = {} }}", quoted(&path.display().to_string())),
            Self::AwsSecret { id, key, region } => {
                write!(f, "{{ aws-secret = {}", quoted(id))?;
                for (name, value) in [("key", key), ("region", region)] {
                    if let Some(value) = value {
                        write!(f, ", {name} = {}", quoted(value))?;
                    }
                }
                f.write_str(" }")
            }
            Self::Text(text) => f.write_str(&quoted(text)),
        }
    }
}
