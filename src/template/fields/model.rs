//! Which model is asked, and the way to it: a connection of the operator, or what the task itself says.

use super::access;
use crate::template::model::{Choice, Property, is};
use crate::template::options::{Connection, Makes, Options};
use crate::template::property::{input, note};

/// What a template needs of a model, and what the field of its id looks like.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ModelField {
    /// What a fitting model makes.
    pub(crate) makes: &'static [Makes],
    /// Whether models outside of Amazon Bedrock can do it, too.
    pub(crate) elsewhere: bool,
    /// How its id is asked for; none for what is done without a model.
    pub(crate) by_hand: Option<ByHand>,
    /// Whether a task may come from Camunda's template. Then what stands there has to stay, so a fresh task has no
    /// choice of the operator's made for it.
    pub(crate) inherits: bool,
    /// Whether tasks sign in with keys or the worker's role and with nothing else, as in Camunda's template.
    pub(crate) only_keys: bool,
}

/// A field for the id of a model.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ByHand {
    pub(crate) placeholder: &'static str,
    pub(crate) tooltip: &'static str,
}

const CONNECTION: &str = "connection";
const NAME: &str = "configuration.connection";
const MODEL: &str = "data.modelId";
const CHOSEN: &str = "model";
/// A task that was made with another template has no choice yet, and to a modeler that is an empty one. What such a task
/// brings along stays only if its fields are there with the empty choice.
const NONE: &str = "";
const ANOTHER: &str = "";
/// No connection is called so: names have no brackets.
const OTHER: &str = "(other)";

/// The fields of the way to a model; none when nothing that the operator has fits.
pub(crate) fn fields(options: &Options, field: ModelField) -> Vec<Property> {
    let fitting: Vec<_> = fitting(options, field).collect();
    if fitting.is_empty() {
        return if options.inline_credentials { own(options, field) } else { Vec::new() };
    }
    let mut fields = vec![chooser(options, field, &fitting)];
    for connection in fitting {
        fields.extend(through(connection, field));
    }
    fields.extend(through_another(field));
    if options.inline_credentials {
        fields.extend(own(options, field).into_iter().map(without_connection));
    }
    fields
}

/// Seldom used fields of tasks that go without a connection.
pub(crate) fn detours(options: &Options, field: ModelField) -> Vec<Property> {
    let has_connections = fitting(options, field).next().is_some();
    match (options.inline_credentials, has_connections) {
        (true, false) => access::detours(),
        (true, true) => access::detours().into_iter().map(without_connection).collect(),
        (false, _) => Vec::new(),
    }
}

fn without_connection(property: Property) -> Property {
    property.when(is(CONNECTION, NONE))
}

/// The connections that can do it.
fn fitting(options: &Options, field: ModelField) -> impl Iterator<Item = &Connection> {
    options.connections.iter().filter(move |connection| {
        let serves = connection.is_bedrock || field.elsewhere;
        serves && (field.by_hand.is_none() || models(connection, field).next().is_some())
    })
}

/// The models of a connection that fit, as choices.
fn models(connection: &Connection, field: ModelField) -> impl Iterator<Item = Choice> {
    let models = connection.models.iter().filter(move |model| field.makes.contains(&model.makes));
    models.map(|model| Choice::new(&model.alias, described(&model.alias, model.description.as_deref())))
}

fn described(name: &str, description: Option<&str>) -> String {
    description.map_or_else(|| name.to_owned(), |description| format!("{name} – {description}"))
}

fn chooser(options: &Options, field: ModelField, fitting: &[&Connection]) -> Property {
    let mut choices: Vec<_> = fitting
        .iter()
        .map(|connection| {
            Choice::new(&connection.name, described(&connection.name, connection.description.as_deref()))
        })
        .collect();
    choices.push(Choice::new(OTHER, "Another one, by its name"));
    if options.inline_credentials {
        let none = Choice::new(NONE, "None: the task signs in by itself");
        choices.insert(if field.inherits { 0 } else { choices.len() }, none);
    }
    let chooser = note("bedrock-connector:connection").id(CONNECTION).label("Connection");
    chooser.one_of(choices).tooltip(
        "A way to models that the operator has set up. With one, the task needs neither credentials nor a region.",
    )
}

/// Whoever takes a connection chooses among its models; no other is let through.
fn through(connection: &Connection, field: ModelField) -> Vec<Property> {
    let name = connection.name.as_str();
    let mut fields = vec![input(NAME).id(format!("{NAME}.{name}")).constant(name)];
    if field.by_hand.is_some() {
        let model = input(MODEL).id(format!("{MODEL}.{name}")).label("Model");
        fields
            .push(model.tooltip("What this connection offers.").one_of(models(connection, field).collect()));
    }
    fields.into_iter().map(|property| property.when(is(CONNECTION, name))).collect()
}

/// For a connection that is newer than the template, or one that the process names.
fn through_another(field: ModelField) -> Vec<Property> {
    let name = input(NAME).label("Name of the connection").placeholder("sales");
    let mut fields = vec![name.tooltip("As the operator calls it.")];
    if let Some(by_hand) = field.by_hand {
        let model =
            input(MODEL).id(format!("{MODEL}.{OTHER}")).label("Model").placeholder(by_hand.placeholder);
        fields.push(
            model.tooltip("The alias of one of its models, as the operator calls it, or the model's own id."),
        );
    }
    fields
        .into_iter()
        .map(|property| property.or_expression().required().when(is(CONNECTION, OTHER)))
        .collect()
}

/// Model, credentials and region of a task that goes without a connection.
fn own(options: &Options, field: ModelField) -> Vec<Property> {
    let mut fields = field.by_hand.map(|by_hand| chosen(options, field, by_hand)).unwrap_or_default();
    fields.extend(access::sign_in(options, field.only_keys));
    fields
}

/// The model, written by hand or chosen among those of the operator.
fn chosen(options: &Options, field: ModelField, by_hand: ByHand) -> Vec<Property> {
    let offered: Vec<_> =
        options.models.iter().filter(|model| field.makes.contains(&Makes::of(&model.id))).collect();
    let by_hand =
        input(MODEL).or_expression().required().placeholder(by_hand.placeholder).tooltip(by_hand.tooltip);
    if offered.is_empty() {
        return vec![by_hand.label("Model")];
    }
    let mut choices: Vec<_> = offered.iter().map(|model| Choice::new(&model.id, &model.name)).collect();
    choices.insert(if field.inherits { 0 } else { choices.len() }, Choice::new(ANOTHER, "Another model"));
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
