//! Where a call goes, and as whom.

use std::path::PathBuf;

use reqwest::Url;

use super::connector::Flavour;
use super::field::Field;
use super::options::Options;
use super::sign_in;
use crate::connections::RoleSession;
use crate::connector::Error;
use crate::huggingface::Hosting;
use crate::secrets::Secret;

/// The region, endpoint and identity of a call.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Target {
    pub(super) identity: Identity,
    pub(super) region: String,
    /// None: the operator's, or AWS's own.
    pub(super) endpoint: Option<String>,
    /// How the model is reached when it is at Hugging Face; none: it is Bedrock's.
    pub(super) hosting: Option<Hosting>,
}

/// As whom a call is made.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Identity {
    /// The identity of this process.
    Default,
    /// Keys that the task brings.
    Keys { access_key: String, secret_key: Secret, session_token: Option<Secret> },
    /// An API key of Bedrock, which signs nothing and opens only Bedrock.
    ApiKey(Secret),
    /// A profile of AWS's shared files.
    Profile(String),
    /// A role that another identity assumes.
    AssumeRole { role: RoleSession, external_id: Option<Secret>, base: Box<Identity> },
    /// A role that a token in a file stands for.
    WebToken { role: RoleSession, token_file: PathBuf },
}

impl Target {
    /// Reads `authentication`, `configuration` and `awsCredential`, which replaces the first when it is there.
    pub(super) fn read(variables: &Field<'_>, flavour: Flavour, options: &Options) -> Result<Self, Error> {
        let credential = variables.entry("awsCredential");
        if let Some(credential) = &credential {
            credential.object()?;
        }
        let holder = credential.as_ref().unwrap_or(variables);
        let authentication = holder
            .entry("authentication")
            .ok_or_else(|| holder.lacks("authentication", "choose how the task signs in to AWS"))?;
        let configuration = variables.entry("configuration");
        if let Some(configuration) = &configuration {
            configuration.object()?;
        }
        Ok(Self {
            identity: sign_in::read(&authentication, flavour, options)?,
            region: read_region(variables, configuration.as_ref(), credential.as_ref(), options)?,
            endpoint: read_endpoint(configuration.as_ref(), options)?,
            hosting: None,
        })
    }
}

/// The region of the configuration counts before that of the credential.
fn read_region(
    variables: &Field<'_>,
    configuration: Option<&Field<'_>>,
    credential: Option<&Field<'_>>,
    options: &Options,
) -> Result<String, Error> {
    for holder in [configuration, credential].into_iter().flatten() {
        if let Some(region) = sign_in::optional(holder, "region")? {
            return check_region(region, &holder.name_of("region"));
        }
    }
    options.default_region.clone().ok_or_else(|| {
        let name = variables.names().of("configuration.region");
        Error::input(format!(
            "{name} is missing or empty; name the AWS region of the model, for example us-east-1"
        ))
    })
}

fn check_region(region: String, name: &str) -> Result<String, Error> {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if region.len() <= 63 && region.bytes().all(allowed) {
        return Ok(region);
    }
    Err(Error::input(format!(
        "{name} is {region:?}, expected the name of an AWS region in lower case, for example us-east-1"
    )))
}

fn read_endpoint(configuration: Option<&Field<'_>>, options: &Options) -> Result<Option<String>, Error> {
    let Some(configuration) = configuration else { return Ok(None) };
    let Some(endpoint) = sign_in::optional(configuration, "endpoint")? else { return Ok(None) };
    let refused = |what: &str| Error::input(format!("{} {what}", configuration.name_of("endpoint")));
    let url = Url::parse(&endpoint).map_err(|error| refused(&format!("is no URL: {error}")))?;
    let host = url.host_str().unwrap_or_default();
    if options.allowed_endpoint_hosts.contains(host) && matches!(url.scheme(), "http" | "https") {
        return Ok(Some(endpoint));
    }
    // What was found is not shown: it may come from a secret, and a host is no longer written as the secret was.
    if !is_bedrock(host) {
        return Err(refused(
            "is at no host of Bedrock, expected one such as https://bedrock-runtime.us-east-1.amazonaws.com; other hosts \
             must be allowed in the configuration (bedrock.allowed-endpoints)",
        ));
    }
    if url.scheme() != "https" || !is_bare(&url) {
        return Err(refused(
            "is more than a host of Bedrock, expected https:// and the host, with nothing before or behind it",
        ));
    }
    // As it was read here, because another reader may understand the text otherwise.
    Ok(Some(url.as_str().trim_end_matches('/').to_owned()))
}

/// Whether a host is Bedrock's own. At most others below the domains of AWS anybody can have something: a bucket, an
/// API, a load balancer.
fn is_bedrock(host: &str) -> bool {
    const DOMAINS: &[&str] = &[".amazonaws.com", ".amazonaws.com.cn", ".api.aws", ".amazonaws.eu"];
    let Some(name) = DOMAINS.iter().find_map(|domain| host.strip_suffix(domain)) else { return false };
    let labels: Vec<&str> = name.split('.').collect();
    let (service, region) = match labels.as_slice() {
        [service, region] => (service, region),
        [endpoint, service, region, "vpce"] if endpoint.starts_with("vpce-") => (service, region),
        _ => return false,
    };
    matches!(*service, "bedrock-runtime" | "bedrock-runtime-fips") && is_region(region)
}

/// Whether a label is a region: words, and a number in the end. What is not, such as the `s3` and `s3-eu-west-1` of
/// buckets, is another service.
fn is_region(label: &str) -> bool {
    let Some((words, number)) = label.rsplit_once('-') else { return false };
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
    words.contains('-')
        && words.split('-').all(is_word)
        && !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether an address says nothing beside scheme, host and port: a secret could go out in all the rest.
fn is_bare(url: &Url) -> bool {
    url.username().is_empty()
        && url.password().is_none()
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
}

#[cfg(test)]
mod unit {
    use serde_json::{Value, json};

    use super::*;

    fn read(variables: &Value) -> Result<Target, Error> {
        let options =
            Options { allowed_endpoint_hosts: ["localhost".to_owned()].into(), ..Options::default() };
        Target::read(&Field::new("", variables), Flavour::Compat, &options)
    }

    fn message(variables: &Value) -> String {
        read(variables).expect_err("wrong input").message
    }

    fn keys(access_key: &str, secret_key: &str) -> Identity {
        Identity::Keys { access_key: access_key.into(), secret_key: secret_key.into(), session_token: None }
    }

    #[test]
    fn keys_are_trimmed_and_the_region_too() {
        let target = read(&json!({
            "authentication": {"type": "Credentials", "accessKey": " AK ", "secretKey": " SK\n"},
            "configuration": {"region": " us-east-1 "}
        }));
        assert_eq!(
            target,
            Ok(Target {
                identity: keys("AK", "SK"),
                region: "us-east-1".into(),
                endpoint: None,
                hosting: None
            })
        );
    }

    #[test]
    fn a_type_that_is_absent_means_keys() {
        for authentication in [
            json!({"accessKey": 12345, "secretKey": "SK"}),
            json!([{"type": null, "accessKey": "12345", "secretKey": "SK"}]),
        ] {
            let target = read(&json!({"authentication": authentication, "configuration": {"region": "r"}}));
            assert_eq!(target.map(|target| target.identity), Ok(keys("12345", "SK")));
        }
    }

    #[test]
    fn the_credential_replaces_the_authentication_and_lends_its_region() {
        let credential =
            json!({"authentication": {"accessKey": "A2", "secretKey": "S2"}, "region": "eu-west-1"});
        let target = read(&json!({"awsCredential": credential})).expect("a target");
        assert_eq!((target.identity, target.region.as_str()), (keys("A2", "S2"), "eu-west-1"));
        let target = read(&json!({
            "awsCredential": credential,
            "authentication": {"type": "defaultCredentialsChain"},
            "configuration": {"region": "us-east-1"}
        }))
        .expect("a target");
        assert_eq!((target.identity, target.region.as_str()), (keys("A2", "S2"), "us-east-1"));
    }

    #[test]
    fn wrong_authentication_is_named() {
        let with = |authentication: Value| json!({"authentication": authentication, "configuration": {"region": "r"}});
        for (variables, expected) in [
            (json!({}), "authentication is missing or empty; choose how the task signs in to AWS"),
            (with(Value::Null), "authentication is missing or empty; choose how the task signs in to AWS"),
            (with(json!("credentials")), "authentication is a text, expected a context"),
            (
                with(json!({"type": "magic"})),
                "authentication.type is \"magic\", expected \"credentials\" or \"defaultCredentialsChain\"",
            ),
            (
                with(json!({"type": "credentials", "accessKey": "A", "secretKey": null})),
                "authentication.secretKey is missing or empty; the type \"credentials\" needs it",
            ),
            (
                with(json!({"type": "credentials", "accessKey": " ", "secretKey": "S"})),
                "authentication.accessKey is missing or empty; the type \"credentials\" needs it",
            ),
        ] {
            assert_eq!(message(&variables), expected);
        }
    }

    #[test]
    fn a_wrong_region_is_named() {
        let with = |configuration: Value| json!({"authentication": {"type": "defaultCredentialsChain"}, "configuration": configuration});
        for configuration in [json!(null), json!({}), json!({"region": null}), json!({"region": " "})] {
            assert_eq!(
                message(&with(configuration)),
                "configuration.region is missing or empty; name the AWS region of the model, for example us-east-1"
            );
        }
        assert_eq!(message(&with(json!("us-east-1"))), "configuration is a text, expected a context");
        for region in ["us east", "US-EAST-1", "eu_central_1", "evil.example/"] {
            assert_eq!(
                message(&with(json!({"region": region}))),
                format!(
                    "configuration.region is {region:?}, expected the name of an AWS region in lower case, \
                     for example us-east-1"
                )
            );
        }
    }

    fn with_endpoint(endpoint: &str) -> Value {
        json!({
            "authentication": {"type": "defaultCredentialsChain"},
            "configuration": {"region": "r", "endpoint": endpoint}
        })
    }

    #[test]
    fn an_endpoint_is_one_of_bedrock_or_allowed() {
        for endpoint in [
            "https://bedrock-runtime.us-east-1.amazonaws.com",
            "https://bedrock-runtime-fips.us-gov-west-1.amazonaws.com",
            "https://bedrock-runtime.us-east-1.api.aws",
            "https://bedrock-runtime-fips.us-east-1.api.aws",
            "https://bedrock-runtime.cn-north-1.amazonaws.com.cn",
            "https://bedrock-runtime.eusc-de-east-1.amazonaws.eu",
            "https://vpce-1.bedrock-runtime.us-east-1.vpce.amazonaws.com",
            "https://vpce-0a1-b2c-us-east-1a.bedrock-runtime.us-east-1.vpce.amazonaws.com",
            "https://vpce-1.bedrock-runtime-fips.us-east-1.vpce.amazonaws.com",
            "http://localhost:9000",
            "http://localhost:9000/bedrock?stage=test",
        ] {
            let read = read(&with_endpoint(endpoint)).map(|target| target.endpoint);
            assert_eq!(read, Ok(Some(endpoint.into())));
        }
        for endpoint in [
            "https://bedrock-runtime.us-east-1.amazonaws.com/",
            "https://bedrock-runtime.us-east-1.amazonaws.com:443",
            "HTTPS://Bedrock-Runtime.us-east-1.amazonaws.com",
        ] {
            let read = read(&with_endpoint(endpoint)).map(|target| target.endpoint);
            assert_eq!(read, Ok(Some("https://bedrock-runtime.us-east-1.amazonaws.com".into())));
        }
    }

    #[test]
    fn a_host_that_is_not_bedrocks_is_refused() {
        for endpoint in [
            "https://evil.example",
            "https://amazonaws.com.evil.example",
            "https://evilamazonaws.com",
            "https://bedrock-runtime.us-east-1.evilamazonaws.com",
            "https://bedrock-runtime.us-east-1.amazonaws.com.",
            "https://bedrock-runtime.us-east-1.amazonaws.com@evil.example",
            "https://169.254.169.254",
            "https://amazonaws.com",
            "https://bedrock-runtime.amazonaws.com",
            "https://x.execute-api.eu-central-1.amazonaws.com",
            "https://bedrock-runtime.execute-api.eu-central-1.amazonaws.com",
            "https://bucket.s3.amazonaws.com",
            "https://bucket.s3.eu-central-1.amazonaws.com",
            "https://bedrock-runtime.s3.amazonaws.com",
            "https://bedrock-runtime.s3-eu-west-1.amazonaws.com",
            "https://bedrock-runtime.s3-accelerate.amazonaws.com",
            "https://bedrock-runtime-1.us-east-1.elb.amazonaws.com",
            "https://s3.us-east-1.amazonaws.com",
            "https://sts.us-east-1.amazonaws.com",
            "https://bedrock.us-east-1.amazonaws.com",
            "https://x.bedrock-runtime.us-east-1.amazonaws.com",
            "https://vpce-1.execute-api.us-east-1.vpce.amazonaws.com",
            "https://vpce-1.s3.us-east-1.vpce.amazonaws.com",
            "https://vpce-svc-1.us-east-1.vpce.amazonaws.com",
            "https://x.vpce-1.bedrock-runtime.us-east-1.vpce.amazonaws.com",
            "https://x.bedrock-runtime.us-east-1.vpce.amazonaws.com",
            "https://bedrock-runtime.us-east.amazonaws.com",
            "https://bedrock-runtime.-1.amazonaws.com",
            "ftp://localhost",
        ] {
            assert_eq!(
                message(&with_endpoint(endpoint)),
                "configuration.endpoint is at no host of Bedrock, expected one such as \
                 https://bedrock-runtime.us-east-1.amazonaws.com; other hosts must be allowed in the configuration \
                 (bedrock.allowed-endpoints)",
                "{endpoint}"
            );
        }
        assert!(message(&with_endpoint("nonsense")).starts_with("configuration.endpoint is no URL"));
    }

    #[test]
    fn nothing_but_the_host_can_be_said_to_bedrock() {
        for endpoint in [
            "http://bedrock-runtime.us-east-1.amazonaws.com",
            "https://SEKRET@bedrock-runtime.us-east-1.amazonaws.com",
            "https://:SEKRET@bedrock-runtime.us-east-1.amazonaws.com",
            "https://bedrock-runtime.us-east-1.amazonaws.com/SEKRET",
            "https://bedrock-runtime.us-east-1.amazonaws.com?key=SEKRET",
            "https://bedrock-runtime.us-east-1.amazonaws.com/?",
            "https://bedrock-runtime.us-east-1.amazonaws.com/#SEKRET",
        ] {
            assert_eq!(
                message(&with_endpoint(endpoint)),
                "configuration.endpoint is more than a host of Bedrock, expected https:// and the host, with nothing \
                 before or behind it"
            );
        }
    }
}
