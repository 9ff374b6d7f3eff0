//! Passwords given for single servers, sealed in a file: one file with all of them, encrypted under a key in another.
//! Neither is in the journal, in its backups, in an answer or in a log.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rackhand_core::secret::{Account, Secret};
use rackhand_core::text::Text;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Serialize};

/// The key's file beside the store.
const KEY: &str = "passwords.key";
/// The store's file.
const STORE: &str = "passwords.sealed";
/// Begins the store; authenticated with it.
const MARK: &[u8] = b"rackhand passwords 1\n";
/// Octets of the key (RFC 8439).
const KEY_LEN: usize = 32;
/// Octets of a store at the most: some 10,000 servers' entries are 2 MiB.
const MAX: u64 = 16 << 20;
/// Servers with an entry of their own at the most.
const MAX_ENTRIES: usize = 20_000;

/// Why passwords cannot be read or kept: what, where, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealError(String);

impl fmt::Display for SealError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SealError {}

/// What is kept for one server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The account.
    pub account: Account,
    /// Whether its BMC refused it: then it is not sent again.
    pub refused: bool,
}

/// Entries by serial, upper case.
pub type Entries = BTreeMap<String, Entry>;

/// An entry as it is inside the seal.
#[derive(Serialize, Deserialize)]
struct Inside {
    user: Option<Text>,
    password: String,
    #[serde(default)]
    refused: bool,
}

/// Where the passwords are.
pub struct Sealed {
    store: PathBuf,
    key: LessSafeKey,
}

impl Sealed {
    /// Opens the store in the daemon's data directory, and reads it. The key is made with the first start.
    ///
    /// # Errors
    /// Where a file cannot be read, others may read it, or the store is not what was sealed with this key.
    pub fn open(dir: &Path) -> Result<(Self, Entries), SealError> {
        let (key_file, store) = (dir.join(KEY), dir.join(STORE));
        if !key_file.exists() {
            if store.exists() {
                let what = format!("{} is there, but not its key {}", store.display(), key_file.display());
                return Err(SealError(format!(
                    "{what}: put the key back, or move the store away and give the passwords again"
                )));
            }
            let mut key = [0; KEY_LEN];
            SystemRandom::new().fill(&mut key).map_err(|_| SealError("the system gives no randomness".to_owned()))?;
            write(&key_file, &key)?;
        }
        let key = read(&key_file)?;
        let unbound = UnboundKey::new(&CHACHA20_POLY1305, &key);
        let unbound =
            unbound.map_err(|_| SealError(format!("{} is no key of {KEY_LEN} octets", key_file.display())))?;
        let sealed = Self { store, key: LessSafeKey::new(unbound) };
        let entries = if sealed.store.exists() { sealed.unseal()? } else { Entries::new() };
        Ok((sealed, entries))
    }

    fn unseal(&self) -> Result<Entries, SealError> {
        let broken = || {
            let what = "is not what was sealed with its key: it was changed, or the key is another's";
            SealError(format!(
                "{} {what}; put the right one back, or move it away and give the passwords again",
                self.store.display()
            ))
        };
        let whole = read(&self.store)?;
        let rest = whole.strip_prefix(MARK).ok_or_else(broken)?;
        let (nonce, body) = rest.split_at_checked(NONCE_LEN).ok_or_else(broken)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| broken())?;
        let mut body = body.to_vec();
        let clear = self.key.open_in_place(nonce, Aad::from(MARK), &mut body).map_err(|_| broken())?;
        let inside: Result<BTreeMap<String, Inside>, _> = serde_json::from_slice(clear);
        clear.fill(0);
        let entry = |Inside { user, password, refused }| {
            let account = Account { user, password: Secret::new(password) };
            Entry { account, refused }
        };
        Ok(inside.map_err(|_| broken())?.into_iter().map(|(serial, inside)| (serial, entry(inside))).collect())
    }

    /// Keeps these entries, and nothing else. They are on disk, or the ones before are.
    ///
    /// # Errors
    /// Where the disk does not take them, or there are too many.
    pub fn keep(&self, entries: &Entries) -> Result<(), SealError> {
        if entries.len() > MAX_ENTRIES {
            return Err(SealError(format!(
                "more than {MAX_ENTRIES} servers have a password of their own; forget old ones"
            )));
        }
        let inside: BTreeMap<&String, Inside> = entries
            .iter()
            .map(|(serial, Entry { account, refused })| {
                let (user, password) = (account.user.clone(), account.password.reveal().to_owned());
                (serial, Inside { user, password, refused: *refused })
            })
            .collect();
        let mut body = serde_json::to_vec(&inside).map_err(|e| SealError(e.to_string()))?;
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).map_err(|_| SealError("the system gives no randomness".to_owned()))?;
        let sealing =
            self.key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(MARK), &mut body);
        sealing.map_err(|_| SealError("the passwords could not be sealed".to_owned()))?;
        write(&self.store, &[MARK, &nonce, &body].concat())
    }
}

fn read(file: &Path) -> Result<Vec<u8>, SealError> {
    let error = |what: String| SealError(format!("{} {what}", file.display()));
    let unreadable = |e: std::io::Error| error(format!("cannot be read: {e}"));
    let opened = File::open(file).map_err(unreadable)?;
    let mode = opened.metadata().map_err(unreadable)?.mode();
    if mode & 0o077 != 0 {
        return Err(error(format!("has mode {:04o}, so others may read it: chmod 600 it", mode & 0o7777)));
    }
    let mut content = Vec::new();
    opened.take(MAX + 1).read_to_end(&mut content).map_err(unreadable)?;
    if content.len() as u64 > MAX {
        return Err(error(format!("has more than {} MiB", MAX >> 20)));
    }
    Ok(content)
}

/// Replaces the file whole: after a crash it is the one before or this one.
fn write(file: &Path, content: &[u8]) -> Result<(), SealError> {
    replace(file, content).map_err(|e| SealError(format!("{} cannot be written: {e}", file.display())))
}

fn replace(file: &Path, content: &[u8]) -> std::io::Result<()> {
    let new = file.with_extension("new");
    let mut out = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    out.write_all(content)?;
    out.sync_all()?;
    fs::rename(&new, file)?;
    match file.parent() {
        Some(dir) => File::open(dir)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn entries(password: &str) -> Entries {
        let account = Account::new(Some("root".into()), password).unwrap();
        Entries::from([("ABC1234".to_owned(), Entry { account, refused: true })])
    }

    #[test]
    fn what_was_sealed_is_read_back_and_is_not_in_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let (sealed, none) = Sealed::open(dir.path()).unwrap();
        assert!(none.is_empty());
        sealed.keep(&entries("calvin-7")).unwrap();
        for file in [KEY, STORE] {
            let path = dir.path().join(file);
            assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600, "{file}");
            let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
            assert!(!text.contains("calvin") && !text.contains("ABC1234"), "{file}: {text}");
        }
        let (_, again) = Sealed::open(dir.path()).unwrap();
        assert_eq!(again, entries("calvin-7"));
    }

    #[test]
    fn a_changed_store_a_lost_key_and_open_modes_are_refused_with_their_file() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let (sealed, _) = Sealed::open(dir.path()).unwrap();
        sealed.keep(&entries("calvin")).unwrap();
        let (store, key) = (dir.path().join(STORE), dir.path().join(KEY));
        let good = fs::read(&store).unwrap();
        for at in [0, MARK.len(), good.len() - 1] {
            let mut bad = good.clone();
            bad[at] ^= 1;
            fs::write(&store, bad).unwrap();
            let error = Sealed::open(dir.path()).err().unwrap().to_string();
            assert!(error.contains(STORE) && error.contains("not what was sealed"), "{error}");
        }
        fs::write(&store, &good).unwrap();
        fs::set_permissions(&store, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(Sealed::open(dir.path()).err().unwrap().to_string().contains("mode 0640"));
        fs::set_permissions(&store, fs::Permissions::from_mode(0o600)).unwrap();
        fs::remove_file(&key).unwrap();
        assert!(Sealed::open(dir.path()).err().unwrap().to_string().contains("not its key"));
    }
}
