//! Secrets of connections that lie in AWS Secrets Manager: the real program reads them with its own identity.

use bedrock_connector::emulator::SecretsManager;
use bedrock_connector::emulator::bedrock::Identity;

use super::{File, answer, failure, stage, task};
use crate::support::stage::Stage;

/// One connection takes members of a secret, the other one a secret as a whole.
const REFERRED: &str = r#"
[[connections]]
name = "members"
provider = "bedrock"
region = "eu-central-1"
access = [{}]
[connections.authentication]
kind = "keys"
access-key = { aws-secret = "prod/sales", key = "id", region = "eu-west-3" }
secret-key = { aws-secret = "prod/sales", key = "secret", region = "eu-west-3" }
[[connections.models]]
id = "vendor.model-v1:0"
alias = "nova"

[[connections]]
name = "whole"
provider = "bedrock"
region = "eu-central-1"
access = [{}]
authentication = { kind = "api-key", api-key = { aws-secret = "prod/api-key" } }
[[connections.models]]
id = "vendor.model-v1:0"
alias = "nova"
"#;

async fn manager() -> SecretsManager {
    SecretsManager::start().await.expect("an emulator on a free port")
}

async fn stage_with(manager: &SecretsManager, file: &File) -> Stage {
    let url = manager.url();
    stage(file, &[("AWS_ENDPOINT_URL_SECRETS_MANAGER", &url), ("AWS_REGION", "eu-central-1")]).await
}

/// What was asked of Secrets Manager, and where.
fn readings(manager: &SecretsManager) -> Vec<(String, Option<String>, u16)> {
    let readings = manager.readings().all();
    assert!(readings.iter().all(|reading| reading.identity.key() == Some("AKIDENV")), "{readings:?}");
    let told = |reading: &bedrock_connector::emulator::Reading| {
        (reading.id.clone(), reading.identity.region().map(str::to_owned), reading.status)
    };
    readings.iter().map(told).collect()
}

#[tokio::test]
async fn a_secret_of_aws_is_taken_by_member_or_as_a_whole_and_read_once() {
    let manager = manager().await;
    manager.put("prod/sales", r#"{"id": "AKIDVAULT", "secret": "vaultsecret"}"#);
    manager.put("prod/api-key", "key-of-the-vault");
    let file = File::new(REFERRED);
    let stage = stage_with(&manager, &file).await;
    for connection in ["members", "whole"] {
        for question in ["one", "two", "three"] {
            let key = stage.gateway.create_job(task(connection, "nova", question));
            answer(&stage, key).await;
        }
    }
    let identities: Vec<_> = stage.bedrock.exchanges().all().into_iter().map(|it| it.identity).collect();
    let api_key = Identity::ApiKey("key-of-the-vault".into());
    assert_eq!(identities.len(), 6);
    assert!(identities[..3].iter().all(|identity| identity.key() == Some("AKIDVAULT")), "{identities:?}");
    assert!(identities[3..].iter().all(|identity| *identity == api_key), "{identities:?}");
    let expected = [("prod/sales", "eu-west-3"), ("prod/api-key", "eu-central-1")];
    assert_eq!(readings(&manager), expected.map(|(id, region)| (id.into(), Some(region.into()), 200)));
    for secret in ["vaultsecret", "key-of-the-vault"] {
        assert!(!stage.log().contains(secret), "{secret} is in the log");
    }
}

#[tokio::test]
async fn a_secret_of_aws_that_is_absent_is_named_and_nothing_is_called() {
    let manager = manager().await;
    let file = File::new(REFERRED);
    let stage = stage_with(&manager, &file).await;
    let failed = async |connection: &str| {
        let key = stage.gateway.create_job(task(connection, "nova", "Hello?").header("retryBackoff", "PT1H"));
        failure(&stage, key).await.1
    };
    for (connection, expected) in [("members", "\"prod/sales\""), ("whole", "\"prod/api-key\"")] {
        let message = failed(connection).await;
        for part in ["AWS Secrets Manager", expected, "does not exist"] {
            assert!(message.contains(part), "{part} is not in {message}");
        }
    }
    assert_eq!(stage.bedrock.exchanges().all().len(), 0);
}

#[tokio::test]
async fn a_member_that_a_secret_of_aws_lacks_is_named_without_the_others() {
    let manager = manager().await;
    manager.put("prod/sales", r#"{"id": "AKIDVAULT", "other": "vaultsecret"}"#);
    manager.put("prod/api-key", "key-of-the-vault");
    let file = File::new(
        &REFERRED
            .replace("{ aws-secret = \"prod/api-key\" }", "{ aws-secret = \"prod/api-key\", key = \"k\" }"),
    );
    let stage = stage_with(&manager, &file).await;
    for (connection, expected) in [
        ("members", "\"prod/sales\" of AWS Secrets Manager: it has no member \"secret\""),
        ("whole", "AWS Secrets Manager: the secret \"prod/api-key\": is no JSON object"),
    ] {
        let key = stage.gateway.create_job(task(connection, "nova", "Hello?"));
        let (_, message) = failure(&stage, key).await;
        assert!(message.contains(expected), "{message}");
    }
    assert_eq!(stage.bedrock.exchanges().all().len(), 0);
    assert!(!stage.log().contains("vaultsecret") && !stage.log().contains("key-of-the-vault"));
}
