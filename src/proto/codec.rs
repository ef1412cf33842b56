//! How messages become bytes: as tonic does it, with room for the small ones.

use std::marker::PhantomData;

use prost::Message;
use tonic::codec::{self, BufferSettings};
use tonic_prost::ProstCodec;

/// The room that each request and each answer begins with; larger messages make it grow. Nearly all are smaller, and
/// hundreds may wait for the gateway at once, each with the room of its own. tonic's own is 8 KB.
const ROOM: usize = 512;
/// After so many bytes of a stream, the messages so far are sent; tonic's own.
const SEND_AFTER: usize = 32 * 1024;

/// The codec of the generated clients and servers.
#[derive(Debug, Clone)]
pub struct Codec<T, U>(PhantomData<(T, U)>);

impl<T, U> Default for Codec<T, U> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T, U> codec::Codec for Codec<T, U>
where
    T: Message + 'static,
    U: Message + Default + 'static,
{
    type Encode = T;
    type Decode = U;
    type Encoder = <ProstCodec<T, U> as codec::Codec>::Encoder;
    type Decoder = <ProstCodec<T, U> as codec::Codec>::Decoder;

    fn encoder(&mut self) -> Self::Encoder {
        ProstCodec::<T, U>::raw_encoder(BufferSettings::new(ROOM, SEND_AFTER))
    }

    fn decoder(&mut self) -> Self::Decoder {
        ProstCodec::<T, U>::raw_decoder(BufferSettings::new(ROOM, SEND_AFTER))
    }
}
