//! What instances and containers ask.

use http::StatusCode;
use serde_json::json;

use super::request::Request;
use super::script::Refusal;
use super::service::{Answer, App};
use super::session::Session;

const TOKEN_HEADER: &str = "x-aws-ec2-metadata-token";
const LIFE_HEADER: &str = "x-aws-ec2-metadata-token-ttl-seconds";
/// All instances here have the same.
const TOKEN: &str = "token-of-the-instance";
/// The sessions of instances are named after the instance.
const INSTANCE: &str = "i-00000000000000001";
const CONTAINER: &str = "pod-00000000000000001";

/// A token for further questions, which version 2 of the service wants.
pub(crate) fn token(request: &Request) -> Result<Answer, Refusal> {
    if request.header(LIFE_HEADER).is_none() {
        return Err(Refusal::new(StatusCode::BAD_REQUEST, "BadRequest", format!("{LIFE_HEADER} is missing")));
    }
    let header = Some((LIFE_HEADER, "21600"));
    Ok(Answer { content_type: "text/plain", header, body: TOKEN.to_owned() })
}

pub(crate) fn role(app: &App, request: &Request) -> Result<Answer, Refusal> {
    with_token(request)?;
    let name = app.own_role.rsplit('/').next().unwrap_or_default();
    Ok(Answer { content_type: "text/plain", header: None, body: name.to_owned() })
}

pub(crate) fn credentials(app: &App, request: &Request) -> Result<Answer, Refusal> {
    with_token(request)?;
    let Session { access_key, secret_key, token, expiration, .. } = app.issue(&app.own_role, INSTANCE);
    let body = json!({
        "Code": "Success",
        "Type": "AWS-HMAC",
        "AccessKeyId": access_key,
        "SecretAccessKey": secret_key,
        "Token": token,
        "Expiration": expiration,
    });
    Ok(Answer { content_type: "text/plain", header: None, body: body.to_string() })
}

fn with_token(request: &Request) -> Result<(), Refusal> {
    if request.header(TOKEN_HEADER) == Some(TOKEN) {
        return Ok(());
    }
    Err(Refusal::new(StatusCode::UNAUTHORIZED, "Unauthorized", "the token is missing or not known"))
}

pub(crate) fn container(app: &App, request: &Request) -> Result<Answer, Refusal> {
    if app.container_token.is_some() && request.header("authorization") != app.container_token.as_deref() {
        return Err(Refusal::denied("the token of the container is missing or not known"));
    }
    let Session { access_key, secret_key, token, account, expiration, .. } =
        app.issue(&app.own_role, CONTAINER);
    let body = json!({
        "AccessKeyId": access_key,
        "SecretAccessKey": secret_key,
        "Token": token,
        "AccountId": account,
        "Expiration": expiration,
    });
    Ok(Answer { content_type: "application/json", header: None, body: body.to_string() })
}

pub(crate) fn error(refusal: &Refusal) -> String {
    json!({ "code": refusal.code, "message": refusal.message }).to_string()
}
