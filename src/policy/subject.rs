//! What a model's id stands for at AWS.

use super::document::Condition;
use super::geography;

/// What is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A model of Bedrock itself.
    Foundation { id: String },
    /// A profile that AWS has made, which sends calls to the regions of a geography or to any.
    Profile { arn: String, geography: String, model: String },
    /// A profile that an account has made. Its model is not known from here.
    ApplicationProfile { arn: String },
    /// A router, which chooses among models.
    Router { arn: String },
    /// A prompt with its model.
    Prompt { arn: String },
    /// What an account has made, bought or imported.
    Own { arn: String },
}

/// Resources, and the conditions under which they are needed.
pub(super) type Resources = (Vec<String>, Vec<Condition>);

/// Reads the id of a model as it is called in a region of an account.
pub fn subject(id: &str, region: &str, account: &str) -> Subject {
    let partition = geography::partition(region);
    if !id.starts_with("arn:") {
        return match geography::split(id) {
            Some((geography, model)) => Subject::Profile {
                arn: format!("arn:{partition}:bedrock:{region}:{account}:inference-profile/{id}"),
                geography: geography.to_owned(),
                model: model.to_owned(),
            },
            None => Subject::Foundation { id: id.to_owned() },
        };
    }
    let arn = id.to_owned();
    let resource = id.splitn(6, ':').nth(5).unwrap_or_default();
    let (kind, name) = resource.split_once('/').unwrap_or((resource, ""));
    match kind {
        "foundation-model" => Subject::Foundation { id: name.to_owned() },
        "inference-profile" => match geography::split(name) {
            Some((geography, model)) => {
                Subject::Profile { arn, geography: geography.to_owned(), model: model.to_owned() }
            }
            None => Subject::ApplicationProfile { arn },
        },
        "application-inference-profile" => Subject::ApplicationProfile { arn },
        "prompt-router" | "default-prompt-router" => Subject::Router { arn },
        "prompt" => Subject::Prompt { arn },
        _ => Subject::Own { arn },
    }
}

impl Subject {
    /// What a call of it uses. Where calls go on to models, these are only needed by way of it.
    pub(super) fn called(&self, region: &str) -> Vec<Resources> {
        let partition = geography::partition(region);
        let model =
            |region: &str, id: &str| format!("arn:{partition}:bedrock:{region}::foundation-model/{id}");
        let alone = |arn: &String| (vec![arn.clone()], Vec::new());
        match self {
            Self::Foundation { id } => vec![(vec![model(region, id)], Vec::new())],
            Self::Profile { arn, geography, model: id } if geography == "global" => {
                // The model has a resource without a region for calls that go anywhere.
                let here = (vec![model(region, id)], vec![by_profile(arn)]);
                let requested = Condition::new("StringEquals", "aws:RequestedRegion", "unspecified");
                let anywhere = (vec![model("", id)], vec![by_profile(arn), requested]);
                vec![alone(arn), here, anywhere]
            }
            Self::Profile { arn, geography, model: id } => {
                let regions = geography::regions(geography, region);
                let models = regions.iter().map(|region| model(region, id)).collect();
                vec![alone(arn), (models, vec![by_profile(arn)])]
            }
            Self::ApplicationProfile { arn } => {
                vec![alone(arn), (vec![model("*", "*")], vec![by_profile(arn)])]
            }
            Self::Router { arn } => {
                let by_router = Condition::new("ArnLike", "bedrock:PromptRouterArn", arn);
                let models =
                    vec![model("*", "*"), format!("arn:{partition}:bedrock:{region}:*:inference-profile/*")];
                vec![alone(arn), (models, vec![by_router])]
            }
            // Its model is chosen where the prompt is written.
            Self::Prompt { .. } => vec![(vec![model(region, "*")], Vec::new())],
            Self::Own { arn } => vec![alone(arn)],
        }
    }

    /// What `check` looks at: an action, and a resource.
    pub(super) fn looked_at(&self, region: &str) -> Option<(&'static str, String)> {
        match self {
            Self::Foundation { id } => {
                let partition = geography::partition(region);
                Some((
                    "bedrock:GetFoundationModel",
                    format!("arn:{partition}:bedrock:{region}::foundation-model/{id}"),
                ))
            }
            Self::Profile { arn, .. } | Self::ApplicationProfile { arn } => {
                Some(("bedrock:GetInferenceProfile", arn.clone()))
            }
            Self::Router { .. } | Self::Prompt { .. } | Self::Own { .. } => None,
        }
    }
}

fn by_profile(arn: &str) -> Condition {
    Condition::new("ArnLike", "bedrock:InferenceProfileArn", arn)
}
