//! A console's frames as the daemon takes them: each within its time, and all of them within what one user, and all of
//! them, may have in the air. What came of a frame is given back once it is read.

use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::stream::{self, BoxStream};
use futures::{Sink, SinkExt, Stream, StreamExt};
use rackhand_rpc::codec::{MAX_FRAME, framing, read, write};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadHalf};
use tokio_util::codec::FramedWrite;

use crate::door::{Caps, Peer, Room};
use crate::stall::Stall;

/// How long a frame may take, from its first octet to its last.
const PATIENCE: Duration = Duration::from_secs(10);
/// Octets of a frame that is not counted: a question or a command. All consoles together have as many as they are.
const SMALL: usize = 64 << 10;
/// Octets of larger frames on their way in. A console sends one of the largest at a time.
pub(super) const IN_THE_AIR: Caps = Caps { most: 32 << 20, each: 3 * MAX_FRAME };

/// Messages in and answers out, over a stream on which the handshake is done.
pub(super) struct Frames<Item, Answer> {
    messages: BoxStream<'static, io::Result<Item>>,
    answers: Pin<Box<dyn Sink<Answer, Error = io::Error> + Send>>,
}

impl<Item, Answer> Frames<Item, Answer>
where
    Item: DeserializeOwned + Send + 'static,
    Answer: Serialize + Send + 'static,
{
    /// Over this stream, whose other end is this peer. One that takes no answers is let go.
    pub(super) fn over<S>(stream: S, room: Room, peer: Option<Peer>) -> Self
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let (from, to) = tokio::io::split(Stall::new(stream));
        let messages = stream::try_unfold((from, room, peer), |(mut from, room, peer)| async move {
            let next = next(&mut from, &room, peer).await?;
            Ok(next.map(|message| (message, (from, room, peer))))
        });
        let answers = FramedWrite::new(to, framing()).with(|answer: Answer| std::future::ready(write(&answer)));
        Self { messages: messages.boxed(), answers: Box::pin(answers) }
    }
}

/// The next message; `None` where the other side has nothing more to say.
async fn next<S: AsyncRead, T: DeserializeOwned>(
    from: &mut ReadHalf<S>,
    room: &Room,
    peer: Option<Peer>,
) -> io::Result<Option<T>> {
    let mut head = [0; 4];
    // A console that has nothing to ask may be silent for as long as it likes.
    if from.read(&mut head[..1]).await? == 0 {
        return Ok(None);
    }
    let whole = async {
        from.read_exact(&mut head[1..]).await?;
        let length = u32::from_be_bytes(head) as usize;
        if length > MAX_FRAME {
            return Err(io::Error::new(ErrorKind::InvalidData, "a frame larger than any"));
        }
        let mut share = room.share(peer);
        if length > SMALL && !share.take(length) {
            return Err(io::Error::new(ErrorKind::QuotaExceeded, "too much is being sent at once"));
        }
        let mut frame = vec![0; length];
        from.read_exact(&mut frame).await?;
        read(&frame).map(Some)
    };
    tokio::time::timeout(PATIENCE, whole).await.unwrap_or_else(|_| Err(ErrorKind::TimedOut.into()))
}

impl<Item, Answer> Stream for Frames<Item, Answer> {
    type Item = io::Result<Item>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.messages.poll_next_unpin(cx)
    }
}

impl<Item, Answer> Sink<Answer> for Frames<Item, Answer> {
    type Error = io::Error;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.answers.as_mut().poll_ready(cx)
    }

    fn start_send(mut self: Pin<&mut Self>, answer: Answer) -> io::Result<()> {
        self.answers.as_mut().start_send(answer)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.answers.as_mut().poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.answers.as_mut().poll_close(cx)
    }
}
