//! Images from texts, by the models of Amazon and Stability.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Number, Value, json};

use super::envelope::{Tally, rest};
use super::family::Family;
use super::notes::{Note, Notes};
use super::read::{self, members};
use crate::bedrock::Error;
use crate::bedrock::call::{Asked, BedrockCall};
use crate::bedrock::converse::shortest;
use crate::bedrock::field::Field;
use crate::bedrock::outgoing::{Operation, Outgoing};
use crate::connector::{self, Notebook};
use crate::documents::NewDocument;

/// How often the store is asked to take an image that is paid.
const STORE_ATTEMPTS: usize = 3;

/// Images that a model is to draw.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Images {
    model_id: String,
    body: Value,
    format: &'static str,
    result: ImageResult,
    file_name: String,
}

/// Where an image goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ImageResult {
    Document,
    Base64,
}

impl Images {
    pub(super) fn read(data: &Field<'_>) -> Result<Self, connector::Error> {
        let model_id = read::model_id(data)?;
        let wishes = Wishes::read(data)?;
        let format = wishes.format.unwrap_or("png");
        let result = match read::choice(data, "imageResult", &["document", "base64"])? {
            Some("base64") => ImageResult::Base64,
            _ => ImageResult::Document,
        };
        let file_name = read::word(data, "fileName")?.unwrap_or_else(|| "image".to_owned());
        let body = match Family::of(&model_id) {
            Family::TitanImage | Family::NovaCanvas => wishes.amazon(data, &model_id)?,
            Family::Stability => wishes.stability(data, &model_id)?,
            _ => {
                return Err(connector::Error::input(format!(
                    "{} is {model_id:?}, expected a model of Amazon (Titan, Nova Canvas) or Stability that draws from a \
                     prompt alone; the action invokeModel asks any other",
                    data.name_of("modelId")
                )));
            }
        };
        Ok(Self { model_id, body, format, result, file_name })
    }

    pub(super) async fn run(
        self,
        call: &BedrockCall,
        notebook: &dyn Notebook,
    ) -> Result<Value, connector::Error> {
        if self.result == ImageResult::Document && !call.parts.loader.has_store() {
            return Err(connector::Error::input(
                "images cannot be stored as documents, because no REST address of the engine is configured; \
                 take base64 as the image result"
                    .to_owned(),
            ));
        }
        let paid = self.paid(call, notebook).await?;
        let mut tally = Tally::default();
        tally.add(&paid, None);
        let drawn = drawn(&paid.value);
        let count = drawn.len();
        let mut images = Vec::with_capacity(count);
        for (index, image) in drawn.into_iter().enumerate() {
            images.push(match self.result {
                ImageResult::Base64 => json!({ "base64": image, "contentType": self.content_type() }),
                ImageResult::Document => {
                    let content = self.decoded(call, image)?;
                    self.place(call, content, (count > 1).then_some(index + 1)).await?
                }
            });
        }
        let list = |key: &str| paid.value.get(key).filter(|value| value.is_array()).cloned();
        let told = [
            ("images", Value::Array(images)),
            ("seeds", list("seeds").unwrap_or_default()),
            ("finishReasons", list("finish_reasons").unwrap_or_default()),
        ];
        let additional = rest(paid.value, &["images", "seeds", "finish_reasons"]);
        Ok(tally.seal(call, &self.model_id, told, additional))
    }

    /// The answer of the model. Storing its images may fail, so it is kept before.
    async fn paid(&self, call: &BedrockCall, notebook: &dyn Notebook) -> Result<Asked, connector::Error> {
        let outgoing = Outgoing::new(&self.model_id, Operation::InvokeModel, self.body.to_string());
        let mut notes = Notes::open(notebook);
        if let Some(noted) = notes.take(&outgoing.body) {
            return Ok(noted);
        }
        let asked = call.ask(&outgoing).await?;
        let drawn = drawn(&asked.value);
        if drawn.is_empty() {
            let model_id = call.masker.mask(&self.model_id);
            let reason = refusal(&asked.value);
            return Err(Error::NoImage { model_id, reason }.into());
        }
        if self.result == ImageResult::Base64 {
            return Ok(asked);
        }
        // An answer that can never be stored is not worth keeping.
        drawn.into_iter().try_for_each(|image| self.decoded(call, image).map(drop))?;
        let note = Note::new(&outgoing.body, asked);
        notes.keep(std::slice::from_ref(&note)).await;
        Ok(note.asked)
    }

    fn content_type(&self) -> String {
        format!("image/{}", self.format)
    }

    fn decoded(&self, call: &BedrockCall, image: &str) -> Result<Bytes, Error> {
        STANDARD.decode(image).map(Bytes::from).map_err(|_| Error::NoImage {
            model_id: call.masker.mask(&self.model_id),
            reason: "an image is not in base64".to_owned(),
        })
    }

    /// An image as the process holds it.
    async fn place(
        &self,
        call: &BedrockCall,
        content: Bytes,
        number: Option<usize>,
    ) -> Result<Value, connector::Error> {
        let name = match number {
            Some(number) => format!("{}-{number}.{}", self.file_name, self.format),
            None => format!("{}.{}", self.file_name, self.format),
        };
        let document = NewDocument { name, content_type: self.content_type(), content };
        let mut attempts = 1;
        loop {
            match call.parts.loader.create(document.clone()).await {
                Ok(reference) => return Ok(reference.to_value()),
                // A store that is away for a moment should not cost a retry.
                Err(error) if error.is_transient() && attempts < STORE_ATTEMPTS => attempts += 1,
                Err(error) => return Err(Error::from(error).into()),
            }
        }
    }
}

/// What a task says of its images.
struct Wishes {
    prompt: String,
    negative: Option<String>,
    count: i32,
    width: Option<i32>,
    height: Option<i32>,
    aspect_ratio: Option<String>,
    quality: Option<&'static str>,
    guidance: Option<Number>,
    seed: Option<i32>,
    format: Option<&'static str>,
}

impl Wishes {
    fn read(data: &Field<'_>) -> Result<Self, connector::Error> {
        let guidance = data.entry("guidance").map(|field| field.fraction()).transpose()?.flatten();
        Ok(Self {
            prompt: read::text(data, "prompt")?
                .ok_or_else(|| data.lacks("prompt", "say what the image is to show"))?,
            negative: read::text(data, "negativePrompt")?,
            count: read::number(data, "count", 1..=i32::MAX)?.unwrap_or(1),
            width: read::number(data, "width", 1..=i32::MAX)?,
            height: read::number(data, "height", 1..=i32::MAX)?,
            aspect_ratio: read::word(data, "aspectRatio")?,
            quality: read::choice(data, "quality", &["standard", "premium"])?,
            guidance: guidance.and_then(shortest),
            seed: read::number(data, "seed", 0..=i32::MAX)?,
            format: read::choice(data, "imageFormat", &["png", "jpeg"])?,
        })
    }

    fn amazon(self, data: &Field<'_>, model_id: &str) -> Result<Value, connector::Error> {
        const REMEDY: &str = "set width and height instead";
        if self.aspect_ratio.is_some() {
            return Err(not_for(data, "aspectRatio", model_id, REMEDY));
        }
        if self.format == Some("jpeg") {
            return Err(not_for(data, "imageFormat", model_id, "this model draws png"));
        }
        let text =
            members([("text", Some(self.prompt.into())), ("negativeText", self.negative.map(Value::from))]);
        let config = members([
            ("numberOfImages", Some(self.count.into())),
            ("width", self.width.map(Value::from)),
            ("height", self.height.map(Value::from)),
            ("quality", self.quality.map(Value::from)),
            ("cfgScale", self.guidance.map(Value::Number)),
            ("seed", self.seed.map(Value::from)),
        ]);
        Ok(json!({ "taskType": "TEXT_IMAGE", "textToImageParams": text, "imageGenerationConfig": config }))
    }

    fn stability(self, data: &Field<'_>, model_id: &str) -> Result<Value, connector::Error> {
        let unknown = [
            ("count", self.count != 1),
            ("width", self.width.is_some()),
            ("height", self.height.is_some()),
            // The template says «standard» for models that know no other.
            ("quality", self.quality == Some("premium")),
            ("guidance", self.guidance.is_some()),
        ];
        if let Some((key, _)) = unknown.into_iter().find(|(_, given)| *given) {
            let remedy = "this model takes a prompt, an aspect ratio, a seed and a format";
            return Err(not_for(data, key, model_id, remedy));
        }
        Ok(Value::Object(members([
            ("prompt", Some(self.prompt.into())),
            ("negative_prompt", self.negative.map(Value::from)),
            ("aspect_ratio", self.aspect_ratio.map(Value::from)),
            ("seed", self.seed.map(Value::from)),
            ("output_format", self.format.map(Value::from)),
        ])))
    }
}

fn not_for(data: &Field<'_>, key: &str, model_id: &str, remedy: &str) -> connector::Error {
    let name = data.name_of(key);
    connector::Error::input(format!("{name} is not for the model {model_id:?}; {remedy}"))
}

/// The images of an answer, in base64.
fn drawn(answer: &Value) -> Vec<&str> {
    let images = answer.get("images").and_then(Value::as_array);
    images.into_iter().flatten().filter_map(Value::as_str).collect()
}

/// Why there is no image.
fn refusal(answer: &Value) -> String {
    let own = answer.get("error").and_then(Value::as_str);
    let filtered = answer.get("finish_reasons").and_then(Value::as_array);
    let filtered = filtered.into_iter().flatten().find_map(Value::as_str);
    own.or(filtered).unwrap_or("it gives no reason").to_owned()
}
