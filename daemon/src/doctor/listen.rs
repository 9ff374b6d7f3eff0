//! The HTTP side's address: free, or held by our own daemon.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use rackhand_rpc::doctor::Check;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const NAME: &str = "HTTP address";
/// How long whoever holds the address may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// `runs` says whether our daemon does; `inside` that it is the one that asks.
pub(super) async fn check(at: SocketAddr, inside: bool, runs: bool) -> Vec<Check> {
    let answers = answers(at).await;
    let bound =
        if answers.is_some() || inside { Ok(()) } else { TcpListener::bind(at).await.map(drop).map_err(|e| e.kind()) };
    vec![judge(at, inside || runs, answers, bound)]
}

/// Whether whoever listens there answers as rackhandd does; `None` where nobody listens.
async fn answers(at: SocketAddr) -> Option<bool> {
    let reach = match at.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    let mut stream = tokio::time::timeout(PATIENCE, TcpStream::connect((reach, at.port()))).await.ok()?.ok()?;
    let asked = tokio::time::timeout(PATIENCE, async {
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: rackhandd\r\nConnection: close\r\n\r\n").await.ok()?;
        let mut head = [0; 12];
        stream.read_exact(&mut head).await.ok()?;
        // Well, or well enough to say that the journal takes nothing.
        Some(&head == b"HTTP/1.1 200" || &head == b"HTTP/1.1 503")
    });
    Some(asked.await.ok().flatten().unwrap_or(false))
}

fn judge(at: SocketAddr, runs: bool, answers: Option<bool>, bound: Result<(), ErrorKind>) -> Check {
    let other = "stop the other program, or give another address under [http] listen";
    match (answers, runs, bound) {
        (Some(true), true, _) => Check::ok(NAME, format!("the daemon answers at {at}")),
        (Some(_), false, _) => Check::wrong(NAME, format!("{at} is taken by another program"), other),
        (Some(false), true, _) => {
            Check::wrong(NAME, format!("what listens at {at} does not answer as the daemon does"), other)
        }
        (None, true, _) => {
            Check::wrong(NAME, format!("the daemon runs, and nobody answers at {at}"), "see its log, then restart it")
        }
        (None, false, Ok(())) => Check::ok(NAME, format!("{at} is free")),
        (None, false, Err(ErrorKind::AddrNotAvailable)) => {
            Check::wrong(NAME, format!("{at} is no address of this machine"), "correct [http] listen")
        }
        (None, false, Err(ErrorKind::AddrInUse)) => {
            Check::wrong(NAME, format!("{at} is taken by another program"), other)
        }
        (None, false, Err(ErrorKind::PermissionDenied)) => {
            let advice = "give one above 1023 under [http] listen";
            Check::warning(NAME, format!("{at} is a port this user may not listen at"), advice)
        }
        (None, false, Err(kind)) => Check::not_checked(NAME, format!("{at}: {kind}")),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use rackhand_rpc::doctor::State;

    use super::*;

    #[tokio::test]
    async fn an_address_is_free_taken_or_nobodys_here() {
        let state = async |at: &str, runs| check(at.parse().unwrap(), false, runs).await[0].state;
        assert_eq!(state("127.0.0.1:0", false).await, State::Ok);
        assert_eq!(state("192.0.2.1:8080", false).await, State::Wrong);
        let stranger = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = stranger.local_addr().unwrap().to_string();
        let speaks = tokio::spawn(async move {
            loop {
                let (mut stream, _) = stranger.accept().await.unwrap();
                stream.write_all(b"SSH-2.0-stranger\r\n").await.unwrap();
            }
        });
        assert_eq!(state(&at, false).await, State::Wrong);
        assert_eq!(state(&at, true).await, State::Wrong, "the daemon runs, but not there");
        speaks.abort();
    }
}
