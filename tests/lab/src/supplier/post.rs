//! A mail server that keeps what it is given, and may behave as mail servers do.

use std::sync::{Arc, Mutex};

use futures::future::BoxFuture;
use rackhand_adapters::port::dial::{Connected, Dial, DialError, Target, Trust};
use rackhand_adapters::tcp::starttls;
use rackhand_core::fault::Kind;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};

use crate::faults::lock;

/// The account the server knows, as `AUTH PLAIN` sends it: `\0rackhand\0letter-box`, in base64.
const ACCOUNT: &str = "AHJhY2toYW5kAGxldHRlci1ib3g=";
/// The account's name and password.
pub const LOGIN: (&str, &str) = ("rackhand", "letter-box");

/// A letter as it was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Its sender on the envelope.
    pub from: String,
    /// Its receivers on the envelope.
    pub to: Vec<String>,
    /// Its text, headers and all, without the doubled dots.
    pub text: String,
}

impl Letter {
    /// A header, on one line.
    pub fn header(&self, name: &str) -> Option<String> {
        let head = self.text.split("\r\n\r\n").next().unwrap_or_default().replace("\r\n ", " ").replace("\r\n\t", " ");
        let line = head.lines().find(|l| l.to_lowercase().starts_with(&format!("{}:", name.to_lowercase())))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    }
}

/// How the server behaves.
#[derive(Clone, Debug, Default)]
pub struct Habits {
    /// Answers to a verb (`RCPT`, `DATA`, `AUTH`, `.`), in place of its own.
    pub answers: Vec<(&'static str, String)>,
    /// Takes the text and ends the connection without a word.
    pub falls_silent: bool,
    /// Ends the connection as soon as the text begins.
    pub drops_text: bool,
    /// Has no STARTTLS.
    pub no_tls: bool,
    /// Asks for no account.
    pub open: bool,
}

/// A mail server. As a [`Dial`] it is reached in memory; TLS is left out there, STARTTLS's words are not.
#[derive(Clone, Default)]
pub struct MailServer(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    letters: Vec<Letter>,
    habits: Habits,
}

impl MailServer {
    /// One that behaves well.
    pub fn new() -> Self {
        Self::default()
    }

    /// Changes its habits.
    pub fn behave(&self, change: impl FnOnce(&mut Habits)) {
        change(&mut lock(&self.0).habits);
    }

    /// What it took.
    pub fn letters(&self) -> Vec<Letter> {
        lock(&self.0).letters.clone()
    }

    fn habits(&self) -> Habits {
        lock(&self.0).habits.clone()
    }

    /// Serves one connection. `secured` is whether it begins behind TLS.
    pub async fn serve<S: AsyncRead + AsyncWrite + Unpin>(self, stream: S, secured: bool) {
        // Whoever hangs up ends it.
        drop(self.converse(BufReader::new(stream), secured).await);
    }

    async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        mut stream: BufReader<S>,
        mut secured: bool,
    ) -> std::io::Result<()> {
        let mut letter = Letter { from: String::new(), to: Vec::new(), text: String::new() };
        let mut known = self.habits().open;
        stream.write_all(b"220 mail.lab ESMTP\r\n").await?;
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            let habits = self.habits();
            let line = line.trim_end();
            let verb = line.split(' ').next().unwrap_or_default().to_ascii_uppercase();
            let own = habits.answers.iter().find(|(of, _)| *of == verb).map(|(_, answer)| answer.clone());
            let address = || line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
            let answer = match (own, verb.as_str()) {
                (Some(answer), _) => answer,
                (None, "EHLO") if secured || habits.no_tls => {
                    "250-mail.lab\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME".into()
                }
                (None, "EHLO") => "250-mail.lab\r\n250-STARTTLS\r\n250 8BITMIME".into(),
                (None, "STARTTLS") => {
                    secured = true;
                    "220 go on".into()
                }
                (None, "AUTH") if line.ends_with(ACCOUNT) => {
                    known = true;
                    "235 welcome".into()
                }
                (None, "AUTH") => "535 5.7.8 wrong name or password".into(),
                (None, "MAIL" | "RCPT" | "DATA") if !known => "530 5.7.0 who are you?".into(),
                (None, "MAIL") => {
                    letter = Letter { from: address(), to: Vec::new(), text: String::new() };
                    "250 ok".into()
                }
                (None, "RCPT") => {
                    letter.to.push(address());
                    "250 ok".into()
                }
                (None, "DATA") => {
                    stream.write_all(b"354 go on\r\n").await?;
                    if habits.drops_text {
                        return Ok(());
                    }
                    letter.text = text(&mut stream).await?;
                    let own = habits.answers.iter().find(|(of, _)| *of == ".").map(|(_, answer)| answer.clone());
                    if let Some(refused) = own {
                        refused
                    } else {
                        let mut state = lock(&self.0);
                        state.letters.push(letter.clone());
                        if habits.falls_silent {
                            return Ok(());
                        }
                        format!("250 2.0.0 queued as {}", state.letters.len())
                    }
                }
                (None, "QUIT") => {
                    stream.write_all(b"221 bye\r\n").await?;
                    return Ok(());
                }
                _ => "500 what?".into(),
            };
            stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
        }
    }
}

/// The text until its lone dot.
async fn text<S: AsyncRead + Unpin>(stream: &mut BufReader<S>) -> std::io::Result<String> {
    let mut text = String::new();
    loop {
        let mut line = Vec::new();
        if stream.read_until(b'\n', &mut line).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let line = String::from_utf8_lossy(&line);
        if line.trim_end() == "." {
            return Ok(text);
        }
        text.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}

impl Dial for MailServer {
    fn dial<'a>(&'a self, target: &'a Target) -> BoxFuture<'a, Result<Connected, DialError>> {
        let (mut ours, theirs) = tokio::io::duplex(64 << 10);
        tokio::spawn(self.clone().serve(theirs, target.trust == Trust::Authorities));
        let trust = target.trust;
        Box::pin(async move {
            if trust == Trust::StartTls {
                let begun = starttls::begin(&mut ours).await;
                begun.map_err(|e| DialError { kind: Kind::Rejected, what: e.to_string().into() })?;
            }
            Ok(Connected { stream: Box::pin(ours), certificate: None })
        })
    }
}
