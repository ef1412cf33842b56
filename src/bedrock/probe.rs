//! What a connection can do, found out without paying.
//!
//! AWS looks at permissions before it looks at the request. So a request that no model can answer tells whether a good one would
//! be let through, and nothing is written that somebody pays for.

use std::sync::Arc;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::caller::{Caller, CallerError};
use super::clients::Clients;
use super::outgoing::{Operation, Outgoing};
use super::target::{Identity, Target};
use super::{Error, hosted, identity, receive, send};
use crate::connections::{Authentication, Connection, Hosted, Kind, Model, References, Upstream};
use crate::huggingface::{self, Hosting};

/// Looks what connections can do.
#[derive(Debug)]
pub struct Prober {
    clients: Arc<Clients>,
    references: Arc<References>,
    huggingface: huggingface::Client,
}

/// Whose an identity is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    Caller(Caller),
    /// An API key, which does not say whose it is.
    ApiKey,
}

/// What is done with a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ability {
    /// InvokeModel and Converse.
    Answer,
    /// InvokeModelWithResponseStream and ConverseStream.
    Stream,
    CountTokens,
}

/// How it stands with an ability.
#[derive(Debug)]
pub enum Finding {
    Granted,
    /// A policy lacks an action, on a resource as far as AWS names it.
    Missing {
        action: String,
        resource: Option<String>,
    },
    /// The account has no access to the model.
    NotEntitled {
        message: String,
    },
    /// There is no such model here, or it cannot be called by this id.
    Absent {
        message: String,
    },
    /// It is there, and takes no call just now.
    Busy(Error),
    Failed(Error),
}

/// What AWS says of a model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Description {
    /// `ACTIVE`, or `LEGACY` for a model that is about to go.
    pub status: Option<String>,
    /// What it makes: `TEXT`, `IMAGE`, `EMBEDDING`.
    pub makes: Vec<String>,
    /// The regions of an inference profile.
    pub regions: Vec<String>,
}

/// What is described.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Described<'a> {
    Model(&'a str),
    Profile(&'a str),
}

impl Prober {
    /// Asks as the identities of connections.
    pub fn new(clients: Arc<Clients>, references: Arc<References>, huggingface: huggingface::Client) -> Self {
        Self { clients, references, huggingface }
    }

    /// Whose an identity is.
    pub async fn who(&self, authentication: &Authentication) -> Result<Who, CallerError> {
        match identity::of(authentication, &self.references).await? {
            Identity::ApiKey(_) => Ok(Who::ApiKey),
            identity => self.clients.caller_of(&identity).await.map(Who::Caller),
        }
    }

    /// What AWS says of a model or a profile.
    pub async fn describe(&self, upstream: &Upstream, of: Described<'_>) -> Result<Description, Error> {
        let (path, id) = match of {
            Described::Model(id) => ("foundation-models", id),
            Described::Profile(id) => ("inference-profiles", id),
        };
        let path = format!("{path}/{}", utf8_percent_encode(id, NON_ALPHANUMERIC));
        let target = self.target(upstream).await?;
        Ok(Description::read(&self.send(&target, &Outgoing::look_at(path)).await?))
    }

    /// The ids of the models in the region of an upstream.
    pub async fn models(&self, upstream: &Upstream) -> Result<Vec<String>, Error> {
        let target = self.target(upstream).await?;
        let listed = self.send(&target, &Outgoing::look_at("foundation-models".to_owned())).await?;
        let models = listed.get("modelSummaries").and_then(Value::as_array).into_iter().flatten();
        Ok(models.filter_map(|model| model.get("modelId")?.as_str()).map(str::to_owned).collect())
    }

    /// Whether an identity may do something with a model of Bedrock.
    pub async fn may(&self, model: &Model, upstream: &Upstream, ability: Ability) -> Finding {
        let (operation, body) = match (ability, model.kind) {
            (Ability::CountTokens, _) => (Operation::CountTokens, json!({})),
            (Ability::Stream, _) => (Operation::ConverseStream, json!({ "messages": [] })),
            (Ability::Answer, Kind::Text) => (Operation::Converse, json!({ "messages": [] })),
            (Ability::Answer, Kind::Embedding | Kind::Image) => (Operation::InvokeModel, json!({})),
        };
        let outgoing = Outgoing::new(&upstream.model_id, operation, body.to_string());
        self.tried(upstream, &outgoing).await.map_or_else(Finding::of, |()| Finding::Granted)
    }

    /// Whether an identity may let texts through a guardrail. The request has none, so there is nothing to look at.
    pub async fn may_guard(&self, upstream: &Upstream, guardrail: &str, version: &str) -> Finding {
        let body = json!({ "source": "INPUT", "content": [] });
        let outgoing = Outgoing::to_guardrail(guardrail, version, body.to_string());
        self.tried(upstream, &outgoing).await.map_or_else(Finding::of_guardrail, |()| Finding::Granted)
    }

    async fn tried(&self, upstream: &Upstream, outgoing: &Outgoing) -> Result<(), Error> {
        let target = self.target(upstream).await?;
        self.send(&target, outgoing).await.map(drop)
    }

    /// Whose the token of a connection to Hugging Face is.
    pub async fn owner(
        &self,
        connection: &Connection,
        authentication: &Authentication,
    ) -> Result<huggingface::Owner, Error> {
        match identity::of(authentication, &self.references).await? {
            Identity::ApiKey(token) => {
                Ok(self.huggingface.owner(connection.endpoint.as_deref(), &token).await?)
            }
            // The configuration takes nothing else for Hugging Face.
            _ => Err(Error::Credentials { reason: "Hugging Face takes API keys only".to_owned() }),
        }
    }

    /// Whether a model of Hugging Face is there and may be asked.
    pub async fn may_hosted(&self, connection: &Connection, model: &Model, upstream: &Upstream) -> Finding {
        let Some(Hosted { task, .. }) = &model.hosted else { return Finding::Granted };
        let hosting = Hosting {
            task: *task,
            is_dedicated: upstream.endpoint.is_some() && upstream.endpoint != connection.endpoint,
            endpoint: upstream.endpoint.clone(),
            bill_to: connection.namespace.clone(),
        };
        let body = json!({ "model": upstream.model_id, "messages": [] }).to_string();
        let outgoing = Outgoing::new(&upstream.model_id, Operation::InvokeModel, body);
        let sent = match identity::of(&upstream.authentication, &self.references).await {
            Ok(identity) => {
                let target = Target {
                    identity,
                    region: String::new(),
                    endpoint: None,
                    hosting: Some(hosting.clone()),
                };
                hosted::ask(&self.huggingface, &target, &hosting, &outgoing, || {}).await.map(drop)
            }
            Err(error) => Err(error),
        };
        match sent {
            // It was understood, and there was nothing to answer.
            Err(Error::HuggingFace(huggingface::Error::Service { status: 400 | 422, .. })) | Ok(()) => {
                Finding::Granted
            }
            Err(Error::HuggingFace(error @ huggingface::Error::Service { status: 404, .. })) => {
                Finding::Absent { message: error.to_string() }
            }
            Err(Error::HuggingFace(error)) if error.is_throttled() => Finding::Busy(error.into()),
            Err(error) => Finding::Failed(error),
        }
    }

    async fn target(&self, upstream: &Upstream) -> Result<Target, Error> {
        let region = upstream.region.clone().or_else(|| self.clients.options().default_region.clone());
        Ok(Target {
            identity: identity::of(&upstream.authentication, &self.references).await?,
            region: region.unwrap_or_default(),
            endpoint: upstream.endpoint.clone(),
            hosting: None,
        })
    }

    async fn send(&self, target: &Target, outgoing: &Outgoing) -> Result<Value, Error> {
        let client = self.clients.get(target).await?;
        let answer = send::send(&client, outgoing, self.clients.options().max_answer_bytes).await?;
        match answer.events {
            // A stream has begun, so it is granted; nobody reads it.
            Some(_) => Ok(Value::Null),
            None => receive::read(outgoing, &answer.body, &answer.head),
        }
    }
}

impl Description {
    fn read(value: &Value) -> Self {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let status = value.pointer("/modelDetails/modelLifecycle/status").or_else(|| value.get("status"));
        let list = |pointer: &str| value.pointer(pointer).and_then(Value::as_array).into_iter().flatten();
        let region = |model: &Value| model.get("modelArn")?.as_str()?.split(':').nth(3).map(str::to_owned);
        Self {
            status: status.and_then(text),
            makes: list("/modelDetails/outputModalities").filter_map(text).collect(),
            regions: list("/models").filter_map(region).filter(|region| !region.is_empty()).collect(),
        }
    }
}

impl Finding {
    fn of(error: Error) -> Self {
        let Error::Service { status, code, message, .. } = &error else { return Self::Failed(error) };
        let says = |text: &str| message.to_lowercase().contains(text);
        match code.as_str() {
            "AccessDeniedException" => match missing(message) {
                Some((action, resource)) => Self::Missing { action, resource },
                None => Self::NotEntitled { message: message.clone() },
            },
            "ResourceNotFoundException" => Self::Absent { message: message.clone() },
            "ValidationException"
                if says("model identifier") || says("on-demand throughput") || says("end of its life") =>
            {
                Self::Absent { message: message.clone() }
            }
            // It has come past the permissions, and was refused for what it is.
            "ValidationException" => Self::Granted,
            // The model makes nothing of it, which it can only say when it is asked.
            "ModelErrorException" => Self::Granted,
            _ if *status == 429 => Self::Granted,
            _ => Self::Failed(error),
        }
    }
}

impl Finding {
    fn of_guardrail(error: Error) -> Self {
        match error {
            Error::Service { code, message, .. }
                if code == "ValidationException" && message.to_lowercase().contains("does not exist") =>
            {
                Self::Absent { message }
            }
            error => Self::of(error),
        }
    }
}

/// The action and the resource of a refusal by IAM, whose words are "… is not authorized to perform: ACTION on resource: ARN …".
fn missing(message: &str) -> Option<(String, Option<String>)> {
    let (_, rest) = message.split_once("not authorized to perform: ")?;
    let word =
        |text: &str| text.split_whitespace().next().map(|word| word.trim_end_matches(['.', ',']).to_owned());
    let resource = rest.split_once("on resource: ").and_then(|(_, rest)| word(rest));
    Some((word(rest)?, resource))
}

#[cfg(test)]
mod unit {
    use super::*;

    fn service(status: u16, code: &str, message: &str) -> Error {
        Error::Service {
            status,
            code: code.into(),
            message: message.into(),
            request_id: "r".into(),
            retry_after: None,
        }
    }

    #[test]
    fn a_refusal_of_iam_names_what_is_missing() {
        let arn = "arn:aws:bedrock:eu-central-1::foundation-model/a.b-v1:0";
        let message = format!(
            "User: arn:aws:sts::1:assumed-role/r/s is not authorized to perform: bedrock:InvokeModel on resource: {arn} \
             because no identity-based policy allows the bedrock:InvokeModel action"
        );
        let found = Finding::of(service(403, "AccessDeniedException", &message));
        let Finding::Missing { action, resource } = found else { panic!("{found:?}") };
        assert_eq!((action.as_str(), resource.as_deref()), ("bedrock:InvokeModel", Some(arn)));
    }

    #[test]
    fn what_comes_past_the_permissions_is_granted() {
        for (status, code, message, expected) in [
            (400, "ValidationException", "A conversation must start with a user message.", "Granted"),
            (429, "ThrottlingException", "Too many requests", "Granted"),
            (424, "ModelErrorException", "extraneous key", "Granted"),
            (400, "ValidationException", "The provided model identifier is invalid.", "Absent"),
            (
                400,
                "ValidationException",
                "Invocation of model ID x with on-demand throughput isn't supported.",
                "Absent",
            ),
            (404, "ResourceNotFoundException", "gone", "Absent"),
            (
                403,
                "AccessDeniedException",
                "You don't have access to the model with the specified model ID.",
                "NotEntitled",
            ),
            (403, "UnrecognizedClientException", "The security token is invalid.", "Failed"),
            (500, "InternalServerException", "oops", "Failed"),
        ] {
            let found = format!("{:?}", Finding::of(service(status, code, message)));
            assert!(found.starts_with(expected), "{code} {message}: {found}");
        }
    }

    #[test]
    fn a_guardrail_that_is_not_there_is_told_from_a_request_that_makes_no_sense() {
        for (code, message, expected) in [
            (
                "ValidationException",
                "The guardrail identifier or version provided in the request does not exist.",
                "Absent",
            ),
            ("ResourceNotFoundException", "gone", "Absent"),
            ("ValidationException", "The content is empty.", "Granted"),
        ] {
            let found = format!("{:?}", Finding::of_guardrail(service(400, code, message)));
            assert!(found.starts_with(expected), "{message}: {found}");
        }
    }

    #[test]
    fn a_profile_is_described_with_its_regions() {
        let model =
            |region: &str| json!({ "modelArn": format!("arn:aws:bedrock:{region}::foundation-model/a.b") });
        let profile =
            json!({ "status": "ACTIVE", "models": [model("eu-west-1"), model(""), model("eu-central-1")] });
        let described = Description::read(&profile);
        assert_eq!(described.status.as_deref(), Some("ACTIVE"));
        assert_eq!(described.regions, ["eu-west-1", "eu-central-1"]);
    }
}
