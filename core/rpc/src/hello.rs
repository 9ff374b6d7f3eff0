//! The handshake: one JSON line each way before anything else, so that two versions find out what they have in common.

use std::io;
use std::time::Duration;

use rackhand_core::event::Seq;
use rackhand_core::id::{Role, SiteId};
use rackhand_core::text::Text;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// The protocol this build speaks.
pub const PROTO: u32 = 2;
/// The oldest it still understands.
pub const MIN: u32 = 2;

const MAGIC: &str = "rackhand";
const MAX_LINE: usize = 4 << 10;

/// How long a peer may take for its line.
pub const PATIENCE: Duration = Duration::from_secs(3);

/// What the console says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ClientHello {
    /// Always `rackhand`.
    pub magic: String,
    /// Its protocol.
    pub proto: u32,
    /// The oldest it understands.
    pub min: u32,
    /// Its version.
    pub build: Text,
}

/// What the daemon says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ServerHello {
    /// Always `rackhand`.
    pub magic: String,
    /// Its protocol.
    pub proto: u32,
    /// The oldest it understands.
    pub min: u32,
    /// Its version.
    pub build: Text,
    /// Its site.
    pub site: SiteId,
    /// Changes with every start of the daemon.
    pub epoch: u64,
    /// The head.
    pub head: Seq,
    /// Who it takes the caller for.
    pub user: Text,
    /// The caller's role; `None` is none at all, and the connection ends.
    pub role: Option<Role>,
    /// Whether this is a demo.
    #[serde(default)]
    pub demo: bool,
}

/// Why there is no conversation.
#[derive(Debug, thiserror::Error)]
pub enum HelloError {
    /// The stream broke, or nothing came in time.
    #[error("the daemon's socket does not answer: {0}")]
    Io(#[from] io::Error),
    /// The other side is something else.
    #[error("what answers there is not rackhandd")]
    Stranger,
    /// Too far apart.
    #[error("this console speaks protocol {ours}, the daemon {theirs} and no older than {least}: update the older one")]
    Version {
        /// Ours.
        ours: u32,
        /// Theirs.
        theirs: u32,
        /// Their oldest.
        least: u32,
    },
    /// No role.
    #[error("user {0} has no role here: an administrator adds it under [roles] in the daemon's configuration")]
    NoRole(Text),
}

/// The console's side.
pub async fn greet<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S) -> Result<ServerHello, HelloError> {
    let build = Text::new(env!("CARGO_PKG_VERSION"));
    send(stream, &ClientHello { magic: MAGIC.into(), proto: PROTO, min: MIN, build }).await?;
    let hello: ServerHello = receive(stream).await?;
    if hello.magic != MAGIC {
        return Err(HelloError::Stranger);
    }
    if hello.proto < MIN || hello.min > PROTO {
        return Err(HelloError::Version { ours: PROTO, theirs: hello.proto, least: hello.min });
    }
    if hello.role.is_none() {
        return Err(HelloError::NoRole(hello.user));
    }
    Ok(hello)
}

/// The daemon's side: reads the console's line and answers with `reply`, whose protocol fields are filled in here.
pub async fn answer<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    mut reply: ServerHello,
) -> Result<ClientHello, HelloError> {
    let hello: ClientHello = receive(stream).await?;
    if hello.magic != MAGIC {
        return Err(HelloError::Stranger);
    }
    (reply.magic, reply.proto, reply.min) = (MAGIC.into(), PROTO, MIN);
    reply.build = Text::new(env!("CARGO_PKG_VERSION"));
    send(stream, &reply).await?;
    if hello.proto < MIN || hello.min > PROTO {
        return Err(HelloError::Version { ours: PROTO, theirs: hello.proto, least: hello.min });
    }
    Ok(hello)
}

async fn send<S: AsyncWrite + Unpin>(stream: &mut S, line: &impl Serialize) -> io::Result<()> {
    let mut bytes = serde_json::to_vec(line)?;
    bytes.push(b'\n');
    stream.write_all(&bytes).await?;
    stream.flush().await
}

/// Reads one line, a byte at a time: what follows it belongs to tarpc.
async fn receive<S: AsyncRead + Unpin, T: DeserializeOwned>(stream: &mut S) -> Result<T, HelloError> {
    let line = tokio::time::timeout(PATIENCE, async {
        let mut line = Vec::with_capacity(256);
        loop {
            match stream.read_u8().await? {
                b'\n' => return Ok::<_, io::Error>(line),
                _ if line.len() >= MAX_LINE => return Err(io::ErrorKind::InvalidData.into()),
                byte => line.push(byte),
            }
        }
    });
    let line = line.await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
    serde_json::from_slice(&line).map_err(|_| HelloError::Stranger)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_console_of_before_and_its_daemon_are_both_told_that_they_are_too_far_apart() {
        let (mut console, mut daemon) = tokio::io::duplex(1 << 12);
        let old = ClientHello { magic: MAGIC.into(), proto: PROTO - 1, min: PROTO - 1, build: "0".into() };
        send(&mut console, &old).await.unwrap();
        let reply = ServerHello {
            magic: String::new(),
            proto: 0,
            min: 0,
            build: "".into(),
            site: SiteId::new("fra1"),
            epoch: 1,
            head: 7,
            user: "anna".into(),
            role: Some(Role::Operator),
            demo: false,
        };
        let refused = answer(&mut daemon, reply).await.unwrap_err();
        assert!(matches!(refused, HelloError::Version { theirs, .. } if theirs == PROTO - 1), "{refused}");
        // It is answered all the same, so that it can say to its user which of the two is to be updated.
        let told: ServerHello = receive(&mut console).await.unwrap();
        assert!(told.min > old.proto && told.proto == PROTO);
    }
}
