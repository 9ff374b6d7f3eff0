//! One POST over HTTP/1.1, and what its answer means for the agent.

use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::Duration;

use crate::options::{Token, Url};
use crate::trouble::{About, Tried, Trouble};

/// To connect, to write, and for each read.
const PATIENCE: Duration = Duration::from_secs(30);
/// Bytes of an answer at the most; the daemon's are some hundred.
const MOST_ANSWER: u64 = 64 << 10;

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Status.
    pub status: u16,
    /// `Retry-After` in seconds.
    pub retry_after: Option<u64>,
    /// What the daemon says, for the console.
    pub said: String,
}

/// Sends `body` to `path` at the daemon at `address`.
///
/// # Errors
/// The network's or the peer's; whether the request arrived is then not known.
pub fn post(url: &Url, address: IpAddr, path: &str, token: &Token, body: &str) -> Tried<Answer> {
    let to = SocketAddr::new(address, url.port);
    let mut stream = TcpStream::connect_timeout(&to, PATIENCE).about(to)?;
    stream.set_read_timeout(Some(PATIENCE)).about(to)?;
    stream.set_write_timeout(Some(PATIENCE)).about(to)?;
    let head = format!(
        "POST {}{path} HTTP/1.1\r\nHost: {}:{}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        url.base,
        url.host,
        url.port,
        token.reveal(),
        body.len()
    );
    stream.write_all(head.as_bytes()).about(to)?;
    stream.write_all(body.as_bytes()).about(to)?;
    let mut answer = Vec::new();
    // The daemon may close before all is read; what it said counts.
    let read = stream.take(MOST_ANSWER).read_to_end(&mut answer);
    if answer.is_empty() {
        read.about(to)?;
    }
    parse(&String::from_utf8_lossy(&answer))
}

/// Reads an answer.
///
/// # Errors
/// It is none.
pub fn parse(answer: &str) -> Tried<Answer> {
    let none = || Trouble::new("the answer is no HTTP");
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(none)?;
    let mut lines = head.split("\r\n");
    let mut first = lines.next().unwrap_or_default().split(' ');
    if !first.next().is_some_and(|v| v.starts_with("HTTP/1.")) {
        return Err(none());
    }
    let status = first.next().and_then(|s| s.parse().ok()).filter(|s| (100..600).contains(s)).ok_or_else(none)?;
    let retry_after = lines
        .filter_map(|l| l.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("retry-after"))
        .and_then(|(_, value)| value.trim().parse().ok());
    let said: Option<serde_json::Value> = serde_json::from_str(body).ok();
    let said = said.and_then(|v| v["error"].as_str().map(crate::words::clean)).unwrap_or_default();
    Ok(Answer { status, retry_after, said })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_pause_and_reason_are_read() {
        let answer = "HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\n\r\n{\"error\":\"the disk\\nis full\"}";
        let answer = parse(answer).unwrap();
        assert_eq!((answer.status, answer.retry_after, answer.said.as_str()), (503, Some(5), "the disk is full"));
        let date = parse("HTTP/1.1 503 x\r\nRetry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n\r\n").unwrap();
        assert_eq!(date.retry_after, None);
    }

    #[test]
    fn what_is_no_answer_is_none() {
        for bad in ["", "HTTP/1.1 200 OK", "SSH-2.0-x\r\n\r\n", "HTTP/1.1 abc\r\n\r\n", "HTTP/1.1 7\r\n\r\n"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
