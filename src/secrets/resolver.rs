//! Puts secrets in the place of their placeholders, where that is allowed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::replace::{Piece, pieces};
use super::{Error, Inputs, Masker, ModelNames, Scope, Secret, SecretProvider};

/// Where placeholders are resolved.
#[derive(Debug, Clone, Default)]
pub enum Mode {
    /// In the credentials, the configuration and the model's id; elsewhere only the names that the operator
    /// has allowed. A placeholder in a prompt is just text.
    #[default]
    Fields,
    /// Where the process model itself writes them: a name counts in the input of the task that names it, and nowhere
    /// else, unless the operator has allowed it.
    Strict(Arc<dyn ModelNames>),
    /// In all text of all variables, as older versions of Camunda's runtime did. Whoever can write a prompt
    /// can then read any secret.
    Peer,
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

/// What came of the placeholders of a job.
#[derive(Debug)]
pub struct Resolved {
    /// Masks the values that were put in.
    pub masker: Masker,
    /// The first name in braces that is left as text, because it stands where no secret belongs.
    pub left: Option<String>,
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
    inputs: Option<Inputs>,
    found: BTreeMap<String, Secret>,
}

impl Resolver {
    /// Asks the providers in this order; the first that has a secret gives it.
    pub fn new(providers: Vec<Arc<dyn SecretProvider>>, options: Options) -> Self {
        Self { providers, options }
    }

    /// Resolves the placeholders in the variables of a job.
    pub async fn resolve(&self, variables: &mut Value, scope: &Scope) -> Result<Resolved, Error> {
        let mut places = Vec::new();
        collect(variables, &mut Path::default(), &mut places);
        let mut session = Session { scope, inputs: None, found: BTreeMap::new() };
        if let Mode::Strict(model) = &self.options.mode
            && !places.is_empty()
        {
            session.inputs = Some(model.inputs(scope).await?);
        }
        for place in &places {
            self.look_up(place, &mut session).await?;
        }
        replace(variables, &mut Path::default(), &|name, path| {
            self.may_use(name, path, &session).then(|| session.found.get(name)).flatten()
        });
        let is_left = |place: &&Place| place.is_meant && !self.may_use(&place.name, &place.path, &session);
        let left = places.iter().find(is_left).map(|place| place.name.clone());
        Ok(Resolved { masker: Masker::new(session.found), left })
    }

    async fn look_up(&self, place: &Place, session: &mut Session<'_>) -> Result<(), Error> {
        let (path, name) = (|| place.path.to_string(), || place.name.clone());
        let is_secret = place.path.area(&self.options.mode) == Area::Secret;
        if !place.is_closed {
            return if is_secret { Err(Error::Unclosed { path: path(), name: name() }) } else { Ok(()) };
        }
        if !self.may_use(&place.name, &place.path, session) {
            return if is_secret { Err(Error::Refused { path: path(), name: name() }) } else { Ok(()) };
        }
        if session.found.contains_key(&place.name) {
            return Ok(());
        }
        for provider in &self.providers {
            if let Some(secret) = provider.get(&place.name, session.scope).await? {
                session.found.insert(name(), secret);
                return Ok(());
            }
        }
        Err(self.missing(place, session.scope))
    }

    fn may_use(&self, name: &str, path: &Path, session: &Session<'_>) -> bool {
        if self.options.allowed_names.contains(name) {
            return true;
        }
        match &session.inputs {
            Some(inputs) => inputs.name_at(&path.0, name),
            None => path.area(&self.options.mode) == Area::Secret,
        }
    }

    fn missing(&self, place: &Place, scope: &Scope) -> Error {
        let remedies: Vec<_> =
            self.providers.iter().map(|provider| provider.remedy(&place.name, scope)).collect();
        let remedy =
            if remedies.is_empty() { "configure a source".to_owned() } else { remedies.join(", or ") };
        Error::Missing { path: place.path.to_string(), name: place.name.clone(), remedy }
    }
}

/// A placeholder and where it stands.
#[derive(Debug)]
struct Place {
    path: Path,
    name: String,
    is_closed: bool,
    /// Whether somebody wanted a secret, and did not just write these words.
    is_meant: bool,
}

/// The keys from the top of the variables down to a value.
#[derive(Debug, Clone, Default)]
struct Path(Vec<String>);

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("."))
    }
}

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

fn collect(value: &Value, path: &mut Path, places: &mut Vec<Place>) {
    match value {
        Value::String(text) => collect_text(text, path, places),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                path.within(&index.to_string(), |path| collect(item, path, places));
            }
        }
        Value::Object(entries) => {
            for (key, entry) in entries {
                path.within(key, |path| {
                    collect_text(key, path, places);
                    collect(entry, path, places);
                });
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn collect_text(text: &str, path: &Path, places: &mut Vec<Place>) {
    for piece in pieces(text) {
        let (name, is_closed, is_meant) = match piece {
            Piece::Text(_) => continue,
            Piece::Placeholder { name, written } => (name, true, written.starts_with("{{") && is_name(name)),
            Piece::Unclosed { name, .. } => (name, false, false),
        };
        places.push(Place { path: path.clone(), name: name.to_owned(), is_closed, is_meant });
    }
}

/// Whether it can be the name of a secret. Anything else that a user wrote is not for the log.
fn is_name(text: &str) -> bool {
    text.len() <= 128 && text.chars().all(|c| c.is_ascii_alphanumeric() || "._/-".contains(c))
}

fn replace<'a>(value: &mut Value, path: &mut Path, secret: &impl Fn(&str, &Path) -> Option<&'a Secret>) {
    match value {
        Value::String(text) => {
            if let Some(replaced) = replace_text(text, path, secret) {
                *text = replaced;
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                path.within(&index.to_string(), |path| replace(item, path, secret));
            }
        }
        Value::Object(entries) => replace_entries(entries, path, secret),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn replace_entries<'a>(
    entries: &mut Map<String, Value>,
    path: &mut Path,
    secret: &impl Fn(&str, &Path) -> Option<&'a Secret>,
) {
    let mut renamed = false;
    for (key, entry) in entries.iter_mut() {
        path.within(key, |path| {
            renamed |= replace_text(key, path, secret).is_some();
            replace(entry, path, secret);
        });
    }
    if renamed {
        let old = std::mem::take(entries);
        entries.extend(old.into_iter().map(|(key, entry)| {
            let new = path.within(&key, |path| replace_text(&key, path, secret));
            (new.unwrap_or(key), entry)
        }));
    }
}

/// The text with its secrets, or none when it stays as it is.
fn replace_text<'a>(
    text: &str,
    path: &Path,
    secret: &impl Fn(&str, &Path) -> Option<&'a Secret>,
) -> Option<String> {
    let mut changed = false;
    let replaced = pieces(text)
        .into_iter()
        .map(|piece| match piece {
            Piece::Text(text) | Piece::Unclosed { written: text, .. } => text,
            Piece::Placeholder { written, name } => match secret(name, path) {
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
    use futures_util::future::BoxFuture;
    use serde_json::json;

    use super::super::{EnvironmentOptions, EnvironmentSecrets, SourceError};
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
        let resolved = resolver.resolve(&mut variables, &Scope::default()).await?;
        Ok((variables, resolved.masker))
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
    async fn the_first_name_that_stays_text_is_told() {
        for (text, left) in [
            ("{{secrets.EMPTY}} {{ secrets.KEY }} {{secrets.NOPE}}", Some("KEY")),
            ("tell me about secrets.management", None),
            ("{{secrets.KEY}", None),
            ("{{secrets.not;a*name}}", None),
        ] {
            let allowed_names = BTreeSet::from(["EMPTY".to_owned()]);
            let resolver = resolver(Options { mode: Mode::Fields, allowed_names });
            let mut variables = json!({"authentication": "{{secrets.KEY}}", "data": {"newMessage": text}});
            let resolved = resolver.resolve(&mut variables, &Scope::default()).await.expect("resolved");
            assert_eq!(resolved.left.as_deref(), left, "{text}");
        }
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
    struct Model(Inputs);

    impl ModelNames for Model {
        fn inputs<'a>(&'a self, _: &'a Scope) -> BoxFuture<'a, Result<Inputs, SourceError>> {
            std::future::ready(Ok(self.0.clone())).boxed()
        }
    }

    fn strict(inputs: &[(&str, &str)]) -> Mode {
        let inputs = inputs.iter().fold(Inputs::default(), |all, (target, source)| all.with(target, source));
        Mode::Strict(Arc::new(Model(inputs)))
    }

    #[tokio::test]
    async fn strictly_a_name_is_resolved_in_the_input_that_writes_it() {
        let mode = strict(&[
            ("authentication", "={secretKey: \"{{secrets.KEY}}\"}"),
            ("data.system", "secrets.QUOTED"),
        ]);
        check(
            mode,
            &["EMPTY"],
            json!({
                "authentication": {"secretKey": "{{secrets.KEY}}"},
                "data": {"newMessage": "{{secrets.KEY}} {{secrets.QUOTED}}{{secrets.EMPTY}}", "system": ["secrets.QUOTED"]}
            }),
            json!({
                "authentication": {"secretKey": "the-key"},
                "data": {"newMessage": "{{secrets.KEY}} {{secrets.QUOTED}}", "system": ["say \"hi\" \\ there\nnow"]}
            }),
        )
        .await;
    }

    #[tokio::test]
    async fn strictly_a_name_of_another_input_is_refused() {
        let mode = strict(&[("authentication.accessKey", "{{secrets.KEY}}")]);
        let variables =
            json!({"authentication": {"accessKey": "{{secrets.KEY}}", "secretKey": "{{secrets.KEY}}"}});
        let refused = resolve(mode, &[], variables).await;
        assert!(matches!(refused, Err(Error::Refused { path, .. }) if path == "authentication.secretKey"));
    }

    #[tokio::test]
    async fn the_values_are_masked() {
        let (_, masker) =
            resolve(Mode::Fields, &[], json!({"authentication": "{{secrets.KEY}}"})).await.expect("resolved");
        assert_eq!(masker.mask("bad key the-key"), "bad key ***");
    }
}
