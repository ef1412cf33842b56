//! Fields in words: `input("data.maxTokens").number().label("Maximum tokens")`.

use serde_json::Value;

use super::model::{Binding, Choice, Condition, Constraints, Feel, Kind, Pattern, Property, Test};

/// A field for a variable of the job, plain text until something else is said.
pub(crate) fn input(path: &str) -> Property {
    field(path, Binding::Input { name: path.into() })
}

/// A field for a header of the job. A header that is left empty is not written.
pub(crate) fn header(key: &'static str) -> Property {
    Property { optional: Some(true), ..field(key, Binding::Header { key }) }
}

/// A field that only the form itself reads.
pub(crate) fn note(name: &'static str) -> Property {
    field(name, Binding::Note { name })
}

/// A field of the task's definition: `type` or `retries`.
pub(crate) fn definition(property: &'static str) -> Property {
    field(property, Binding::Definition { property })
}

fn field(id: &str, binding: Binding) -> Property {
    Property {
        id: id.into(),
        label: None,
        tooltip: None,
        placeholder: None,
        group: None,
        kind: Kind::String,
        choices: Vec::new(),
        value: None,
        feel: None,
        optional: None,
        constraints: None,
        condition: None,
        binding,
    }
}

impl Property {
    /// A second field for the same binding needs an id of its own.
    pub(crate) fn id(self, id: impl Into<String>) -> Self {
        Self { id: id.into(), ..self }
    }

    pub(crate) fn label(self, label: &'static str) -> Self {
        Self { label: Some(label), ..self }
    }

    pub(crate) fn tooltip(self, tooltip: impl Into<String>) -> Self {
        Self { tooltip: Some(tooltip.into()), ..self }
    }

    pub(crate) fn placeholder(self, placeholder: impl Into<String>) -> Self {
        Self { placeholder: Some(placeholder.into()), ..self }
    }

    pub(crate) fn in_group(self, group: &'static str) -> Self {
        Self { group: Some(group), ..self }
    }

    /// The value of a fresh task.
    pub(crate) fn default(self, value: impl Into<Value>) -> Self {
        Self { value: Some(value.into()), ..self }
    }

    /// Several lines.
    pub(crate) fn long(self) -> Self {
        Self { kind: Kind::Text, ..self }
    }

    pub(crate) fn number(self) -> Self {
        Self { kind: Kind::Number, feel: Some(Feel::Optional), ..self }
    }

    /// A tick.
    pub(crate) fn boolean(self) -> Self {
        Self { kind: Kind::Boolean, feel: Some(Feel::Static), ..self }.default(false)
    }

    /// One of these values; the first is that of a fresh task.
    pub(crate) fn one_of(self, choices: Vec<Choice>) -> Self {
        let value = choices.first().map(|choice| choice.value.clone().into());
        Self { kind: Kind::Dropdown, choices, value, ..self }
    }

    /// A text that may be given by an expression instead.
    pub(crate) fn or_expression(self) -> Self {
        Self { feel: Some(Feel::Optional), ..self }
    }

    /// An expression.
    pub(crate) fn expression(self) -> Self {
        Self { feel: Some(Feel::Required), ..self }
    }

    /// Never shown, always this value.
    pub(crate) fn constant(self, value: impl Into<Value>) -> Self {
        Self { kind: Kind::Hidden, optional: None, ..self }.default(value)
    }

    pub(crate) fn required(mut self) -> Self {
        self.constraints.get_or_insert_default().not_empty = true;
        self
    }

    pub(crate) fn pattern(mut self, value: &'static str, message: &'static str) -> Self {
        let constraints: &mut Constraints = self.constraints.get_or_insert_default();
        constraints.pattern = Some(Pattern { value, message });
        self
    }

    /// Shown only if this and all that was said before is so.
    pub(crate) fn when(mut self, test: Test) -> Self {
        let mut tests = self.condition.take().map(|condition| condition.tests().to_vec()).unwrap_or_default();
        tests.push(test);
        self.condition = Some(match <[Test; 1]>::try_from(tests) {
            Ok([test]) => Condition::One(test),
            Err(tests) => Condition::All { all_match: tests },
        });
        self
    }

    pub(crate) fn is_required(&self) -> bool {
        self.constraints.as_ref().is_some_and(|constraints| constraints.not_empty)
    }
}
