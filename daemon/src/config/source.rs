//! Where a value stands in the file, what is said when it is wrong, and where the files it names are.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use rackhand_core::near::near;
use rackhand_core::secret::Secret;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use toml::Spanned;

use crate::secret_file::{self, Readers};

/// Octets of a configuration, and of a certificate file, at the most.
const MAX_FILE: u64 = 1 << 20;

/// Begins a path that stands for a file systemd hands over: `credential:NAME` is `$CREDENTIALS_DIRECTORY/NAME`.
pub(super) const CREDENTIAL: &str = "credential:";

/// A configuration that cannot be used: where, what, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    pub(super) file: PathBuf,
    /// Line and column, both from 1; `None` where the whole file is meant.
    pub(super) at: Option<(usize, usize)>,
    pub(super) what: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some((line, column)) = self.at {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}", self.what)
    }
}

impl std::error::Error for ConfigError {}

/// Where secrets come from: the files, or nowhere as long as only the text is looked at.
pub(super) type Secrets<'a> = dyn Fn(&Spanned<PathBuf>) -> Result<Secret, ConfigError> + 'a;

/// A value read by its own parser, so that its error stands at its place.
pub(super) struct Parsed<T>(pub T);

impl<'de, T: FromStr<Err: fmt::Display>> Deserialize<'de> for Parsed<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map(Self).map_err(|e| D::Error::custom(format!("`{text}`: {e}")))
    }
}

/// A file being read: turns places in it into lines and columns, and relative paths into those beside it.
pub(super) struct Source<'a> {
    pub file: &'a Path,
    pub text: &'a str,
    /// Where systemd put the credentials of this service.
    pub credentials: Option<PathBuf>,
}

impl<'a> Source<'a> {
    pub fn new(file: &'a Path, text: &'a str) -> Self {
        let credentials = std::env::var_os("CREDENTIALS_DIRECTORY").filter(|d| !d.is_empty()).map(PathBuf::from);
        Self { file, text, credentials }
    }

    pub fn error(&self, span: Option<Range<usize>>, what: impl Into<String>) -> ConfigError {
        let at = span.map(|span| {
            let before = self.text.get(..span.start).unwrap_or_default();
            let line_start = before.rfind('\n').map_or(0, |n| n + 1);
            (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
        });
        ConfigError { file: self.file.to_owned(), at, what: what.into() }
    }

    pub fn at<T>(&self, place: &Spanned<T>, what: impl Into<String>) -> ConfigError {
        self.error(Some(place.span()), what)
    }

    /// What the TOML reader did not take.
    pub fn misread(&self, error: &toml::de::Error) -> ConfigError {
        // Where a key is missing at the top there is no place but the file's beginning.
        let span = error.span().unwrap_or(0..0);
        let message = error.message().split_whitespace().collect::<Vec<_>>().join(" ");
        self.error(Some(span), suggest(&message).unwrap_or(message))
    }

    pub fn beside(&self, path: &Path) -> PathBuf {
        self.file.parent().unwrap_or(Path::new("")).join(path)
    }

    /// Where a file that is read at the start is.
    pub fn locate(&self, path: &Path) -> Result<PathBuf, String> {
        let Some(name) = path.to_str().and_then(|p| p.strip_prefix(CREDENTIAL)) else { return Ok(self.beside(path)) };
        if name.is_empty() || name.contains('/') || name.starts_with('.') {
            return Err(format!("`{CREDENTIAL}{name}`: give a credential's name, such as {CREDENTIAL}netbox.token"));
        }
        let Some(dir) = &self.credentials else {
            return Err(format!(
                "systemd gave this process no credentials; add LoadCredential={name}:/etc/rackhand/{name} to the unit, \
                 or give a path"
            ));
        };
        Ok(dir.join(name))
    }

    pub fn secret(&self, path: &Spanned<PathBuf>) -> Result<Secret, ConfigError> {
        let (found, readers) = self.place(path)?;
        secret_file::read(&found, readers).map_err(|e| self.at(path, e.to_string()))
    }

    /// Where the file is, and who besides its owner may read it.
    pub fn place(&self, path: &Spanned<PathBuf>) -> Result<(PathBuf, Readers), ConfigError> {
        let found = self.locate(path.get_ref()).map_err(|e| self.at(path, e))?;
        let given = path.get_ref().to_str().is_some_and(|p| p.starts_with(CREDENTIAL));
        Ok((found, if given { Readers::Systemd } else { Readers::Owner }))
    }

    /// A file's content, where it is not a secret.
    pub fn content(&self, path: &Spanned<PathBuf>) -> Result<Vec<u8>, ConfigError> {
        let (file, _) = self.place(path)?;
        read(&file).map_err(|e| self.at(path, format!("{} cannot be read: {e}; give a PEM file", file.display())))
    }
}

/// Reads a file of a size that a person writes.
pub(super) fn read(file: &Path) -> std::io::Result<Vec<u8>> {
    let mut content = Vec::new();
    File::open(file)?.take(MAX_FILE + 1).read_to_end(&mut content)?;
    if content.len() as u64 > MAX_FILE {
        return Err(std::io::Error::other(format!("it has more than {MAX_FILE} octets")));
    }
    Ok(content)
}

/// For a word that is not known, the one that was meant: `unknown field `X`, expected ...` names all there are.
fn suggest(message: &str) -> Option<String> {
    if !message.starts_with("unknown ") {
        return None;
    }
    let mut words = message.split('`').skip(1).step_by(2);
    let given = words.next()?;
    let meant = near(given, words, 1).pop()?;
    let (said, _) = message.split_once(", ")?;
    Some(format!("{said}; did you mean `{meant}`?"))
}
