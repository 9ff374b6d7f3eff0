//! `dial-stdio`: standard input and output to the daemon's socket and back. The far end of `--host ssh://`.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::FileTypeExt;
use std::path::PathBuf;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::{UnixStream, unix::pipe};

use super::output::Fail;
use crate::link::connect::{DIALLED, HostSpec, LinkError, open};

/// Copies until the daemon ends the conversation, or the caller does and the daemon has answered.
pub(super) async fn dial(host: &HostSpec, socket: Option<PathBuf>) -> Result<(), Fail> {
    let path = match (socket, host) {
        (Some(path), _) => path,
        (None, HostSpec::Unix(path)) => path.clone(),
        (None, HostSpec::Ssh(_)) => return Err(Fail::Usage("dial-stdio dials a socket of this machine".into())),
    };
    let stream = open(&path).await?;
    // The near end begins its handshake when it reads this.
    writeln!(io::stderr(), "{DIALLED}")?;
    let (from, to) = (input().map_err(no_stream)?, output().map_err(no_stream)?);
    copy(stream, from, to).await
}

fn no_stream(error: io::Error) -> Fail {
    Fail::Link(LinkError::Socket { path: "standard input or output".into(), error })
}

async fn copy(
    stream: UnixStream,
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
) -> Result<(), Fail> {
    let (mut answers, mut requests) = stream.into_split();
    let up = async {
        let copied = tokio::io::copy(&mut from, &mut requests).await;
        // The daemon sees the end and ends its side; what it still says is passed on.
        let _ = requests.shutdown().await;
        copied
    };
    let down = async {
        let copied = tokio::io::copy(&mut answers, &mut to).await;
        let _ = to.flush().await;
        copied
    };
    tokio::pin!(up, down);
    let ended = tokio::select! {
        biased;
        ended = &mut down => ended,
        _ = &mut up => down.await,
    };
    ended.map(|_| ()).map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => Fail::Closed,
        _ => Fail::Lost(format!("the connection to rackhandd broke: {error}")),
    })
}

/// What a descriptor is. Pipes and sockets are polled; anything else is read by a thread.
enum Kind {
    Pipe,
    Socket,
    Other,
}

fn kind(fd: OwnedFd) -> io::Result<(OwnedFd, Kind)> {
    let file = File::from(fd);
    let of = file.metadata()?.file_type();
    let kind = if of.is_fifo() {
        Kind::Pipe
    } else if of.is_socket() {
        Kind::Socket
    } else {
        Kind::Other
    };
    Ok((file.into(), kind))
}

fn socket(fd: OwnedFd) -> io::Result<UnixStream> {
    let stream = std::os::unix::net::UnixStream::from(fd);
    stream.set_nonblocking(true)?;
    UnixStream::from_std(stream)
}

fn input() -> io::Result<Box<dyn AsyncRead + Unpin>> {
    Ok(match kind(io::stdin().as_fd().try_clone_to_owned()?)? {
        (fd, Kind::Pipe) => Box::new(pipe::Receiver::from_owned_fd(fd)?),
        (fd, Kind::Socket) => Box::new(socket(fd)?),
        (_, Kind::Other) => Box::new(tokio::io::stdin()),
    })
}

fn output() -> io::Result<Box<dyn AsyncWrite + Unpin>> {
    Ok(match kind(io::stdout().as_fd().try_clone_to_owned()?)? {
        (fd, Kind::Pipe) => Box::new(pipe::Sender::from_owned_fd(fd)?),
        (fd, Kind::Socket) => Box::new(socket(fd)?),
        (_, Kind::Other) => Box::new(tokio::io::stdout()),
    })
}
