//! What models answer that do not answer in words: images and vectors.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::json::{At, items};
use super::model::blocked;

/// The answer of Cohere's embedding models; those that are asked for types put their vectors under these.
pub(super) fn cohere(body: &Value) -> Value {
    let dimensions = body["output_dimension"].as_u64().unwrap_or(1024);
    let vectors: Vec<_> =
        items(&body["texts"]).map(|text| embed(text.as_str().unwrap_or_default(), dimensions)).collect();
    if body["embedding_types"].is_array() {
        let embeddings = json!({"float": vectors});
        return json!({"id": "emulated", "response_type": "embeddings_by_type", "embeddings": embeddings, "texts": body["texts"]});
    }
    json!({"id": "emulated", "response_type": "embeddings_floats", "embeddings": vectors, "texts": body["texts"]})
}

/// The text that Nova is to embed.
pub(super) fn text_for_nova(body: &Value) -> &str {
    body.at("/singleEmbeddingParams/text/value").as_str().unwrap_or_default()
}

/// The answer of Nova's embedding model.
pub(super) fn nova(body: &Value) -> Value {
    let dimensions = body.at("/singleEmbeddingParams/embeddingDimension").as_u64().unwrap_or(3072);
    json!({"embeddings": [{"embeddingType": "TEXT", "embedding": embed(text_for_nova(body), dimensions)}]})
}

/// The answer of Titan Image Generator and Nova Canvas.
pub(super) fn amazon_images(body: &Value) -> Value {
    if blocked(body.at("/textToImageParams/text").as_str().unwrap_or_default()) {
        return json!({"images": [], "error": "This request is blocked by the content filter of the emulator."});
    }
    let count = body.at("/imageGenerationConfig/numberOfImages").as_u64().unwrap_or(1).min(5);
    let images: Vec<_> = (0..count).map(|_| STANDARD.encode(PIXEL)).collect();
    json!({"images": images, "error": null})
}

/// The answer of Stability's models.
pub(super) fn stability_image(body: &Value) -> Value {
    let seed = body["seed"].as_u64().unwrap_or(7);
    if blocked(body["prompt"].as_str().unwrap_or_default()) {
        return json!({"images": [], "seeds": [seed], "finish_reasons": ["Filter reason: prompt"]});
    }
    json!({"images": [STANDARD.encode(PIXEL)], "seeds": [seed], "finish_reasons": [null]})
}

/// A PNG of one grey pixel.
const PIXEL: &[u8] = &[
    0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, b'I', b'H', b'D', b'R', 0, 0, 0, 1, 0, 0, 0,
    1, 8, 0, 0, 0, 0, 0x3a, 0x7e, 0x9b, 0x55, 0, 0, 0, 10, b'I', b'D', b'A', b'T', 0x78, 0x9c, 0x63, 0x68, 0,
    0, 0, 0x82, 0, 0x81, 0x77, 0xcd, 0x72, 0xb6, 0, 0, 0, 0, b'I', b'E', b'N', b'D', 0xae, 0x42, 0x60, 0x82,
];

/// A vector of length one in which every word pulls in directions of its own, so that texts which share words
/// lie near each other.
pub(crate) fn embed(text: &str, dimensions: u64) -> Vec<f64> {
    let dimensions = usize::try_from(dimensions.clamp(1, 4096)).unwrap_or(1);
    let mut vector = vec![0.0; dimensions];
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        let mut state = word.to_lowercase().bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        for value in &mut vector {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            // The upper half of the state, from -1 to 1.
            *value += f64::from(u32::try_from(state >> 32).unwrap_or(0)) / f64::from(u32::MAX) * 2.0 - 1.0;
        }
    }
    let length = vector.iter().map(|value| value * value).sum::<f64>().sqrt();
    if length > 0.0 {
        vector.iter_mut().for_each(|value| *value /= length);
    }
    vector
}
