//! Which model is asked, where it is, and as whom.

use crate::template::model::{Choice, Property, is};
use crate::template::options::{Makes, Options};
use crate::template::property::{input, note};

const SIGN_IN: &str = "authentication.type";
const OWN: &str = "defaultCredentialsChain";
const KEYS: &str = "credentials";

/// A name of AWS, or a secret that holds it.
const REGION: &str = r"^([a-z0-9-]+|.*secrets\..*)$";

/// How the task signs in, and the region.
pub(crate) fn sign_in(options: &Options) -> Vec<Property> {
    let mut choices = vec![Choice::new(OWN, "The worker's own role"), Choice::new(KEYS, "Access keys")];
    if !options.own_credentials {
        choices.retain(|choice| choice.value != OWN);
    }
    vec![
        input(SIGN_IN).label("Sign in to AWS with").one_of(choices).tooltip(
            "The worker's own role needs nothing in the diagram: whoever runs the worker has set it up. Access keys belong into secrets.",
        ),
        input("authentication.accessKey")
            .label("Access key")
            .or_expression()
            .required()
            .placeholder("{{secrets.AWS_ACCESS_KEY}}")
            .tooltip("The id of the access key, best as a secret: {{secrets.NAME}}.")
            .when(is(SIGN_IN, KEYS)),
        input("authentication.secretKey")
            .label("Secret key")
            .or_expression()
            .required()
            .placeholder("{{secrets.AWS_SECRET_KEY}}")
            .tooltip("The secret that belongs to the access key. Never write it into a diagram: name a secret, {{secrets.NAME}}.")
            .when(is(SIGN_IN, KEYS)),
        input("authentication.sessionToken")
            .label("Session token")
            .or_expression()
            .placeholder("{{secrets.AWS_SESSION_TOKEN}}")
            .tooltip("Only for temporary keys, which come with a token.")
            .when(is(SIGN_IN, KEYS)),
        region(options),
    ]
}

fn region(options: &Options) -> Property {
    let region = input("configuration.region").label("AWS region").or_expression();
    match &options.region {
        Some(default) => {
            region.placeholder(default).tooltip(format!("Where the model is. Left empty, it is {default}."))
        }
        None => region
            .required()
            .pattern(REGION, "must be in lower case, such as eu-central-1")
            .placeholder("eu-central-1")
            .tooltip("Where the model is. Bedrock's console shows which models a region has."),
    }
}

/// What the field of a model looks like in one template.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ModelField {
    pub(crate) makes: Makes,
    pub(crate) placeholder: &'static str,
    pub(crate) tooltip: &'static str,
    /// Whether a fresh task takes the first model of the operator. Where a task may come from Camunda's template, its
    /// own model has to stay.
    pub(crate) choose_first: bool,
}

const MODEL: &str = "data.modelId";
const CHOSEN: &str = "model";
const ANOTHER: &str = "another";

/// The model, written by hand or chosen among those of the operator.
pub(crate) fn model(options: &Options, field: ModelField) -> Vec<Property> {
    let offered: Vec<_> = options.models.iter().filter(|model| model.makes() == field.makes).collect();
    let by_hand =
        input(MODEL).or_expression().required().placeholder(field.placeholder).tooltip(field.tooltip);
    if offered.is_empty() {
        return vec![by_hand.label("Model")];
    }
    let mut choices: Vec<_> = offered.iter().map(|model| Choice::new(&model.id, &model.name)).collect();
    let another = Choice::new(ANOTHER, "Another model");
    if field.choose_first {
        choices.push(another);
    } else {
        choices.insert(0, another);
    }
    let chosen = note("bedrock-connector:model").id(CHOSEN).label("Model").one_of(choices);
    let constants = offered.iter().enumerate().map(|(index, model)| {
        let constant = input(MODEL).id(format!("{MODEL}.{}", index + 1)).constant(model.id.as_str());
        constant.when(is(CHOSEN, model.id.as_str()))
    });
    let mut fields = vec![chosen.tooltip("The models that the operator offers.")];
    fields.extend(constants);
    fields.push(by_hand.label("Id of the model").when(is(CHOSEN, ANOTHER)));
    fields
}

/// A credential that is kept in the cluster, and another address of Bedrock: few tasks need them.
pub(crate) fn detours() -> Vec<Property> {
    vec![
        input("awsCredential")
            .label("Stored credential")
            .expression()
            .placeholder("camunda.vars.env.awsCredential")
            .tooltip("A credential that is kept in the cluster (from Camunda 8.10). When it is filled in, it is used in place of the sign-in above."),
        input("configuration.endpoint")
            .label("Endpoint")
            .or_expression()
            .placeholder("https://vpce-0123-abcd.bedrock-runtime.eu-central-1.vpce.amazonaws.com")
            .tooltip("Another address of Bedrock, such as a VPC endpoint. Left empty, it is that of the region."),
    ]
}
