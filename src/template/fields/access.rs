//! As whom a task signs in, and where the model is.

use crate::template::model::{Choice, Property, among, is};
use crate::template::options::Options;
use crate::template::property::input;

const SIGN_IN: &str = "authentication.type";
const OWN: &str = "defaultCredentialsChain";
const KEYS: &str = "credentials";
const ASSUMED: &str = "assumeRole";
const WEB: &str = "webIdentity";
const PROFILE: &str = "profile";
const API_KEY: &str = "apiKey";
const BASE: &str = "authentication.base";

/// A name of AWS, or a secret that holds it.
const REGION: &str = r"^([a-z0-9-]+|.*secrets\..*)$";

/// How the task signs in, and the region.
pub(super) fn sign_in(options: &Options, only_keys: bool) -> Vec<Property> {
    let kind = kind(options, only_keys);
    let offered: Vec<_> = kind.choices.iter().map(|choice| choice.value.clone()).collect();
    let offers = |kind: &str| offered.iter().any(|offered| offered == kind);
    let mut fields = vec![kind];
    if offers(KEYS) {
        fields.extend(keys("").map(|field| field.when(is(SIGN_IN, KEYS))));
    }
    fields.extend(further(options, offers));
    fields.push(region(options));
    fields
}

fn kind(options: &Options, only_keys: bool) -> Property {
    let mut choices = vec![Choice::new(OWN, "The worker's own role"), Choice::new(KEYS, "Access keys")];
    if !only_keys {
        choices.extend([
            Choice::new(ASSUMED, "Another role, which is assumed"),
            Choice::new(WEB, "Another role, by the worker's web identity"),
            Choice::new(PROFILE, "A profile of the worker"),
            Choice::new(API_KEY, "A Bedrock API key"),
        ]);
    }
    if !options.own_credentials {
        choices.retain(|choice| ![OWN, WEB, PROFILE].contains(&choice.value.as_str()));
    }
    if !options.identities.is_empty() {
        choices.retain(|choice| options.identities.contains(&choice.value));
    }
    // A template that knows none of the operator's ways has one that needs nothing of the operator.
    if choices.is_empty() {
        choices.push(Choice::new(KEYS, "Access keys"));
    }
    input(SIGN_IN).label("Authentication").one_of(choices).tooltip(
        "The worker's own role needs nothing in the diagram: whoever runs the worker has set it up. Keys belong into secrets.",
    )
}

/// A pair of keys. A second field for the same place needs an id of its own.
fn keys(suffix: &str) -> [Property; 3] {
    let place = |name: &str| {
        let path = format!("authentication.{name}");
        input(&path).id(format!("{path}{suffix}")).or_expression()
    };
    [
        place("accessKey")
            .label("Access key")
            .required()
            .placeholder("{{secrets.AWS_ACCESS_KEY}}")
            .tooltip("The id of the access key, best as a secret: {{secrets.NAME}}."),
        place("secretKey")
            .label("Secret key")
            .required()
            .placeholder("{{secrets.AWS_SECRET_KEY}}")
            .tooltip("The secret that belongs to the access key. Never write it into a diagram: name a secret, {{secrets.NAME}}."),
        place("sessionToken")
            .label("Session token")
            .placeholder("{{secrets.AWS_SESSION_TOKEN}}")
            .tooltip("Only for temporary keys, which come with a token."),
    ]
}

/// The identities that Camunda's template does not know, as far as they are offered.
fn further(options: &Options, offers: impl Fn(&str) -> bool) -> Vec<Property> {
    let under = |field: Property, kinds: &[&'static str]| {
        let kinds: Vec<_> = kinds.iter().copied().filter(|kind| offers(kind)).collect();
        match kinds.as_slice() {
            [] => None,
            [kind] => Some(field.when(is(SIGN_IN, *kind))),
            kinds => Some(field.when(among(SIGN_IN, kinds))),
        }
    };
    let of_base = |field: Property, base: &'static str| Some(under(field, &[ASSUMED])?.when(is(BASE, base)));
    let [role, external_id, session_name] = role();
    let mut fields = vec![
        under(role, &[ASSUMED, WEB]),
        under(external_id, &[ASSUMED]),
        under(session_name, &[ASSUMED, WEB]),
        under(base(options), &[ASSUMED]),
    ];
    fields.extend(keys(".base").map(|field| of_base(field, KEYS)));
    if options.own_credentials {
        fields.push(of_base(profile(options, ".base"), PROFILE));
    }
    fields.push(under(profile(options, ""), &[PROFILE]));
    let api_key = input("authentication.apiKey").label("API key").or_expression().required();
    let api_key = api_key.placeholder("{{secrets.BEDROCK_API_KEY}}").tooltip(
        "A key of Bedrock's own, without an identity of AWS. Never write it into a diagram: name a secret, {{secrets.NAME}}.",
    );
    fields.push(under(api_key, &[API_KEY]));
    fields.into_iter().flatten().collect()
}

/// A role, and how it is assumed.
fn role() -> [Property; 3] {
    let place = |name: &str| input(&format!("authentication.{name}")).or_expression();
    [
        place("roleArn")
            .label("Role")
            .required()
            .placeholder("arn:aws:iam::123456789012:role/bedrock")
            .tooltip("The ARN of the role. It has to trust the identity that assumes it."),
        place("externalId")
            .label("External id")
            .placeholder("{{secrets.EXTERNAL_ID}}")
            .tooltip("Only if the role's trust policy asks for one."),
        place("sessionName")
            .label("Session name")
            .placeholder("order-handling")
            .tooltip("The name under which AWS logs what is done. Left empty, it is that of the worker."),
    ]
}

fn base(options: &Options) -> Property {
    let mut bases = vec![
        Choice::new(OWN, "The worker's own role"),
        Choice::new(KEYS, "Access keys"),
        Choice::new(PROFILE, "A profile of the worker"),
    ];
    if !options.own_credentials {
        bases.retain(|choice| choice.value == KEYS);
    }
    input(BASE).label("Base identity").one_of(bases).tooltip("Who assumes the role.")
}

/// One of the operator's profiles, or any by its name.
fn profile(options: &Options, suffix: &str) -> Property {
    let profile = input("authentication.profile").id(format!("authentication.profile{suffix}"));
    let profile = profile.label("Profile").tooltip("The name of a profile in the worker's own files of AWS.");
    if options.profiles.is_empty() {
        return profile.or_expression().required().placeholder("sales");
    }
    profile.one_of(options.profiles.iter().map(|name| Choice::new(name, name)).collect())
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
