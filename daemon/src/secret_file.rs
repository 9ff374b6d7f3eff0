//! Secrets in files: short, on one line, and nobody's but their owner's.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rackhand_core::secret::Secret;

/// Octets of a secret at the most.
const MAX: u64 = 1_024;

/// Who besides its owner may read a secret's file. Nobody else ever may write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readers {
    /// Nobody.
    Owner,
    /// Who systemd lets read a service's credential. It does so by an access list, which shows as the group's right to
    /// read (systemd.exec(5)); the directory keeps all others out.
    Systemd,
}

impl Readers {
    /// The mode bits a file must not have.
    pub const fn forbidden(self) -> u32 {
        match self {
            Self::Owner => 0o066,
            Self::Systemd => 0o026,
        }
    }
}

/// Why a secret was not taken from its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretFileError {
    file: PathBuf,
    what: String,
}

impl fmt::Display for SecretFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.file.display(), self.what)
    }
}

impl std::error::Error for SecretFileError {}

/// Reads a secret: the file's one line, without its end.
///
/// # Errors
/// Where the file cannot be read, others may read or write it, or it holds anything but one line.
pub fn read(file: &Path, readers: Readers) -> Result<Secret, SecretFileError> {
    let error = |what: String| SecretFileError { file: file.to_owned(), what };
    let unreadable =
        |e: std::io::Error| error(format!("cannot be read: {e}; put the secret there, for its owner only"));
    let opened = File::open(file).map_err(unreadable)?;
    let mode = opened.metadata().map_err(unreadable)?.mode();
    if mode & readers.forbidden() != 0 {
        let name = file.display();
        return Err(error(format!(
            "has mode {:04o}, so others may read or change it: chmod 600 {name}",
            mode & 0o7777
        )));
    }
    let mut text = String::new();
    opened.take(MAX + 1).read_to_string(&mut text).map_err(unreadable)?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.is_empty() || line.len() as u64 > MAX || line.contains(|c: char| c.is_control()) {
        return Err(error(format!("does not hold a secret: one line of 1 to {MAX} characters")));
    }
    Ok(Secret::new(line))
}
