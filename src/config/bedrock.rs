//! From settings to the options of Bedrock and of documents.

use std::path::PathBuf;
use std::time::Duration;

use super::proxy::Proxies;
use super::reader::Reader;
use super::setting::Form;
use super::{Purpose, parse};
use crate::bedrock::{DefaultIdentity, Options, Quota, Quotas};
use crate::documents::{self, ExternalOptions};
use crate::secrets::Secret;

pub(crate) fn read(reader: &mut Reader, proxies: &Proxies, variables: &[(String, String)]) -> Options {
    let mut options = Options {
        endpoint_url: reader.address("bedrock.endpoint", false),
        allowed_endpoint_hosts: reader
            .list("bedrock.allowed-endpoints")
            .unwrap_or_default()
            .into_iter()
            .collect(),
        default_region: reader.parsed("bedrock.region", parse::region),
        default_identity: identity(reader, variables),
        web_identity_token_file: set(variables, "AWS_WEB_IDENTITY_TOKEN_FILE").map(PathBuf::from),
        proxy: proxies.outbound.clone(),
        ca_pem: ca_pem(reader),
        ..Options::default()
    };
    reader.duration("bedrock.connect-timeout", &mut options.connect_timeout);
    reader.duration("bedrock.call-timeout", &mut options.call_limit);
    reader.bytes("bedrock.max-answer-size", &mut options.max_answer_bytes);
    reader.duration("bedrock.throttle-patience", &mut options.throttle_patience);
    reader.duration("bedrock.stream-idle", &mut options.stream_idle);
    options.streaming = reader.switch("bedrock.streaming").unwrap_or(options.streaming);
    options.quotas = quotas(reader, options.throttle_patience);
    options
}

fn quotas(reader: &mut Reader, patience: Duration) -> Quotas {
    let mut quotas = Quotas::default();
    read_quotas(reader, "bedrock.requests-per-minute", &mut quotas, |quota| &mut quota.requests_per_minute);
    read_quotas(reader, "bedrock.tokens-per-minute", &mut quotas, |quota| &mut quota.tokens_per_minute);
    if patience.is_zero() && !quotas.is_empty() {
        reader.mistake(
            "bedrock.throttle-patience",
            "expected more than nothing, because calls beyond the requests or tokens per minute have to wait",
        );
    }
    quotas
}

/// Reads `60` and `amazon.nova-pro-v1:0=100`, in any number and order.
fn read_quotas(
    reader: &mut Reader,
    key: &'static str,
    quotas: &mut Quotas,
    part: impl Fn(&mut Quota) -> &mut Option<f64>,
) {
    for item in reader.list(key).unwrap_or_default() {
        let (model, number) = match item.rsplit_once('=') {
            Some((model, number)) => (Some(model.trim()), number),
            None => (None, item.as_str()),
        };
        let number = number.trim().parse().ok().filter(|number: &f64| number.is_finite() && *number > 0.0);
        match (model, number) {
            (_, None) | (Some(""), _) => return reader.mistake(key, Form::Quotas.expected()),
            (None, number) => *part(&mut quotas.others) = number,
            (Some(model), number) => *part(quotas.models.entry(model.to_owned()).or_default()) = number,
        }
    }
}

pub(crate) fn read_documents(reader: &mut Reader, proxies: &Proxies) -> ExternalOptions {
    let Proxies { outbound, .. } = proxies;
    let is_proxied = reader.switch("documents.proxy").unwrap_or(false);
    let proxy = documents::Proxy {
        https: outbound.https.clone(),
        http: outbound.http.clone(),
        no_proxy: outbound.no_proxy.clone(),
    };
    let mut options = ExternalOptions {
        proxy: if is_proxied { proxy } else { documents::Proxy::default() },
        allowed_hosts: reader.list("documents.allowed-hosts").unwrap_or_default().into_iter().collect(),
        ..ExternalOptions::default()
    };
    reader.bytes("documents.max-size", &mut options.max_bytes);
    reader.duration("documents.timeout", &mut options.timeout);
    options
}

/// How much of all documents may be in memory together.
pub(crate) fn read_documents_memory(reader: &mut Reader) -> usize {
    let mut bytes = 128_000_000;
    reader.bytes("documents.max-memory", &mut bytes);
    bytes
}

/// Keys in the environment are what AWS's chain would find first. They are taken here, so that the environment is
/// read in one place; everything else is left to the chain.
fn identity(reader: &mut Reader, variables: &[(String, String)]) -> DefaultIdentity {
    if reader.switch("bedrock.default-credentials") == Some(false) {
        return DefaultIdentity::Refused;
    }
    let get = |name| set(variables, name);
    match (get("AWS_ACCESS_KEY_ID"), get("AWS_SECRET_ACCESS_KEY")) {
        (Some(access_key), Some(secret_key)) => DefaultIdentity::Static {
            access_key,
            secret_key: Secret::from(secret_key),
            session_token: get("AWS_SESSION_TOKEN").map(Secret::from),
        },
        _ => DefaultIdentity::Chain,
    }
}

/// A variable of AWS's own; an empty one counts as not set.
fn set(variables: &[(String, String)], name: &str) -> Option<String> {
    let found = variables.iter().find(|(variable, value)| variable == name && !value.trim().is_empty());
    found.map(|(_, value)| value.trim().to_owned())
}

fn ca_pem(reader: &mut Reader) -> Option<Vec<u8>> {
    let path = reader.file("bedrock.ca-certificate-path")?;
    if reader.purpose == Purpose::Questions {
        return None;
    }
    match std::fs::read(&path) {
        Ok(pem) => Some(pem),
        Err(error) => {
            reader.mistake(
                "bedrock.ca-certificate-path",
                format!("expected a file that can be read ({error})"),
            );
            None
        }
    }
}
