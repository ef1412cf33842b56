//! Everything that leaves the worker, to be searched for what must not be in it.

use axum::body::{Body, to_bytes};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

use super::Stage;
use super::stage::PATIENCE;

/// Pages of the worker that anybody beside it can read.
const PAGES: [&str; 4] = ["/actuator/prometheus", "/actuator/health", "/actuator/loggers", "/outbound"];

/// Texts by the place where they were found.
#[derive(Debug)]
pub(crate) struct Traces(Vec<(String, String)>);

impl Stage {
    /// What the worker has sent, logged and shown so far, and the variables that the engine has.
    pub(crate) async fn traces(&self, variables: &Value) -> Traces {
        let mut traces = vec![
            ("the variables".to_owned(), variables.to_string()),
            ("the log".to_owned(), self.worker_log()),
        ];
        for exchange in self.bedrock.exchanges().all() {
            traces.push(("a path of Bedrock".to_owned(), exchange.raw_path.clone()));
            traces.push(("the headers of a request".to_owned(), format!("{:?}", exchange.headers)));
            traces.push(("the body of a request".to_owned(), exchange.body_text.clone()));
        }
        if let Some(gateway) = &self.gateway {
            traces.push(("the commands".to_owned(), format!("{:?}", gateway.received().all())));
            traces.push(("the incidents".to_owned(), format!("{:?}", gateway.incidents())));
        }
        for page in PAGES {
            traces.push((page.to_owned(), self.page(page).await));
        }
        Traces(traces)
    }

    /// Waits until a page holds this text.
    pub(crate) async fn shown(&self, path: &str, text: &str) {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let page = self.page(path).await;
            if page.contains(text) {
                return;
            }
            assert!(tokio::time::Instant::now() < deadline, "{path} does not show {text}:\n{page}");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    async fn page(&self, path: &str) -> String {
        let client = Client::builder(TokioExecutor::new()).build_http::<Body>();
        let url = self.worker.admin_url(path).expect("the admin port is open").parse().expect("a URL");
        let answer = client.get(url).await.expect("the worker answers");
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        let body = to_bytes(Body::new(answer.into_body()), usize::MAX).await.expect("a whole page");
        String::from_utf8_lossy(&body).into_owned()
    }
}

impl Traces {
    /// The places where a text stands, as it is or in one of the forms in which texts travel.
    pub(crate) fn with(&self, text: &str) -> Vec<&str> {
        let forms = forms(text);
        let found = self.0.iter().filter(|(_, trace)| forms.iter().any(|form| trace.contains(form)));
        found.map(|(place, _)| place.as_str()).collect()
    }
}

fn forms(text: &str) -> Vec<String> {
    let json = Value::from(text).to_string();
    let url = text.bytes().map(|byte| match byte.is_ascii_alphanumeric() {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    });
    let mut forms = vec![text.to_owned(), json.trim_matches('"').to_owned(), url.collect()];
    // In base64 a text looks different by where in a document it begins; its edges depend on what is around it.
    forms.extend((0..3).map(|before| {
        let encoded = STANDARD.encode(format!("{}{text}", " ".repeat(before)));
        let inner = encoded.trim_end_matches('=').get(4..).unwrap_or_default();
        inner.get(..inner.len().saturating_sub(2)).unwrap_or_default().to_owned()
    }));
    forms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_found_in_every_form() {
        let secret = "a \"secret\" value";
        for before in ["", "x", "xy", "xyz"] {
            let document = format!("{before}{secret}, and more");
            let trace = |text: String| Traces(vec![("here".to_owned(), text)]);
            for text in [
                document.clone(),
                STANDARD.encode(&document),
                Value::from(document.as_str()).to_string(),
                "/model/a%20%22secret%22%20value/converse".to_owned(),
            ] {
                assert_eq!(trace(text.clone()).with(secret), ["here"], "{text}");
            }
            assert_eq!(trace(document).with("another secret"), Vec::<&str>::new());
        }
    }
}
