//! Models of Hugging Face, asked in the words of Bedrock's Converse.
//!
//! Whoever calls a model speaks one language, that of Converse; here it becomes what Hugging Face's serverless router and
//! dedicated endpoints take, and their answers become answers of Converse. So tasks, responses, stored answers, retries
//! and upstreams are the same for both.
//!
//! - `chat/` is chat completion in the shape of OpenAI, in one piece or as a stream; `generation.rs` continues one text.
//! - `client.rs` sends, `place.rs` knows the addresses, `stream.rs` reads server-sent events.
//! - `owner.rs` asks whose a token is; `error.rs` lists the codes.
//!
//! What Converse has and Hugging Face has not is refused by name and never left out in silence.

mod chat;
mod client;
mod error;
mod generation;
mod owner;
mod place;
mod stream;

#[cfg(test)]
mod tests;

pub use self::client::{Answered, Client, Options, Request, Wish};
pub use self::error::{CODES, Error};
pub use self::owner::Owner;
pub use self::place::{Hosting, Proxy};
