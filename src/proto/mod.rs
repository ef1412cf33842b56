//! What both ends of the protocol share: the messages, client and server generated from `proto/gateway.proto`,
//! and the engine's keys as types of their own.

mod codec;
mod generated;
pub mod keys;

pub use self::codec::Codec;
pub use self::generated::*;
