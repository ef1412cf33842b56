//! Paths and their answers.

use std::fmt::Debug;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Router, body};
use serde_json::{Value, json};

use super::Exhibits;
use super::health::{Answer, Health};

/// The media type of Spring's actuator, which some dashboards ask for.
const ACTUATOR_JSON: &str = "application/vnd.spring-boot.actuator.v3+json";

/// What is logged, to be shown and changed while the process runs.
pub trait Loggers: Debug + Send + Sync {
    /// The filter in force.
    fn filter(&self) -> String;

    /// Puts another filter in force, or says what is wrong with it.
    fn set_filter(&self, filter: &str) -> Result<(), String>;
}

/// All paths.
pub(super) fn router(health: Arc<Health>, exhibits: &Exhibits) -> Router {
    let mut router = Router::new()
        .route("/actuator", get(links))
        .route("/actuator/health", get(async |State(health): Shared| health.overall().await.into_response()))
        .route(
            "/actuator/health/readiness",
            get(async |State(health): Shared| health.ready().await.into_response()),
        )
        .route("/actuator/health/liveness", get(async |State(health): Shared| health.live().into_response()))
        .route(
            "/actuator/health/startup",
            get(async |State(health): Shared| health.started().into_response()),
        )
        .with_state(health);
    if let Some((render, content_type)) = exhibits.metrics.clone() {
        let page = Arc::clone(&render);
        let list = Arc::clone(&render);
        router = router
            .route(
                "/actuator/prometheus",
                get(async move || ([(header::CONTENT_TYPE, content_type)], page())),
            )
            .route("/actuator/metrics", get(async move || actuator(&metric_names(&list()))))
            .route(
                "/actuator/metrics/{name}",
                get(async move |Path(name): Path<String>| metric(&render(), &name)),
            );
    }
    if let Some(loggers) = exhibits.loggers.clone() {
        let all = Arc::clone(&loggers);
        let root = Arc::clone(&loggers);
        router = router.route("/actuator/loggers", get(async move || actuator(&levels(all.as_ref())))).route(
            "/actuator/loggers/ROOT",
            get(async move || actuator(&level(root.as_ref())))
                .post(async move |body: body::Bytes| set_level(loggers.as_ref(), &body)),
        );
    }
    let connectors = exhibits.connectors.clone();
    router.route("/outbound", get(async move || axum_json(&json!(connectors))))
}

type Shared = State<Arc<Health>>;

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let code = if self.up { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        (code, actuator(&self.body)).into_response()
    }
}

async fn links() -> Response {
    let names = ["health", "prometheus", "metrics", "loggers"];
    let links: serde_json::Map<String, Value> = names
        .iter()
        .map(|name| ((*name).to_owned(), json!({ "href": format!("/actuator/{name}") })))
        .collect();
    actuator(&json!({ "_links": links }))
}

fn actuator(body: &Value) -> Response {
    ([(header::CONTENT_TYPE, ACTUATOR_JSON)], body.to_string()).into_response()
}

fn axum_json(body: &Value) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

/// The samples of a page in Prometheus' text form, as name, labels and value.
fn samples(page: &str) -> impl Iterator<Item = (&str, &str, &str)> {
    page.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let (series, value) = line.rsplit_once(' ')?;
        let (name, labels) = series.split_once('{').unwrap_or((series, ""));
        Some((name, labels.trim_end_matches('}'), value))
    })
}

fn metric_names(page: &str) -> Value {
    let mut names: Vec<&str> = samples(page).map(|(name, _, _)| name).collect();
    names.sort_unstable();
    names.dedup();
    json!({ "names": names })
}

/// One metric, summed over its series. Micrometer's dotted names are understood too.
fn metric(page: &str, name: &str) -> Response {
    let wanted = name.replace(['.', '-'], "_");
    let series: Vec<(&str, f64)> = samples(page)
        .filter(|(found, _, _)| *found == wanted || found.strip_suffix("_total") == Some(&wanted))
        .filter_map(|(_, labels, value)| Some((labels, value.parse().ok()?)))
        .collect();
    if series.is_empty() {
        return (StatusCode::NOT_FOUND, actuator(&json!({ "error": format!("no metric {name}") })))
            .into_response();
    }
    let total: f64 = series.iter().map(|(_, value)| value).sum();
    actuator(&json!({
        "name": name,
        "measurements": [{ "statistic": "VALUE", "value": total }],
        "series": series.iter().map(|(labels, value)| json!({ "labels": labels, "value": value })).collect::<Vec<_>>(),
    }))
}

fn levels(loggers: &dyn Loggers) -> Value {
    json!({
        "levels": ["OFF", "ERROR", "WARN", "INFO", "DEBUG", "TRACE"],
        "loggers": { "ROOT": level(loggers) },
    })
}

fn level(loggers: &dyn Loggers) -> Value {
    let filter = loggers.filter().to_ascii_uppercase();
    json!({ "configuredLevel": filter, "effectiveLevel": filter })
}

fn set_level(loggers: &dyn Loggers, body: &[u8]) -> Response {
    let level = serde_json::from_slice::<Value>(body)
        .ok()
        .and_then(|body| Some(body.get("configuredLevel")?.as_str()?.to_ascii_lowercase()));
    match level
        .ok_or_else(|| "expected {\"configuredLevel\": \"DEBUG\"}".to_owned())
        .and_then(|level| loggers.set_filter(&level))
    {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => (StatusCode::BAD_REQUEST, actuator(&json!({ "error": error }))).into_response(),
    }
}
