//! The emulator as AWS's own SDK sees it.

use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_sts::Client;
use aws_sdk_sts::error::ProvideErrorMetadata;
use aws_smithy_http_client::Builder;

use super::{Issuer, Operation, Options, Refusal, Role, Step};

const ROLE: &str = "arn:aws:iam::210987654321:role/path/bedrock";

async fn issuer(options: Options) -> Issuer {
    Issuer::start(options).await.expect("an emulator on a free port")
}

/// STS as somebody with these keys sees it.
fn client(issuer: &Issuer, access_key: &str, token: Option<&str>) -> Client {
    let credentials =
        Credentials::new(access_key, "secret", token.map(str::to_owned), None, "the test's own");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .http_client(Builder::new().build_http())
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .endpoint_url(issuer.url())
        .build();
    let config = aws_sdk_sts::config::Builder::from(&config)
        .retry_config(aws_sdk_sts::config::retry::RetryConfig::disabled());
    Client::from_conf(config.build())
}

async fn code_of_assuming(client: &Client, external_id: Option<&str>) -> String {
    let assumed = client
        .assume_role()
        .role_arn(ROLE)
        .role_session_name("test")
        .set_external_id(external_id.map(str::to_owned))
        .send()
        .await;
    match assumed {
        Ok(_) => "OK".to_owned(),
        Err(error) => error.code().expect("a code").to_owned(),
    }
}

#[tokio::test]
async fn a_role_is_assumed_by_whom_it_trusts() {
    let issuer = issuer(Options::default()).await;
    let (known, stranger) = (client(&issuer, "AKIDKNOWN", None), client(&issuer, "AKIDOTHER", None));
    assert_eq!(code_of_assuming(&known, None).await, "AccessDenied");
    issuer.trust(Role::new(ROLE).external_id("e-1").access_keys(["AKIDKNOWN"]));
    assert_eq!(code_of_assuming(&known, Some("e-1")).await, "OK");
    assert_eq!(code_of_assuming(&known, Some("e-2")).await, "AccessDenied");
    assert_eq!(code_of_assuming(&known, None).await, "AccessDenied");
    assert_eq!(code_of_assuming(&known, Some("e")).await, "ValidationError");
    assert_eq!(code_of_assuming(&stranger, Some("e-1")).await, "AccessDenied");
    assert_eq!((issuer.sessions().len(), issuer.count(Operation::AssumeRole)), (1, 6));
}

#[tokio::test]
async fn what_was_given_out_is_known_again_until_it_runs_out() {
    let issuer = issuer(Options { life: Duration::from_millis(200), ..Options::default() }).await;
    issuer.trust(Role::new(ROLE));
    let assumed = client(&issuer, "AKID", None)
        .assume_role()
        .role_arn(ROLE)
        .role_session_name("test")
        .send()
        .await
        .expect("assumed");
    let credentials = assumed.credentials().expect("credentials").clone();
    let session = client(&issuer, credentials.access_key_id(), Some(credentials.session_token()));
    let caller = session.get_caller_identity().send().await.expect("known");
    assert_eq!(caller.account(), Some("210987654321"));
    assert_eq!(caller.arn(), Some("arn:aws:sts::210987654321:assumed-role/bedrock/test"));
    let other = client(&issuer, credentials.access_key_id(), Some("another token"));
    let refused = other.get_caller_identity().send().await.expect_err("another token");
    assert_eq!(refused.code(), Some("InvalidClientTokenId"));

    let until = issuer.sessions()[0].until;
    tokio::time::sleep_until(until).await;
    let refused = session.get_caller_identity().send().await.expect_err("too late");
    assert_eq!(refused.code(), Some("ExpiredToken"));
}

#[tokio::test]
async fn a_script_takes_the_place_of_answers() {
    let issuer = issuer(Options::default()).await;
    let client = client(&issuer, "AKID", None);
    issuer.script(
        Operation::GetCallerIdentity,
        [Step::refuse(Refusal::throttled()), Step::refuse(Refusal::internal()).times(2)],
    );
    for expected in [Some("Throttling"), Some("InternalFailure"), Some("InternalFailure"), None] {
        let answer = client.get_caller_identity().send().await;
        assert_eq!(answer.err().and_then(|error| error.code().map(str::to_owned)).as_deref(), expected);
    }
}
