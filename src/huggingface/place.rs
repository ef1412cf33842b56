//! Where a model is, and who pays.

use crate::connections::Task;
use crate::secrets::Secret;

/// Hugging Face's own router, which knows the models of all its providers.
const ROUTER: &str = "https://router.huggingface.co";

/// Where users and their tokens are known.
const HUB: &str = "https://huggingface.co";

/// The hosts of Hugging Face itself, with all that stand below them.
const OWN: &[&str] = &["huggingface.co", "huggingface.cloud"];

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

/// Where a token is asked about: what stands in the place of the router serves this, too.
pub(super) fn hub(endpoint: Option<&str>) -> &str {
    let host = |endpoint: &str| {
        let rest = endpoint.split_once("://").map_or(endpoint, |(_, rest)| rest);
        rest.split(['/', ':']).next().unwrap_or_default().to_ascii_lowercase()
    };
    let is_own = |host: &str| {
        OWN.iter()
            .any(|own| host.strip_suffix(own).is_some_and(|below| below.is_empty() || below.ends_with('.')))
    };
    match endpoint {
        Some(endpoint) if !is_own(&host(endpoint)) => endpoint.trim_end_matches('/').trim_end_matches("/v1"),
        _ => HUB,
    }
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn tokens_are_known_at_the_hub_and_at_what_stands_in_its_place() {
        for (endpoint, expected) in [
            (None, HUB),
            (Some("https://router.huggingface.co/v1"), HUB),
            (Some("https://abc.eu-west-1.aws.endpoints.huggingface.cloud:443/v1"), HUB),
            (Some("https://hub.example.com/v1/"), "https://hub.example.com"),
            (Some("https://nothuggingface.co"), "https://nothuggingface.co"),
            (Some("http://127.0.0.1:8080"), "http://127.0.0.1:8080"),
        ] {
            assert_eq!(hub(endpoint), expected);
        }
    }
}
