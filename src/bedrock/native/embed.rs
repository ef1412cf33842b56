//! Embeddings: one shape of input and output for the models of Amazon and Cohere.

use std::collections::BTreeMap;
use std::future::ready;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::{StreamExt as _, stream};
use serde_json::{Map, Value, json};

use super::envelope::{Tally, rest};
use super::family::Family;
use super::notes::{Note, Notes};
use super::read::{self, members};
use crate::bedrock::Error;
use crate::bedrock::call::{Asked, BedrockCall};
use crate::bedrock::field::Field;
use crate::bedrock::outgoing::{Operation, Outgoing};
use crate::connections::Task;
use crate::connector::{self, Notebook};

/// How many texts Cohere takes at once; the models of Amazon take one.
const COHERE_BATCH: usize = 96;
/// How many texts a server of Hugging Face takes at once, unless somebody has set more.
const HOSTED_BATCH: usize = 32;
/// How many requests of one task are under way together.
const TOGETHER: usize = 4;

/// What answers repeat: the vectors, their shape, and the texts that were sent, which nobody wants in the journal.
const ECHOES: &[&str] = &["embeddingsByType", "response_type", "texts"];
/// What else is told by other names.
const KNOWN: &[&str] = &["embedding", "embeddings", "inputTextTokenCount"];

const PURPOSES: &[&str] = &["search_document", "search_query", "classification", "clustering"];

/// Texts that are to become vectors.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Embed {
    model_id: String,
    maker: Maker,
    texts: Vec<String>,
    dimensions: Option<i32>,
    normalize: Option<bool>,
    purpose: &'static str,
    truncate: Option<&'static str>,
}

/// Whose language the model speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Maker {
    TitanOne,
    Titan,
    TitanMultimodal,
    Nova,
    Cohere,
    CohereFour,
    /// A model at Hugging Face.
    Hosted,
}

impl Embed {
    pub(super) fn read(data: &Field<'_>) -> Result<Self, connector::Error> {
        let model_id = read::model_id(data)?;
        let texts = read::texts(data, "texts")?;
        let embed = Self {
            dimensions: read::number(data, "dimensions", 1..=i32::MAX)?,
            normalize: read::flag(data, "normalize")?,
            purpose: read::choice(data, "inputType", PURPOSES)?.unwrap_or("search_document"),
            truncate: read::choice(data, "truncate", &["NONE", "START", "END"])?,
            maker: Maker::of(&model_id).ok_or_else(|| unknown(data, &model_id))?,
            model_id,
            texts,
        };
        if embed.texts.is_empty() {
            return Err(data.lacks("texts", "give a text or a list of texts"));
        }
        let refused = |key: &str, models: &str| {
            Err(connector::Error::input(format!(
                "{} is not for the model {:?}; {models} can choose it",
                data.name_of(key),
                embed.model_id
            )))
        };
        match embed.maker {
            Maker::TitanOne | Maker::Cohere if embed.dimensions.is_some() => refused(
                "dimensions",
                "Titan Text Embeddings V2, Titan and Nova Multimodal Embeddings and Cohere Embed 4",
            ),
            Maker::TitanOne | Maker::TitanMultimodal | Maker::Nova | Maker::Cohere | Maker::CohereFour
                if embed.normalize.is_some() =>
            {
                refused("normalize", "Titan Text Embeddings V2")
            }
            _ => Ok(embed),
        }
    }

    pub(super) async fn run(self, call: &BedrockCall, notebook: &dyn Notebook) -> Result<Value, Error> {
        if (self.maker == Maker::Hosted) != (call.route.hosted_task() == Some(Task::FeatureExtraction)) {
            let model_id = call.masker.mask(&self.model_id);
            return Err(Error::Request {
                reason: format!(
                    "the model {model_id:?} makes no vectors; the action embed needs a model of Titan Embeddings, Nova \
                     Embeddings or Cohere Embed at Bedrock, or a connection to Hugging Face whose model has the task feature-extraction"
                ),
            });
        }
        let mut notes = Notes::open(notebook);
        let answers = self.ask(call, &mut notes).await?;
        let mut tally = Tally::default();
        let mut embeddings = Vec::with_capacity(self.texts.len());
        let mut additional = Map::new();
        for mut asked in answers {
            let counted = asked.value.get("inputTextTokenCount").map(|count| json!({ "inputTokens": count }));
            tally.add(&asked, counted.as_ref());
            embeddings.extend(vectors(&mut asked.value));
            // As with the number and the region of the request, the last one counts.
            additional.extend(rest(asked.value, KNOWN));
        }
        if let Err(error) = self.check(call, &embeddings) {
            // They would be no better the next time.
            notes.discard().await;
            return Err(error);
        }
        let dimensions = embeddings.first().and_then(Value::as_array).map(Vec::len);
        let told = [("embeddings", Value::Array(embeddings)), ("dimensions", json!(dimensions))];
        Ok(tally.seal(call, &self.model_id, told, additional))
    }

    /// Whether there is one vector for each text.
    fn check(&self, call: &BedrockCall, embeddings: &[Value]) -> Result<(), Error> {
        let incomplete = |found: String, expected: String| {
            Err(Error::Incomplete { model_id: call.masker.mask(&self.model_id), found, expected })
        };
        if embeddings.len() != self.texts.len() {
            return incomplete(
                format!("{} embeddings", embeddings.len()),
                format!("{}, one for each text", self.texts.len()),
            );
        }
        // A model that was not made for sentences gives a vector for each token, which are too many to be one.
        if embeddings.iter().any(|vector| vector.get(0).is_some_and(Value::is_array)) {
            return incomplete(
                "vectors for tokens".to_owned(),
                "one vector for each text, as models for sentences give it".to_owned(),
            );
        }
        Ok(())
    }

    /// Asks for all vectors that no earlier attempt has paid.
    async fn ask(&self, call: &BedrockCall, notes: &mut Notes<'_>) -> Result<Vec<Asked>, Error> {
        let (mut paid, mut open) = (BTreeMap::new(), Vec::new());
        for (place, body) in self.bodies().enumerate() {
            let outgoing = Outgoing::new(&self.model_id, Operation::InvokeModel, body.to_string());
            match notes.take(&outgoing.body) {
                Some(noted) => {
                    paid.insert(place, Note::new(&outgoing.body, noted));
                }
                None => open.push((place, outgoing)),
            }
        }
        let has_failed = AtomicBool::new(false);
        let asking = open.into_iter().map(|(place, outgoing)| {
            let has_failed = &has_failed;
            async move {
                // Those under way are paid whatever becomes of the task, so they come to their end; no more begin.
                if has_failed.load(Ordering::Relaxed) {
                    return None;
                }
                let asked = call.ask(&outgoing).await;
                has_failed.fetch_or(asked.is_err(), Ordering::Relaxed);
                Some((place, asked.map(|asked| Note::new(&outgoing.body, without_echoes(asked)))))
            }
        });
        let answers = stream::iter(asking).buffer_unordered(TOGETHER).filter_map(ready);
        let paid = notes.gather(paid, answers).await?;
        Ok(paid.into_values().map(|note| note.asked).collect())
    }

    fn bodies(&self) -> impl Iterator<Item = Value> {
        let batch = match self.maker {
            Maker::TitanOne | Maker::Titan | Maker::TitanMultimodal | Maker::Nova => 1,
            Maker::Cohere | Maker::CohereFour => COHERE_BATCH,
            Maker::Hosted => HOSTED_BATCH,
        };
        self.texts.chunks(batch).map(|texts| Value::Object(self.body(texts)))
    }

    fn body(&self, texts: &[String]) -> Map<String, Value> {
        let text = texts.first().map(|text| json!(text));
        match self.maker {
            Maker::TitanOne => members([("inputText", text)]),
            Maker::Titan => members([
                ("inputText", text),
                ("dimensions", self.dimensions.map(Value::from)),
                ("normalize", self.normalize.map(Value::from)),
            ]),
            Maker::TitanMultimodal => members([
                ("inputText", text),
                ("embeddingConfig", self.dimensions.map(|length| json!({ "outputEmbeddingLength": length }))),
            ]),
            Maker::Nova => members([
                ("schemaVersion", Some("nova-multimodal-embed-v1".into())),
                ("taskType", Some("SINGLE_EMBEDDING".into())),
                ("singleEmbeddingParams", Some(self.of_nova(text))),
            ]),
            Maker::Cohere | Maker::CohereFour => members([
                ("texts", Some(json!(texts))),
                ("input_type", Some(self.purpose.into())),
                ("truncate", self.truncate.map(Value::from)),
                ("output_dimension", self.dimensions.map(Value::from)),
                ("embedding_types", (self.maker == Maker::CohereFour).then(|| json!(["float"]))),
            ]),
            Maker::Hosted => {
                let direction = match self.truncate {
                    Some("START") => Some("left"),
                    Some("END") => Some("right"),
                    _ => None,
                };
                members([
                    ("inputs", Some(json!(texts))),
                    ("normalize", self.normalize.map(Value::from)),
                    ("dimensions", self.dimensions.map(Value::from)),
                    ("truncate", self.truncate.map(|_| direction.is_some().into())),
                    ("truncation_direction", direction.map(Value::from)),
                ])
            }
        }
    }
}

impl Embed {
    /// Nova has to be told what the vector is for, and what to do with a long text.
    fn of_nova(&self, text: Option<Value>) -> Value {
        let purpose = match self.purpose {
            "search_query" => "TEXT_RETRIEVAL",
            "classification" => "CLASSIFICATION",
            "clustering" => "CLUSTERING",
            _ => "GENERIC_INDEX",
        };
        Value::Object(members([
            ("embeddingPurpose", Some(purpose.into())),
            ("embeddingDimension", self.dimensions.map(Value::from)),
            ("text", Some(json!({ "truncationMode": self.truncate.unwrap_or("END"), "value": text }))),
        ]))
    }
}

impl Maker {
    fn of(model_id: &str) -> Option<Self> {
        match Family::of(model_id) {
            Family::TitanEmbed if model_id.contains("titan-embed-image") => Some(Self::TitanMultimodal),
            Family::TitanEmbed if model_id.contains("titan-embed-text-v1") => Some(Self::TitanOne),
            Family::TitanEmbed => Some(Self::Titan),
            Family::NovaEmbed => Some(Self::Nova),
            Family::CohereEmbed if model_id.contains("cohere.embed-v4") => Some(Self::CohereFour),
            Family::CohereEmbed => Some(Self::Cohere),
            // Bedrock's ids have no owner before a slash.
            _ if model_id.contains('/') && !model_id.starts_with("arn:") => Some(Self::Hosted),
            _ => None,
        }
    }
}

fn without_echoes(mut asked: Asked) -> Asked {
    if let Value::Object(answer) = &mut asked.value {
        answer.retain(|key, _| !ECHOES.contains(&key.as_str()));
    }
    asked
}

fn unknown(data: &Field<'_>, model_id: &str) -> connector::Error {
    connector::Error::input(format!(
        "{} is {model_id:?}, expected a model of Titan Embeddings, Nova Embeddings or Cohere Embed; the action invokeModel asks any other",
        data.name_of("modelId")
    ))
}

/// Takes the vectors out of an answer. Cohere puts them under their type when it was asked for types, and Nova each
/// beside its own.
fn vectors(answer: &mut Value) -> Vec<Value> {
    let answer = match answer {
        Value::Object(answer) => answer,
        // Hugging Face gives nothing but the vectors.
        Value::Array(vectors) => return std::mem::take(vectors),
        _ => return Vec::new(),
    };
    if let Some(vector @ Value::Array(_)) = answer.remove("embedding") {
        return vec![vector];
    }
    match answer.remove("embeddings") {
        Some(Value::Array(vectors)) => vectors
            .into_iter()
            .map(|mut vector| match vector.get_mut("embedding") {
                Some(inner) => inner.take(),
                None => vector,
            })
            .collect(),
        Some(Value::Object(mut by_type)) => match by_type.remove("float") {
            Some(Value::Array(vectors)) => vectors,
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}
