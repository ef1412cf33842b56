//! A template's page of the documentation, in Markdown.

use std::fmt::Write as _;

use serde_json::Value;

use super::entries::Entry;
use super::guide::{self, Handled, Part};
use super::model::{Binding, Condition, Feel, Group, Kind, Property};

const INDEX: &str = "\
<!-- Written by `bedrock-connector templates --docs`; change src/template instead. -->

# Element templates

A template is the form that a modeler shows for a task. These are ours:

";

const AFTER_INDEX: &str = "
## Get them

The files in [element-templates](../../element-templates) fit a worker with its usual job types. To have your own job types, region,
connections and models in them, let the worker write them, with the configuration that it runs with:

```sh
bedrock-connector templates --out element-templates --config bedrock-connector.toml
bedrock-connector templates --out element-templates --template-models 'Claude=eu.anthropic.claude-sonnet-4-5-20250929-v1:0,amazon.nova-pro-v1:0'
bedrock-connector templates --out element-templates --template-identities defaultCredentialsChain,profile --template-profiles sales,support
bedrock-connector templates --out element-templates --template-engine 8.6    # diagrams for engines before 8.8
```

| modeler | how to import |
| --- | --- |
| Desktop Modeler | copy the files to `resources/element-templates` in its data folder, and start it anew |
| Web Modeler | *Create new*, *Upload files*; then *Publish* each template to the project or the organization |

Where the configuration has connections, each template begins with a choice among those that are active and have a model that fits, and
then among their models; such a task has no credentials and no region. Who may use a connection is seen when the task runs. Write the
templates anew when connections or models change.

## Use them

- Draw a task, choose the template in the properties panel, and fill in the fields of the open groups. What is folded up can stay so.
- The sign =, or the switch *fx* beside a field, turns a text into a FEEL expression over the variables of the process.
- Every page below has an example for each part of the answer. Try yours without an engine:
  `bedrock-connector eval '= {answer: text}' --context @answer.json`.
- Secrets are written as `{{secrets.NAME}}`; who runs the worker gives them their values.

## Versions

A template has an id and a version. A changed template has a higher version under the same id, and the modeler then offers an update of
the tasks that use it. What was filled in stays: a field keeps its place in the diagram for ever. Files of earlier versions stay in
[element-templates/versioned](../../element-templates/versioned), because a modeler needs them to know which values you have changed.
";

impl Entry {
    /// The page. What the examples give is computed here, so it is what the worker gives.
    pub fn page(&self) -> String {
        let template = &self.template;
        let mut page = format!(
            "<!-- Written by `bedrock-connector templates --docs`; change src/template instead. -->\n\n# {}\n\n{}\n\n{}\n\n",
            template.name, template.description, self.guide.purpose
        );
        let facts = format!(
            "Template [`{name}.json`](../../element-templates/{name}.json), id `{}`, version {}, job type `{}`. \
             [How to import it](README.md). [What AWS says about it]({}).",
            template.id,
            template.version,
            self.job_type(),
            self.guide.aws,
            name = self.name,
        );
        page.push_str(&facts);
        page.push_str("\n\n## Fields\n\nThose with a star have to be filled in. Groups that are folded up at first stand below **Result**.\n");
        for group in &template.groups {
            self.write_group(group, &mut page);
        }
        self.write_answer(&mut page);
        self.write_errors(&mut page);
        page
    }

    /// The type of the jobs that its tasks become.
    pub fn job_type(&self) -> &str {
        let definition = Binding::Definition { property: "type" };
        let constant = self.template.properties.iter().find(|property| property.binding == definition);
        constant.and_then(|property| property.value.as_ref()).and_then(Value::as_str).unwrap_or_default()
    }

    /// The answer that the page shows.
    pub fn sample(&self) -> &Value {
        &self.guide.response
    }

    fn write_group(&self, group: &Group, page: &mut String) {
        let fields = self.template.properties.iter();
        let fields = fields.filter(|field| field.group == Some(group.id) && field.kind != Kind::Hidden);
        push(page, format_args!("\n### {}\n\n{}\n\n", group.label, group.tooltip));
        page.push_str("| field | what it is | written to |\n| --- | --- | --- |\n");
        for field in fields {
            let star = if field.is_required() { " *" } else { "" };
            let label = field.label.unwrap_or_default();
            let what = cell(&self.described(field));
            push(page, format_args!("| **{label}**{star} | {what} | {} |\n", written_to(&field.binding)));
        }
    }

    /// What a field is: its tooltip, its choices, when it is shown.
    fn described(&self, field: &Property) -> String {
        let mut text = field.tooltip.clone().unwrap_or_default();
        if !field.choices.is_empty() {
            let default = field.value.as_ref().and_then(Value::as_str);
            let choices = field.choices.iter().map(|choice| {
                let is_default = default == Some(&choice.value);
                match (choice.value.as_str(), is_default) {
                    ("", true) => format!("{} (at first)", choice.name),
                    ("", false) => choice.name.clone(),
                    (value, true) => format!("{} (`{value}`, at first)", choice.name),
                    (value, false) => format!("{} (`{value}`)", choice.name),
                }
            });
            push(&mut text, format_args!(" One of: {}.", choices.collect::<Vec<_>>().join("; ")));
        } else if let Some(value) = &field.value {
            push(&mut text, format_args!(" At first: `{}`.", plain(value)));
        } else if let Some(placeholder) = &field.placeholder {
            let sign = if field.feel == Some(Feel::Required) { "= " } else { "" };
            push(&mut text, format_args!(" For example `{sign}{placeholder}`."));
        }
        if let Some(condition) = &field.condition {
            push(&mut text, format_args!(" *Only with {}.*", self.condition(condition)));
        }
        text
    }

    fn condition(&self, condition: &Condition) -> String {
        let tests = condition.tests().iter().map(|test| {
            let field = self.template.properties.iter().find(|property| property.id == test.property);
            let label = field.and_then(|field| field.label).unwrap_or(&test.property);
            let name = |value: &str| {
                let choices = field.map(|field| field.choices.as_slice()).unwrap_or_default();
                let choice = choices.iter().find(|choice| choice.value == value);
                choice.map_or(value, |choice| &choice.name).to_owned()
            };
            let names: Vec<_> = test.answer.values().iter().map(|value| name(&plain(value))).collect();
            format!("{label}: {}", names.join(" or "))
        });
        tests.collect::<Vec<_>>().join(", ")
    }

    fn write_answer(&self, page: &mut String) {
        let guide = &self.guide;
        push(page, format_args!("\n## The answer\n\n{}\n\n", guide.answer));
        push(page, format_args!("```json\n{:#}\n```\n\n", guide.response));
        page.push_str(
            "A **result variable** takes all of it. A **result expression** takes parts: each example below gives these variables for the answer above.\n\n",
        );
        page.push_str("| part | what it is | result expression | variables |\n| --- | --- | --- | --- |\n");
        let seen = guide::seen(&guide.response);
        for Part { path, meaning, example } in &guide.parts {
            let gives = guide::evaluate(example, &seen);
            let gives = gives.map_or_else(|error| error, |value| value.to_string());
            let dot = if path.is_empty() || path.starts_with('[') { "" } else { "." };
            let (example, gives) = (code(example), code(&gives));
            push(page, format_args!("| `response{dot}{path}` | {} | {example} | {gives} |\n", cell(meaning)));
        }
    }

    fn write_errors(&self, page: &mut String) {
        page.push_str(
            "\n## Errors\n\nAn **error expression** sees failures as `error` (`code`, `message`) and the answer of a success as `response`. What it gives decides: `bpmnError` is caught by a boundary event, `jobError` fails the job, `ignoreError` completes it, null changes nothing. All codes are listed in [errors.md](../errors.md).\n",
        );
        for Handled { case, expression, .. } in &self.guide.errors {
            push(page, format_args!("\n{case}:\n\n```\n{expression}\n```\n"));
        }
    }
}

/// The page that leads to the others.
pub fn index(entries: &[Entry]) -> String {
    let mut page = String::from(INDEX);
    page.push_str("| template | what it does |\n| --- | --- |\n");
    for entry in entries {
        let template = &entry.template;
        push(
            &mut page,
            format_args!("| [{}]({}.md) | {} |\n", template.name, entry.name, template.description),
        );
    }
    page.push_str(AFTER_INDEX);
    page
}

/// Writing to a text cannot fail.
fn push(page: &mut String, arguments: std::fmt::Arguments<'_>) {
    page.write_fmt(arguments).unwrap_or_default();
}

fn written_to(binding: &Binding) -> String {
    match binding {
        Binding::Input { name } => format!("`{name}`"),
        Binding::Header { key } => format!("header `{key}`"),
        Binding::Definition { property } => format!("`{property}` of the task"),
        Binding::Note { .. } => "the form alone".into(),
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

fn code(text: &str) -> String {
    format!("`{}`", cell(text))
}
