//! JSON frames: four bytes of length, then the message. Guards what a peer can do with a frame.

use std::io;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;

use bytes::{Bytes, BytesMut};
use serde::{Serialize, de::DeserializeOwned};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::codec::{Framed, LengthDelimitedCodec};

/// The largest frame, in bytes. A reply over it would end the whole connection, so handlers page.
pub const MAX_FRAME: usize = 4 << 20;

/// Our JSON codec. `tarpc`'s own lets a peer's absurd deadline panic in the decoder; this turns that into an error of
/// this connection alone.
pub struct Json<Item, Sink>(PhantomData<fn() -> (Item, Sink)>);

impl<Item, Sink> Default for Json<Item, Sink> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<Item: DeserializeOwned, Sink> tokio_serde::Deserializer<Item> for Json<Item, Sink> {
    type Error = io::Error;
    fn deserialize(self: Pin<&mut Self>, src: &BytesMut) -> Result<Item, io::Error> {
        read(src)
    }
}

/// Reads a frame's message.
///
/// # Errors
/// `InvalidData` for what is none.
pub fn read<T: DeserializeOwned>(frame: &[u8]) -> io::Result<T> {
    catch_unwind(AssertUnwindSafe(|| serde_json::from_slice(frame)))
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "a frame that no message can be"))?
        .map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e))
}

/// Writes a message as a frame's body.
///
/// # Errors
/// Where it can't be written as JSON.
pub fn write<T: Serialize>(message: &T) -> io::Result<Bytes> {
    serde_json::to_vec(message).map(Into::into).map_err(io::Error::other)
}

/// What puts a length before each frame.
pub fn framing() -> LengthDelimitedCodec {
    LengthDelimitedCodec::builder().max_frame_length(MAX_FRAME).new_codec()
}

impl<Item, Sink: Serialize> tokio_serde::Serializer<Sink> for Json<Item, Sink> {
    type Error = io::Error;
    fn serialize(self: Pin<&mut Self>, item: &Sink) -> Result<Bytes, io::Error> {
        write(item)
    }
}

/// A tarpc transport over a stream on which the handshake is done.
pub type Transport<S, Item, Sink> = tarpc::serde_transport::Transport<S, Item, Sink, Json<Item, Sink>>;

/// Wraps a stream on which the handshake is done.
pub fn transport<S, Item, Sink>(stream: S) -> Transport<S, Item, Sink>
where
    S: AsyncRead + AsyncWrite,
    Item: DeserializeOwned,
    Sink: Serialize,
{
    tarpc::serde_transport::new(Framed::new(stream, framing()), Json::default())
}
