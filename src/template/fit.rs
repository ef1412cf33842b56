//! The last touches, which are the same for every template.

use super::entries::Entry;
use super::model::{Binding, Kind};
use super::options::{Engine, Options};

impl Entry {
    /// Fits a template to the engine and to where its page can be read.
    pub(crate) fn fit(&mut self, options: &Options) {
        let template = &mut self.template;
        template.documentation_ref = match &options.documentation {
            Some(base) => format!("{}/{}.md", base.trim_end_matches('/'), self.name),
            None => self.guide.aws.to_owned(),
        };
        if options.engine == Engine::V8_8 {
            return;
        }
        template.engines.camunda = "^8.6";
        for property in &mut template.properties {
            let may_be_empty = property.value.is_none() && !property.is_required();
            let is_input = matches!(property.binding, Binding::Input { .. });
            if is_input && may_be_empty && property.kind != Kind::Hidden {
                property.optional = Some(true);
            }
        }
    }
}
