//! One letter's delivery by SMTP over our own streams. Until its text is sent, nothing has happened; from then on the
//! server may have it, whatever becomes of its answer.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context, Poll};
use std::time::Duration;

use lettre::Message;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, AsyncTokioStream};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::{Error, extension};
use rackhand_core::fault::{Fault, Kind};
use rackhand_core::id::SellerId;
use rackhand_core::text::Text;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::super::fault;
use super::Settings;
use crate::port::clock::Clock;
use crate::port::dial::{BoxStream, Dial, Trust};

/// To connect, TLS included.
const CONNECT: Duration = Duration::from_secs(15);
/// For all that is said before the letter's text.
const ENVELOPE: Duration = Duration::from_secs(60);
/// For the text and the server's word on it. RFC 5321 (4.5.3.2.6) gives it ten minutes; one that takes longer than this
/// is found unknown.
const TEXT: Duration = Duration::from_secs(120);
/// For the farewell, which matters to nobody.
const QUIT: Duration = Duration::from_secs(2);
/// Bytes that a server may say in one delivery.
const MAX_SAID: usize = 64 << 10;

/// Delivers a letter to the mail server and gives its word on it.
pub(super) async fn deliver(
    id: SellerId,
    dial: &dyn Dial,
    clock: &Clock,
    settings: &Settings,
    message: &Message,
) -> Result<Text, Fault> {
    let server = settings.target.authority();
    let late = |what: &str, kind| fault(id, kind, format!("mail by {server}: {what} took too long"));
    let dialled = clock.timeout(CONNECT, dial.dial(&settings.target)).await;
    let dialled = dialled.ok_or_else(|| late("connecting", Kind::Transient))?;
    let stream = dialled.map_err(|e| {
        fault(id, e.kind, e.what).advise(match e.kind {
            Kind::Rejected => "Check server, tls and ca_file of this vendor.",
            _ => "",
        })
    })?;
    let before = |e: &Error| refusal(id, &server, e, false);
    let greeting = if settings.target.trust == Trust::StartTls { &b"220 secured\r\n"[..] } else { b"" };
    let line = Line { stream: Mutex::new(stream.stream), greeting, left: MAX_SAID };
    let envelope = clock.timeout(ENVELOPE, async {
        let hello = ClientId::Domain(settings.from.domain().to_owned());
        let mut smtp = AsyncSmtpConnection::connect_with_transport(Box::new(line), &hello).await?;
        if let Some((user, password)) = &settings.login {
            let login = Credentials::new(user.clone(), password.reveal().to_owned());
            smtp.auth(&[Mechanism::Plain, Mechanism::Login], &login).await.map_err(Step::Login)?;
        }
        let text = message.formatted();
        let mut options = Vec::new();
        if !text.is_ascii() {
            options.push(extension::MailParameter::Body(extension::MailBodyParameter::EightBitMime));
        }
        smtp.command(Mail::new(Some(settings.from.clone()), options)).await?;
        smtp.command(Rcpt::new(settings.to.clone(), Vec::new())).await?;
        smtp.command(Data).await?;
        Ok::<_, Step>((smtp, text))
    });
    let (mut smtp, text) = match envelope.await {
        Some(Ok(open)) => open,
        Some(Err(Step::Other(e))) => return Err(before(&e)),
        Some(Err(Step::Login(e))) if e.is_permanent() || e.is_client() => {
            return Err(Fault { kind: Kind::Unauthorised, ..before(&e) }
                .advise("Check client and secret_file of this vendor: they are our account with the mail server."));
        }
        Some(Err(Step::Login(e))) => return Err(before(&e)),
        None => return Err(late("its answer", Kind::Transient)),
    };
    let said = match clock.timeout(TEXT, smtp.message(&text)).await {
        Some(Ok(said)) => said,
        Some(Err(e)) => return Err(refusal(id, &server, &e, true)),
        None => return Err(late("its word on the letter", Kind::Unknown)),
    };
    drop(clock.timeout(QUIT, smtp.quit()).await);
    let words: Vec<&str> = said.message().collect();
    Ok(Text::from(format!("{server} took it: {} {}", said.code(), words.join(" "))))
}

/// What went wrong before the text.
enum Step {
    Login(Error),
    Other(Error),
}

impl From<Error> for Step {
    fn from(e: Error) -> Self {
        Self::Other(e)
    }
}

/// A server's no is a no at any time; silence or nonsense after the text is no word on it.
fn refusal(id: SellerId, server: &str, error: &Error, sent: bool) -> Fault {
    let kind = match () {
        () if error.is_transient() => Kind::Transient,
        () if error.is_permanent() || error.is_client() => Kind::Rejected,
        () if sent => Kind::Unknown,
        () if error.is_response() => Kind::Malformed,
        () => Kind::Transient,
    };
    let fault = fault(id, kind, format!("mail by {server}: {error}"));
    match kind {
        Kind::Rejected => fault.advise("Check the addresses of this vendor with whoever runs the mail server."),
        Kind::Unknown => fault.advise("Look whether the letter is in the mail server's log, or ask the vendor."),
        _ => fault,
    }
}

/// Our stream as lettre takes it: with the greeting that was heard before TLS, and an end to what is listened to.
struct Line {
    // lettre wants `Sync`; it is only ever reached through `&mut`.
    stream: Mutex<BoxStream>,
    greeting: &'static [u8],
    left: usize,
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Line")
    }
}

impl Line {
    fn stream(&mut self) -> Pin<&mut (dyn crate::port::dial::Stream + 'static)> {
        self.stream.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner).as_mut()
    }
}

impl AsyncRead for Line {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if !self.greeting.is_empty() {
            let (now, later) = self.greeting.split_at(self.greeting.len().min(buf.remaining()));
            buf.put_slice(now);
            self.greeting = later;
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        let read = self.stream().poll_read(cx, buf);
        let said = buf.filled().len() - before;
        match self.left.checked_sub(said) {
            Some(left) => self.left = left,
            None => return Poll::Ready(Err(io::Error::other("the mail server says too much"))),
        }
        read
    }
}

impl AsyncWrite for Line {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.stream().poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_shutdown(cx)
    }
}

impl AsyncTokioStream for Line {
    fn peer_addr(&self) -> io::Result<std::net::SocketAddr> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "a stream without an address"))
    }
}
