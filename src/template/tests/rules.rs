//! What a good template keeps to, beyond its schema.

use std::collections::BTreeSet;

use serde_json::Value;

use super::choices::connections;
use super::shipped;
use crate::feel::Expression;
use crate::template::entries::{Entry, all};
use crate::template::model::{Binding, Feel, Kind, Property, Template, Test};
use crate::template::options::{Engine, Model, Options};

/// The shipped templates, and those of operators with wishes.
fn every_variant() -> Vec<Entry> {
    let models = ["amazon.nova-pro-v1:0", "Titan=amazon.titan-embed-text-v2:0", "amazon.nova-canvas-v1:0"];
    let rich = Options {
        models: models.iter().filter_map(|text| Model::parse(text)).collect(),
        region: Some("eu-central-1".into()),
        own_credentials: false,
        engine: Engine::V8_6,
        documentation: Some("https://example.com/docs/".into()),
        ..Options::default()
    };
    let connected = Options { connections: connections(), ..Options::default() };
    let connected_only = Options { inline_credentials: false, ..connected.clone() };
    let choosy = Options {
        identities: ["assumeRole", "profile"].map(str::to_owned).into(),
        profiles: ["sales", "claims"].map(str::to_owned).into(),
        ..Options::default()
    };
    let variants = [rich, connected, connected_only, choosy];
    shipped().into_iter().chain(variants.iter().flat_map(all)).collect()
}

fn each_property(check: impl Fn(&Template, &Property, &[Property])) {
    for entry in every_variant() {
        for (index, property) in entry.template.properties.iter().enumerate() {
            check(&entry.template, property, &entry.template.properties[..index]);
        }
    }
}

#[test]
fn ids_and_names_are_unique() {
    let entries = shipped();
    for key in [
        |e: &Entry| e.template.id.clone(),
        |e: &Entry| e.template.name.clone(),
        |e: &Entry| e.name.to_owned(),
    ] {
        let found: BTreeSet<_> = entries.iter().map(key).collect();
        assert_eq!(found.len(), entries.len());
    }
    each_property(|template, property, earlier| {
        assert!(earlier.iter().all(|other| other.id != property.id), "{}: {}", template.name, property.id);
    });
}

#[test]
fn what_is_shown_is_explained() {
    each_property(|template, property, _| {
        let place = format!("{}: {}", template.name, property.id);
        if property.kind == Kind::Hidden {
            assert!(property.value.is_some() && property.label.is_none(), "{place}");
            return;
        }
        let label = property.label.expect(&place);
        assert!(label.starts_with(char::is_uppercase) && !label.ends_with('.'), "{place}");
        let tooltip = property.tooltip.as_deref().expect(&place);
        assert!(tooltip.len() > 15 && tooltip.ends_with('.'), "{place}: {tooltip}");
        assert!(template.groups.iter().any(|group| Some(group.id) == property.group), "{place}");
    });
    for entry in every_variant() {
        for group in &entry.template.groups {
            assert!(
                entry.template.properties.iter().any(|field| field.group == Some(group.id)),
                "{}",
                group.id
            );
            assert!(group.tooltip.ends_with('.'), "{}", group.label);
        }
        assert!(entry.template.description.ends_with('.'), "{}", entry.name);
    }
}

/// Folded groups have to make sense without being opened.
#[test]
fn whatever_has_to_be_filled_in_is_seen_at_once() {
    for entry in every_variant() {
        let template = &entry.template;
        let open: Vec<_> =
            template.groups.iter().filter(|group| group.open_by_default).map(|group| group.id).collect();
        assert!((3..=4).contains(&open.len()), "{}", entry.name);
        for field in template.properties.iter().filter(|field| field.is_required() && field.value.is_none()) {
            let is_open = field.group.is_some_and(|group| open.contains(&group));
            let follows_a_choice = !first_shown(template, field);
            assert!(is_open || follows_a_choice, "{}: {}", entry.name, field.id);
        }
    }
}

#[test]
fn a_fresh_task_shows_few_fields() {
    for entry in shipped() {
        let template = &entry.template;
        let is_open = |id| template.groups.iter().any(|group| group.id == id && group.open_by_default);
        let shown = template.properties.iter().filter(|field| {
            field.kind != Kind::Hidden && field.group.is_some_and(is_open) && first_shown(template, field)
        });
        assert!(shown.count() <= 9, "{}", entry.name);
    }
}

/// Whether a fresh task shows the field.
fn first_shown(template: &Template, field: &Property) -> bool {
    let tests = field.condition.iter().flat_map(|condition| condition.tests());
    tests.into_iter().all(|test| {
        let other = template.properties.iter().find(|other| other.id == test.property);
        other.is_some_and(|other| {
            let is_so = other.value.as_ref().is_some_and(|value| test.answer.values().contains(value));
            is_so && first_shown(template, other)
        })
    })
}

#[test]
fn conditions_ask_earlier_fields_for_values_that_they_can_have() {
    each_property(|template, property, earlier| {
        for Test { property: asked, answer, .. } in
            property.condition.iter().flat_map(|condition| condition.tests())
        {
            let place = format!("{}: {} asks {asked}", template.name, property.id);
            let asked = earlier.iter().find(|other| other.id == *asked).expect(&place);
            assert_eq!(asked.kind, Kind::Dropdown, "{place}");
            for value in answer.values() {
                assert!(
                    asked.choices.iter().any(|choice| value == choice.value.as_str()),
                    "{place}: {value}"
                );
            }
            // A field that hides behind another one has to hide with it.
            let hides_with = asked.condition.iter().flat_map(|condition| condition.tests());
            let own: Vec<_> = property.condition.iter().flat_map(|condition| condition.tests()).collect();
            assert!(hides_with.into_iter().all(|test| own.contains(&test)), "{place}");
        }
    });
}

#[test]
fn choices_have_names_and_a_fresh_task_has_the_first() {
    each_property(|template, property, _| {
        let place = format!("{}: {}", template.name, property.id);
        assert_eq!(property.kind == Kind::Dropdown, !property.choices.is_empty(), "{place}");
        let values: BTreeSet<_> = property.choices.iter().map(|choice| &choice.value).collect();
        let names: BTreeSet<_> = property.choices.iter().map(|choice| &choice.name).collect();
        assert!(values.len() == property.choices.len() && names.len() == property.choices.len(), "{place}");
        if let Some(first) = property.choices.first() {
            assert_eq!(property.value, Some(first.value.as_str().into()), "{place}");
        }
    });
}

/// Two fields may write to one place only if no task has both.
#[test]
fn fields_that_share_a_binding_exclude_each_other() {
    let mut shared = 0;
    for entry in every_variant() {
        let properties = &entry.template.properties;
        for (index, one) in properties.iter().enumerate() {
            for other in properties[index + 1..].iter().filter(|other| other.binding == one.binding) {
                shared += 1;
                assert!(exclude_each_other(one, other), "{}: {} and {}", entry.name, one.id, other.id);
            }
        }
    }
    assert!(shared > 0, "the rule is used");
}

fn exclude_each_other(one: &Property, other: &Property) -> bool {
    let tests = |property: &Property| -> Vec<Test> {
        property.condition.iter().flat_map(|condition| condition.tests()).cloned().collect()
    };
    let (one, other) = (tests(one), tests(other));
    let differ = |one: &Test, other: &Test| {
        one.property == other.property
            && one.answer.values().iter().all(|value| !other.answer.values().contains(value))
    };
    one.iter().any(|one| other.iter().any(|other| differ(one, other)))
}

/// The panel writes the equals sign of a field that takes only expressions; the value itself begins with it.
#[test]
fn placeholders_and_defaults_of_expressions_are_expressions() {
    each_property(|template, property, _| {
        let place = format!("{}: {}", template.name, property.id);
        let (placeholder, default) =
            (property.placeholder.as_deref(), property.value.as_ref().and_then(Value::as_str));
        assert!(placeholder.is_none_or(|text| !text.starts_with('=')), "{place}");
        let is_expression = property.feel == Some(Feel::Required);
        assert!(default.is_none_or(|text| text.starts_with('=') == is_expression), "{place}");
        for text in placeholder.into_iter().chain(default).filter(|_| is_expression) {
            let read = Expression::parse(text);
            assert!(read.is_ok(), "{place}: {read:?}");
        }
    });
}

/// The panel puts the label before the message. It holds an empty field to the pattern, too (as the text `undefined`), so only
/// fields that hold something have one.
#[test]
fn patterns_take_their_own_examples_and_stand_where_something_has_to_stand() {
    each_property(|template, property, _| {
        let Some(pattern) = property.constraints.as_ref().and_then(|constraints| constraints.pattern) else {
            return;
        };
        let place = format!("{}: {}", template.name, property.id);
        let regex = fancy_regex::Regex::new(pattern.value).expect(&place);
        let matches = |text: &str| regex.is_match(text).unwrap();
        let default = property.value.as_ref().and_then(Value::as_str);
        assert!(property.placeholder.as_deref().into_iter().chain(default).all(matches), "{place}");
        assert!(!matches("not at all"), "{place}");
        assert!(property.is_required() || property.value.is_some(), "{place}");
        assert!(pattern.message.starts_with("must be "), "{place}");
    });
}

#[test]
fn menus_lead_to_values_that_fields_can_have() {
    for entry in every_variant() {
        let template = &entry.template;
        assert_eq!(template.steps.len(), template.presets.len());
        for (step, preset) in template.steps.iter().zip(&template.presets) {
            assert_eq!(step.preset_id, preset.id);
            for (id, value) in &preset.properties {
                let field = template.properties.iter().find(|field| field.id == *id).unwrap();
                assert!(field.choices.iter().any(|choice| value == choice.value.as_str()), "{id}");
            }
        }
    }
}

/// Each task carries its icon in the diagram.
#[test]
fn icons_are_small_and_square_drawings() {
    for entry in shipped() {
        let contents = &entry.template.icon.contents;
        assert!(
            contents.starts_with("data:image/svg+xml;base64,") && contents.len() < 1024,
            "{}",
            entry.name
        );
    }
    let drawings: BTreeSet<_> = shipped().into_iter().map(|entry| entry.template.icon.contents).collect();
    assert_eq!(drawings.len(), shipped().len(), "each has one of its own");
}

/// Engines before 8.8 refuse a mapping without a source.
#[test]
fn for_older_engines_what_is_empty_is_not_written() {
    for entry in all(&Options { engine: Engine::V8_6, ..Options::default() }) {
        assert_eq!(entry.template.engines.camunda, "^8.6");
        for field in &entry.template.properties {
            let is_input = matches!(field.binding, Binding::Input { .. });
            let may_be_empty = field.value.is_none() && !field.is_required();
            assert_eq!(
                field.optional == Some(true),
                !matches!(field.kind, Kind::Hidden) && is_optional(field, is_input && may_be_empty),
                "{}",
                field.id
            );
        }
    }
    for entry in shipped() {
        let inputs =
            entry.template.properties.iter().filter(|field| matches!(field.binding, Binding::Input { .. }));
        assert!(
            inputs.into_iter().all(|field| field.optional.is_none()),
            "{}: deprecated from 8.8 on",
            entry.name
        );
    }
}

fn is_optional(field: &Property, empty_input: bool) -> bool {
    empty_input || matches!(field.binding, Binding::Header { .. })
}
