//! AWS: who we are, the region, and whether models answer.

use std::sync::Arc;
use std::time::Duration;

use bedrock_connector::bedrock::{
    Bedrock, CallerError, Clients, DefaultIdentity, DefaultIdentityState, Flavour,
};
use bedrock_connector::config::Config;
use bedrock_connector::connector::{Connector as _, Error, Scope};
use bedrock_connector::documents::{Budget, External, Loader};
use bedrock_connector::telemetry::Telemetry;
use serde_json::json;

use super::report::Check;

/// A check ought to end while somebody looks; models are asked for one word.
const MODEL_PATIENCE: Duration = Duration::from_secs(30);

pub(super) async fn checks(config: &Config, clients: Arc<Clients>, models: &[String]) -> Vec<Check> {
    let mut checks = vec![credentials(&clients).await, region(config)];
    for model in models {
        checks.push(answers(config, Arc::clone(&clients), model).await);
    }
    checks
}

async fn credentials(clients: &Clients) -> Check {
    const NAME: &str = "credentials";
    if clients.options().default_identity == DefaultIdentity::Refused {
        return Check::ok(NAME, "tasks bring their own keys or name a connection, as configured");
    }
    match clients.default_identity().await {
        Err(error) => {
            return Check::failed(
                NAME,
                error.to_string(),
                "check where AWS's chain looks: profile, role, web identity",
            );
        }
        Ok(DefaultIdentityState::Absent) => {
            let message = "this process has none, so every task must bring its own keys";
            return Check::warning(
                NAME,
                message,
                "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the process a role",
            );
        }
        Ok(DefaultIdentityState::Resolved) => {}
    }
    match clients.caller().await {
        Ok(caller) => Check::ok(NAME, format!("{} (account {})", caller.arn, caller.account)),
        Err(error @ CallerError::Refused { .. }) => {
            Check::failed(NAME, error.to_string(), "renew or correct the credentials")
        }
        Err(error) => Check::warning(
            NAME,
            format!("found; who they are is not known: {error}"),
            "nothing, if STS is closed off on purpose",
        ),
    }
}

fn region(config: &Config) -> Check {
    let endpoint =
        config.bedrock.endpoint_url.as_ref().map_or(String::new(), |url| format!(", endpoint {url}"));
    match &config.bedrock.default_region {
        Some(region) => Check::ok("region", format!("{region}{endpoint}")),
        None => Check::ok("region", format!("each task names its own{endpoint}")),
    }
}

/// Asks the model for one word, by the same way that tasks take.
async fn answers(config: &Config, clients: Arc<Clients>, model: &str) -> Check {
    let name = format!("model {model}");
    let Some(region) = &config.bedrock.default_region else {
        return Check::failed(&name, "no region to ask in", "set AWS_REGION, or --region");
    };
    let loader = match External::new(config.documents.clone()) {
        Ok(fetch) => Loader::new(Arc::new(fetch), None, Budget::new(0)),
        Err(error) => {
            return Check::failed(&name, error.to_string(), "check the certificates of this machine");
        }
    };
    let connector = Bedrock::new(Flavour::Native, clients, loader, Telemetry::no_op());
    let variables = json!({
        "authentication": { "type": "defaultCredentialsChain" },
        "configuration": { "region": region },
        "action": "converse",
        "data": { "modelId": model, "newMessage": "Reply with the word ok.", "maxTokens": 16 },
    });
    let asked = async { connector.bind(&variables, &Scope::default())?.execute().await };
    match tokio::time::timeout(MODEL_PATIENCE, asked).await {
        Ok(Ok(_)) => Check::ok(&name, format!("answers in {region}")),
        Ok(Err(error)) => Check::failed(&name, error.message.clone(), remedy(&error)),
        Err(_) => Check::failed(
            &name,
            format!("no answer within {} s", MODEL_PATIENCE.as_secs()),
            "try again; look at quotas and network",
        ),
    }
}

fn remedy(error: &Error) -> &'static str {
    match error.code.to_string().as_str() {
        "AccessDeniedException" => {
            "allow bedrock:InvokeModel for this identity, and request access to the model"
        }
        "ResourceNotFoundException" => "the model has been retired or is not in this region; take another",
        "ValidationException" => "check the model's id; many models need an inference profile such as eu.…",
        "ThrottlingException" => "the quota of the model is used up; wait or raise it",
        "ExpiredTokenException" | "UnrecognizedClientException" | "InvalidSignatureException" => {
            "renew or correct the credentials"
        }
        _ => "check network, proxy and endpoint",
    }
}
