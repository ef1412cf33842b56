//! As whom a task signs in, and where the model is.

use crate::template::model::{Choice, Property, is};
use crate::template::options::Options;
use crate::template::property::input;

const SIGN_IN: &str = "authentication.type";
const OWN: &str = "defaultCredentialsChain";
const KEYS: &str = "credentials";

/// A name of AWS, or a secret that holds it.
const REGION: &str = r"^([a-z0-9-]+|.*secrets\..*)$";

/// How the task signs in, and the region.
pub(super) fn sign_in(options: &Options) -> Vec<Property> {
    let mut choices = vec![Choice::new(OWN, "The worker's own role"), Choice::new(KEYS, "Access keys")];
    if !options.own_credentials {
        choices.retain(|choice| choice.value != OWN);
    }
    vec![
        input(SIGN_IN).label("Authentication").one_of(choices).tooltip(
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
    let region = input("configuration.region").label("Region").or_expression();
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

/// A credential that is kept in the cluster, and another address of Bedrock: few tasks need them.
pub(super) fn detours() -> Vec<Property> {
    vec![
        input("awsCredential")
            .label("AWS credential")
            .expression()
            .placeholder("camunda.vars.env.awsCredential")
            .tooltip("A credential that is kept in the cluster (from Camunda 8.10). It is used in place of the authentication above. If it has a region of its own, = null will do as the region above."),
        input("configuration.endpoint")
            .label("Endpoint")
            .or_expression()
            .placeholder("https://vpce-0123-abcd.bedrock-runtime.eu-central-1.vpce.amazonaws.com")
            .tooltip("Another address of Bedrock, such as a VPC endpoint. Left empty, it is that of the region."),
    ]
}
