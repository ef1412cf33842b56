//! `authentication`: as whom a task asks to be.
//!
//! Camunda's connector knows keys and the process's own identity; tasks of the native type may also assume a role, or
//! name a profile, a web identity or an API key. A profile and a web identity are the operator's: a task names the
//! profile or the role, never a file.

use super::connector::Flavour;
use super::field::Field;
use super::options::{DefaultIdentity, Options};
use super::target::Identity;
use crate::bedrock;
use crate::connections::{RoleForm, RoleSession};
use crate::connector::Error;
use crate::secrets::Secret;

/// The values of `authentication.type` that tasks of the native type may have.
pub(super) const KINDS: &[&str] =
    &["credentials", "defaultCredentialsChain", "assumeRole", "webIdentity", "profile", "apiKey"];

/// Those that Camunda's connector knows, too.
const KINDS_OF_THE_PEER: &[&str] = &["credentials", "defaultCredentialsChain"];

/// The values of `authentication.base`: who assumes a role.
pub(super) const BASES: &[&str] = &["defaultCredentialsChain", "credentials", "profile"];

/// Reads `authentication`.
pub(super) fn read(
    authentication: &Field<'_>,
    flavour: Flavour,
    options: &Options,
) -> Result<Identity, Error> {
    authentication.object()?;
    let kind = authentication.entry("type").map(|field| field.text()).transpose()?;
    let kind = kind.as_deref().map(str::trim).unwrap_or_default();
    let is = |name: &str| kind.eq_ignore_ascii_case(name);
    let is_native = flavour == Flavour::Native;
    match kind {
        "" => keys(authentication, "type"),
        _ if is("credentials") => keys(authentication, "type"),
        _ if is("defaultCredentialsChain") => own(options),
        _ if is_native && is("assumeRole") => assume_role(authentication, options),
        _ if is_native && is("webIdentity") => web_identity(authentication, options),
        _ if is_native && is("profile") => profile(authentication, options),
        _ if is_native && is("apiKey") => {
            let key = required(authentication, "apiKey", "the type \"apiKey\" needs it")?;
            Ok(Identity::ApiKey(key.into()))
        }
        other => Err(Error::input(format!(
            "{} is {other:?}, expected {}",
            authentication.name_of("type"),
            if is_native { one_of(KINDS) } else { one_of(KINDS_OF_THE_PEER) },
        ))),
    }
}

fn one_of(names: &[&str]) -> String {
    match names {
        [first, second] => format!("{first:?} or {second:?}"),
        _ => format!("one of {}", names.join(", ")),
    }
}

/// The identity of this process, where tasks may have it. Connections have it in any case: the operator has named them.
fn own(options: &Options) -> Result<Identity, Error> {
    match options.default_identity {
        DefaultIdentity::Chain | DefaultIdentity::Static { .. } => Ok(Identity::Default),
        DefaultIdentity::Refused => {
            let reason =
                "this installation lends tasks no identity; give the task an access key and a secret key";
            Err(bedrock::Error::Credentials { reason: reason.to_owned() }.into())
        }
    }
}

/// `chosen_by` is the entry that asks for keys.
fn keys(authentication: &Field<'_>, chosen_by: &str) -> Result<Identity, Error> {
    let remedy = format!("the {chosen_by} \"credentials\" needs it");
    Ok(Identity::Keys {
        access_key: required(authentication, "accessKey", &remedy)?,
        secret_key: required(authentication, "secretKey", &remedy)?.into(),
        session_token: optional(authentication, "sessionToken")?.map(Secret::from),
    })
}

fn assume_role(authentication: &Field<'_>, options: &Options) -> Result<Identity, Error> {
    let role = role(authentication)?;
    let external_id = checked(authentication, "externalId", RoleForm::is_external_id, RoleForm::EXTERNAL_ID)?;
    let base = optional(authentication, "base")?;
    let base = match base.as_deref() {
        None | Some("defaultCredentialsChain") => own(options)?,
        Some("credentials") => keys(authentication, "base")?,
        Some("profile") => profile(authentication, options)?,
        Some(other) => {
            return Err(Error::input(format!(
                "{} is {other:?}, expected {}",
                authentication.name_of("base"),
                one_of(BASES)
            )));
        }
    };
    Ok(Identity::AssumeRole { role, external_id: external_id.map(Secret::from), base: Box::new(base) })
}

fn role(authentication: &Field<'_>) -> Result<RoleSession, Error> {
    let role_arn = checked(authentication, "roleArn", RoleForm::is_arn, RoleForm::ARN)?
        .ok_or_else(|| authentication.lacks("roleArn", "name the role that is to be assumed"))?;
    let session_name =
        checked(authentication, "sessionName", RoleForm::is_session_name, RoleForm::SESSION_NAME)?;
    Ok(RoleSession { role_arn, session_name })
}

fn web_identity(authentication: &Field<'_>, options: &Options) -> Result<Identity, Error> {
    let role = role(authentication)?;
    let Some(token_file) = options.web_identity_token_file.clone() else {
        return Err(Error::input(format!(
            "{} is \"webIdentity\", and this installation has no token: AWS_WEB_IDENTITY_TOKEN_FILE is not set",
            authentication.name_of("type")
        )));
    };
    of_installation(authentication, options)?;
    Ok(Identity::WebToken { role, token_file })
}

fn profile(authentication: &Field<'_>, options: &Options) -> Result<Identity, Error> {
    let name = required(authentication, "profile", "name a profile of the installation")?;
    of_installation(authentication, options)?;
    Ok(Identity::Profile(name))
}

/// Where tasks have to bring their own keys, nothing of the operator's may be borrowed by another name.
fn of_installation(authentication: &Field<'_>, options: &Options) -> Result<(), Error> {
    if options.default_identity != DefaultIdentity::Refused {
        return Ok(());
    }
    Err(Error::input(format!(
        "{} names an identity of this installation, and the operator lends none; give the task an access key and a \
         secret key",
        authentication.name_of("type")
    )))
}

fn checked(
    object: &Field<'_>,
    key: &str,
    fits: impl Fn(&str) -> bool,
    expected: &str,
) -> Result<Option<String>, Error> {
    let text = optional(object, key)?;
    match text {
        // What was found is not shown: an external id may come from a secret.
        Some(text) if !fits(&text) => {
            Err(Error::input(format!("{} cannot be used, expected {expected}", object.name_of(key))))
        }
        text => Ok(text),
    }
}

fn required(object: &Field<'_>, key: &str, remedy: &str) -> Result<String, Error> {
    optional(object, key)?.ok_or_else(|| object.lacks(key, remedy))
}

/// A text entry without outer spaces; none when it is absent, null or blank.
pub(super) fn optional(object: &Field<'_>, key: &str) -> Result<Option<String>, Error> {
    let text = object.entry(key).map(|field| field.text()).transpose()?;
    Ok(text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()))
}

#[cfg(test)]
mod unit {
    use std::path::PathBuf;

    use serde_json::{Value, json};

    use super::*;

    const ROLE: &str = "arn:aws:iam::123456789012:role/bedrock";

    fn read_with(flavour: Flavour, options: &Options, authentication: &Value) -> Result<Identity, Error> {
        let field = Field::named("authentication", authentication, flavour.names(None));
        read(&field, flavour, options)
    }

    fn native(authentication: &Value) -> Result<Identity, Error> {
        let options = Options { web_identity_token_file: Some("/run/token".into()), ..Options::default() };
        read_with(Flavour::Native, &options, authentication)
    }

    fn role() -> RoleSession {
        RoleSession { role_arn: ROLE.into(), session_name: None }
    }

    #[test]
    fn each_kind_is_read() {
        let named = RoleSession { session_name: Some("order-check".into()), ..role() };
        let keys = Identity::Keys {
            access_key: "AK".into(),
            secret_key: "SK".into(),
            session_token: Some("ST".into()),
        };
        let assumed = |external_id: Option<&str>, base: Identity| Identity::AssumeRole {
            role: role(),
            external_id: external_id.map(Secret::from),
            base: Box::new(base),
        };
        for (authentication, expected) in [
            (json!({"type": "defaultCredentialsChain"}), Identity::Default),
            (json!({"accessKey": "AK", "secretKey": "SK", "sessionToken": " ST "}), keys.clone()),
            (json!({"type": "apiKey", "apiKey": "bedrock-key"}), Identity::ApiKey("bedrock-key".into())),
            (json!({"type": "profile", "profile": "sales"}), Identity::Profile("sales".into())),
            (
                json!({"type": "webIdentity", "roleArn": ROLE, "sessionName": "order-check"}),
                Identity::WebToken { role: named, token_file: PathBuf::from("/run/token") },
            ),
            (json!({"type": "assumeRole", "roleArn": ROLE}), assumed(None, Identity::Default)),
            (
                json!({"type": "assumerole", "roleArn": ROLE, "externalId": "e-1", "base": "credentials",
                       "accessKey": "AK", "secretKey": "SK", "sessionToken": "ST"}),
                assumed(Some("e-1"), keys),
            ),
            (
                json!({"type": "assumeRole", "roleArn": ROLE, "base": "profile", "profile": "sales"}),
                assumed(None, Identity::Profile("sales".into())),
            ),
        ] {
            assert_eq!(native(&authentication), Ok(expected), "{authentication}");
        }
    }

    #[test]
    fn the_peers_type_knows_what_the_peer_knows() {
        for kind in &KINDS[2..] {
            let found = read_with(Flavour::Compat, &Options::default(), &json!({"type": kind}));
            let expected = format!(
                "authentication.type is {kind:?}, expected \"credentials\" or \"defaultCredentialsChain\""
            );
            assert_eq!(found.map_err(|error| error.message), Err(expected));
        }
    }

    #[test]
    fn bad_input_is_named() {
        for (authentication, expected) in [
            (
                json!({"type": "magic"}),
                "Authentication (authentication.type) is \"magic\", expected one of credentials, \
                 defaultCredentialsChain, assumeRole, webIdentity, profile, apiKey",
            ),
            (
                json!({"type": "apiKey"}),
                "API key (authentication.apiKey) is missing or empty; the type \"apiKey\" needs it",
            ),
            (
                json!({"type": "assumeRole"}),
                "Role (authentication.roleArn) is missing or empty; name the role that is to be assumed",
            ),
            (
                json!({"type": "assumeRole", "roleArn": "bedrock"}),
                "Role (authentication.roleArn) cannot be used, expected the ARN of a role, such as \
                 arn:aws:iam::123456789012:role/bedrock",
            ),
            (
                json!({"type": "assumeRole", "roleArn": ROLE, "externalId": "!"}),
                "External id (authentication.externalId) cannot be used, expected 2 to 1224 letters, digits and any of \
                 _+=,.@:/-",
            ),
            (
                json!({"type": "assumeRole", "roleArn": ROLE, "sessionName": "a b"}),
                "Session name (authentication.sessionName) cannot be used, expected 2 to 64 letters, digits and any of \
                 _+=,.@-",
            ),
            (
                json!({"type": "assumeRole", "roleArn": ROLE, "base": "somebody"}),
                "Base identity (authentication.base) is \"somebody\", expected one of defaultCredentialsChain, \
                 credentials, profile",
            ),
            (
                json!({"type": "assumeRole", "roleArn": ROLE, "base": "credentials"}),
                "Access key (authentication.accessKey) is missing or empty; the base \"credentials\" needs it",
            ),
            (
                json!({"type": "profile"}),
                "Profile (authentication.profile) is missing or empty; name a profile of the installation",
            ),
        ] {
            assert_eq!(native(&authentication).map_err(|error| error.message), Err(expected.to_owned()));
        }
    }

    #[test]
    fn what_is_the_operators_is_lent_only_by_the_operator() {
        let refused = Options {
            default_identity: DefaultIdentity::Refused,
            web_identity_token_file: Some("/run/token".into()),
            ..Options::default()
        };
        for authentication in [
            json!({"type": "profile", "profile": "p"}),
            json!({"type": "webIdentity", "roleArn": ROLE}),
            json!({"type": "assumeRole", "roleArn": ROLE, "base": "profile", "profile": "p"}),
        ] {
            let error = read_with(Flavour::Native, &refused, &authentication).expect_err("refused");
            assert!(error.message.contains("the operator lends none"), "{}", error.message);
        }
        for authentication in
            [json!({"type": "defaultCredentialsChain"}), json!({"type": "assumeRole", "roleArn": ROLE})]
        {
            let error = read_with(Flavour::Native, &refused, &authentication).expect_err("refused");
            assert_eq!(error.code.to_string(), "CREDENTIALS_UNAVAILABLE");
            assert!(error.message.contains("lends tasks no identity"), "{}", error.message);
        }
        let error =
            read_with(Flavour::Native, &Options::default(), &json!({"type": "webIdentity", "roleArn": ROLE}));
        let message = error.expect_err("no token").message;
        assert!(message.contains("AWS_WEB_IDENTITY_TOKEN_FILE is not set"), "{message}");
    }
}
