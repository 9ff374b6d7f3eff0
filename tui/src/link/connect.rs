//! Opens a connection to a daemon: its socket, or `ssh` and its socket; then the handshake; then tarpc.

use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use rackhand_core::question::Asks;
use rackhand_core::text::Text;
use rackhand_rpc::ConsoleClient;
use rackhand_rpc::ask::AskError;
use rackhand_rpc::codec::transport;
use rackhand_rpc::hello::{HelloError, ServerHello, greet};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, Join, ReadBuf};
use tokio::net::UnixStream;
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::sync::oneshot;
use tokio::time::timeout;

pub use super::host::HostSpec;
use super::host::SshTarget;
use super::{CALL, answered, call};

/// How long a socket of this machine may take, handshake included.
pub const NEAR: Duration = Duration::from_secs(3);
/// How long `ssh` may take until the far end has its socket.
pub const FAR: Duration = Duration::from_secs(10);

/// What `rackhand dial-stdio` says on standard error once it has the daemon's socket. Until then `ssh` may still be
/// connecting and logging in, and the handshake's short patience must not run.
pub const DIALLED: &str = "rackhand dial-stdio: connected";

/// The last of what `ssh` said that is kept, in bytes; less than a `Text` cuts, since the reason comes last.
const MAX_SAID: usize = 1_500;

/// A connection on which calls can be made. It ends when the last copy of the client is dropped.
#[derive(Clone, Debug)]
pub struct Connection {
    /// The methods.
    pub client: ConsoleClient,
    /// What the daemon said of itself and of the caller.
    pub hello: ServerHello,
}

impl Connection {
    /// Asks a question, as an ordinary call.
    ///
    /// # Errors
    /// It was refused, or no answer to it came.
    pub async fn ask<Q: Asks>(&self, question: Q) -> Result<Q::Answer, AskError> {
        Ok(answered(CALL, self.client.ask(call(), question)).await?.answer)
    }
}

/// Why there is no connection: what, whose fault, what to do.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// There is no socket.
    #[error(
        "rackhandd does not run here or its socket is elsewhere: there is no {0}. Start rackhandd, or name its socket \
         with --host unix:///path or RACKHAND_SOCKET"
    )]
    NoSocket(PathBuf),
    /// A socket file that nobody listens on.
    #[error("rackhandd does not run: nobody listens on {0}, which an earlier one left behind. Start rackhandd")]
    Deserted(PathBuf),
    /// The file's permissions are against it.
    #[error(
        "you may not open {0}: permission denied. An administrator adds your user to the group that owns it; log in \
         again after that"
    )]
    Denied(PathBuf),
    /// The socket cannot be opened for another reason.
    #[error("{path} cannot be opened: {error}")]
    Socket {
        /// The socket.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// There is no `ssh` here.
    #[error("ssh cannot be started: {0}. Install OpenSSH's client, or put it on the PATH")]
    NoSsh(io::Error),
    /// `ssh`, or `rackhand` at its far end, gave up.
    #[error("no way to rackhandd at {target}: {said}")]
    Ssh {
        /// Where to.
        target: String,
        /// What it said, cleaned.
        said: Text,
    },
    /// It took too long.
    #[error("{host} does not answer within {} s{said}", after.as_secs())]
    Late {
        /// Where to.
        host: String,
        /// After how long.
        after: Duration,
        /// What `ssh` has said meanwhile, with a colon before it; or nothing.
        said: Text,
    },
    /// The socket is open, but there is no conversation.
    #[error("{host}: {error}")]
    Hello {
        /// Where to.
        host: String,
        /// Why not.
        error: HelloError,
    },
}

/// Connects and shakes hands.
pub async fn connect(host: &HostSpec) -> Result<Connection, LinkError> {
    match host {
        HostSpec::Unix(path) => {
            let conversation = async { talk(host, open(path).await?).await };
            match timeout(NEAR, conversation).await {
                Ok(connection) => connection,
                Err(_) => Err(LinkError::Late { host: host.to_string(), after: NEAR, said: Text::new("") }),
            }
        }
        HostSpec::Ssh(target) => talk(host, over_ssh(target).await?).await,
    }
}

/// Opens a socket of this machine.
pub(crate) async fn open(path: &Path) -> Result<UnixStream, LinkError> {
    UnixStream::connect(path).await.map_err(|error| refused(path.to_path_buf(), error))
}

fn refused(path: PathBuf, error: io::Error) -> LinkError {
    match error.kind() {
        io::ErrorKind::NotFound => LinkError::NoSocket(path),
        io::ErrorKind::ConnectionRefused => LinkError::Deserted(path),
        io::ErrorKind::PermissionDenied => LinkError::Denied(path),
        _ => LinkError::Socket { path, error },
    }
}

async fn talk<S>(host: &HostSpec, mut stream: S) -> Result<Connection, LinkError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let hello = greet(&mut stream).await.map_err(|error| LinkError::Hello { host: host.to_string(), error })?;
    let client = ConsoleClient::new(tarpc::client::Config::default(), transport(stream)).spawn();
    Ok(Connection { client, hello })
}

/// The pipes of an `ssh`, which is killed when they are dropped.
struct Ssh {
    pipes: Join<ChildStdout, ChildStdin>,
    _child: Child,
}

async fn over_ssh(target: &SshTarget) -> Result<Ssh, LinkError> {
    let mut child = Command::new("ssh")
        .args(target.arguments())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(LinkError::NoSsh)?;
    let (Some(stdin), Some(stdout), Some(stderr)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(LinkError::NoSsh(io::ErrorKind::BrokenPipe.into()));
    };
    let said = Arc::new(Mutex::new(Vec::new()));
    let (tell, dialled) = oneshot::channel();
    tokio::spawn(listen(stderr, Arc::clone(&said), tell));
    let words = || String::from_utf8_lossy(&said.lock().unwrap_or_else(PoisonError::into_inner)).trim().to_owned();
    match timeout(FAR, dialled).await {
        Ok(Ok(())) => Ok(Ssh { pipes: tokio::io::join(stdout, stdin), _child: child }),
        Ok(Err(_)) => {
            let said = Some(words()).filter(|w| !w.is_empty());
            let said = said.unwrap_or_else(|| "ssh ended and said nothing; is `rackhand` on the PATH there?".into());
            Err(LinkError::Ssh { target: target.to_string(), said: said.into() })
        }
        Err(_) => {
            let said = Some(words()).filter(|w| !w.is_empty()).map(|w| format!(": {w}")).unwrap_or_default();
            Err(LinkError::Late { host: format!("ssh://{target}"), after: FAR, said: said.into() })
        }
    }
}

/// Reads what `ssh` says to its end, so that it never blocks, and keeps the last of it.
async fn listen(mut stderr: ChildStderr, said: Arc<Mutex<Vec<u8>>>, tell: oneshot::Sender<()>) {
    let (mut tell, mut chunk) = (Some(tell), [0; 1024]);
    while let Ok(n @ 1..) = stderr.read(&mut chunk).await {
        let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
        said.extend_from_slice(&chunk[..n]);
        let excess = said.len().saturating_sub(MAX_SAID);
        said.drain(..excess);
        let mut lines = said.split(|b| *b == b'\n').map(<[u8]>::trim_ascii_end);
        if lines.any(|line| line == DIALLED.as_bytes())
            && let Some(tell) = tell.take()
        {
            // Nobody listens any more where the connection was given up.
            let _ = tell.send(());
        }
    }
}

impl AsyncRead for Ssh {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.pipes).poll_read(cx, buf)
    }
}

impl AsyncWrite for Ssh {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.pipes).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.pipes).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.pipes).poll_shutdown(cx)
    }
}
