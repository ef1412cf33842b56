//! Puts secrets in the place of their placeholders, where that is allowed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde_json::{Map, Value};

use super::replace::{Piece, pieces};
use super::{Error, Masker, Scope, Secret, SecretProvider, SourceError};

/// Where placeholders are resolved.
#[derive(Debug, Clone, Default)]
pub enum Mode {
    /// In the credentials, the configuration and the model's id; elsewhere only the names that the operator
    /// has allowed. A placeholder in a prompt is just text.
    #[default]
    Fields,
    /// As `Fields`, but only names that the process model itself writes into the task are known.
    Strict(Arc<dyn ModelNames>),
    /// In all text of all variables, as older versions of Camunda's runtime did. Whoever can write a prompt
    /// can then read any secret.
    Peer,
}

/// Knows which secrets the process model itself names in the inputs of a task.
pub trait ModelNames: Debug + Send + Sync {
    /// The names in the inputs of the element that the job belongs to.
    fn names<'a>(&'a self, scope: &'a Scope) -> BoxFuture<'a, Result<BTreeSet<String>, SourceError>>;
}

/// Options of the secrets.
#[derive(Debug, Clone, Default)]
pub struct Options {
    pub mode: Mode,
    /// Names that may be used anywhere.
    pub allowed_names: BTreeSet<String>,
}

/// Resolves the placeholders of a job.
#[derive(Debug)]
pub struct Resolver {
    providers: Vec<Arc<dyn SecretProvider>>,
    options: Options,
}

/// What happens to the placeholders of one part of the variables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Area {
    /// Each name must be there.
    Secret,
    /// Only names that are allowed; all other placeholders are text.
    Text,
}

/// The secrets that one job may use, as far as they have been looked up.
#[derive(Debug)]
struct Session<'a> {
    scope: &'a Scope,
    /// None: every name may be used in a secret field.
    model_names: Option<BTreeSet<String>>,
    found: BTreeMap<String, Secret>,
}

impl Resolver {
    /// Asks the providers in this order; the first that has a secret gives it.
    pub fn new(providers: Vec<Arc<dyn SecretProvider>>, options: Options) -> Self {
        Self { providers, options }
    }

    /// Resolves the placeholders in the variables of a job and gives back what masks the values.
    pub async fn resolve(&self, variables: &mut Value, scope: &Scope) -> Result<Masker, Error> {
        let mut places = Vec::new();
        collect(variables, &mut Path::default(), &self.options.mode, &mut places);
        let mut session = Session { scope, model_names: None, found: BTreeMap::new() };
        if let Mode::Strict(model) = &self.options.mode
            && !places.is_empty()
        {
            session.model_names = Some(model.names(scope).await?);
        }
        for place in &places {
            self.look_up(place, &mut session).await?;
        }
        replace(variables, &mut Path::default(), &self.options.mode, &|name, area| {
            self.may_use(name, area, &session).then(|| session.found.get(name)).flatten()
        });
        Ok(Masker::new(session.found.into_values()))
    }

    async fn look_up(&self, place: &Place, session: &mut Session<'_>) -> Result<(), Error> {
        if !place.is_closed {
            return match place.area {
                Area::Text => Ok(()),
                Area::Secret => Err(Error::Unclosed { path: place.path.clone(), name: place.name.clone() }),
            };
        }
        if session.found.contains_key(&place.name) {
            return Ok(());
        }
        if !self.may_use(&place.name, place.area, session) {
            return match place.area {
                Area::Text => Ok(()),
                Area::Secret => Err(Error::Refused { path: place.path.clone(), name: place.name.clone() }),
            };
        }
        for provider in &self.providers {
            if let Some(secret) = provider.get(&place.name, session.scope).await? {
                session.found.insert(place.name.clone(), secret);
                return Ok(());
            }
        }
        Err(self.missing(place, session.scope))
    }

    fn may_use(&self, name: &str, area: Area, session: &Session<'_>) -> bool {
        if self.options.allowed_names.contains(name) {
            return true;
        }
        match (area, &session.model_names) {
            (Area::Secret, None) => true,
            (Area::Text, None) => false,
            (Area::Secret | Area::Text, Some(names)) => names.contains(name),
        }
    }

    fn missing(&self, place: &Place, scope: &Scope) -> Error {
        let remedies: Vec<_> =
            self.providers.iter().map(|provider| provider.remedy(&place.name, scope)).collect();
        let remedy =
            if remedies.is_empty() { "configure a source".to_owned() } else { remedies.join(", or ") };
        Error::Missing { path: place.path.clone(), name: place.name.clone(), remedy }
    }
}

/// A placeholder and where it stands.
#[derive(Debug)]
struct Place {
    path: String,
    name: String,
    area: Area,
    is_closed: bool,
}

/// The keys from the top of the variables down to a value.
#[derive(Debug, Default)]
struct Path(Vec<String>);

impl Path {
    fn area(&self, mode: &Mode) -> Area {
        if matches!(mode, Mode::Peer) {
            return Area::Secret;
        }
        let keys: Vec<_> = self.0.iter().map(String::as_str).collect();
        match keys.as_slice() {
            ["authentication" | "configuration" | "awsCredential", ..] | ["data", "modelId", ..] => {
                Area::Secret
            }
            _ => Area::Text,
        }
    }

    fn within<T>(&mut self, key: &str, visit: impl FnOnce(&mut Self) -> T) -> T {
        self.0.push(key.to_owned());
        let result = visit(self);
        self.0.pop();
        result
    }
}

fn collect(value: &Value, path: &mut Path, mode: &Mode, places: &mut Vec<Place>) {
    match value {
        Value::String(text) => collect_text(text, path, mode, places),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                path.within(&index.to_string(), |path| collect(item, path, mode, places));
            }
        }
        Value::Object(entries) => {
            for (key, entry) in entries {
                path.within(key, |path| {
                    collect_text(key, path, mode, places);
                    collect(entry, path, mode, places);
                });
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn collect_text(text: &str, path: &Path, mode: &Mode, places: &mut Vec<Place>) {
    let area = path.area(mode);
    for piece in pieces(text) {
        let (name, is_closed) = match piece {
            Piece::Text(_) => continue,
            Piece::Placeholder { name, .. } => (name, true),
            Piece::Unclosed { name, .. } => (name, false),
        };
        places.push(Place { path: path.0.join("."), name: name.to_owned(), area, is_closed });
    }
}

fn replace<'a>(
    value: &mut Value,
    path: &mut Path,
    mode: &Mode,
    secret: &impl Fn(&str, Area) -> Option<&'a Secret>,
) {
    match value {
        Value::String(text) => {
            if let Some(replaced) = replace_text(text, path.area(mode), secret) {
                *text = replaced;
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                path.within(&index.to_string(), |path| replace(item, path, mode, secret));
            }
        }
        Value::Object(entries) => replace_entries(entries, path, mode, secret),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn replace_entries<'a>(
    entries: &mut Map<String, Value>,
    path: &mut Path,
    mode: &Mode,
    secret: &impl Fn(&str, Area) -> Option<&'a Secret>,
) {
    let mut renamed = false;
    for (key, entry) in entries.iter_mut() {
        path.within(key, |path| {
            renamed |= replace_text(key, path.area(mode), secret).is_some();
            replace(entry, path, mode, secret);
        });
    }
    if renamed {
        let old = std::mem::take(entries);
        entries.extend(old.into_iter().map(|(key, entry)| {
            let new = path.within(&key, |path| replace_text(&key, path.area(mode), secret));
            (new.unwrap_or(key), entry)
        }));
    }
}

/// The text with its secrets, or none when it stays as it is.
fn replace_text<'a>(
    text: &str,
    area: Area,
    secret: &impl Fn(&str, Area) -> Option<&'a Secret>,
) -> Option<String> {
    let mut changed = false;
    let replaced = pieces(text)
        .into_iter()
        .map(|piece| match piece {
            Piece::Text(text) | Piece::Unclosed { written: text, .. } => text,
            Piece::Placeholder { written, name } => match secret(name, area) {
                Some(secret) => {
                    changed = true;
                    secret.expose()
                }
                None => written,
            },
        })
        .collect();
    changed.then_some(replaced)
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use serde_json::json;

    use super::super::{EnvironmentOptions, EnvironmentSecrets};
    use super::*;

    fn resolver(options: Options) -> Resolver {
        let variables = [
            ("SECRET_KEY", "the-key"),
            ("SECRET_NESTED", "{{secrets.KEY}} secrets.KEY"),
            ("SECRET_QUOTED", "say \"hi\" \\ there\nnow"),
            ("SECRET_EMPTY", ""),
        ];
        let environment = EnvironmentSecrets::new(
            EnvironmentOptions::default(),
            variables.map(|(name, value)| (name.to_owned(), value.to_owned())),
        );
        Resolver::new(vec![Arc::new(environment)], options)
    }

    async fn resolve(mode: Mode, allowed: &[&str], mut variables: Value) -> Result<(Value, Masker), Error> {
        let allowed_names = allowed.iter().map(|name| (*name).to_owned()).collect();
        let resolver = resolver(Options { mode, allowed_names });
        let masker = resolver.resolve(&mut variables, &Scope::default()).await?;
        Ok((variables, masker))
    }

    async fn check(mode: Mode, allowed: &[&str], variables: Value, expected: Value) {
        let (resolved, _) = resolve(mode, allowed, variables).await.expect("resolved");
        assert_eq!(resolved, expected);
    }

    #[tokio::test]
    async fn secrets_are_put_into_credentials_configuration_and_model() {
        check(
            Mode::Fields,
            &[],
            json!({
                "authentication": {"accessKey": "{{secrets.KEY}}", "secretKey": "secrets.KEY"},
                "configuration": {"region": "x {{ secrets.KEY }} y"},
                "awsCredential": [{"authentication": {"secretKey": "{{secrets.QUOTED}}"}}],
                "data": {"modelId": "{{secrets.KEY}}{{secrets.EMPTY}}"}
            }),
            json!({
                "authentication": {"accessKey": "the-key", "secretKey": "the-key"},
                "configuration": {"region": "x the-key y"},
                "awsCredential": [{"authentication": {"secretKey": "say \"hi\" \\ there\nnow"}}],
                "data": {"modelId": "the-key"}
            }),
        )
        .await;
    }

    #[tokio::test]
    async fn a_secret_in_a_prompt_stays_text() {
        let variables = json!({"data": {"newMessage": "{{secrets.KEY}} and secrets.NOPE", "payload": {"{{secrets.KEY}}": 1}}});
        check(Mode::Fields, &[], variables.clone(), variables).await;
    }

    #[tokio::test]
    async fn the_operator_may_allow_a_name_everywhere() {
        check(
            Mode::Fields,
            &["KEY"],
            json!({"data": {"newMessage": "{{secrets.KEY}} {{secrets.QUOTED}}"}}),
            json!({"data": {"newMessage": "the-key {{secrets.QUOTED}}"}}),
        )
        .await;
    }

    #[tokio::test]
    async fn a_value_is_never_read_again() {
        for mode in [Mode::Fields, Mode::Peer] {
            check(
                mode,
                &[],
                json!({"configuration": {"region": "{{secrets.NESTED}}"}}),
                json!({"configuration": {"region": "{{secrets.KEY}} secrets.KEY"}}),
            )
            .await;
        }
    }

    #[tokio::test]
    async fn as_the_peer_did_all_text_and_all_keys_are_searched() {
        check(
            Mode::Peer,
            &[],
            json!({"data": {"newMessage": "my secrets.KEY", "payload": {"secrets.KEY": ["{{secrets.KEY}}"]}}}),
            json!({"data": {"newMessage": "my the-key", "payload": {"the-key": ["the-key"]}}}),
        )
        .await;
        assert!(
            resolve(Mode::Peer, &[], json!({"data": {"newMessage": "secrets.management"}})).await.is_err()
        );
    }

    #[tokio::test]
    async fn a_missing_secret_says_where_it_is_named_and_what_to_set() {
        let error = resolve(Mode::Fields, &[], json!({"authentication": {"accessKey": "{{secrets.NOPE}}"}}))
            .await
            .expect_err("missing");
        assert_eq!(
            error.to_string(),
            "authentication.accessKey names the secret \"NOPE\", which no source has; \
             set the environment variable SECRET_NOPE"
        );
    }

    #[tokio::test]
    async fn a_placeholder_without_its_end_is_an_error_where_a_secret_belongs() {
        let error = resolve(Mode::Fields, &[], json!({"configuration": {"region": "{{secrets.KEY}"}})).await;
        assert_eq!(
            error.expect_err("unclosed").to_string(),
            "configuration.region has the placeholder \"{{secrets.KEY\" without its closing braces; close it with \"}}\""
        );
        let prompt = json!({"data": {"newMessage": "{{secrets.KEY}"}});
        check(Mode::Fields, &["KEY"], prompt.clone(), prompt.clone()).await;
        assert!(resolve(Mode::Peer, &[], prompt).await.is_err());
    }

    #[derive(Debug)]
    struct Names(&'static [&'static str]);

    impl ModelNames for Names {
        fn names<'a>(&'a self, _: &'a Scope) -> BoxFuture<'a, Result<BTreeSet<String>, SourceError>> {
            std::future::ready(Ok(self.0.iter().map(|name| (*name).to_owned()).collect())).boxed()
        }
    }

    #[tokio::test]
    async fn strictly_only_names_of_the_process_model_are_resolved() {
        let mode = Mode::Strict(Arc::new(Names(&["KEY"])));
        check(
            mode.clone(),
            &[],
            json!({"authentication": "{{secrets.KEY}}", "data": {"newMessage": "{{secrets.KEY}} {{secrets.QUOTED}}"}}),
            json!({"authentication": "the-key", "data": {"newMessage": "the-key {{secrets.QUOTED}}"}}),
        )
        .await;
        let refused = resolve(mode, &[], json!({"authentication": "{{secrets.QUOTED}}"})).await;
        assert!(matches!(refused, Err(Error::Refused { .. })));
    }

    #[tokio::test]
    async fn the_values_are_masked() {
        let (_, masker) =
            resolve(Mode::Fields, &[], json!({"authentication": "{{secrets.KEY}}"})).await.expect("resolved");
        assert_eq!(masker.mask("bad key the-key"), "bad key ***");
    }
}
