//! A stream whose peer must take what it is sent: one that stops reading is let go, with all that is held for it.

use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// How long what has been handed over for writing may stay untaken.
const PATIENCE: Duration = Duration::from_secs(30);

/// The stream, and since when its peer takes nothing.
pub(crate) struct Stall<S> {
    stream: S,
    until: Option<Pin<Box<Sleep>>>,
}

impl<S> Stall<S> {
    pub fn new(stream: S) -> Self {
        Self { stream, until: None }
    }

    /// Lets a pending write wait until its time is up. The time begins with the first one that is pending, and ends when
    /// all has been written: a peer that takes an octet now and then gets no more of it.
    fn patiently<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_pending() {
            let until = self.until.get_or_insert_with(|| Box::pin(sleep(PATIENCE)));
            ready!(until.as_mut().poll(cx));
            return Poll::Ready(Err(ErrorKind::TimedOut.into()));
        }
        written
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Stall<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Stall<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.patiently(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.patiently(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        if flushed.is_ready() {
            self.until = None;
        }
        self.patiently(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.patiently(cx, shut)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_takes_nothing_or_a_trickle_is_let_go() {
        for trickle in [false, true] {
            let (ours, mut theirs) = tokio::io::duplex(1_024);
            let begun = Instant::now();
            let reads = tokio::spawn(async move {
                while trickle && theirs.read_u8().await.is_ok() {
                    sleep(Duration::from_secs(1)).await;
                }
                std::future::pending::<()>().await;
            });
            let failed = Stall::new(ours).write_all(&vec![0; 100_000]).await.unwrap_err();
            assert_eq!((failed.kind(), begun.elapsed()), (ErrorKind::TimedOut, PATIENCE), "{trickle}");
            reads.abort();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_is_slow_but_takes_all_is_served_for_as_long_as_it_needs() {
        let (ours, mut theirs) = tokio::io::duplex(1_024);
        let reads = tokio::spawn(async move {
            let mut piece = [0; 1_024];
            while theirs.read(&mut piece).await.unwrap() > 0 {
                sleep(Duration::from_secs(5)).await;
            }
        });
        let mut stall = Stall::new(ours);
        for _ in 0..20 {
            stall.write_all(&[0; 4_096]).await.unwrap();
            stall.flush().await.unwrap();
        }
        drop(stall);
        reads.await.unwrap();
    }
}
