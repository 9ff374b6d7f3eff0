//! What a verb says and how it ends.

use std::io::{self, BufRead, Write};

use rackhand_core::decide::{Refusal, Why};
use rackhand_core::text::Text;
use rackhand_rpc::ask::AskError;
use serde::Serialize;
use tarpc::client::RpcError;

use super::exit;
use super::table::Table;
use crate::link::connect::LinkError;

/// The streams a command line works on.
pub struct Streams<'a> {
    /// Results.
    pub out: &'a mut dyn Write,
    /// Errors and questions.
    pub err: &'a mut dyn Write,
    /// Answers, where a person is there to give them.
    pub answers: Option<&'a mut dyn BufRead>,
    /// Columns of the terminal results go to; `None` where it is none, and nothing is cut.
    pub width: Option<usize>,
}

/// Why a verb did not do what was asked.
#[derive(Debug)]
pub(super) enum Fail {
    /// No connection.
    Link(LinkError),
    /// The connection broke, or an answer did not come.
    Lost(String),
    /// The daemon said no, or there is no such thing.
    Refused(Refusal),
    /// The arguments do not do.
    Usage(String),
    /// A part of this program panicked.
    Broken(String),
    /// Nobody reads the results any more. Not an error.
    Closed,
    /// Results cannot be written.
    Unwritten(io::Error),
}

impl From<LinkError> for Fail {
    fn from(error: LinkError) -> Self {
        Self::Link(error)
    }
}

impl From<Refusal> for Fail {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<RpcError> for Fail {
    fn from(error: RpcError) -> Self {
        Self::Lost(match error {
            RpcError::DeadlineExceeded => "rackhandd is connected but does not answer in time. Try again".into(),
            RpcError::Shutdown => "rackhandd closed the connection. Try again; its log says why".into(),
            RpcError::Server(error) if error.kind == io::ErrorKind::WouldBlock => {
                "rackhandd has too much to do at once. Try again".into()
            }
            other => {
                let mut cause: &dyn std::error::Error = &other;
                while let Some(deeper) = cause.source() {
                    cause = deeper;
                }
                format!("the connection to rackhandd broke: {cause}. Try again")
            }
        })
    }
}

impl From<AskError> for Fail {
    fn from(error: AskError) -> Self {
        match error {
            AskError::Rpc(error) => error.into(),
            AskError::Refused(refusal) => refusal.into(),
            AskError::Mismatch => Self::Lost(error.to_string()),
        }
    }
}

impl From<io::Error> for Fail {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe { Self::Closed } else { Self::Unwritten(error) }
    }
}

/// A failure as `--json` shows it.
#[derive(Serialize)]
struct Failed<'a> {
    error: Told<'a>,
}

#[derive(Serialize)]
struct Told<'a> {
    /// `no_connection`, `usage`, or a refusal's word.
    why: serde_json::Value,
    text: &'a Text,
}

/// Where a verb writes to.
pub(super) struct Output<'a> {
    streams: Streams<'a>,
    /// Whether results are JSON documents.
    pub json: bool,
}

impl<'a> Output<'a> {
    pub fn new(streams: Streams<'a>, json: bool) -> Self {
        Self { streams, json }
    }

    /// Where results go, for what writes its own.
    #[cfg(feature = "demo")]
    pub fn results(&mut self) -> &mut dyn io::Write {
        self.streams.out
    }

    /// One JSON document, on a line of its own.
    pub fn document(&mut self, document: &impl Serialize) -> Result<(), Fail> {
        let line = serde_json::to_string(document).map_err(io::Error::other)?;
        writeln!(self.streams.out, "{}", tame(line))?;
        Ok(self.streams.out.flush()?)
    }

    /// One line, cleaned.
    pub fn line(&mut self, text: impl Into<Text>) -> Result<(), Fail> {
        Ok(writeln!(self.streams.out, "{}", text.into().trim_end())?)
    }

    /// Text of our own, as it is.
    pub fn verbatim(&mut self, text: &str) -> Result<(), Fail> {
        Ok(self.streams.out.write_all(text.as_bytes())?)
    }

    pub fn table(&mut self, table: &Table) -> Result<(), Fail> {
        let lines = table.lines(self.streams.width);
        self.verbatim(&lines)
    }

    /// Columns of the terminal results go to.
    pub fn width(&self) -> Option<usize> {
        self.streams.width
    }

    /// Whether results go to a terminal.
    pub fn is_terminal(&self) -> bool {
        self.streams.width.is_some()
    }

    pub fn flush(&mut self) -> Result<(), Fail> {
        Ok(self.streams.out.flush()?)
    }

    /// News beside the results, to the error stream.
    pub fn tell(&mut self, text: impl Into<Text>) {
        // Nothing is left to tell it to where the error stream is closed.
        let _ = writeln!(self.streams.err, "{}", text.into());
    }

    /// A question whose answer is read elsewhere.
    pub fn prompt(&mut self, question: &Text) -> Result<(), Fail> {
        write!(self.streams.err, "{question}")?;
        Ok(self.streams.err.flush()?)
    }

    /// A person's answer; `None` where there is nobody.
    pub fn ask(&mut self, question: &Text) -> Result<Option<String>, Fail> {
        let Some(answers) = self.streams.answers.as_mut() else { return Ok(None) };
        write!(self.streams.err, "{question}")?;
        self.streams.err.flush()?;
        let mut answer = String::new();
        io::Read::take(answers, 256).read_line(&mut answer)?;
        Ok(Some(answer.trim().to_owned()))
    }

    /// Tells how it ended: the exit code. Errors go to the error stream, and with `--json` also into a document.
    pub fn end(mut self, end: Result<u8, Fail>) -> u8 {
        let end = end.and_then(|code| self.flush().map(|()| code));
        let (why, text, code) = match end {
            Ok(code) => return code,
            Err(Fail::Closed) => return exit::DONE,
            Err(Fail::Unwritten(error)) => {
                let _ = writeln!(self.streams.err, "rackhand: results cannot be written: {error}");
                return exit::REFUSED;
            }
            Err(Fail::Link(error)) => ("no_connection".into(), error.to_string().into(), exit::NO_CONNECTION),
            Err(Fail::Lost(text)) => ("no_connection".into(), Text::from(text), exit::NO_CONNECTION),
            Err(Fail::Broken(text)) => ("internal".into(), text.into(), exit::REFUSED),
            Err(Fail::Usage(text)) => ("usage".into(), text.into(), exit::USAGE),
            Err(Fail::Refused(refusal)) => {
                (serde_json::to_value(refusal.why).unwrap_or_default(), refusal.text, exit::REFUSED)
            }
        };
        // Nothing is left to tell it to where the error stream is closed too.
        let _ = writeln!(self.streams.err, "rackhand: {text}");
        if self.json {
            let _ = self.document(&Failed { error: Told { why, text: &text } });
        }
        code
    }
}

/// The document with every character escaped that a terminal could take for a command or not show.
fn tame(document: String) -> String {
    if document.bytes().all(|b| (0x20..0x7F).contains(&b)) {
        return document;
    }
    let mut out = String::with_capacity(document.len());
    for c in document.chars() {
        let form = c.to_string();
        if c.is_ascii_graphic() || c == ' ' || Text::new(&form).as_str() == form {
            out.push(c);
        } else {
            out.extend(c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")));
        }
    }
    out
}

/// So many of them, in words: `1 unit`, `2 units`.
pub(super) fn count(n: usize, of: &str) -> String {
    if n == 1 { format!("1 {of}") } else { format!("{n} {of}s") }
}

/// There is no such thing.
pub(super) fn not_found(text: impl Into<Text>) -> Fail {
    Fail::Refused(Refusal::new(Why::NotFound, text))
}
