//! The operations of STS, in its query protocol: a form in, XML out.

use http::StatusCode;
use tokio::time::Instant;

use super::request::Request;
use super::script::Refusal;
use super::service::{Answer, App};
use super::session::Session;
use crate::emulator::bedrock::Identity;

const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";
/// The account of keys that were not given out here.
const ACCOUNT: &str = "123456789012";

/// Who signs a request.
struct Signer {
    account: String,
    arn: String,
}

pub(crate) fn assume_role(app: &App, request: &Request) -> Result<Answer, Refusal> {
    let signer = signer(app, request)?;
    let (role_arn, name) = checked(request)?;
    if let Some(id) = request.parameter("ExternalId")
        && id.len() < 2
    {
        return Err(invalid("ExternalId", "2 to 1224 characters"));
    }
    let trusted = app
        .state
        .with(|state| state.roles.iter().any(|role| role.arn() == role_arn && role.trusts_signer(request)));
    if !trusted {
        let arn = signer.arn;
        return Err(Refusal::denied(format!("{arn} may not call sts:AssumeRole for {role_arn}")));
    }
    Ok(credentials("AssumeRole", &app.issue(role_arn, name)))
}

pub(crate) fn assume_role_with_web_identity(app: &App, request: &Request) -> Result<Answer, Refusal> {
    let (role_arn, name) = checked(request)?;
    let trusted = app
        .state
        .with(|state| state.roles.iter().any(|role| role.arn() == role_arn && role.trusts_token(request)));
    if !trusted {
        let message = format!("the token may not call sts:AssumeRoleWithWebIdentity for {role_arn}");
        return Err(Refusal::denied(message));
    }
    Ok(credentials("AssumeRoleWithWebIdentity", &app.issue(role_arn, name)))
}

pub(crate) fn caller(app: &App, request: &Request) -> Result<Answer, Refusal> {
    let Signer { account, arn } = signer(app, request)?;
    let arn = escaped(&arn);
    let result = format!("<Arn>{arn}</Arn><UserId>AIDAEMULATED</UserId><Account>{account}</Account>");
    Ok(answer("GetCallerIdentity", &result))
}

/// The role and the session's name, in the form that STS wants.
fn checked(request: &Request) -> Result<(&str, &str), Refusal> {
    let role_arn = request.parameter("RoleArn").unwrap_or_default();
    if !role_arn.starts_with("arn:") || role_arn.len() < 20 {
        return Err(invalid("RoleArn", "the ARN of a role"));
    }
    let name = request.parameter("RoleSessionName").unwrap_or_default();
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte);
    if !(2..=64).contains(&name.len()) || !name.bytes().all(allowed) {
        return Err(invalid("RoleSessionName", "2 to 64 letters, digits and _+=,.@-"));
    }
    Ok((role_arn, name))
}

fn invalid(parameter: &str, expected: &str) -> Refusal {
    let message = format!("{parameter} is not valid, expected {expected}");
    Refusal::new(StatusCode::BAD_REQUEST, "ValidationError", message)
}

/// Keys that were not given out here are those of a user.
fn signer(app: &App, request: &Request) -> Result<Signer, Refusal> {
    let Identity::SigV4 { access_key, session_token, .. } = &request.identity else {
        let message = "the request carries no signature";
        return Err(Refusal::new(StatusCode::FORBIDDEN, "MissingAuthenticationToken", message));
    };
    let session = app
        .state
        .with(|state| state.sessions.iter().find(|session| session.signs(&request.identity)).cloned());
    match session {
        Some(session) if session.until <= Instant::now() => {
            Err(Refusal::new(StatusCode::FORBIDDEN, "ExpiredToken", "the security token has expired"))
        }
        Some(session) if session_token.as_deref() != Some(&session.token) => {
            let message = "the security token is not that of the access key";
            Err(Refusal::new(StatusCode::FORBIDDEN, "InvalidClientTokenId", message))
        }
        Some(session) => Ok(Signer { account: session.account, arn: session.arn }),
        None => Ok(Signer {
            account: ACCOUNT.to_owned(),
            arn: format!("arn:aws:iam::{ACCOUNT}:user/{access_key}"),
        }),
    }
}

fn credentials(action: &str, session: &Session) -> Answer {
    let Session { access_key, secret_key, token, expiration, arn, .. } = session;
    let arn = escaped(arn);
    answer(
        action,
        &format!(
            "<Credentials><AccessKeyId>{access_key}</AccessKeyId><SecretAccessKey>{secret_key}</SecretAccessKey>\
             <SessionToken>{token}</SessionToken><Expiration>{expiration}</Expiration></Credentials>\
             <AssumedRoleUser><AssumedRoleId>AROAEMULATED</AssumedRoleId><Arn>{arn}</Arn></AssumedRoleUser>"
        ),
    )
}

fn answer(action: &str, result: &str) -> Answer {
    let body = format!(
        "<{action}Response xmlns=\"{NAMESPACE}\"><{action}Result>{result}</{action}Result>\
         <ResponseMetadata><RequestId>emulated</RequestId></ResponseMetadata></{action}Response>"
    );
    Answer { content_type: "text/xml", header: None, body }
}

pub(crate) fn error(refusal: &Refusal) -> String {
    let fault = if refusal.status.is_client_error() { "Sender" } else { "Receiver" };
    let (code, message) = (refusal.code, escaped(&refusal.message));
    format!(
        "<ErrorResponse xmlns=\"{NAMESPACE}\"><Error><Type>{fault}</Type><Code>{code}</Code>\
         <Message>{message}</Message></Error><RequestId>emulated</RequestId></ErrorResponse>"
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
