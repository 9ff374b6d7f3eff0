//! SMTP's way to TLS (RFC 3207): what is said before the handshake.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// Bytes of a line at the most (RFC 5321, 4.5.3.1.5), with some room.
const MAX_LINE: usize = 1_000;
/// Lines of an answer at the most.
const MAX_LINES: usize = 100;

/// Takes the greeting, asks for TLS and leaves the stream where the handshake begins. An answer is read byte by byte, so
/// that nothing said in the clear is taken for something said under TLS.
///
/// # Errors
/// [`io::ErrorKind::Unsupported`] where the server has no STARTTLS.
pub async fn begin<S: AsyncRead + AsyncWrite + Unpin + Send>(stream: &mut S) -> io::Result<()> {
    answer(stream, "220").await?;
    stream.write_all(b"EHLO [127.0.0.1]\r\n").await?;
    if !answer(stream, "250").await?.iter().any(|line| line.eq_ignore_ascii_case("STARTTLS")) {
        return Err(io::Error::new(io::ErrorKind::Unsupported, "it offers no STARTTLS"));
    }
    stream.write_all(b"STARTTLS\r\n").await?;
    answer(stream, "220").await.map(drop)
}

/// The lines of an answer, which must have this code.
async fn answer<S: AsyncRead + Unpin>(stream: &mut S, code: &str) -> io::Result<Vec<String>> {
    let mut lines = Vec::new();
    while lines.len() < MAX_LINES {
        let line = line(stream).await?;
        let Some(rest) = line.strip_prefix(code).and_then(|rest| rest.strip_prefix([' ', '-'])) else {
            let shown: String = line.chars().take(100).collect();
            return Err(io::Error::other(format!("{code} was due, and it said `{shown}`")));
        };
        lines.push(rest.trim().to_owned());
        if line.as_bytes().get(3) == Some(&b' ') {
            return Ok(lines);
        }
    }
    Err(io::Error::other("an answer without end"))
}

async fn line<S: AsyncRead + Unpin>(stream: &mut S) -> io::Result<String> {
    let mut line = Vec::new();
    while line.len() < MAX_LINE {
        match stream.read_u8().await? {
            b'\n' => return Ok(String::from_utf8_lossy(&line).trim_end().to_owned()),
            byte => line.push(byte),
        }
    }
    Err(io::Error::other("a line without end"))
}
