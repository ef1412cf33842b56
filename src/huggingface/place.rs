//! Where a model is, and who pays.

use crate::connections::Task;
use crate::secrets::Secret;

/// Hugging Face's own router, which knows the models of all its providers.
const ROUTER: &str = "https://router.huggingface.co";

/// How a model of Hugging Face is reached.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Hosting {
    pub task: Task,
    /// In place of the router, or the model's dedicated endpoint.
    pub endpoint: Option<String>,
    /// Whether the endpoint serves this one model.
    pub is_dedicated: bool,
    /// The organization that pays.
    pub bill_to: Option<String>,
}

/// HTTP proxies; their URLs may hold a password.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxy {
    pub https: Option<Secret>,
    pub http: Option<Secret>,
    /// Hosts that are reached directly, separated by commas.
    pub no_proxy: String,
}

impl Hosting {
    /// The address of a model for its task.
    pub(super) fn url(&self, model: &str) -> String {
        let base = self.endpoint.as_deref().unwrap_or(ROUTER).trim_end_matches('/');
        match (self.task, self.is_dedicated) {
            // Whoever copies the address from Hugging Face's pages may have copied the version with it.
            (Task::Chat, _) => format!("{}/v1/chat/completions", base.strip_suffix("/v1").unwrap_or(base)),
            (Task::TextGeneration | Task::FeatureExtraction, true) => base.to_owned(),
            (Task::TextGeneration, false) => format!("{base}/hf-inference/models/{model}"),
            (Task::FeatureExtraction, false) => {
                format!("{base}/hf-inference/models/{model}/pipeline/feature-extraction")
            }
        }
    }
}
